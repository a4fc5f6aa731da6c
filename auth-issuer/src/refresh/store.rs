//! The store of refresh tokens, which the application implements.

use std::fmt;
use std::sync::Arc;

use auth_core::{Scope, StoreFailure, async_trait};

/// What a store holds of one refresh token.
#[derive(Clone, Eq, PartialEq)]
pub struct RefreshRecord {
    /// The SHA-256 hash of the token, in base64url.
    pub token_hash: String,
    /// Names the login: the same for all tokens that descend from it.
    pub family: String,
    /// The subject that access tokens are issued for.
    pub subject: String,
    /// The client that the token was issued to.
    pub client_id: String,
    /// The scopes that were granted at the login.
    pub scopes: Vec<Scope>,
    /// When the family expires, in seconds since 1970. The store may delete the record from then on.
    pub expires_at: u64,
}

/// Prints the family and its expiry only.
impl fmt::Debug for RefreshRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RefreshRecord");
        debug.field("family", &self.family).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// A stored token, and whether it has been redeemed before.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Redeemed {
    /// The token had not been redeemed before.
    First(RefreshRecord),
    /// The token had been redeemed before.
    Again(RefreshRecord),
}

/// Stores refresh tokens. The application implements it over its database.
#[async_trait]
pub trait RefreshTokenStore: Send + Sync {
    /// Stores a new token, which has not been redeemed.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`], which any error becomes by `?`.
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure>;

    /// Finds a token without marking it. Returns `None` if there is none.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn find(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure>;

    /// Marks a token as redeemed. Returns `None` if there is none. The record stays in the store, so that the token is
    /// recognized if it is presented again.
    ///
    /// Of two calls for the same token, at most one may return [`Redeemed::First`], even if they run concurrently: in
    /// SQL, one `UPDATE ... SET redeemed = 1 WHERE token_hash = ? AND redeemed = 0`.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn redeem(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure>;

    /// Deletes all tokens of a family: at a logout, and if a token is redeemed twice.
    ///
    /// A token that is inserted concurrently must not survive. In SQL, let tokens refer to a table of families, with
    /// `ON DELETE CASCADE`, and delete the family. The database then rejects a late insert.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn revoke(&self, family: &str) -> Result<(), StoreFailure>;
}

#[async_trait]
impl<T: RefreshTokenStore + ?Sized> RefreshTokenStore for Arc<T> {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        (**self).insert(record).await
    }

    async fn find(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure> {
        (**self).find(token_hash).await
    }

    async fn redeem(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure> {
        (**self).redeem(token_hash).await
    }

    async fn revoke(&self, family: &str) -> Result<(), StoreFailure> {
        (**self).revoke(family).await
    }
}
