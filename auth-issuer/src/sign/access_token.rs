//! An access token before it is signed.

use std::fmt;
use std::time::Duration;

use auth_core::jwt::check_claims;
use auth_core::{Scope, VerifyError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::issuer::{IssuerError, TokenIssuer, check_lifetime};
use crate::backend::Unusable;

/// Verifiers reject longer tokens before they parse them.
const MAX_TOKEN_BYTES: usize = auth_core::adapter::MAX_TOKEN_BYTES;

/// Claims that this crate writes, or that verifiers give a meaning of their own.
const RESERVED: [&str; 11] =
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "scp", "cnf"];

/// An access token before it is signed
/// ([RFC 9068 section 2](https://www.rfc-editor.org/rfc/rfc9068#section-2)).
#[must_use = "a token is worth nothing until it is signed"]
pub struct AccessToken<'a> {
    issuer: &'a TokenIssuer,
    subject: String,
    audience: Vec<String>,
    client_id: Option<String>,
    scopes: Vec<Scope>,
    claims: Map<String, Value>,
    /// The first claim that cannot be written.
    refused_claim: Option<String>,
    lifetime: Duration,
}

/// A signed access token.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct SignedToken {
    /// What the client sends as its bearer token.
    pub token: String,
    /// The number of seconds until it expires
    /// ([RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    pub expires_in: u64,
    /// Claim `jti`: 128 random bits.
    pub token_id: String,
}

/// The reason why an access token cannot be signed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// A claim that RFC 9068 requires is missing.
    #[error("claim `{0}` is missing, which RFC 9068 section 2.2 requires")]
    Missing(&'static str),
    /// The claim is reserved, or its value cannot be serialized as JSON.
    #[error(
        "claim `{0}` cannot be set: it has a method of its own, or a meaning that this token does not have, or its \
         value cannot be written as JSON"
    )]
    Claim(String),
    /// See [`IssuerError::Lifetime`].
    #[error(transparent)]
    Lifetime(IssuerError),
    /// A verifier without options could not read the claims.
    #[error(
        "verifiers would reject the claims ({0}): they read at most 256 members over all levels, 16 levels, dates in \
         seconds up to the year 9999, and no member that is named as serde_json marks numbers and raw values"
    )]
    Unreadable(VerifyError),
    /// The token is longer than verifiers accept.
    #[error(
        "the token would have {bytes} bytes, and verifiers read {MAX_TOKEN_BYTES}: give it fewer or shorter claims"
    )]
    TooLong {
        /// The length of the token.
        bytes: usize,
    },
    /// The clock or the system's random number generator failed, or the key did not sign.
    #[error("no token can be signed now: {0}")]
    Unavailable(&'static str),
}

impl TokenIssuer {
    /// Begins a token for a subject, which becomes claim `sub`.
    pub fn access_token(&self, subject: impl Into<String>) -> AccessToken<'_> {
        AccessToken {
            issuer: self,
            subject: subject.into(),
            audience: Vec::new(),
            client_id: None,
            scopes: Vec::new(),
            claims: Map::new(),
            refused_claim: None,
            lifetime: self.inner.lifetime,
        }
    }
}

impl AccessToken<'_> {
    /// Adds an audience: claim `aud`, required. Call it again for several.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Sets the client that the token is issued to: claim `client_id`, required.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Grants a scope. Duplicates are ignored.
    pub fn scope(self, scope: Scope) -> Self {
        self.scopes([scope])
    }

    /// Grants several scopes.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        for scope in scopes {
            if !self.scopes.contains(&scope) {
                self.scopes.push(scope);
            }
        }
        self
    }

    /// Sets a claim of the application's own, such as `roles`. If the name is reserved, [`sign`](Self::sign) fails.
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.set_claim(name.into(), serde_json::to_value(value).ok());
        self
    }

    /// Like [`claim`](Self::claim). `None` stands for a value that cannot be serialized.
    pub(crate) fn set_claim(&mut self, name: String, value: Option<Value>) {
        match value {
            Some(value) if !RESERVED.contains(&name.as_str()) => {
                self.claims.insert(name, value);
            }
            _ => {
                self.refused_claim.get_or_insert(name);
            }
        }
    }

    /// Sets how long this token lives, in whole seconds. The default is the issuer's lifetime.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Signs the token, with `typ` `at+jwt`.
    ///
    /// Its claims are `iss`, `sub`, `aud`, `exp`, `iat`, `jti` and `client_id`, `scope` if a scope is granted, and the
    /// application's own.
    ///
    /// # Errors
    ///
    /// Returns a [`SignError`] if a required claim is missing, a claim is reserved, the lifetime is out of range, the key
    /// cannot sign, or `auth_core::JwtVerifier` without options would reject the token: because it is too long, or
    /// because its claims have too many members or levels.
    pub fn sign(self) -> Result<SignedToken, SignError> {
        let issuer = &self.issuer.inner;
        if self.subject.is_empty() {
            return Err(SignError::Missing("sub"));
        }
        if self.audience.is_empty() || self.audience.iter().any(String::is_empty) {
            return Err(SignError::Missing("aud"));
        }
        let client_id = self.client_id.filter(|id| !id.is_empty()).ok_or(SignError::Missing("client_id"))?;
        if let Some(name) = self.refused_claim {
            return Err(SignError::Claim(name));
        }
        let expires_in = check_lifetime(self.lifetime).map_err(SignError::Lifetime)?;
        let now = issuer.clock.now().ok_or(SignError::Unavailable("the clock does not know the time"))?;
        let token_id = random_id()?;

        let mut claims = self.claims;
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iss", issuer.issuer.as_str().into());
        set("sub", self.subject.into());
        set(
            "aud",
            match self.audience.as_slice() {
                [only] => only.as_str().into(),
                several => several.into(),
            },
        );
        set("exp", now.saturating_add(expires_in).into());
        set("iat", now.into());
        set("jti", token_id.as_str().into());
        set("client_id", client_id.into());
        if !self.scopes.is_empty() {
            let names: Vec<_> = self.scopes.iter().map(Scope::as_str).collect();
            set("scope", names.join(" ").into());
        }
        let claims = Value::from(claims).to_string();
        check_claims(&claims).map_err(SignError::Unreadable)?;
        let token = issuer.key.sign("at+jwt", &claims);
        let token = token.map_err(|Unusable| SignError::Unavailable("the key does not sign"))?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SignError::TooLong { bytes: token.len() });
        }
        Ok(SignedToken { token, expires_in, token_id })
    }
}

pub(super) fn random_id() -> Result<String, SignError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| SignError::Unavailable("the system has no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Never prints a claim.
impl fmt::Debug for AccessToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(<redacted>)")
    }
}

/// Never prints the token.
impl fmt::Debug for SignedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedToken").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}
