//! Accounts, and the store that finds them.

use std::fmt;
use std::sync::Arc;

use auth_core::{Scope, StoreFailure, async_trait};
use serde::Serialize;
use serde_json::Value;

/// Finds accounts in the application's database. [`TokenEndpoint`](crate::TokenEndpoint) calls it.
///
/// ```
/// use auth_issuer::{Account, AccountStore, Scope, StoreFailure, async_trait};
/// # use std::collections::HashMap;
///
/// struct Row { username: String, password_hash: String, active: bool }
/// struct Db(HashMap<String, Row>); // or a pool of connections
///
/// impl Db {
///     fn account(row: &Row) -> Account {
///         Account::new(&row.username)
///             .password_hash(&row.password_hash)
///             .active(row.active)
///             .scopes([Scope::from_static("items")])
///     }
/// }
///
/// #[async_trait]
/// impl AccountStore for Db {
///     async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
///         Ok(self.0.get(username).map(Self::account)) // or a query, with `?`
///     }
///
///     async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
///         Ok(self.0.get(subject).map(Self::account)) // here the name is the subject too
///     }
/// }
/// ```
#[async_trait]
pub trait AccountStore: Send + Sync {
    /// Finds an account by the user name that was typed in. Returns `None` if there is none. Called at each login, and
    /// again once its tokens are made, so that a password change in between takes effect.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`], which any error becomes by `?`. The client gets 503.
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure>;

    /// Finds an account by the [subject](Account::new) of a refresh token. Returns `None` if it no longer exists.
    /// Called when a refresh token is exchanged, so that changes since the login take effect.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`].
    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure>;

    /// Returns the key under which [`GuessLimits`](crate::GuessLimits) counts attempts for a user name. The default is
    /// the name in lower case, without surrounding white space.
    ///
    /// Map every spelling that [`by_username`](Self::by_username) resolves to one account to one key if you can. All
    /// names of an account share its attempts in any case. But once those are used up, a name with a key of its own is
    /// answered as with a wrong password, until its own attempts are used up and it gets 429 too. It does little harm if
    /// two accounts share a key. The result must not depend on whether the account exists.
    fn fold(&self, username: &str) -> String {
        username.trim().to_lowercase()
    }

    /// Replaces the stored hash of a password with a new hash of the same password. Called after a login if the stored
    /// hash is of another kind than [`Passwords`](crate::Passwords) makes now, or has other parameters. The default does
    /// nothing: users keep their old hashes.
    ///
    /// Replace the hash only if the old one is still stored, since the password may have changed meanwhile: in SQL,
    /// `UPDATE ... SET password_hash = ? WHERE subject = ? AND password_hash = ?`. Compare in one statement or
    /// transaction, and without regard to a collation: hashes differ by case.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreFailure`], which is logged. The login succeeds all the same.
    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        let _ = (subject, old, new);
        Ok(())
    }
}

#[async_trait]
impl<T: AccountStore + ?Sized> AccountStore for Arc<T> {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        (**self).by_username(username).await
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        (**self).by_subject(subject).await
    }

    fn fold(&self, username: &str) -> String {
        (**self).fold(username)
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        (**self).renew_password_hash(subject, old, new).await
    }
}

/// An account: whether it may log in, and what its tokens may hold.
#[derive(Clone)]
pub struct Account {
    pub(crate) subject: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) active: bool,
    pub(crate) scopes: Vec<Scope>,
    /// A value is `None` if it cannot be serialized.
    pub(crate) claims: Vec<(String, Option<Value>)>,
}

impl Account {
    /// Creates an active account without password and scopes.
    ///
    /// The subject becomes claim `sub` of its tokens. Never give the same subject to another account.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            password_hash: None,
            active: true,
            scopes: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// Sets the hash of its password, made by [`Passwords::hash`](crate::Passwords::hash), or of another kind that
    /// [`Passwords`](crate::Passwords) accepts. Without a hash, every password is wrong.
    #[must_use]
    pub fn password_hash(mut self, hash: impl Into<String>) -> Self {
        self.password_hash = Some(hash.into());
        self
    }

    /// Sets whether the account may log in now.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Returns whether the account may log in now.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Sets the scopes that may be granted to the account.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// Adds a claim of the application's own to its tokens, such as `roles`.
    ///
    /// If [`AccessToken::claim`](crate::AccessToken::claim) does not take the claim, the client gets 503, and the
    /// reason is logged.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.claims.push((name.into(), serde_json::to_value(value).ok()));
        self
    }
}

/// Never prints the subject or the hash.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("active", &self.active).finish_non_exhaustive()
    }
}
