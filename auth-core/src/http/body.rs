//! What a refusal says in its body, where the application wants its own words.

use std::borrow::Cow;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::authenticate::authenticator::RequestHead;
use crate::http::rejection::Reason;

/// The longest preference of a client that is kept, in bytes. A longer one counts as none.
const MAX_PREFERENCE_BYTES: usize = 1024;

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

/// A refusal whose body is to be written: what the client may be told, and what it prefers.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    reason: Reason,
    preferences: Option<&'a Preferences>,
}

impl Refusal<'_> {
    /// The class of the refusal.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The status that is sent.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.status()
    }

    /// The sentence of the problem document: the same for all refusals of the class.
    #[must_use]
    pub fn detail(&self) -> &'static str {
        self.reason.detail()
    }

    /// The languages that the client prefers, such as `de-CH, fr;q=0.8`
    /// ([RFC 9110 section 12.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)): the fields of the
    /// request with commas between, of up to 1024 bytes of visible ASCII. Anyone may have written them: choose
    /// by them, do not repeat them.
    #[must_use]
    pub fn accept_language(&self) -> Option<&str> {
        self.preferences?.accept_language.as_deref()
    }

    /// The content types that the client prefers, in the same way
    /// ([RFC 9110 section 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)).
    #[must_use]
    pub fn accept(&self) -> Option<&str> {
        self.preferences?.accept.as_deref()
    }
}

/// What a client prefers, kept for refusals that come when its request is no longer at hand.
#[derive(Debug)]
pub(crate) struct Preferences {
    accept_language: Option<Box<str>>,
    accept: Option<Box<str>>,
}

impl Preferences {
    pub(crate) fn of(request: &impl RequestHead) -> Self {
        Self { accept_language: field(request, "accept-language"), accept: field(request, "accept") }
    }
}

fn field(request: &impl RequestHead, name: &str) -> Option<Box<str>> {
    let mut joined = String::new();
    for value in request.header_values(name) {
        let value = std::str::from_utf8(value).ok()?;
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return None;
        }
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(value);
        if joined.len() > MAX_PREFERENCE_BYTES {
            return None;
        }
    }
    (!joined.is_empty()).then(|| joined.into_boxed_str())
}

/// The application's hook.
#[derive(Clone)]
pub(crate) struct BodyWriter(Arc<dyn Fn(&Refusal<'_>) -> RejectionBody + Send + Sync>);

impl BodyWriter {
    pub(crate) fn new(hook: impl Fn(&Refusal<'_>) -> RejectionBody + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    /// A hook that panics has written nothing; the refusal stands.
    pub(crate) fn write(&self, reason: Reason, preferences: Option<&Preferences>) -> RejectionBody {
        let refusal = Refusal { reason, preferences };
        catch_unwind(AssertUnwindSafe(|| (self.0)(&refusal))).unwrap_or_else(|_| {
            tracing::error!(?reason, "the hook that writes the body of a refusal panicked");
            RejectionBody::problem()
        })
    }
}

impl fmt::Debug for BodyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyWriter")
    }
}
