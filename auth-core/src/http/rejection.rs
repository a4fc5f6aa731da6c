//! A refusal as data.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::body::RejectionBody;
use super::reason::Reason;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refusal as data: what an adapter has to send, and nothing for it to decide.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    reason: Reason,
    challenge: Option<HeaderValue>,
    second_challenge: Option<Arc<HeaderValue>>,
    retry_after: Option<HeaderValue>,
    body: RejectionBody,
}

impl Rejection {
    /// The library is wired wrongly: 500, without a challenge.
    ///
    /// Log how to mend it. The client is not told.
    #[must_use]
    pub fn misconfigured() -> Self {
        Self::new(Reason::Misconfigured, None, None)
    }

    pub(crate) fn new(
        reason: Reason,
        challenge: Option<HeaderValue>,
        retry_after: Option<HeaderValue>,
    ) -> Self {
        Self { reason, challenge, second_challenge: None, retry_after, body: RejectionBody::problem() }
    }

    /// Returns the same refusal with a challenge beside the first.
    pub(crate) fn with_second_challenge(self, second_challenge: Option<Arc<HeaderValue>>) -> Self {
        Self { second_challenge, ..self }
    }

    /// Returns the same refusal with another challenge as its first, if this is one.
    pub(crate) fn with_challenge(self, challenge: Option<HeaderValue>) -> Self {
        Self { challenge: challenge.or(self.challenge), ..self }
    }

    /// Returns the same refusal with a body of the application.
    pub(crate) fn with_body(self, body: RejectionBody) -> Self {
        Self { body, ..self }
    }

    /// The class of the refusal.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.reason.status()
    }

    /// The header fields to send: `Content-Type` (but for an empty body), then `WWW-Authenticate` (sometimes
    /// two) and `Retry-After` where there are such.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let content_type = match &self.body.0 {
            Some(own) => own.content_type.clone(),
            None => Some(PROBLEM_JSON),
        };
        [
            (header::CONTENT_TYPE, content_type),
            (header::WWW_AUTHENTICATE, self.challenge.clone()),
            (header::WWW_AUTHENTICATE, self.second_challenge.as_deref().cloned()),
            (header::RETRY_AFTER, self.retry_after.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The body: a problem document, or what the application wants to say.
    #[must_use]
    pub fn body(&self) -> Bytes {
        match &self.body.0 {
            Some(own) => own.bytes.clone(),
            None => Bytes::from_static(self.reason.problem().as_bytes()),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.detail())
    }
}

impl std::error::Error for Rejection {}
