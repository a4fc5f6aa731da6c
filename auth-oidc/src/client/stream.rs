use std::fmt;

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Network;

/// A stream of bytes to the server or to the proxy: TCP, TLS, or one inside the other.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Where a request is written.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Stream>,
    /// Which network it leads to, as far as is known: a proxy resolves names itself.
    pub(super) network: Network,
    pub(super) form: Form,
}

/// How a request names its target (RFC 9112, section 3.2).
pub(super) enum Form {
    /// `GET /path`: to the server itself, or through a tunnel.
    Origin,
    /// `GET http://host/path`: to a proxy, which may want to know who asks.
    Absolute(Option<HeaderValue>),
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("network", &self.network).finish_non_exhaustive()
    }
}
