//! An access token before it is signed.

use std::fmt;
use std::time::Duration;

use auth_core::Scope;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::issuer::{IssuerError, TokenIssuer, check_lifetime};
use crate::backend::Unusable;

/// As `auth-core` has it: longer tokens are refused unread.
const MAX_TOKEN_BYTES: usize = auth_core::MAX_TOKEN_BYTES;

/// The claims that this crate writes, or that a verifier would take for something else than the application's own.
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
    /// In how many seconds it expires
    /// ([RFC 6749 section 5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    pub expires_in: u64,
    /// Claim `jti`: 128 random bits.
    pub token_id: String,
}

/// An access token cannot be signed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// RFC 9068 requires the claim.
    #[error("claim `{0}` is missing, which RFC 9068 section 2.2 requires")]
    Missing(&'static str),
    /// Not a claim of the application's own, or one that cannot be written as JSON.
    #[error(
        "claim `{0}` cannot be set: it has a method of its own, or a meaning that this token does not have, or its \
         value cannot be written as JSON"
    )]
    Claim(String),
    /// See [`IssuerError::Lifetime`].
    #[error(transparent)]
    Lifetime(IssuerError),
    /// Verifiers would refuse it unread.
    #[error(
        "the token would have {bytes} bytes, and verifiers read {MAX_TOKEN_BYTES}: give it fewer or shorter claims"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The clock or the random numbers of the system are not to be had, or the key does not sign.
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
    /// For whom it is: claim `aud`, required. Called again, for several.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// The client that it is issued to: claim `client_id`, required.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Grants a scope. The same twice counts once.
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

    /// Sets a claim of the application's own, such as `roles`. That of a registered claim refuses when it is
    /// [signed](Self::sign).
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.set_claim(name.into(), serde_json::to_value(value).ok());
        self
    }

    /// As [`claim`](Self::claim); `None` for a value that cannot be serialized.
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

    /// How long this one lives, in whole seconds, instead of as long as the issuer's do.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Signs it: `iss`, `sub`, `aud`, `exp`, `iat`, `jti`, `client_id`, `scope` where one is granted, and the
    /// application's own; with the `typ` of `at+jwt`.
    ///
    /// # Errors
    ///
    /// [`SignError`].
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
        let token = issuer.key.sign("at+jwt", &claims.into());
        let token = token.map_err(|Unusable| SignError::Unavailable("the key does not sign"))?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SignError::TooLong { bytes: token.len() });
        }
        Ok(SignedToken { token, expires_in, token_id })
    }
}

fn random_id() -> Result<String, SignError> {
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
