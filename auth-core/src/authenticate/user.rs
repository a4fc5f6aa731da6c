//! Who is asking: the application's user behind a token.

use std::fmt;

use async_trait::async_trait;

use crate::token::verified::VerifiedToken;

/// Where the application keeps its users. The extractor `CurrentUser` of the adapters asks it.
///
/// ```
/// use auth_core::{StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
/// # use std::collections::HashMap;
///
/// #[derive(Clone)]
/// struct User { name: String, active: bool }
///
/// struct Db(HashMap<String, User>); // or a pool of connections
///
/// #[async_trait]
/// impl UserStore for Db {
///     type User = User;
///
///     async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
///         Ok(match self.0.get(token.subject()) { // or a query, with `?`
///             Some(user) if user.active => UserLookup::Active(user.clone()),
///             Some(_) => UserLookup::Inactive,
///             None => UserLookup::Unknown,
///         })
///     }
/// }
/// ```
///
/// To refuse tokens that were issued before a moment, such as the last change of a password, compare
/// [`issued_at`](VerifiedToken::issued_at):
///
/// ```
/// # use auth_core::{UserLookup, VerifiedToken};
/// # #[derive(Clone)]
/// # struct User { tokens_since: u64 }
/// # fn lookup(token: &VerifiedToken, user: User) -> UserLookup<User> {
/// if token.issued_at().is_none_or(|at| at < user.tokens_since) {
///     return UserLookup::Unknown; // 401: log in again
/// }
/// # UserLookup::Active(user)
/// # }
/// ```
///
/// Claim `iat` has whole seconds. So set `tokens_since` to the second after the change, and answer the change once that
/// second has begun: then every token from before is refused, and every token from after is accepted. The login examples
/// do so.
///
/// A token says what was true when it was issued; the store says what is true now. A
/// [`subject`](VerifiedToken::subject) is unique only within its issuer: if you accept tokens of several issuers, look
/// up [`issuer`](VerifiedToken::issuer) and subject together.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not look up users",
    label = "not a `UserStore`",
    note = "tell how a token's user is found: `#[async_trait] impl UserStore for {Self}`"
)]
#[async_trait]
pub trait UserStore: Send + Sync + 'static {
    /// The application's user. Each extractor gets a clone; make it an `Arc` if that is much.
    type User: Clone + Send + Sync + 'static;

    /// Finds the user behind the token. Asked once per request, however many extractors want to know.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`], which any error becomes by `?`, if the user cannot be looked up now: answered 503.
    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<Self::User>, StoreFailure>;
}

/// What a [`UserStore`] knows about the bearer of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserLookup<U> {
    /// A user who is let in.
    Active(U),
    /// A user who is not let in at present: answered 403, as if the token were not enough.
    Inactive,
    /// No user: answered 401, as if the token were not good.
    Unknown,
}

/// A [`UserStore`] could not tell. Made by `?` of any error.
///
/// The error is logged at `WARN`, with its sources, and not told to the client. What must not be in a log must
/// not be in the error.
#[derive(Debug)]
pub struct StoreFailure(Box<dyn std::error::Error + Send + Sync>);

impl<E: std::error::Error + Send + Sync + 'static> From<E> for StoreFailure {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// The error and what it comes from, in one line.
impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
