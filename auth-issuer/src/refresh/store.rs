//! Where refresh tokens are kept.

use std::fmt;
use std::sync::Arc;

use auth_core::{Scope, StoreFailure, async_trait};

/// What is stored of a refresh token.
#[derive(Clone, Eq, PartialEq)]
pub struct RefreshRecord {
    /// SHA-256 of the token, in base64url.
    pub token_hash: String,
    /// The same for all tokens that come of one login.
    pub family: String,
    /// Whom access tokens are issued for.
    pub subject: String,
    /// The client that it was issued to.
    pub client_id: String,
    /// What was granted.
    pub scopes: Vec<Scope>,
    /// When the family ends, in seconds since 1970. May be deleted from then on.
    pub expires_at: u64,
}

/// Prints the family and when it ends.
impl fmt::Debug for RefreshRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RefreshRecord");
        debug.field("family", &self.family).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a store had of a token that is redeemed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Redeemed {
    /// It had not been redeemed before.
    First(RefreshRecord),
    /// It had been redeemed before.
    Again(RefreshRecord),
}

/// Where refresh tokens are kept. The application implements it over its database.
#[async_trait]
pub trait RefreshTokenStore: Send + Sync {
    /// Keeps a new token, not redeemed.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`], which any error becomes by `?`.
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure>;

    /// What there is of a token, without marking it; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`].
    async fn find(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure>;

    /// Marks a token as redeemed and keeps it so, for it must be known when it comes again; `None` if there is none.
    /// Of two calls for the same token, at most one may be told that it was the first, also if they come at the
    /// same moment: in SQL, one `UPDATE ... SET redeemed = 1 WHERE token_hash = ? AND redeemed = 0`.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`].
    async fn redeem(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure>;

    /// Deletes all tokens of a family: at a logout, and when one was redeemed twice. One that is inserted at the same
    /// moment must not survive. In SQL, let tokens refer to a table of families, with `ON DELETE CASCADE`, and delete
    /// the family: then the database refuses what comes too late.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`].
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
