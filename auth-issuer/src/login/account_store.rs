//! Who may log in.

use std::fmt;
use std::sync::Arc;

use auth_core::{Scope, StoreFailure, async_trait};
use serde::Serialize;
use serde_json::Value;

/// Where the application keeps who may log in. [`TokenEndpoint`](crate::TokenEndpoint) asks it.
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
    /// Finds the account by what was typed as user name; `None` if nobody is called so. Asked at a login.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`], which any error becomes by `?`: answered 503.
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure>;

    /// Finds the account by the [subject](Account::new) of a refresh token; `None` if there is none any more. Asked
    /// when a refresh token is exchanged, so that what has changed since the login counts.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`].
    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure>;

    /// What [`GuessLimits`](crate::GuessLimits) count as one account: the name without case and surrounding white space,
    /// unless said otherwise. All ways of writing by which [`by_username`](Self::by_username) finds the same account
    /// have to come out the same, or each has guesses of its own; that others come out the same too does little harm.
    /// Must not ask whether there is such an account.
    fn fold(&self, username: &str) -> String {
        username.trim().to_lowercase()
    }

    /// Keeps a new hash of the same password in the place of the old one: after a login whose stored hash was made with
    /// other parameters than [`Passwords`](crate::Passwords) takes now. Does nothing unless said otherwise.
    ///
    /// Only if the old one is still there, or the password may have been changed meanwhile: in SQL, `UPDATE ... SET
    /// password_hash = ? WHERE subject = ? AND password_hash = ?`.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`], which is logged.
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

/// Who may log in, and what for.
#[derive(Clone)]
pub struct Account {
    pub(crate) subject: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) active: bool,
    pub(crate) scopes: Vec<Scope>,
    /// `None` for one that cannot be serialized.
    pub(crate) claims: Vec<(String, Option<Value>)>,
}

impl Account {
    /// An active account without password and scopes. The subject is what claim `sub` of its tokens says: a name that
    /// never becomes anybody else's.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            password_hash: None,
            active: true,
            scopes: Vec::new(),
            claims: Vec::new(),
        }
    }

    /// The hash of its password, as [`Passwords::hash`](crate::Passwords::hash) has made it. Without one, no password
    /// is right.
    #[must_use]
    pub fn password_hash(mut self, hash: impl Into<String>) -> Self {
        self.password_hash = Some(hash.into());
        self
    }

    /// Says whether it may log in as things are.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Whether it may log in as things are.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// What may be granted to it.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }

    /// A claim of the application's own in its tokens, such as `roles`. One that
    /// [`AccessToken::claim`](crate::AccessToken::claim) would refuse is answered 503, and logged.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.claims.push((name.into(), serde_json::to_value(value).ok()));
        self
    }
}

/// Never prints whose it is, nor the hash.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("active", &self.active).finish_non_exhaustive()
    }
}
