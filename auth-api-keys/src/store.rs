//! The store of keys, which the application implements.

use std::fmt;
use std::sync::Arc;

use auth_core::{StoreFailure, async_trait};

use crate::key::{ApiKey, ApiKeyRecord};

/// Whose keys are meant.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum KeyOwner<'a> {
    /// All keys that this client holds, whomever they act for.
    Client(&'a str),
    /// All keys that act for this subject, whichever client holds them.
    Subject(&'a str),
}

impl KeyOwner<'_> {
    /// Whether the key is one of the owner's.
    #[must_use]
    pub fn has(&self, key: &ApiKey) -> bool {
        match self {
            Self::Client(client_id) => key.client_id == *client_id,
            Self::Subject(subject) => key.subject == *subject,
        }
    }
}

/// Never prints a name.
impl fmt::Debug for KeyOwner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client(_) => "Client(<redacted>)",
            Self::Subject(_) => "Subject(<redacted>)",
        })
    }
}

/// Stores API keys, one row each. The application implements it over its database; [`ApiKeys`](crate::ApiKeys) calls it.
///
/// Every method is one statement in SQL. [The crate's page](crate#what-the-store-holds) has the table, and
/// `recipes/sqlite.rs` in the crate's source has an implementation for SQLite, which the crate's tests run.
///
/// What a store has to get right:
///
/// 1. `id` is compared byte by byte, and so are `client_id` and `subject`. The default collation of MySQL ignores case:
///    declare the columns `COLLATE utf8mb4_bin`.
/// 2. [`find`](Self::find) asks the database each time. A store that remembers rows, or reads from a replica, accepts a
///    revoked key for as long as its answer is old.
/// 3. A client that is deleted takes its keys with it: by `ON DELETE CASCADE`, by a join in `find`, or by
///    [`revoke_all`](Self::revoke_all).
#[async_trait]
pub trait ApiKeyStore: Send + Sync {
    /// Stores a new key. Returns `false`, and changes nothing, if there is a key with this id already.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`], which any error becomes by `?`.
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure>;

    /// Finds a key by its [`id`](ApiKey::id), revoked and expired ones too. Returns `None` if there is none.
    ///
    /// Called once for each request with a key, before anything is known about who asks. The id is 16 letters and digits.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`]. The request is answered 503, and the log has the error.
    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure>;

    /// Returns all keys of an owner, in any order, revoked and expired ones too.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn keys(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure>;

    /// Revokes a key at this time, in seconds since 1970. Returns `false` if there is none with this id, or if it was
    /// revoked before.
    ///
    /// In SQL: `UPDATE api_keys SET revoked_at = :at WHERE id = :id AND revoked_at IS NULL`.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure>;

    /// Revokes all keys of an owner that were not revoked before, at this time. Returns how many.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`]. Some keys may have been revoked.
    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure>;

    /// Writes down that a key was used at this time, in seconds since 1970. Does nothing if there is no such key.
    ///
    /// Called after a key was accepted, at most once per key and process within the
    /// [interval](crate::ApiKeys::last_used_interval). The request waits for it, so a slow store puts the time into a
    /// queue, and returns.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`]. It is logged, and the request goes its way.
    async fn touch(&self, id: &str, at: u64) -> Result<(), StoreFailure>;
}

#[async_trait]
impl<T: ApiKeyStore + ?Sized> ApiKeyStore for Arc<T> {
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure> {
        (**self).insert(record).await
    }

    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure> {
        (**self).find(id).await
    }

    async fn keys(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure> {
        (**self).keys(owner).await
    }

    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure> {
        (**self).revoke(id, at).await
    }

    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure> {
        (**self).revoke_all(owner, at).await
    }

    async fn touch(&self, id: &str, at: u64) -> Result<(), StoreFailure> {
        (**self).touch(id, at).await
    }
}
