//! What can be extracted from a request.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::authenticated::Authenticated;
use super::caller::Caller;
use super::findings::Findings;
use super::judge::{Judged, credentials};
use super::scoped::Scoped;
use super::setup::Setup;
use crate::http::bearer::BearerToken;
use crate::http::head::RequestHead;
use crate::http::rejection::Rejection;
use crate::policy::required_scopes::RequiredScopes;

/// Something that can be extracted from a request: an [`Authenticated`], an `Option` of it, a [`Scoped`], or a
/// [`BearerToken`].
///
/// Sealed: what lets a request in is decided in this crate.
#[allow(private_bounds, reason = "so that no other crate can implement it")]
pub trait Extract: FromCaller {}

impl<T: FromCaller> Extract for T {}

/// How the things that can be extracted are made.
pub(crate) trait FromCaller: Sized {
    /// Makes it of the caller, or of an anonymous request.
    fn from_caller(caller: Option<Caller>, missing: impl FnOnce() -> Rejection) -> Result<Self, Rejection>;

    /// Makes it of the credentials alone, if nothing has to be verified for it.
    fn from_credentials(_: &Setup, _: &impl RequestHead) -> Option<Result<Self, Rejection>> {
        None
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> FromCaller for Authenticated<C> {
    fn from_caller(caller: Option<Caller>, missing: impl FnOnce() -> Rejection) -> Result<Self, Rejection> {
        Self::read(caller.ok_or_else(missing)?)
    }
}

/// Absent credentials are an anonymous caller; bad ones are refused.
impl<C: DeserializeOwned + Send + Sync + 'static> FromCaller for Option<Authenticated<C>> {
    fn from_caller(caller: Option<Caller>, _: impl FnOnce() -> Rejection) -> Result<Self, Rejection> {
        caller.map(Authenticated::read).transpose()
    }
}

impl<R, C> FromCaller for Scoped<R, C>
where
    R: RequiredScopes,
    C: DeserializeOwned + Send + Sync + 'static,
{
    fn from_caller(caller: Option<Caller>, missing: impl FnOnce() -> Rejection) -> Result<Self, Rejection> {
        Self::new(Authenticated::from_caller(caller, missing)?)
    }
}

/// The token as it was sent, not verified.
impl FromCaller for BearerToken {
    fn from_caller(caller: Option<Caller>, missing: impl FnOnce() -> Rejection) -> Result<Self, Rejection> {
        let caller = caller.ok_or_else(missing)?;
        let text = caller.accepted.text().ok_or_else(Rejection::misconfigured)?;
        Ok(Self(text.into()))
    }

    fn from_credentials(setup: &Setup, request: &impl RequestHead) -> Option<Result<Self, Rejection>> {
        Some(bearer_token(setup, request))
    }
}

/// The token of the request, not verified.
pub(crate) fn bearer_token(setup: &Setup, request: &impl RequestHead) -> Result<BearerToken, Rejection> {
    match credentials(setup, request)? {
        Some(given) => Ok(BearerToken(given.text.into())),
        None => Err(setup.reject_missing(request)),
    }
}

/// Makes it of what the way of the request has ended in.
pub(crate) fn from_judged<T: FromCaller>(
    judged: Judged,
    setup: &Setup,
    request: &impl RequestHead,
) -> Result<T, Rejection> {
    let caller = match judged {
        Judged::Caller { caller, .. } => Some(caller),
        Judged::Anonymous(_) => None,
        // Who does not want to wait has asked for this before.
        Judged::WouldWait => return Err(Rejection::misconfigured()),
    };
    T::from_caller(caller, || setup.reject_missing(request))
}

/// Extracts what the innermost guard around has found. `None` without a guard, or if the request no longer carries
/// what the guard has seen.
pub(crate) fn from_guard<T: FromCaller>(request: &impl RequestHead) -> Option<Result<T, Rejection>> {
    let findings = request.extension::<Findings>()?;
    let of_guard = findings.of_guard()?;
    let setup = &of_guard.setup;
    let caller = match of_guard.accepted {
        Some(_) => {
            // Only what this guard has judged: another finding may be of a token that its policy was not asked of.
            let accepted = of_guard.accepted_in(setup, request)?;
            let facts = setup.rejections.facts(request);
            Some(Caller { accepted, setup: setup.clone(), facts, earlier: Some(Arc::new(findings.clone())) })
        }
        None if matches!(credentials(setup, request), Ok(None)) => None,
        None => return None,
    };
    Some(T::from_caller(caller, || setup.reject_missing(request)))
}
