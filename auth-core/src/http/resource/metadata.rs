//! Answers requests for metadata.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::http::head::RequestHead;

/// The answer to a request for metadata, as data.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MetadataAnswer {
    kind: Kind,
    body: Bytes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Metadata,
    Preflight,
    MethodNotAllowed,
}

const ANY: HeaderValue = HeaderValue::from_static("*");
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// Answers a request that is for these metadata.
pub(super) fn answer(request: &impl RequestHead, metadata: &Bytes) -> MetadataAnswer {
    let has = |name| request.header_values(name).next().is_some();
    match request.method() {
        "GET" | "HEAD" => MetadataAnswer { kind: Kind::Metadata, body: metadata.clone() },
        "OPTIONS" if has("origin") && has("access-control-request-method") => {
            MetadataAnswer { kind: Kind::Preflight, body: Bytes::new() }
        }
        _ => MetadataAnswer { kind: Kind::MethodNotAllowed, body: Bytes::new() },
    }
}

impl MetadataAnswer {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind {
            Kind::Metadata => StatusCode::OK,
            Kind::Preflight => StatusCode::NO_CONTENT,
            Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    /// The header fields to send.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let fields = match self.kind {
            Kind::Metadata => [
                Some((header::CONTENT_TYPE, HeaderValue::from_static("application/json"))),
                Some((header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"))),
                Some((header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY)),
                None,
            ],
            // Clients in browsers send fields of their own, such as the version of their protocol.
            Kind::Preflight => [
                Some((header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY)),
                Some((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS)),
                Some((header::ACCESS_CONTROL_ALLOW_HEADERS, ANY)),
                Some((header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"))),
            ],
            Kind::MethodNotAllowed => [Some((header::ALLOW, METHODS)), None, None, None],
        };
        fields.into_iter().flatten()
    }

    /// The body: the metadata, or nothing.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }
}
