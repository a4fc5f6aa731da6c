//! Who is asking: the application's user behind a token.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::Shared;

use super::authenticated::Authenticated;
use super::caller::Caller;
use super::panics::catch_panic;
use crate::http::head::RequestHead;
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;
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
    /// [`StoreFailure`], which any error becomes by `?`, if it cannot be told now who it is: answered 503.
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

type Outcome<U> = Result<U, Rejection>;
type Boxed<U> = Pin<Box<dyn Future<Output = Outcome<U>> + Send>>;

/// Loads the user of a caller from the store, once per request, store and token.
///
/// # Errors
///
/// The [`Rejection`] to send: 401 for no user, 403 for an inactive one, 503 if the store fails, 500 if it panics.
pub(crate) async fn load_user<S: UserStore + ?Sized>(
    user: &Authenticated,
    request: &mut impl RequestHead,
    store: &Arc<S>,
) -> Result<S::User, Rejection> {
    let caller = user.caller();
    let begun = request.kept::<UserLoading<S>>().filter(|begun| begun.is_for(caller, store));
    let loading = match begun {
        Some(begun) => begun,
        None => {
            let loading = UserLoading::begin(caller.clone(), store.clone());
            request.keep(loading.clone());
            loading
        }
    };
    loading.outcome.await
}

/// A user who is being loaded, or was: awaited by everything within one request that wants the user.
struct UserLoading<S: UserStore + ?Sized> {
    caller: Caller,
    store: Arc<S>,
    outcome: Shared<Boxed<S::User>>,
}

impl<S: UserStore + ?Sized> UserLoading<S> {
    fn begin(caller: Caller, store: Arc<S>) -> Self {
        let outcome: Boxed<S::User> = Box::pin(load(caller.clone(), store.clone()));
        Self { caller, store, outcome: outcome.shared() }
    }

    /// Another store may know other users, and another authenticator reject in other words.
    fn is_for(&self, caller: &Caller, store: &Arc<S>) -> bool {
        let (ours, theirs) = (self.caller.token(), caller.token());
        // A verifier may yield other claims each time; whose they are must not differ.
        let of_same_text = || {
            self.caller.accepted.text().is_some_and(|text| caller.accepted.text() == Some(text))
                && ours.subject() == theirs.subject()
                && ours.issuer() == theirs.issuer()
        };
        Arc::ptr_eq(&self.store, store)
            && self.caller.setup.is(&caller.setup)
            && (ours.is(theirs) || of_same_text())
    }
}

async fn load<S: UserStore + ?Sized>(caller: Caller, store: Arc<S>) -> Outcome<S::User> {
    let lookup = async {
        let mut future = catch_panic(|| store.user(caller.token()))?;
        poll_fn(|context| match catch_panic(|| future.as_mut().poll(context)) {
            Ok(polled) => polled.map(Ok),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    };
    let reason = match lookup.await {
        Ok(Ok(UserLookup::Active(user))) => return Ok(user),
        Ok(Ok(UserLookup::Inactive)) => Reason::Insufficient,
        Ok(Ok(UserLookup::Unknown)) => Reason::Invalid,
        Ok(Err(failure)) => {
            tracing::warn!(reason = ?Reason::Unavailable, %failure, "request refused: the user store failed");
            return Err(caller.reject(Reason::Unavailable));
        }
        Err(_) => {
            tracing::error!(reason = ?Reason::Misconfigured, "request refused: the user store panicked");
            return Err(caller.reject(Reason::Misconfigured));
        }
    };
    let what = if reason == Reason::Invalid { "no such user" } else { "the user is inactive" };
    tracing::debug!(?reason, "request refused: {what}");
    Err(caller.reject(reason))
}

impl<S: UserStore + ?Sized> Clone for UserLoading<S> {
    fn clone(&self) -> Self {
        Self { caller: self.caller.clone(), store: self.store.clone(), outcome: self.outcome.clone() }
    }
}
