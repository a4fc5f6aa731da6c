//! The application's user, loaded once per request.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use futures_util::FutureExt as _;
use futures_util::future::Shared;

use super::authenticated::Authenticated;
use super::caller::Caller;
use super::panics::catch_panic;
use super::refusal_kind::Kind;
use super::refusal_log::Refusal;
use super::user::{UserLookup, UserStore};
use crate::http::head::RequestHead;
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;

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
    let begun = request.extension::<UserLoading<S>>().filter(|begun| begun.is_for(caller, store));
    let loading = match begun {
        Some(begun) => begun,
        None => {
            let loading = UserLoading::begin(caller.clone(), store.clone());
            request.insert_extension(loading.clone());
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
    // A store that looks for the empty name would take all such callers for one.
    if caller.token().subject_opt().is_none() {
        let what = "request refused: the token names no subject, so there is no user";
        return Err(reject(&caller, Kind::NO_SUBJECT, Reason::Invalid, what));
    }
    let lookup = async {
        let mut future = catch_panic(|| store.user(caller.token()))?;
        poll_fn(|context| match catch_panic(|| future.as_mut().poll(context)) {
            Ok(polled) => polled.map(Ok),
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    };
    match lookup.await {
        Ok(Ok(UserLookup::Active(user))) => Ok(user),
        Ok(Ok(UserLookup::Inactive)) => {
            let what = "request refused: the user is inactive";
            Err(reject(&caller, Kind::INACTIVE_USER, Reason::Insufficient, what))
        }
        Ok(Ok(UserLookup::Unknown)) => {
            Err(reject(&caller, Kind::UNKNOWN_USER, Reason::Invalid, "request refused: no such user"))
        }
        Ok(Err(failure)) => {
            tracing::warn!(reason = ?Reason::Unavailable, %failure, "request refused: the user store failed");
            Err(caller.reject(Reason::Unavailable))
        }
        Err(_) => {
            tracing::error!(reason = ?Reason::Misconfigured, "request refused: the user store panicked");
            Err(caller.reject(Reason::Misconfigured))
        }
    }
}

/// Rejects a caller for what the store says of the user, and logs it.
fn reject(caller: &Caller, kind: Kind, reason: Reason, message: &'static str) -> Rejection {
    let refusal = Refusal { message, ..Refusal::new(kind, reason) };
    caller.setup.rejections.log().tell(&refusal, || None::<&str>);
    caller.reject(reason)
}

impl<S: UserStore + ?Sized> Clone for UserLoading<S> {
    fn clone(&self) -> Self {
        Self { caller: self.caller.clone(), store: self.store.clone(), outcome: self.outcome.clone() }
    }
}
