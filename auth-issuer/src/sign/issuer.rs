//! The issuer: signs tokens, and publishes the keys that verify them.

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
    /// Starts a builder with the key that signs and the claim `iss` of every token. Verifiers compare `iss` byte by
    /// byte.
    pub fn builder(issuer: impl Into<String>, key: SigningKey) -> TokenIssuerBuilder {
        TokenIssuerBuilder {
            issuer: issuer.into(),
            key,
            published: Vec::new(),
            lifetime: DEFAULT_LIFETIME,
            clock: Box::new(SystemClock),
        }
    }

    /// Returns the public keys as a JWK Set ([RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
    /// Serve it as `application/jwk-set+json`. It never contains a secret.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.inner.jwks
    }

    /// Returns the claim `iss` of its tokens.
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

/// The reason why a [`TokenIssuer`] cannot be built.
#[derive(Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// The issuer is empty. Verifiers would reject its tokens.
    #[error(
        "the issuer is empty: set the URL that verifiers are configured with, such as https://issuer.example"
    )]
    EmptyIssuer,
    /// The issuer holds a brace. Verifiers take it for a template of tenants, and cannot be built with it.
    #[error(
        "the issuer holds `{{` or `}}`, as templates do: set the URL that verifiers are configured with, such as \
         https://issuer.example"
    )]
    TemplateIssuer,
    /// The lifetime is zero, or too long for a token that cannot be revoked.
    #[error("access tokens live 1 second to {} hours", MAX_LIFETIME.as_secs() / 3600)]
    Lifetime,
    /// Two published keys share a `kid`, or one has none. Verifiers could not tell them apart.
    #[error("two published keys have the same `kid`, or one has none: give each its own by `with_kid`")]
    AmbiguousKid,
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for IssuerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TokenIssuerBuilder {
    /// Publishes a key that does not sign.
    ///
    /// Publish the next key before it signs, so that verifiers know it. Publish the previous key until its last token
    /// has expired.
    #[must_use]
    pub fn publish(mut self, key: SigningKey) -> Self {
        self.published.push(key);
        self
    }

    /// Sets how long tokens live, in whole seconds. The default is 15 minutes. An access token cannot be revoked, so
    /// shorter is better.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the clock. The default is the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Builds the issuer.
    ///
    /// # Errors
    ///
    /// Returns an [`IssuerError`] if the issuer is empty or holds a brace, the lifetime is out of range, or two published
    /// keys share a `kid`.
    pub fn build(self) -> Result<TokenIssuer, IssuerError> {
        let Self { issuer, key, published, lifetime, clock } = self;
        if issuer.is_empty() {
            return Err(IssuerError::EmptyIssuer);
        }
        if issuer.contains(['{', '}']) {
            return Err(IssuerError::TemplateIssuer);
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
