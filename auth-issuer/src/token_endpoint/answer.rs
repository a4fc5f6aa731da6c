//! What the token endpoint answers: tokens and refusals.

use std::borrow::Cow;
use std::fmt;

use auth_core::Scope;
use serde_json::{Value, json};

use crate::refresh::RefreshError;
use crate::sign::SignedToken;

/// Why no token is given ([RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)).
///
/// The texts are constants: nothing of the request is in them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The request is not as it should be.
    #[error("invalid_request: {0}")]
    InvalidRequest(&'static str),
    /// Not a client that is known, or not with this secret.
    #[error("invalid_client")]
    InvalidClient {
        /// It has tried by an Authorization field.
        by_basic: bool,
    },
    /// Wrong user name or password, or an account that may not log in. One answer for all.
    #[error("invalid_grant: user name or password")]
    InvalidGrant,
    /// A refresh token that is not, or no longer, good, or whose account may not log in. One answer for all.
    #[error("invalid_grant: refresh token")]
    InvalidRefreshToken,
    /// The client may not ask in this way.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    /// Not a way of asking that this server has.
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    /// A scope that does not exist, or may not be asked for.
    #[error("invalid_scope")]
    InvalidScope,
    /// Too many logins have failed for this account or from this address: 429
    /// ([RFC 6585 section 4](https://www.rfc-editor.org/rfc/rfc6585#section-4)).
    #[error("too many attempts")]
    TooManyAttempts {
        /// In how many seconds the next attempt will be judged.
        retry_after: u64,
    },
    /// A thing that the answer depends on is down: 503.
    #[error("no token can be issued now")]
    Unavailable,
}

/// An answer of the token endpoint as data: what an adapter has to send.
#[derive(Clone, Eq, PartialEq)]
pub struct TokenAnswer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// JSON.
    pub body: String,
}

/// Prints the status only, for a token may be in the body.
impl fmt::Debug for TokenAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// In how many seconds to ask again where something is down.
const RETRY_AFTER: u64 = 5;

impl TokenError {
    pub(crate) const TOO_LONG: Self = Self::InvalidRequest("the body is too long");

    /// What to send: 400; 401 for a client that has tried HTTP Basic; 429 and 503, for which RFC 6749 has no error
    /// codes at the token endpoint, with the one that its section 4.1.2.1 has.
    #[must_use]
    pub fn answer(&self) -> TokenAnswer {
        let (error, description) = match self {
            Self::InvalidRequest(what) => ("invalid_request", *what),
            Self::InvalidClient { .. } => ("invalid_client", "Unknown client or wrong client secret"),
            Self::InvalidGrant => ("invalid_grant", "Incorrect username or password"),
            Self::InvalidRefreshToken => ("invalid_grant", "The refresh token is not good, log in again"),
            Self::UnauthorizedClient => ("unauthorized_client", "The client may not use this grant type"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", "The grant type is not supported"),
            Self::InvalidScope => ("invalid_scope", "A scope is malformed, unknown or not allowed"),
            Self::TooManyAttempts { .. } => ("temporarily_unavailable", "Too many attempts, try again later"),
            Self::Unavailable => ("temporarily_unavailable", "Authentication is temporarily unavailable"),
        };
        let mut headers = headers();
        let mut add = |name, value: String| headers.push((name, value.into()));
        let status = match self {
            // RFC 9110 section 15.5.2: no 401 without a challenge, and one for Basic has browsers ask for a password.
            Self::InvalidClient { by_basic: true } => {
                add("www-authenticate", "Basic realm=\"token\"".to_owned());
                401
            }
            Self::TooManyAttempts { retry_after } => {
                add("retry-after", retry_after.to_string());
                429
            }
            Self::Unavailable => {
                add("retry-after", RETRY_AFTER.to_string());
                503
            }
            _ => 400,
        };
        let body = json!({ "error": error, "error_description": description });
        TokenAnswer { status, headers, body: body.to_string() }
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
    /// What to send with the token: 200. `granted` is named if it may differ from what was asked for
    /// ([RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)), `refresh_token` if there is one.
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
        TokenAnswer { status: 200, headers: headers(), body: body.to_string() }
    }
}

/// [RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1) wants the last two on whatever has a
/// token.
fn headers() -> Vec<(&'static str, Cow<'static, str>)> {
    let fields =
        [("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache")];
    fields.into_iter().map(|(name, value)| (name, value.into())).collect()
}

/// For frameworks on `http` 1, such as axum.
impl From<TokenAnswer> for http::Response<String> {
    fn from(answer: TokenAnswer) -> Self {
        let mut response = Self::new(answer.body);
        *response.status_mut() =
            http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in answer.headers {
            if let Ok(value) = http::HeaderValue::try_from(value.as_ref()) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
