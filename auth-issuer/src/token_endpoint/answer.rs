//! The answers of the token endpoint: tokens and errors.

use std::fmt;

use auth_core::Scope;
use auth_core::adapter::Answer;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::refresh::RefreshError;
use crate::sign::SignedToken;

/// Why no token is issued ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)), or none is
/// revoked.
///
/// The texts are constants; they contain nothing of the request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The request is malformed.
    #[error("invalid_request: {0}")]
    InvalidRequest(&'static str),
    /// The client is unknown, or its secret is wrong.
    #[error("invalid_client")]
    InvalidClient {
        /// Whether it has sent an `Authorization` field.
        by_basic: bool,
    },
    /// The user name or password is wrong, or the account may not log in. All three get the same answer.
    #[error("invalid_grant: user name or password")]
    InvalidGrant,
    /// The refresh token is unknown, expired, revoked or already used, or its account may not log in. All get the
    /// same answer.
    #[error("invalid_grant: refresh token")]
    InvalidRefreshToken,
    /// The client may not use this grant type.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    /// The server does not support this grant type.
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    /// A scope is malformed or unknown, or the account may not have it.
    #[error("invalid_scope")]
    InvalidScope,
    /// The token is an access token, and the server has no [`AccessTokenRevoker`](crate::AccessTokenRevoker)
    /// ([RFC 7009 section 2.2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.2.1)).
    #[error("unsupported_token_type")]
    UnsupportedTokenType,
    /// Too many logins have failed for this account or from this address: 429
    /// ([RFC 6585 section 4](https://www.rfc-editor.org/rfc/rfc6585#section-4)).
    #[error("too many attempts")]
    TooManyAttempts {
        /// The number of seconds until the next attempt is judged.
        retry_after: u64,
    },
    /// A service that the answer depends on is down: 503.
    #[error("no token can be issued now")]
    Unavailable,
}

/// An answer of the token endpoint, or of the revocation endpoint, as data: what an adapter has to send.
///
/// `auth_axum::AuthResponse` and `auth_actix::AuthResponse` send it, like any other [`Answer`].
#[derive(Clone, Eq, PartialEq)]
pub struct TokenAnswer {
    status: StatusCode,
    /// Sent after the fields that every answer has.
    further: Option<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl TokenAnswer {
    fn new(status: StatusCode, further: Option<(HeaderName, HeaderValue)>, body: &Value) -> Self {
        Self { status, further, body: body.to_string().into() }
    }

    /// The answer to a revocation: 200, with a body that says nothing.
    pub(super) fn revoked() -> Self {
        Self::new(StatusCode::OK, None, &json!({}))
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header fields to send: `Content-Type`, `Cache-Control` and `Pragma`, then `WWW-Authenticate` or
    /// `Retry-After` if the error has one.
    ///
    /// [RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1) requires `Cache-Control` and `Pragma`
    /// on every answer that holds a token.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::PRAGMA, HeaderValue::from_static("no-cache")),
        ]
        .into_iter()
        .chain(self.further.clone())
    }

    /// The body, in JSON.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }
}

impl Answer for TokenAnswer {
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

/// Prints the status only, since the body may hold a token.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// After how many seconds a client may try again if a service is down.
const RETRY_AFTER_SECONDS: u64 = 5;

impl TokenError {
    pub(crate) const TOO_LONG: Self = Self::InvalidRequest("the body is too long");

    /// Returns the answer to send.
    ///
    /// The status is 401 for a client that has tried HTTP Basic, 429 for too many attempts, 503 if a service is down,
    /// and 400 for every other error. RFC 6749 defines no error code for 429 and 503 at the token endpoint; they carry
    /// `temporarily_unavailable` of its section 4.1.2.1.
    #[must_use]
    pub fn answer(&self) -> TokenAnswer {
        let (error, description) = match self {
            Self::InvalidRequest(what) => ("invalid_request", *what),
            Self::InvalidClient { .. } => ("invalid_client", "Unknown client or wrong client secret"),
            Self::InvalidGrant => ("invalid_grant", "Incorrect username or password"),
            Self::InvalidRefreshToken => ("invalid_grant", "The refresh token is not valid, log in again"),
            Self::UnauthorizedClient => ("unauthorized_client", "The client may not use this grant type"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", "The grant type is not supported"),
            Self::InvalidScope => ("invalid_scope", "A scope is malformed, unknown or not allowed"),
            Self::UnsupportedTokenType => {
                ("unsupported_token_type", "Access tokens cannot be revoked, they expire")
            }
            Self::TooManyAttempts { .. } => ("temporarily_unavailable", "Too many attempts, try again later"),
            Self::Unavailable => ("temporarily_unavailable", "Authentication is temporarily unavailable"),
        };
        let (status, further) = match self {
            // RFC 9110 section 15.5.2 requires a challenge with every 401, and a Basic challenge makes browsers ask for
            // a password. So only a client that has tried Basic gets one.
            Self::InvalidClient { by_basic: true } => {
                let challenge = HeaderValue::from_static("Basic realm=\"token\"");
                (StatusCode::UNAUTHORIZED, Some((header::WWW_AUTHENTICATE, challenge)))
            }
            Self::TooManyAttempts { retry_after } => {
                (StatusCode::TOO_MANY_REQUESTS, Some((header::RETRY_AFTER, (*retry_after).into())))
            }
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, Some((header::RETRY_AFTER, RETRY_AFTER_SECONDS.into())))
            }
            _ => (StatusCode::BAD_REQUEST, None),
        };
        let body = json!({ "error": error, "error_description": description });
        TokenAnswer::new(status, further, &body)
    }
}

impl TokenAnswer {
    /// Turns the answer into a 401. Its challenge has scheme Bearer, since Basic makes browsers ask for a password.
    pub(crate) fn unauthorized(mut self) -> Self {
        self.status = StatusCode::UNAUTHORIZED;
        self.further = Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"token\"")));
        self
    }
}

impl RefreshError {
    /// The error to answer if the client is at fault; `None` if the server is.
    #[must_use]
    pub fn token_error(&self) -> Option<TokenError> {
        matches!(self, Self::Refused).then_some(TokenError::InvalidRefreshToken)
    }
}

impl SignedToken {
    /// Returns the answer that carries the token: 200.
    ///
    /// Pass the `granted` scopes if they may differ from the requested ones
    /// ([RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)); an empty list is left out.
    #[must_use]
    pub fn answer(&self, granted: &[Scope], refresh_token: Option<&str>) -> TokenAnswer {
        let mut body = json!({
            "access_token": self.token,
            "token_type": "Bearer",
            "expires_in": self.expires_in,
        });
        if let Some(members) = body.as_object_mut() {
            if !granted.is_empty() {
                let names: Vec<_> = granted.iter().map(Scope::as_str).collect();
                members.insert("scope".to_owned(), Value::from(names.join(" ")));
            }
            if let Some(token) = refresh_token {
                members.insert("refresh_token".to_owned(), token.into());
            }
        }
        TokenAnswer::new(StatusCode::OK, None, &body)
    }
}
