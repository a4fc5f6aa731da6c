//! An axum request as the core wants to see it.

use auth_core::RequestHead;
use http::request::Parts;

pub(crate) struct Head<'a>(pub(crate) &'a Parts);

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.0.method.as_str()
    }

    fn target(&self) -> &str {
        self.0.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default()
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.0.headers.get_all(name).into_iter().map(http::HeaderValue::as_bytes)
    }
}
