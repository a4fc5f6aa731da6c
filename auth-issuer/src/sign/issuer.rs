//! Who signs tokens, and publishes what verifies them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock, SystemClock};
use serde_json::{Value, json};

use super::signing_key::SigningKey;

const DEFAULT_LIFETIME: Duration = Duration::from_secs(15 * 60);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Signs access tokens, and publishes the keys that verify them. Cheap to clone.
///
/// See the [crate] for an example.
#[derive(Clone)]
pub struct TokenIssuer {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) issuer: String,
    pub(super) key: SigningKey,
    pub(super) lifetime: Duration,
    pub(super) clock: Box<dyn Clock>,
    jwks: String,
}

impl TokenIssuer {
    /// Begins with the claim `iss` of all tokens, which verifiers compare byte by byte, and the key that signs.
    pub fn builder(issuer: impl Into<String>, key: SigningKey) -> TokenIssuerBuilder {
        TokenIssuerBuilder {
            issuer: issuer.into(),
            key,
            published: Vec::new(),
            lifetime: DEFAULT_LIFETIME,
            clock: Box::new(SystemClock),
        }
    }

    /// The public keys as a JWK Set ([RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)), to be
    /// served as `application/jwk-set+json`. Secrets are never in it.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.inner.jwks
    }

    /// The claim `iss` of its tokens.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }
}

/// Never prints a key.
impl fmt::Debug for TokenIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuer")
            .field("issuer", &self.inner.issuer)
            .field("key", &self.inner.key)
            .finish_non_exhaustive()
    }
}

/// Assembles a [`TokenIssuer`].
pub struct TokenIssuerBuilder {
    issuer: String,
    key: SigningKey,
    published: Vec<SigningKey>,
    lifetime: Duration,
    clock: Box<dyn Clock>,
}

/// A [`TokenIssuer`] cannot be built.
#[derive(Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// Verifiers refuse it.
    #[error("the issuer is empty: give the URL that verifiers are told, such as https://issuer.example")]
    EmptyIssuer,
    /// No time to use a token, or too long to do without revocation.
    #[error("access tokens live 1 second to {} hours", MAX_LIFETIME.as_secs() / 3600)]
    Lifetime,
    /// Verifiers could not tell two keys apart.
    #[error("two published keys have the same `kid`, or one has none: give each its own by `with_kid`")]
    AmbiguousKid,
}

/// As a `main` that ends with it prints it: what is wrong, and what to do.
impl fmt::Debug for IssuerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TokenIssuerBuilder {
    /// Publishes a key that does not sign: the next one, so that verifiers know it before it signs; or the one
    /// before, until its last token has expired.
    #[must_use]
    pub fn publish(mut self, key: SigningKey) -> Self {
        self.published.push(key);
        self
    }

    /// How long tokens live, in whole seconds; 15 minutes if nothing else is said. An access token cannot be taken
    /// back, so shorter is better.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The clock to ask, instead of the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds it.
    ///
    /// # Errors
    ///
    /// [`IssuerError`].
    pub fn build(self) -> Result<TokenIssuer, IssuerError> {
        let Self { issuer, key, published, lifetime, clock } = self;
        if issuer.is_empty() {
            return Err(IssuerError::EmptyIssuer);
        }
        check_lifetime(lifetime)?;
        let keys: Vec<_> = std::iter::once(&key).chain(&published).collect();
        let mut kids: Vec<_> = keys.iter().map(|key| key.kid()).collect();
        kids.sort_unstable();
        if keys.len() > 1 && (kids.contains(&None) || kids.windows(2).any(|pair| pair.first() == pair.last()))
        {
            return Err(IssuerError::AmbiguousKid);
        }
        let jwks: Vec<_> = keys.iter().filter_map(|key| key.jwk()).map(Value::from).collect();
        let jwks = json!({ "keys": jwks }).to_string();
        Ok(TokenIssuer { inner: Arc::new(Inner { issuer, key, lifetime, clock, jwks }) })
    }
}

pub(super) fn check_lifetime(lifetime: Duration) -> Result<u64, IssuerError> {
    let allowed = Duration::from_secs(1)..=MAX_LIFETIME;
    if allowed.contains(&lifetime) { Ok(lifetime.as_secs()) } else { Err(IssuerError::Lifetime) }
}

/// Never prints a key.
impl fmt::Debug for TokenIssuerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenIssuerBuilder")
            .field("issuer", &self.issuer)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
