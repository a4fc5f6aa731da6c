//! The body of a refusal.

use std::borrow::Cow;

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

/// The body of a refusal and its content type. Status and challenge stay the library's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RejectionBody(pub(crate) Option<Box<OwnBody>>);

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct OwnBody {
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) bytes: Bytes,
}

impl RejectionBody {
    /// The library's own: a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)).
    #[must_use]
    pub fn problem() -> Self {
        Self(None)
    }

    /// Nothing, and no content type.
    #[must_use]
    pub fn empty() -> Self {
        Self(Some(Box::new(OwnBody { content_type: None, bytes: Bytes::new() })))
    }

    /// `application/json`. What cannot be written as JSON becomes [the library's own](Self::problem) body,
    /// and the log says so.
    #[must_use]
    pub fn json(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Self::new(HeaderValue::from_static("application/json"), json),
            Err(_) => {
                tracing::error!("the body of a refusal cannot be written as JSON");
                Self::problem()
            }
        }
    }

    /// `text/plain; charset=utf-8`.
    #[must_use]
    pub fn text(text: impl Into<Cow<'static, str>>) -> Self {
        let bytes = match text.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => text.into(),
        };
        Self::new(HeaderValue::from_static("text/plain; charset=utf-8"), bytes)
    }

    /// Any other type of content.
    #[must_use]
    pub fn new(content_type: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        Self(Some(Box::new(OwnBody { content_type: Some(content_type), bytes: bytes.into() })))
    }
}
