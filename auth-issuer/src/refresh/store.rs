//! The store of logins, which the application implements.

use std::fmt;
use std::sync::Arc;

use auth_core::{Scope, StoreFailure, async_trait};

/// A login: what all refresh tokens that descend from one password have in common.
#[derive(Clone, Eq, PartialEq)]
pub struct Login {
    /// Identifies the login. It reveals nothing of its tokens, so an application may show it to the user.
    pub id: String,
    /// The subject that access tokens are issued for.
    pub subject: String,
    /// The client that the tokens are issued to.
    pub client_id: String,
    /// The scopes that were granted at the login.
    pub scopes: Vec<Scope>,
    /// Where the user logged in, as a hint for the user, such as the name of the browser. Printable ASCII, at most 200
    /// characters. The client chose it, so escape it in HTML.
    pub label: Option<String>,
    /// When the user logged in, in seconds since 1970.
    pub began_at: u64,
    /// When the login expires, in seconds since 1970. The store may delete it from then on.
    pub expires_at: u64,
}

/// What a store holds of one login.
#[derive(Clone, Eq, PartialEq)]
pub struct RefreshRecord {
    /// The login.
    pub login: Login,
    /// The hash of the token that is exchanged next.
    pub current: String,
    /// The token that was exchanged last; `None` if none was yet.
    pub previous: Option<SpentToken>,
}

/// A refresh token that was exchanged for its successor.
#[derive(Clone, Eq, PartialEq)]
pub struct SpentToken {
    /// The hash of the token.
    pub token_hash: String,
    /// When it was exchanged, in seconds since 1970.
    pub spent_at: u64,
    /// Its successor, encrypted by the spent token. Nobody can read it without that token.
    pub sealed_successor: String,
}

/// Prints when it began and expires only.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { began_at, expires_at, .. } = self;
        let mut debug = f.debug_struct("Login");
        debug.field("began_at", began_at).field("expires_at", expires_at).finish_non_exhaustive()
    }
}

/// Prints when the login began and expires only.
impl fmt::Debug for RefreshRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshRecord").field("login", &self.login).finish_non_exhaustive()
    }
}

/// Prints when it was spent only.
impl fmt::Debug for SpentToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpentToken").field("spent_at", &self.spent_at).finish_non_exhaustive()
    }
}

/// Stores logins, one row each. The application implements it over its database;
/// [`RefreshTokens`](crate::RefreshTokens) calls it.
///
/// Every method is one statement in SQL:
///
/// ```sql
/// CREATE TABLE logins (
///     id TEXT PRIMARY KEY, subject TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, label TEXT,
///     began_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
///     current_token TEXT NOT NULL, previous_token TEXT, spent_at BIGINT, sealed_successor TEXT
/// );
/// CREATE INDEX logins_by_subject ON logins (subject);
/// ```
#[async_trait]
pub trait RefreshTokenStore: Send + Sync {
    /// Stores a new login.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`], which any error becomes by `?`.
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure>;

    /// Finds a login by its [`id`](Login::id). Returns `None` if there is none.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn find(&self, id: &str) -> Result<Option<RefreshRecord>, StoreFailure>;

    /// Replaces the current token of a login by the one whose hash is `next`, and `previous` by `spent`. Does nothing
    /// unless `spent.token_hash` is still the current one. Returns whether it was.
    ///
    /// The comparison and the change are atomic: of two concurrent calls for the same token, only one returns `true`.
    /// In SQL: `UPDATE logins SET current_token = :next, previous_token = :spent, ... WHERE id = :id AND current_token
    /// = :spent`. A login that has ended is not stored again.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`]. The store has changed nothing then.
    async fn rotate(&self, id: &str, next: &str, spent: SpentToken) -> Result<bool, StoreFailure>;

    /// Returns all logins of a subject, in any order. Expired ones may be among them.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn logins(&self, subject: &str) -> Result<Vec<Login>, StoreFailure>;

    /// Deletes a login, if there is one.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn end(&self, id: &str) -> Result<(), StoreFailure>;

    /// Deletes all logins of a subject.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn end_all(&self, subject: &str) -> Result<(), StoreFailure>;
}

#[async_trait]
impl<T: RefreshTokenStore + ?Sized> RefreshTokenStore for Arc<T> {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        (**self).insert(record).await
    }

    async fn find(&self, id: &str) -> Result<Option<RefreshRecord>, StoreFailure> {
        (**self).find(id).await
    }

    async fn rotate(&self, id: &str, next: &str, spent: SpentToken) -> Result<bool, StoreFailure> {
        (**self).rotate(id, next, spent).await
    }

    async fn logins(&self, subject: &str) -> Result<Vec<Login>, StoreFailure> {
        (**self).logins(subject).await
    }

    async fn end(&self, id: &str) -> Result<(), StoreFailure> {
        (**self).end(id).await
    }

    async fn end_all(&self, subject: &str) -> Result<(), StoreFailure> {
        (**self).end_all(subject).await
    }
}
