//! The HTTP client.

mod builder;
mod connect;
mod exchange;
mod fault;
mod proxy;
mod resolve;
mod stream;
mod target;
mod tls;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

pub use self::builder::{HttpClientBuilder, HttpClientError};
use self::connect::Connector;
pub use self::resolve::Resolve;
use self::target::Target;
use crate::{Fetch, FetchError, MaxBytes, Network};

/// The largest body if a request has no [`MaxBytes`].
const DEFAULT_MAX_BYTES: usize = 256 * 1024;

/// An HTTP/1.1 client for a provider's documents. The default [`Fetch`].
///
/// * Follows no redirect, keeps no cookies, and asks for no compression.
/// * Opens a connection for each request and closes it. Documents are fetched minutes apart, when an idle connection
///   would be dead; and each name is resolved and checked again.
/// * Reads no more of a body than [`MaxBytes`], 256 KiB without it.
/// * Connects to an address only if the request's [`Network`] permits it, and [`Network::Public`] if it has none. A
///   response has the extension [`Network`] too: where it came from.
/// * `localhost` must resolve to this machine.
/// * TLS 1.2 and 1.3 are done by aws-lc-rs, whatever the feature `rust-crypto` says of signatures. It needs no process
///   default of rustls.
/// * Trusts the system's root certificates, and those added by
///   [`root_certificate_pem`](HttpClientBuilder::root_certificate_pem). On Linux, `SSL_CERT_FILE` and `SSL_CERT_DIR`
///   replace the system's. If there are none, as in images without `ca-certificates`, every fetch by https fails and
///   says so; the feature `bundled-roots` has Mozilla's list for that case.
/// * Uses the proxies named by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, upper or lower case, but never
///   for this machine. The proxy resolves names, so its own rules have to keep requests out of private networks. A CGI
///   program, which has `REQUEST_METHOD`, uses none, since there `HTTP_PROXY` may be a request's header.
///
/// Dropping the future of a fetch closes its connection: nothing runs in the background. A Tokio runtime must be
/// present.
///
/// ```
/// use auth_oidc::HttpClient;
///
/// let client = HttpClient::builder().proxy("http://proxy.example.com:3128").build()?;
/// # Ok::<(), auth_oidc::HttpClientError>(())
/// ```
pub struct HttpClient {
    connector: Connector,
}

impl HttpClient {
    /// Begins a client.
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::default()
    }
}

#[async_trait]
impl Fetch for HttpClient {
    async fn fetch(&self, request: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        let network: Network = request.extensions().get().copied().unwrap_or_default();
        let max = request.extensions().get().map_or(DEFAULT_MAX_BYTES, |MaxBytes(max)| *max);
        let uri = request.uri().clone();
        let target = Target::of(&uri)?;
        let connection = self.connector.connect(&target, network).await?;
        let reached = connection.network;
        let mut response = exchange::exchange(connection, &target, request, max).await?;
        response.extensions_mut().insert(reached);
        Ok(response)
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}
