use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use rustls::pki_types::CertificateDer;
use thiserror::Error;

use super::HttpClient;
use super::connect::Connector;
use super::proxy::Proxies;
use super::resolve::{Resolve, SystemResolver};
use super::tls::{Tls, roots_from_pem};

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Builds an [`HttpClient`].
#[must_use]
pub struct HttpClientBuilder {
    roots: Vec<String>,
    proxy: ProxyChoice,
    except: String,
    connect_timeout: Duration,
    resolver: Arc<dyn Resolve>,
}

enum ProxyChoice {
    Environment,
    None,
    Url(String),
}

/// Why there is no [`HttpClient`].
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum HttpClientError {
    /// The text of a root certificate cannot be read.
    #[error("root_certificate_pem: {0}; expected the PEM text of one certificate or several")]
    RootCertificate(String),
    /// The address of the proxy cannot be read. It may have a password, so it is not shown.
    #[error(
        "proxy: the address of the proxy cannot be read; expected one like http://user:password@host:3128"
    )]
    Proxy,
    /// The time for connecting is zero.
    #[error("connect_timeout: no connection is ever made within no time; expected more than zero")]
    ConnectTimeout,
}

impl HttpClientBuilder {
    /// Trusts these root certificates too, in addition to the system's: one or several in PEM.
    ///
    /// The system's stay trusted, since a provider in a private network often names keys or a successor outside of it.
    pub fn root_certificate_pem(mut self, pem: &str) -> Self {
        self.roots.push(pem.to_owned());
        self
    }

    /// Uses this proxy for http and https, whatever the environment says: `http://host:3128`, or
    /// `http://user:password@host:3128`. The scheme https is for a proxy that is itself spoken to by TLS.
    ///
    /// Requests to this machine go through no proxy.
    pub fn proxy(mut self, url: &str) -> Self {
        self.proxy = ProxyChoice::Url(url.to_owned());
        self
    }

    /// Does not use the [`proxy`](Self::proxy) for these hosts, in the syntax of `NO_PROXY`: domains, IP addresses and
    /// networks, separated by commas. Does nothing without `proxy`.
    pub fn proxy_except(mut self, hosts: &str) -> Self {
        hosts.clone_into(&mut self.except);
        self
    }

    /// Uses no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = ProxyChoice::None;
        self
    }

    /// Sets how long it may take to resolve the name, connect, and shake hands. The default is 3 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Resolves names by this instead of the system's resolver.
    pub fn resolver(mut self, resolver: impl Resolve) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// Builds the client. Reads the system's root certificates and the environment now.
    ///
    /// # Errors
    ///
    /// [`HttpClientError`] if a value cannot be used. That the system has no root certificates is an error of each
    /// fetch by https, since a client for plain http needs none.
    pub fn build(self) -> Result<HttpClient, HttpClientError> {
        if self.connect_timeout.is_zero() {
            return Err(HttpClientError::ConnectTimeout);
        }
        let mut roots: Vec<CertificateDer<'static>> = Vec::new();
        for pem in &self.roots {
            roots.extend(roots_from_pem(pem).map_err(HttpClientError::RootCertificate)?);
        }
        let proxies = match &self.proxy {
            ProxyChoice::Environment => Proxies::from_environment(),
            ProxyChoice::None => Proxies::none(),
            ProxyChoice::Url(url) if is_http(url) => Proxies::one(url, &self.except),
            ProxyChoice::Url(_) => return Err(HttpClientError::Proxy),
        };
        let (resolver, timeout) = (self.resolver, self.connect_timeout);
        Ok(HttpClient { connector: Connector { resolver, proxies, tls: Tls::new(roots), timeout } })
    }
}

impl Default for HttpClientBuilder {
    fn default() -> Self {
        Self {
            roots: Vec::new(),
            proxy: ProxyChoice::Environment,
            except: String::new(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            resolver: Arc::new(SystemResolver),
        }
    }
}

/// Leaves out the proxy, whose address may have a password.
impl fmt::Debug for HttpClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClientBuilder")
            .field("connect_timeout", &self.connect_timeout)
            .finish_non_exhaustive()
    }
}

fn is_http(url: &str) -> bool {
    url.parse().is_ok_and(|uri: Uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
    })
}
