//! An HTTP request as the core wants to see it.

use auth_core::{Pass, RequestHead};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Uri};

pub(crate) struct Head<'a> {
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    extensions: &'a Extensions,
}

impl<'a, B> From<&'a Request<B>> for Head<'a> {
    fn from(request: &'a Request<B>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            extensions: request.extensions(),
        }
    }
}

impl<'a> From<&'a Parts> for Head<'a> {
    fn from(parts: &'a Parts) -> Self {
        let Parts { method, uri, headers, extensions, .. } = parts;
        Self { method, uri, headers, extensions }
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn target(&self) -> &str {
        self.uri.path_and_query().map(PathAndQuery::as_str).unwrap_or_default()
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        // The one that every request is asked for, found without reading its name each time.
        let values = match name {
            "authorization" => self.headers.get_all(AUTHORIZATION),
            _ => self.headers.get_all(name),
        };
        values.into_iter().map(HeaderValue::as_bytes)
    }

    fn pass(&self) -> Option<Pass> {
        self.extensions.get().cloned()
    }
}
