//! One call for each extractor of an adapter.

use std::sync::Arc;

use futures_util::FutureExt as _;

use crate::authenticate::authenticated::Authenticated;
use crate::authenticate::authenticator::Authenticator;
use crate::authenticate::extract::{Extract, from_guard, from_judged};
use crate::authenticate::findings::Finder;
use crate::authenticate::judge::{Judged, Origin, Patience, judge};
use crate::authenticate::user::UserStore;
use crate::authenticate::user_loading::load_user;
use crate::http::head::RequestHead;
use crate::http::rejection::Rejection;

/// Extracts from a request what an authenticator finds in it.
///
/// The verdict is kept in the request: the next extractor or guard with the same verifier does not ask for it again.
///
/// # Errors
///
/// The [`Rejection`] to send.
pub async fn extract<T: Extract>(
    authenticator: &Authenticator,
    request: &mut impl RequestHead,
) -> Result<T, Rejection> {
    let setup = authenticator.setup();
    if let Some(extracted) = T::from_credentials(setup, request) {
        return extracted;
    }
    let judged = judge(setup, request, None, Patience::Waits).await?;
    remember(&judged, request);
    from_judged(judged, setup, request)
}

/// Like [`extract`], but never waits. Returns `None` if the verifier has to; await `extract` then.
///
/// # Errors
///
/// The [`Rejection`] to send.
pub fn extract_now<T: Extract>(
    authenticator: &Authenticator,
    request: &mut impl RequestHead,
) -> Option<Result<T, Rejection>> {
    let setup = authenticator.setup();
    if let Some(extracted) = T::from_credentials(setup, request) {
        return Some(extracted);
    }
    match judge(setup, request, None, Patience::WaitsNever).now_or_never()? {
        Ok(Judged::WouldWait) => None,
        Ok(judged) => {
            remember(&judged, request);
            Some(from_judged(judged, setup, request))
        }
        Err(rejection) => Some(Err(rejection)),
    }
}

/// So that nobody asks the verifier again.
fn remember(judged: &Judged, request: &mut impl RequestHead) {
    if let Judged::Caller { caller, origin: Origin::Verifier } = judged {
        request.insert_extension(caller.clone().into_findings(Finder::Extractor, None));
    }
}

/// Extracts from a request what the innermost guard around has found, without an authenticator of one's own.
///
/// # Errors
///
/// The [`Rejection`] to send: 500, with a log line that says what to do, if there is no guard around, or if the
/// request carries other credentials than the guard has seen.
pub fn extract_from_guard<T: Extract>(request: &impl RequestHead) -> Result<T, Rejection> {
    from_guard(request).unwrap_or_else(|| {
        let path = request.target().split('?').next();
        tracing::error!(
            path,
            "request refused: no guard has judged its credentials. Put the guard (`AuthLayer`) around this route, inside \
             any layer that changes the Authorization field or another credential source"
        );
        Err(Rejection::misconfigured())
    })
}

/// Loads the application's user behind a caller, once per request and store.
///
/// # Errors
///
/// The [`Rejection`] to send: 401 for no user, 403 for an inactive one, 503 if the store fails, 500 if it panics.
pub async fn extract_user<S: UserStore + ?Sized>(
    caller: &Authenticated,
    request: &mut impl RequestHead,
    store: &Arc<S>,
) -> Result<S::User, Rejection> {
    load_user(caller, request, store).await
}
