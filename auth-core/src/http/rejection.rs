//! The one table from reasons to status, challenge and body.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::http::body::RejectionBody;
use crate::http::challenge::{Challenge, Realm};
use crate::token::error::VerifyError;
use crate::token::scope::Scope;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// After how many seconds to try again, where nothing better is known.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Why a request was refused: the class that the client is told.
///
/// | reason | status | `WWW-Authenticate` | detail |
/// |---|---|---|---|
/// | [`Missing`](Self::Missing) | 401 | `Bearer` | Not authenticated |
/// | [`Malformed`](Self::Malformed) | 400 | `Bearer error="invalid_request"` | Malformed credentials |
/// | [`Invalid`](Self::Invalid) | 401 | `Bearer error="invalid_token"` | Could not validate credentials |
/// | [`Insufficient`](Self::Insufficient) | 403 | `Bearer error="insufficient_scope"`, and `scope="..."` where scopes would have sufficed | Not enough permissions |
/// | [`Unavailable`](Self::Unavailable) | 503, `Retry-After` | none | Authentication is temporarily unavailable |
/// | [`Misconfigured`](Self::Misconfigured) | 500 | none | Internal server error |
///
/// With a realm configured, every challenge begins `Bearer realm="..."`. The body is a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the detail, unless the application
/// [writes its own](crate::Authenticator::with_rejection_body). Nothing of the request is in it;
/// what exactly was wrong is logged at `DEBUG`, with the target `auth_core`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// No bearer credentials were given.
    Missing,
    /// The credentials break the syntax, or were given more than once.
    Malformed,
    /// Anything at all is wrong with the token.
    Invalid,
    /// The token is good; what it grants is not enough.
    Insufficient,
    /// No verdict could be had.
    Unavailable,
    /// The library is wired wrongly.
    Misconfigured,
}

impl Reason {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Missing | Self::Invalid => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Insufficient => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `error` of a challenge; `None` where there is no error to tell or no challenge to make.
    fn error(self) -> Option<&'static str> {
        match self {
            Self::Malformed => Some("invalid_request"),
            Self::Invalid => Some("invalid_token"),
            Self::Insufficient => Some("insufficient_scope"),
            Self::Missing | Self::Unavailable | Self::Misconfigured => None,
        }
    }

    fn has_challenge(self) -> bool {
        !matches!(self, Self::Unavailable | Self::Misconfigured)
    }

    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "Not authenticated",
            Self::Malformed => "Malformed credentials",
            Self::Invalid => "Could not validate credentials",
            Self::Insufficient => "Not enough permissions",
            Self::Unavailable => "Authentication is temporarily unavailable",
            Self::Misconfigured => "Internal server error",
        }
    }

    fn problem(self) -> &'static str {
        match self {
            Self::Missing => {
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Not authenticated"}"#
            }
            Self::Malformed => {
                r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"Malformed credentials"}"#
            }
            Self::Invalid => {
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Could not validate credentials"}"#
            }
            Self::Insufficient => {
                r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Not enough permissions"}"#
            }
            Self::Unavailable => {
                r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Authentication is temporarily unavailable"}"#
            }
            Self::Misconfigured => {
                r#"{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal server error"}"#
            }
        }
    }
}

impl From<&VerifyError> for Reason {
    fn from(error: &VerifyError) -> Self {
        match error {
            VerifyError::Unavailable { .. } => Self::Unavailable,
            VerifyError::Misconfigured(_) => Self::Misconfigured,
            _ => Self::Invalid,
        }
    }
}

/// A refusal as data: what an adapter has to send, and nothing for it to decide.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rejection {
    reason: Reason,
    challenge: Option<HeaderValue>,
    retry_after: Option<HeaderValue>,
    body: RejectionBody,
}

impl Rejection {
    /// The library is wired wrongly, an adapter found: 500, without a challenge.
    ///
    /// Say in the log how to mend it; the client is not told.
    #[must_use]
    pub fn misconfigured() -> Self {
        let body = RejectionBody::problem();
        Self { reason: Reason::Misconfigured, challenge: None, retry_after: None, body }
    }

    /// The same refusal in the words of the application.
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

    /// The header fields to send: `Content-Type` (but for an empty body), then `WWW-Authenticate` and `Retry-After` where
    /// there are such.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let content_type = match &self.body.0 {
            Some(own) => own.content_type.clone(),
            None => Some(PROBLEM_JSON),
        };
        [
            (header::CONTENT_TYPE, content_type),
            (header::WWW_AUTHENTICATE, self.challenge.clone()),
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

/// Makes rejections, with the challenges that never vary written beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Rejecter {
    realm: Option<Realm>,
    missing: HeaderValue,
    malformed: HeaderValue,
    invalid: HeaderValue,
    insufficient: HeaderValue,
}

impl Rejecter {
    pub(crate) fn new(realm: Option<Realm>) -> Self {
        let challenge = |reason: Reason| {
            Challenge { realm: realm.as_ref(), error: reason.error(), scopes: &[] }.to_header_value()
        };
        Self {
            missing: challenge(Reason::Missing),
            malformed: challenge(Reason::Malformed),
            invalid: challenge(Reason::Invalid),
            insufficient: challenge(Reason::Insufficient),
            realm,
        }
    }

    pub(crate) fn reject(&self, reason: Reason) -> Rejection {
        let challenge = match reason {
            Reason::Missing => Some(&self.missing),
            Reason::Malformed => Some(&self.malformed),
            Reason::Invalid => Some(&self.invalid),
            Reason::Insufficient => Some(&self.insufficient),
            Reason::Unavailable | Reason::Misconfigured => None,
        };
        debug_assert_eq!(challenge.is_some(), reason.has_challenge());
        let retry_after = (reason == Reason::Unavailable).then(|| HeaderValue::from(RETRY_AFTER_SECONDS));
        Rejection { reason, challenge: challenge.cloned(), retry_after, body: RejectionBody::problem() }
    }

    /// The token is good and not enough. `scopes` would have sufficed; empty if no scopes would.
    pub(crate) fn reject_insufficient(&self, scopes: &[&Scope]) -> Rejection {
        let mut rejection = self.reject(Reason::Insufficient);
        if !scopes.is_empty() {
            let challenge =
                Challenge { realm: self.realm.as_ref(), error: Reason::Insufficient.error(), scopes };
            rejection.challenge = Some(challenge.to_header_value());
        }
        rejection
    }

    pub(crate) fn reject_token(&self, error: &VerifyError) -> Rejection {
        let mut rejection = self.reject(Reason::from(error));
        if let VerifyError::Unavailable { retry_after: Some(wait) } = error {
            rejection.retry_after = Some(HeaderValue::from(whole_seconds(*wait)));
        }
        rejection
    }
}

/// Rounded up, for coming back too early is of no use.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(rejection: &Rejection) -> String {
        let headers: Vec<_> =
            rejection.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let body = String::from_utf8(rejection.body().to_vec()).unwrap();
        format!("{}\n{}\n\n{body}", rejection.status(), headers.join("\n"))
    }

    const ALL: [Reason; 6] = [
        Reason::Missing,
        Reason::Malformed,
        Reason::Invalid,
        Reason::Insufficient,
        Reason::Unavailable,
        Reason::Misconfigured,
    ];

    #[test]
    fn the_table() {
        let rejecter = Rejecter::new(None);
        let table: Vec<_> = ALL.iter().map(|reason| printed(&rejecter.reject(*reason))).collect();
        insta::assert_snapshot!(table.join("\n\n---\n"));
    }

    #[test]
    fn the_table_with_a_realm() {
        let rejecter = Rejecter::new(Some(Realm::new("the api").unwrap()));
        let scopes = [&Scope::from_static("orders:read"), &Scope::from_static("orders:write")];
        let mut table: Vec<_> = ALL.iter().map(|reason| printed(&rejecter.reject(*reason))).collect();
        table.push(printed(&rejecter.reject_insufficient(&scopes)));
        insta::assert_snapshot!(table.join("\n\n---\n"));
    }

    #[test]
    fn bodies_are_json_that_agrees_with_the_rest() {
        for reason in ALL {
            let body: serde_json::Value = serde_json::from_str(reason.problem()).unwrap();
            let expected = serde_json::json!({
                "type": "about:blank",
                "title": reason.status().canonical_reason().unwrap(),
                "status": reason.status().as_u16(),
                "detail": reason.detail(),
            });
            assert_eq!(body, expected);
        }
    }

    #[test]
    fn retry_after_is_rounded_up() {
        let rejecter = Rejecter::new(None);
        for (millis, field) in
            [(1500, "retry-after: 2\n"), (2000, "retry-after: 2\n"), (0, "retry-after: 0\n")]
        {
            let wait = Some(Duration::from_millis(millis));
            let rejection = rejecter.reject_token(&VerifyError::Unavailable { retry_after: wait });
            assert!(printed(&rejection).contains(field), "{}", printed(&rejection));
        }
    }

    #[test]
    fn as_an_error_it_says_what_the_client_is_told() {
        let rejecter = Rejecter::new(None);
        for reason in ALL {
            assert_eq!(rejecter.reject(reason).to_string(), reason.detail());
        }
    }
}
