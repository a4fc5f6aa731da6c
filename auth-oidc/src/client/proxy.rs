use bytes::Bytes;
use futures_util::future::try_join;
use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;

use super::fault::{forbidden, unreachable};
use super::stream::Stream;
use super::target::Target;
use crate::FetchError;

/// Which requests go through which proxy.
pub(super) struct Proxies(Option<Matcher>);

impl Proxies {
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn from_environment() -> Self {
        Self(Some(Matcher::from_env()))
    }

    /// One proxy for all, except the hosts that `except` lists in the syntax of `NO_PROXY`.
    pub(super) fn one(url: &str, except: &str) -> Self {
        Self(Some(Matcher::builder().all(url).no(except).build()))
    }

    /// Never for this machine: to the proxy, `localhost` is itself, and plain http is allowed only since nothing leaves
    /// this machine.
    pub(super) fn for_target(&self, target: &Target<'_>) -> Result<Option<Proxy>, FetchError> {
        if target.host.is_this_machine() {
            return Ok(None);
        }
        self.0
            .as_ref()
            .and_then(|proxies| proxies.intercept(target.uri))
            .map(|proxy| Proxy::new(&proxy))
            .transpose()
    }
}

/// A proxy that speaks HTTP, itself with or without TLS.
pub(super) struct Proxy {
    uri: Uri,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    fn new(intercept: &Intercept) -> Result<Self, FetchError> {
        let uri = intercept.uri().clone();
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(forbidden(format!(
                "the proxy {uri} does not speak HTTP: configure one with the scheme http"
            )));
        }
        Ok(Self { uri, authorization: intercept.basic_auth().cloned() })
    }

    pub(super) fn target(&self) -> Result<Target<'_>, FetchError> {
        Target::of(&self.uri)
    }

    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        self.authorization.clone()
    }

    /// Asks the proxy to pass bytes on to the target (RFC 9110, section 9.3.6).
    pub(super) async fn tunnel(
        &self,
        target: &Target<'_>,
        stream: Box<dyn Stream>,
    ) -> Result<Box<dyn Stream>, FetchError> {
        let failed =
            |error: hyper::Error| unreachable(format!("the proxy {} does not answer: {error}", self.uri));
        let request = self.connect_request(target)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
        let answer = async move {
            let status = sender.send_request(request).await.map_err(failed)?.status();
            match status.is_success() {
                true => Ok(()),
                false => Err(unreachable(format!(
                    "the proxy {} answers {status} when asked for {}: check its rules and its password",
                    self.uri,
                    target.authority()
                ))),
            }
        };
        let connection = async { connection.without_shutdown().await.map_err(failed) };
        let ((), parts) = try_join(answer, connection).await?;
        if !parts.read_buf.is_empty() {
            return Err(unreachable(format!("the proxy {} speaks before the server is spoken to", self.uri)));
        }
        Ok(parts.io.into_inner())
    }

    fn connect_request(&self, target: &Target<'_>) -> Result<Request<Empty<Bytes>>, FetchError> {
        let authority = target.authority();
        let mut request = Request::builder()
            .method(Method::CONNECT)
            .uri(&authority)
            .header(header::HOST, &authority)
            .body(Empty::new())
            .map_err(|error| forbidden(format!("{authority} cannot be asked of a proxy: {error}")))?;
        if let Some(authorization) = self.authorization() {
            request.headers_mut().insert(header::PROXY_AUTHORIZATION, authorization);
        }
        Ok(request)
    }
}
