//! Mints API keys, lists them and revokes them.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock, StoreFailure, SystemClock, VerifyFailure};

use crate::format::{Format, Fresh, InvalidKeyPrefix};
use crate::hash::hash;
use crate::key::{ApiKey, ApiKeyRecord, MintedKey};
use crate::last_used::LastUsed;
use crate::new_key::{MintError, NewApiKey};
use crate::standing::{check_standing, owned, token};
use crate::store::{ApiKeyStore, KeyOwner};

const DEFAULT_LAST_USED_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Mints, lists and revokes API keys, and verifies them: a [`TokenVerifier`](auth_core::TokenVerifier). Clones are the
/// same.
///
/// How a key is judged:
///
/// 1. A text without the prefix, length, characters or checksum of a key never reaches the store.
/// 2. The store is asked for the row with the key's id, once per request. Nothing is cached.
/// 3. The SHA-256 hash of the whole key is compared with the row's, in constant time. If there is no row, the hash is
///    computed and compared all the same.
/// 4. The key was not revoked, and it is within its time, without leeway.
/// 5. A request whose key was accepted is served, whether or not its use could be written down.
///
/// All refusals are the same `invalid_token` for the client; the log says which it was. A store that fails is 503. A row
/// that cannot be a key's, because its scope is no list of scopes for example, is 500.
///
/// The key's claims have the names of RFC 9068: `sub`, `client_id`, `scope`, `jti` (the key's id), `iat`, and `nbf`, `exp`
/// and `iss` if there are any. There are no roles. [`VerifiedToken::kind`](auth_core::VerifiedToken::kind) is
/// [`TokenKind::ApiKey`](auth_core::TokenKind::ApiKey).
///
/// **Not checked**: who sends the key, and from where. Whoever has the key is its client.
#[derive(Clone)]
pub struct ApiKeys {
    pub(crate) format: Arc<Format>,
    pub(crate) store: Arc<dyn ApiKeyStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) last_used: Arc<LastUsed>,
}

/// The store of API keys failed, or the time is unknown. Answer 503.
///
/// What the store says is for the log, and not for the client.
#[derive(Debug, thiserror::Error)]
#[error("API keys are unavailable now: {0}")]
pub struct ApiKeysUnavailable(StoreFailure);

impl From<StoreFailure> for ApiKeysUnavailable {
    fn from(failure: StoreFailure) -> Self {
        Self(failure)
    }
}

impl ApiKeys {
    /// Uses this store, for keys that begin with `prefix` and an underscore: `acme` for `acme_...`.
    ///
    /// Choose a prefix that no other product has, and another one for each environment (`acme_live`, `acme_test`): then a
    /// [scanner](Self::scanner_pattern) that finds a key tells whose it is, and no key works where it should not.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidKeyPrefix`] unless it is 2 to 20 characters of a-z, 0-9 and single underscores between them, a
    /// letter first.
    pub fn new(prefix: &str, store: impl ApiKeyStore + 'static) -> Result<Self, InvalidKeyPrefix> {
        Ok(Self {
            format: Arc::new(Format::new(prefix)?),
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            issuer: None,
            last_used: Arc::new(LastUsed::every(DEFAULT_LAST_USED_INTERVAL)),
        })
    }

    /// Sets claim `iss` of every key, for a `UserStore` that looks up issuer and subject together. By default there is
    /// none.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<Arc<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets how much time passes until the next use of a key is written down, in whole seconds. The default is 5 minutes.
    ///
    /// Each process writes once per key within the interval, and less if another one has written. Zero writes at every
    /// request.
    #[must_use]
    pub fn last_used_interval(mut self, interval: Duration) -> Self {
        self.last_used = Arc::new(LastUsed::every(interval));
        self
    }

    /// Sets the clock. The default is the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The prefix of all keys with its underscore, for [`TokenRouter::prefix`](auth_core::TokenRouter::prefix).
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.format.prefix()
    }

    /// A regular expression that finds the keys in any text, for scanners: `\bacme_[0-9A-Za-z]{54}\b`.
    #[must_use]
    pub fn scanner_pattern(&self) -> String {
        self.format.pattern()
    }

    /// Mints a key. Only what this returns holds the secret: the store has a hash.
    ///
    /// # Errors
    ///
    /// Returns a [`MintError`] if the key cannot be as it was asked for, if the verifier would refuse it, or if the store
    /// does not return it as it was stored.
    pub async fn mint(&self, new: NewApiKey) -> Result<MintedKey, MintError> {
        let now = self.now().map_err(MintError::Unavailable)?;
        let Fresh { id, text } = self.format.make_up().map_err(|_| no("the system has no random numbers"))?;
        let key = new.into_key(id, now)?;
        let from = key.not_before.unwrap_or(now).max(now);
        check_standing(&key, from)
            .map_err(VerifyFailure::into_error)
            .and_then(|()| token(&key, self.issuer.as_deref()))
            .map_err(MintError::WouldBeRefused)?;
        let record = ApiKeyRecord { key, hash: hash(&text) };
        if !self.store.insert(record.clone()).await.map_err(MintError::Unavailable)? {
            return Err(no("the store has a key with this id, which is random"));
        }
        let kept = self.store.find(&record.key.id).await.map_err(MintError::Unavailable)?;
        if kept.as_ref() != Some(&record) {
            self.store.revoke(&record.key.id, now).await.map_err(MintError::Unavailable)?;
            return Err(MintError::NotKept);
        }
        Ok(MintedKey { text, key: record.key })
    }

    /// Returns all keys of an owner, the oldest first, revoked and expired ones too.
    ///
    /// # Errors
    ///
    /// Returns [`ApiKeysUnavailable`].
    pub async fn list(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, ApiKeysUnavailable> {
        let mut keys = self.store.keys(owner).await?;
        // Another row would show one owner the keys of another.
        keys.retain(|key| owner.has(key));
        keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(keys)
    }

    /// Revokes the key with this [`id`](ApiKey::id), if it is one of the owner's. From the next request on it is refused.
    /// Returns whether it was good until then. Use it if owners revoke their keys from a list.
    ///
    /// # Errors
    ///
    /// Returns [`ApiKeysUnavailable`].
    pub async fn revoke_owned(&self, owner: KeyOwner<'_>, id: &str) -> Result<bool, ApiKeysUnavailable> {
        match self.store.find(id).await? {
            Some(record) if record.key.id == id && owner.has(&record.key) => self.revoke(id).await,
            _ => Ok(false),
        }
    }

    /// Revokes the key with this [`id`](ApiKey::id), whosever it is. From the next request on it is refused. Returns
    /// whether it was good until then.
    ///
    /// # Errors
    ///
    /// Returns [`ApiKeysUnavailable`].
    pub async fn revoke(&self, id: &str) -> Result<bool, ApiKeysUnavailable> {
        Ok(self.store.revoke(id, self.now()?).await?)
    }

    /// Revokes all keys of an owner, before a client is deleted or after a user was disabled. Returns how many were good
    /// until then.
    ///
    /// # Errors
    ///
    /// Returns [`ApiKeysUnavailable`]. Some keys may have been revoked; try again.
    pub async fn revoke_all(&self, owner: KeyOwner<'_>) -> Result<u64, ApiKeysUnavailable> {
        Ok(self.store.revoke_all(owner, self.now()?).await?)
    }

    /// Revokes a key that somebody has found, as a scanner reports it. Returns the key, so that its owner can be told;
    /// `None` for a text that is no key of the store.
    ///
    /// Anybody may report: who knows only the id of a key cannot revoke it so.
    ///
    /// # Errors
    ///
    /// Returns [`ApiKeysUnavailable`].
    pub async fn revoke_leaked(&self, text: &str) -> Result<Option<ApiKey>, ApiKeysUnavailable> {
        let Ok(presented) = self.format.read(text) else { return Ok(None) };
        let found = self.store.find(presented.id).await?;
        let Ok(mut key) = owned(presented, found) else { return Ok(None) };
        let now = self.now()?;
        self.store.revoke(&key.id, now).await?;
        key.revoked_at = key.revoked_at.or(Some(now));
        Ok(Some(key))
    }

    fn now(&self) -> Result<u64, StoreFailure> {
        Ok(self.clock.now().ok_or_else(|| io::Error::other("the clock does not know the time"))?)
    }
}

fn no(what: &'static str) -> MintError {
    MintError::Unavailable(io::Error::other(what).into())
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeys").field("prefix", &self.format.prefix()).finish_non_exhaustive()
    }
}
