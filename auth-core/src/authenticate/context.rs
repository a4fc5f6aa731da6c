//! What the application's hook knows about a refusal.

use http::StatusCode;

use crate::http::head::RequestHead;
use crate::http::reason::Reason;

/// The longest path that is kept, in bytes. A longer one counts as none.
const MAX_PATH_BYTES: usize = 8 * 1024;

/// The longest preference of a client that is kept, in bytes. A longer one counts as none.
const MAX_PREFERENCE_BYTES: usize = 1024;

/// A refusal whose body is to be written: what the client may know, what it asked for, and what it prefers.
#[derive(Clone, Copy, Debug)]
pub struct RejectionContext<'a> {
    reason: Reason,
    facts: Option<&'a RequestFacts>,
}

impl<'a> RejectionContext<'a> {
    pub(crate) fn new(reason: Reason, facts: Option<&'a RequestFacts>) -> Self {
        Self { reason, facts }
    }

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

    /// The path of the request without its query, such as `/orders/7`, percent-encoded as it was sent. For
    /// `instance` of [RFC 9457 section 3.1.5](https://www.rfc-editor.org/rfc/rfc9457#section-3.1.5).
    ///
    /// It is the path that the guard or extractor sees: inside a router nested with axum's `Router::nest`, it lacks
    /// the prefix. Anyone may have written it: escape it in HTML.
    ///
    /// `None` if it is longer than 8 KiB, and in
    /// [`Authenticator::example_rejection`](crate::Authenticator::example_rejection), which has no request.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.facts?.path.as_deref()
    }

    /// The languages that the client prefers, such as `de-CH, fr;q=0.8`
    /// ([RFC 9110 section 12.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4)).
    ///
    /// The fields of the request joined by commas, up to 1024 bytes of visible ASCII. Anyone may have written them:
    /// choose by them, do not repeat them.
    #[must_use]
    pub fn accept_language(&self) -> Option<&str> {
        self.facts?.accept_language.as_deref()
    }

    /// The content types that the client prefers, in the same way
    /// ([RFC 9110 section 12.5.1](https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1)).
    #[must_use]
    pub fn accept(&self) -> Option<&str> {
        self.facts?.accept.as_deref()
    }
}

/// What the hook may ask about a request, for rejections that come when the request is no longer at hand.
#[derive(Debug)]
pub(crate) struct RequestFacts {
    path: Option<Box<str>>,
    accept_language: Option<Box<str>>,
    accept: Option<Box<str>>,
}

impl RequestFacts {
    pub(crate) fn of(request: &impl RequestHead) -> Self {
        let target = request.target();
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        Self {
            path: (path.len() <= MAX_PATH_BYTES).then(|| path.into()),
            accept_language: preference(request, "accept-language"),
            accept: preference(request, "accept"),
        }
    }
}

fn preference(request: &impl RequestHead, name: &str) -> Option<Box<str>> {
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
