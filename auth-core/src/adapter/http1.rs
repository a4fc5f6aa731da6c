//! The requests and responses of `http` 1, which hyper, tower, axum, tonic, salvo and poem share.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Request, Response, Uri};

use super::answer::Answer;
use crate::http::head::RequestHead;

impl RequestHead for Parts {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn target(&self) -> &str {
        target(&self.uri)
    }

    fn authority(&self) -> Option<&str> {
        self.uri.authority().map(Authority::as_str)
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        values(&self.headers, name)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.extensions.get().cloned()
    }

    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.extensions.insert(value);
    }
}

impl<B> RequestHead for Request<B> {
    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn target(&self) -> &str {
        target(self.uri())
    }

    fn authority(&self) -> Option<&str> {
        self.uri().authority().map(Authority::as_str)
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        values(self.headers(), name)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.extensions().get().cloned()
    }

    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.extensions_mut().insert(value);
    }
}

fn target(uri: &Uri) -> &str {
    uri.path_and_query().map(PathAndQuery::as_str).unwrap_or_default()
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    // The one that every request is asked for, found without parsing its name each time.
    let values = match name {
        "authorization" => headers.get_all(AUTHORIZATION),
        _ => headers.get_all(name),
    };
    values.into_iter().map(HeaderValue::as_bytes)
}

/// Turns an answer into a response with any body that can be made from bytes.
pub fn response<B: From<Bytes>>(answer: &impl Answer) -> Response<B> {
    let mut response = Response::new(answer.body().into());
    *response.status_mut() = answer.status();
    response.headers_mut().extend(answer.headers());
    response
}
