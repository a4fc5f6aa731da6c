//! Requests as the core sees them.

use std::ops::Deref;

use auth_core::adapter::RequestHead;
use http::header::{AUTHORIZATION, ORIGIN};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tonic::Request;

/// The head of a request that has just arrived.
pub(crate) struct Arrived<'r>(pub(crate) &'r mut Parts);

/// The head of a request in a handler: `&Request`, or `&mut Request` to keep something in it.
pub(crate) struct Handled<R>(pub(crate) R);

impl Arrived<'_> {
    /// Keeps for the handler what tonic does not hand to it, and what decides about a cookie that a page has sent.
    pub(crate) fn keep_host(&mut self) {
        let authority = self.0.uri.authority().filter(|_| self.0.headers.contains_key(ORIGIN));
        if let Some(authority) = authority.cloned() {
            self.0.extensions.insert(Host(authority));
        }
    }
}

/// The host that a request is for.
#[derive(Clone)]
struct Host(Authority);

impl RequestHead for Arrived<'_> {
    fn method(&self) -> &str {
        // Generated services do not ask for the method. So none is safe: what a page of others makes a browser send as
        // `GET` may reach a handler that changes something.
        let method = if self.0.method == Method::OPTIONS { &Method::OPTIONS } else { &Method::POST };
        method.as_str()
    }

    fn target(&self) -> &str {
        self.0.uri.path_and_query().map(PathAndQuery::as_str).unwrap_or_default()
    }

    fn authority(&self) -> Option<&str> {
        self.0.uri.authority().map(Authority::as_str)
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        values(&self.0.headers, name)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.extensions.get().cloned()
    }

    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.0.extensions.insert(value);
    }
}

impl<M: 'static, R: Place + Deref<Target = Request<M>>> RequestHead for Handled<R> {
    fn method(&self) -> &str {
        Method::POST.as_str()
    }

    /// Not known in a handler. The guard has looked at it.
    fn target(&self) -> &'static str {
        ""
    }

    fn authority(&self) -> Option<&str> {
        self.0.extensions().get().map(|Host(authority)| authority.as_str())
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        values(self.0.metadata().as_ref(), name)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.extensions().get().cloned()
    }

    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.0.keep(value);
    }
}

/// Where something is kept for the rest of a request.
pub(crate) trait Place {
    fn keep<T: Clone + Send + Sync + 'static>(&mut self, value: T);
}

/// Nothing can be kept in a shared request: who asks again gets the same answer.
impl<M> Place for &Request<M> {
    fn keep<T: Clone + Send + Sync + 'static>(&mut self, _: T) {}
}

impl<M> Place for &mut Request<M> {
    fn keep<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.extensions_mut().insert(value);
    }
}

/// The values of a field as the core reads them.
///
/// gRPC has binary metadata, whose names end in `-bin`. A client that sends its token there has made a mistake, or has
/// another program read other credentials than this one does. So each `authorization-bin` counts as one more Authorization
/// field, and as a broken one.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let (text, binary) = match name {
        "authorization" => (headers.get_all(AUTHORIZATION), Some(headers.get_all(BINARY_AUTHORIZATION))),
        _ => (headers.get_all(name), None),
    };
    let broken = binary.into_iter().flatten().map(|_| BROKEN);
    text.into_iter().map(HeaderValue::as_bytes).chain(broken)
}

const BINARY_AUTHORIZATION: HeaderName = HeaderName::from_static("authorization-bin");

/// A bearer credential without a token, which is malformed wherever it stands.
const BROKEN: &[u8] = b"Bearer";

/// Whether credentials came as binary metadata, which nothing reads.
pub(crate) fn has_binary_authorization(headers: &HeaderMap) -> bool {
    headers.contains_key(BINARY_AUTHORIZATION)
}
