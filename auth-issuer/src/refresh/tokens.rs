//! Refresh tokens: issued at a login, exchanged once each.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock, Scope, StoreFailure, SystemClock};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::store::{Redeemed, RefreshRecord, RefreshTokenStore};
use crate::backend::{Unusable, sha256};

const DEFAULT_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const TOKEN_BYTES: usize = 32;

/// Issues refresh tokens, and exchanges each once
/// ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
/// [RFC 9700 section 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)).
///
/// 1. A token is 256 random bits. The store holds only its SHA-256 hash, so that reading the store yields no token.
/// 2. Each token is exchanged for the next one. All tokens that descend from one login are a family, and expire at the
///    same time.
/// 3. If a token is redeemed a second time, it or its successor was stolen. The whole family is revoked, and everyone
///    who holds one of its tokens has to log in again. This holds even if both requests arrive at the same moment.
/// 4. A token is valid only for the client that it was issued to. If another client presents it, the family is revoked
///    too.
pub struct RefreshTokens<S> {
    store: S,
    lifetime: Duration,
    clock: Box<dyn Clock>,
}

/// The lifetime of refresh tokens is out of range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("refresh tokens live 1 second to 365 days")]
pub struct InvalidLifetime;

/// The reason why a refresh token was not exchanged, or not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The token is not valid, and the user has to log in again. Answer
    /// [`TokenError::InvalidRefreshToken`](crate::TokenError::InvalidRefreshToken).
    #[error("the refresh token is not good")]
    Refused,
    /// The store, the clock or the system's random number generator failed. Answer 503.
    #[error("refresh tokens are unavailable now: {0}")]
    Unavailable(StoreFailure),
}

/// The outcome of an exchange. Issue an access token with it.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refreshed {
    /// The next refresh token.
    pub refresh_token: String,
    /// The subject to issue the access token for.
    pub subject: String,
    /// The client to issue it to.
    pub client_id: String,
    /// The scopes that were granted at the login.
    pub scopes: Vec<Scope>,
}

/// Never prints the token.
impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshed(<redacted>)")
    }
}

impl<S: RefreshTokenStore> RefreshTokens<S> {
    /// Uses this store. A family lives for 14 days by default.
    pub fn new(store: S) -> Self {
        Self { store, lifetime: DEFAULT_LIFETIME, clock: Box::new(SystemClock) }
    }

    /// Sets how long after a login the last refresh token of its family expires, in whole seconds.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidLifetime`] if it is shorter than a second, or longer than 365 days.
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self, InvalidLifetime> {
        if !(Duration::from_secs(1)..=MAX_LIFETIME).contains(&lifetime) {
            return Err(InvalidLifetime);
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// Sets the clock. The default is the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Hides the type of the store.
    pub(crate) fn boxed(self) -> RefreshTokens<Arc<dyn RefreshTokenStore>>
    where
        S: 'static,
    {
        let Self { store, lifetime, clock } = self;
        RefreshTokens { store: Arc::new(store), lifetime, clock }
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Issues the first refresh token after a login.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`].
    pub async fn issue(
        &self,
        subject: impl Into<String>,
        client_id: impl Into<String>,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<String, RefreshError> {
        let expires_at = self.now()?.saturating_add(self.lifetime.as_secs());
        let (subject, client_id) = (subject.into(), client_id.into());
        let scopes = scopes.into_iter().collect();
        self.keep(RefreshRecord {
            token_hash: String::new(),
            family: random(16)?,
            subject,
            client_id,
            scopes,
            expires_at,
        })
        .await
    }

    /// Exchanges a token for the next one of its family. `client_id` is the client that asks. If it has a secret, it
    /// must have authenticated.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Refused`] for a token that is unknown, expired, issued to another client, or redeemed
    /// before. The last two revoke its family.
    ///
    /// After [`RefreshError::Unavailable`] the token is still valid.
    pub async fn exchange(&self, token: &str, client_id: &str) -> Result<Refreshed, RefreshError> {
        let record = self.look_up(token, client_id).await?;
        let RefreshRecord { family, subject, client_id, scopes, .. } = record.clone();
        // Stores the next token first, so that a failure does not spend this one for nothing. Nobody holds the next yet.
        let refresh_token = self.keep(record).await?;
        match self.store.redeem(&hash(token)?).await.map_err(RefreshError::Unavailable)? {
            Some(Redeemed::First(_)) => Ok(Refreshed { refresh_token, subject, client_id, scopes }),
            // Another request was faster, or the family was revoked meanwhile.
            Some(Redeemed::Again(_)) | None => {
                self.store.revoke(&family).await.map_err(RefreshError::Unavailable)?;
                Err(RefreshError::Refused)
            }
        }
    }

    /// Ends the login that a token descends from, as at a logout ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).
    /// The login of an unknown token has ended already.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`].
    pub async fn revoke(&self, token: &str) -> Result<(), RefreshError> {
        match self.store.find(&hash(token)?).await.map_err(RefreshError::Unavailable)? {
            Some(Redeemed::First(record) | Redeemed::Again(record)) => {
                self.store.revoke(&record.family).await.map_err(RefreshError::Unavailable)
            }
            None => Ok(()),
        }
    }

    /// Returns the record that [`exchange`](Self::exchange) would redeem, without spending the token. Use it to check
    /// first that the account still exists, and that the next access token can be signed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`exchange`](Self::exchange), and revokes the family in the same cases.
    pub async fn look_up(&self, token: &str, client_id: &str) -> Result<RefreshRecord, RefreshError> {
        let found = self.store.find(&hash(token)?).await.map_err(RefreshError::Unavailable)?;
        self.judge(found, client_id).await
    }

    async fn judge(&self, found: Option<Redeemed>, client_id: &str) -> Result<RefreshRecord, RefreshError> {
        let record = match found {
            None => return Err(RefreshError::Refused),
            Some(Redeemed::First(record)) if record.client_id == client_id => record,
            Some(Redeemed::First(record) | Redeemed::Again(record)) => {
                tracing::warn!("a refresh token came again, or from another client: its login is ended");
                self.store.revoke(&record.family).await.map_err(RefreshError::Unavailable)?;
                return Err(RefreshError::Refused);
            }
        };
        if self.now()? >= record.expires_at {
            return Err(RefreshError::Refused);
        }
        Ok(record)
    }

    /// Stores a new token with the rest of this record.
    async fn keep(&self, record: RefreshRecord) -> Result<String, RefreshError> {
        let token = random(TOKEN_BYTES)?;
        let record = RefreshRecord { token_hash: hash(&token)?, ..record };
        self.store.insert(record).await.map_err(RefreshError::Unavailable)?;
        Ok(token)
    }

    fn now(&self) -> Result<u64, RefreshError> {
        self.clock.now().ok_or_else(|| unavailable("the clock does not know the time"))
    }
}

fn hash(token: &str) -> Result<String, RefreshError> {
    let digest = sha256(token.as_bytes()).map_err(|Unusable| unavailable("no digest can be made"))?;
    Ok(URL_SAFE_NO_PAD.encode(digest))
}

fn random(length: usize) -> Result<String, RefreshError> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|_| unavailable("the system has no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn unavailable(what: &'static str) -> RefreshError {
    RefreshError::Unavailable(std::io::Error::other(what).into())
}

impl<S> fmt::Debug for RefreshTokens<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}
