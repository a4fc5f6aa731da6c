//! An answer as data.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::http::rejection::Rejection;
use crate::http::resource::metadata::MetadataAnswer;

/// An answer as data: all that an adapter has to send, with nothing left for it to decide.
///
/// A [`Rejection`] is one, and so is the answer of a token endpoint. An adapter turns every answer into its
/// framework's response in the same way.
pub trait Answer {
    /// The status code.
    fn status(&self) -> StatusCode;

    /// The header fields, in the order in which to send them.
    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)>;

    /// The body. Its content type is among the header fields.
    fn body(&self) -> Bytes;
}

impl Answer for Rejection {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.headers()
    }

    fn body(&self) -> Bytes {
        self.body()
    }
}

impl Answer for MetadataAnswer {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.headers()
    }

    fn body(&self) -> Bytes {
        self.body()
    }
}
