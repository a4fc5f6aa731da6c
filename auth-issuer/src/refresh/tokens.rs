//! Refresh tokens that are good once
//! ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
//! [RFC 9700 section 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)).
//!
//! 1. A token is 256 random bits. The store has its SHA-256 hash only, so that who reads the store has no token.
//! 2. Each is redeemed for the next one. All that come of one login are a family, and end at the same time.
//! 3. One that is redeemed a second time was stolen, or its successor was: the whole family is revoked, and whoever
//!    holds one of it has to log in again, also if both come at the same moment.
//! 4. A token is good for the client only that it was issued to.

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

/// Issues refresh tokens, and exchanges each once.
pub struct RefreshTokens<S> {
    store: S,
    lifetime: Duration,
    clock: Box<dyn Clock>,
}

/// Refresh tokens that never work, or that never end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("refresh tokens live 1 second to 365 days")]
pub struct InvalidLifetime;

/// A refresh token was not exchanged, or not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The client has to have its user log in again. Answer
    /// [`TokenError::InvalidRefreshToken`](crate::TokenError::InvalidRefreshToken).
    #[error("the refresh token is not good")]
    Refused,
    /// The store, the clock or the system's random numbers are not to be had. Answer 503.
    #[error("refresh tokens are not to be had now: {0}")]
    Unavailable(StoreFailure),
}

/// What a refresh token was exchanged for. Issue an access token with it.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refreshed {
    /// The next refresh token.
    pub refresh_token: String,
    /// For whom.
    pub subject: String,
    /// For which client.
    pub client_id: String,
    /// What was granted at the login.
    pub scopes: Vec<Scope>,
}

/// Never prints the token.
impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshed(<redacted>)")
    }
}

impl<S: RefreshTokenStore> RefreshTokens<S> {
    /// Keeps them in this store. A family lives for 14 days if nothing else is said.
    pub fn new(store: S) -> Self {
        Self { store, lifetime: DEFAULT_LIFETIME, clock: Box::new(SystemClock) }
    }

    /// How long after the login its last refresh token ends, in whole seconds.
    ///
    /// # Errors
    ///
    /// [`InvalidLifetime`].
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self, InvalidLifetime> {
        if !(Duration::from_secs(1)..=MAX_LIFETIME).contains(&lifetime) {
            return Err(InvalidLifetime);
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// The clock to ask, instead of the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Over a store of any kind.
    pub(crate) fn boxed(self) -> RefreshTokens<Arc<dyn RefreshTokenStore>>
    where
        S: 'static,
    {
        let Self { store, lifetime, clock } = self;
        RefreshTokens { store: Arc::new(store), lifetime, clock }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The first refresh token after a login.
    ///
    /// # Errors
    ///
    /// [`RefreshError::Unavailable`].
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

    /// Exchanges a token for the next one of its family. `client_id` is the client that asks, and has
    /// authenticated if it has a secret.
    ///
    /// # Errors
    ///
    /// [`RefreshError::Refused`] for a token that is unknown, expired, of another client, or redeemed before; the
    /// last revokes its family, and so does one that comes from another client. With [`RefreshError::Unavailable`] the
    /// token is good still.
    pub async fn exchange(&self, token: &str, client_id: &str) -> Result<Refreshed, RefreshError> {
        let record = self.look_up(token, client_id).await?;
        let RefreshRecord { family, subject, client_id, scopes, .. } = record.clone();
        // The next one first, for a token must not be spent for nothing. Nobody has it yet.
        let refresh_token = self.keep(record).await?;
        match self.store.redeem(&hash(token)?).await.map_err(RefreshError::Unavailable)? {
            Some(Redeemed::First(_)) => Ok(Refreshed { refresh_token, subject, client_id, scopes }),
            // Somebody else was faster, or the family was revoked meanwhile.
            Some(Redeemed::Again(_)) | None => {
                self.store.revoke(&family).await.map_err(RefreshError::Unavailable)?;
                Err(RefreshError::Refused)
            }
        }
    }

    /// Ends the login that a token came of, as at a logout ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). One that
    /// is not known has ended.
    ///
    /// # Errors
    ///
    /// [`RefreshError::Unavailable`].
    pub async fn revoke(&self, token: &str) -> Result<(), RefreshError> {
        match self.store.find(&hash(token)?).await.map_err(RefreshError::Unavailable)? {
            Some(Redeemed::First(record) | Redeemed::Again(record)) => {
                self.store.revoke(&record.family).await.map_err(RefreshError::Unavailable)
            }
            None => Ok(()),
        }
    }

    /// What [`exchange`](Self::exchange) would exchange, without spending it: to find out first whether the account is
    /// still there, and the next access token can be signed.
    ///
    /// # Errors
    ///
    /// As [`exchange`](Self::exchange), revoking included.
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

    /// Keeps a new token with the rest of this record.
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
