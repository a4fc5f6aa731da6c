//! Who is asking: the application's user behind a token.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::Shared;

use crate::authenticate::authenticated::Caller;
use crate::authenticate::authenticator::caught;
use crate::authenticate::rejections::Refuser;
use crate::http::rejection::{Reason, Rejection};
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
/// A token tells what was true when it was issued; the store tells what is true now. What
/// [`VerifiedToken::subject`] says is unique only within its issuer: where tokens of several are accepted, look
/// up [`issuer`](VerifiedToken::issuer) and subject together.
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

/// What a [`UserStore`] knows of the bearer of a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum UserLookup<U> {
    /// A user who may go on.
    Active(U),
    /// A user who may not, as things are: answered 403, as if the token were not enough.
    Inactive,
    /// Nobody: answered 401, as if the token were not good.
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

/// The loading of a user, under way or done: awaited by all who want to know within one request.
///
/// For adapters, which keep it beside the request; applications use the extractors.
pub struct UserLoading<S: UserStore + ?Sized> {
    refuser: Arc<Refuser>,
    token: VerifiedToken,
    /// As the token was brought.
    text: Option<Arc<str>>,
    store: Arc<S>,
    outcome: Shared<Boxed<S::User>>,
}

impl<S: UserStore + ?Sized> UserLoading<S> {
    pub(crate) fn begin_or_join(caller: &Caller, store: &Arc<S>, earlier: Option<&Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.is_for(caller, store) => earlier.clone(),
            _ => Self::begin(caller.clone(), store.clone()),
        }
    }

    fn begin(caller: Caller, store: Arc<S>) -> Self {
        let (refuser, token) = (caller.refuser().clone(), caller.token.clone());
        let text = caller.text().cloned();
        let outcome: Boxed<S::User> = Box::pin(load(caller, store.clone()));
        Self { refuser, token, text, store, outcome: outcome.shared() }
    }

    /// Another store may know other users, and another authenticator refuse in other words.
    fn is_for(&self, caller: &Caller, store: &Arc<S>) -> bool {
        // The claims may differ from call to call, as when the verifier was asked; whose they are must not.
        let of_same_text = || {
            self.text.is_some()
                && self.text.as_ref() == caller.text()
                && self.token.subject() == caller.token.subject()
                && self.token.issuer() == caller.token.issuer()
        };
        Arc::ptr_eq(&self.store, store)
            && Arc::ptr_eq(&self.refuser, caller.refuser())
            && (self.token.is(&caller.token) || of_same_text())
    }

    /// The user.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 401 for nobody, 403 for an inactive user, 503 if the store fails, 500 if it
    /// panics.
    pub async fn user(self) -> Result<S::User, Rejection> {
        self.outcome.await
    }
}

async fn load<S: UserStore + ?Sized>(caller: Caller, store: Arc<S>) -> Outcome<S::User> {
    let lookup = async {
        let mut future = caught(|| store.user(&caller.token))?;
        poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
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
        Self {
            refuser: self.refuser.clone(),
            token: self.token.clone(),
            text: self.text.clone(),
            store: self.store.clone(),
            outcome: self.outcome.clone(),
        }
    }
}

impl<S: UserStore + ?Sized> fmt::Debug for UserLoading<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserLoading(<redacted>)")
    }
}
