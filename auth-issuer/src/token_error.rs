//! What the token endpoint answers: tokens and refusals.

use auth_core::Scope;
use serde_json::{Value, json};

use crate::access_token::SignedToken;

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
    /// Wrong user name or password, or a refresh token that is not, or no longer, good. One answer for all.
    #[error("invalid_grant")]
    InvalidGrant,
    /// The client may not ask in this way.
    #[error("unauthorized_client")]
    UnauthorizedClient,
    /// Not a way of asking that this server has.
    #[error("unsupported_grant_type")]
    UnsupportedGrantType,
    /// A scope that does not exist, or may not be asked for.
    #[error("invalid_scope")]
    InvalidScope,
}

/// An answer of the token endpoint as data: what an adapter has to send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenAnswer {
    /// The status code.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(&'static str, &'static str)>,
    /// JSON.
    pub body: String,
}

const JSON: (&str, &str) = ("content-type", "application/json");
/// [RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1) wants both on whatever has a token.
const NO_STORE: [(&str, &str); 2] = [("cache-control", "no-store"), ("pragma", "no-cache")];

impl TokenError {
    /// What to send: 400, or 401 for a client that has not authenticated.
    #[must_use]
    pub fn answer(&self) -> TokenAnswer {
        let (error, description) = match self {
            Self::InvalidRequest(what) => ("invalid_request", *what),
            Self::InvalidClient { .. } => ("invalid_client", "Unknown client or wrong client secret"),
            Self::InvalidGrant => {
                ("invalid_grant", "Incorrect username or password, or token no longer good")
            }
            Self::UnauthorizedClient => ("unauthorized_client", "The client may not use this grant type"),
            Self::UnsupportedGrantType => ("unsupported_grant_type", "The grant type is not supported"),
            Self::InvalidScope => ("invalid_scope", "A scope is malformed, unknown or not allowed"),
        };
        let mut headers = vec![JSON];
        headers.extend(NO_STORE);
        let status = match self {
            Self::InvalidClient { by_basic } => {
                if *by_basic {
                    headers.push(("www-authenticate", "Basic realm=\"token\""));
                }
                401
            }
            _ => 400,
        };
        let body = json!({ "error": error, "error_description": description });
        TokenAnswer { status, headers, body: body.to_string() }
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
        let mut headers = vec![JSON];
        headers.extend(NO_STORE);
        TokenAnswer { status: 200, headers, body: body.to_string() }
    }
}
