//! A caller whose token was accepted.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::authenticate::authenticator::caught;
use crate::authenticate::guard::Pass;
use crate::authenticate::rejections::Refuser;
use crate::authenticate::user::{UserLoading, UserStore};
use crate::http::body::Preferences;
use crate::http::rejection::{Reason, Rejection};
use crate::policy::required_scopes::RequiredScopes;
use crate::policy::{Policy, sufficient_scopes};
use crate::token::error::VerifyError;
use crate::token::verified::{NoClaims, VerifiedToken};
use crate::verify::verifier::Evidence;

/// A caller whose token was accepted, and the application's own claims.
///
/// Everything that a [`VerifiedToken`] can be asked can be asked of it.
pub struct Authenticated<C = NoClaims> {
    /// The claims as the application's own type.
    ///
    /// Shared with all requests that bring the same token: `user.claims.tenant` reads a field,
    /// `C::clone(&user.claims)` makes one's own.
    pub claims: Arc<C>,
    caller: Caller,
}

/// A good token, and what is needed to refuse its bearer later in the request.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) token: VerifiedToken,
    /// Of the innermost guard around.
    pub(crate) pass: Option<Pass>,
    /// `None` for most: then it is what the token remembers, and small to move about.
    pub(crate) more: Option<Box<More>>,
}

/// What not every caller has.
#[derive(Clone, Default)]
pub(crate) struct More {
    /// Where it is another one than the token remembers.
    pub(crate) refuser: Option<Arc<Refuser>>,
    /// What the request has brought, where that is another text than the token remembers.
    pub(crate) text: Option<Arc<str>>,
    pub(crate) preferences: Option<Arc<Preferences>>,
    pub(crate) evidence: Option<Arc<Evidence>>,
    /// The verdict was not to be had at once.
    pub(crate) waited: bool,
}

impl<C> Authenticated<C> {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &VerifiedToken {
        &self.caller.token
    }

    /// Goes on only if the token is enough for the policy.
    ///
    /// The challenge of the refusal names the scopes that the guards around demand, too, but not what this handler
    /// has required before.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 403 `insufficient_scope`, or 500 if a predicate panics.
    pub fn require(&self, policy: &Policy) -> Result<(), Rejection> {
        self.caller.require(policy)
    }

    /// Goes on only if the token was granted all the scopes that the type names.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 403 `insufficient_scope`.
    pub fn require_scopes<R: RequiredScopes>(&self) -> Result<(), Rejection> {
        const { assert!(!R::SCOPES.is_empty(), "required scopes have to be at least one") }
        let granted = self.token().scopes();
        if R::SCOPES.iter().all(|scope| granted.contains(scope.as_str())) {
            return Ok(());
        }
        match Policy::all_scopes(R::SCOPES.iter().cloned()) {
            Ok(policy) => Err(self.caller.refuse(&policy)),
            Err(_) => Err(Rejection::misconfigured()),
        }
    }

    /// Begins to load the caller's user from the store, or goes on with a loading that was begun earlier in the
    /// same request, if it is of the same store and for the same token.
    #[must_use]
    pub fn load_user<S: UserStore + ?Sized>(
        &self,
        store: &Arc<S>,
        earlier: Option<&UserLoading<S>>,
    ) -> UserLoading<S> {
        UserLoading::begin_or_join(&self.caller, store, earlier)
    }

    /// For adapters: what to put aside for this request, so that nobody has to wait for the verdict again.
    /// `None` if it was had at once.
    #[must_use]
    pub fn pass_to_keep(&self) -> Option<Pass> {
        self.caller.more.as_ref()?.waited.then(|| Pass::of_caller(self.caller.clone(), None))
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Authenticated<C> {
    pub(crate) fn read(caller: Caller) -> Result<Self, Rejection> {
        let claims = caught(|| caller.token.shared_claims().map_err(VerifyError::from));
        match claims.and_then(|claims| claims) {
            Ok(claims) => Ok(Self { claims, caller }),
            Err(error) => {
                Err(caller.refuser().refuse_token_later(&error, caller.evidence(), caller.preferences()))
            }
        }
    }
}

impl Caller {
    pub(crate) fn refuser(&self) -> &Arc<Refuser> {
        let other = self.more.as_ref().and_then(|more| more.refuser.as_ref());
        other.unwrap_or_else(|| self.token.remembered_refuser())
    }

    /// What the request has brought.
    pub(crate) fn text(&self) -> Option<&Arc<str>> {
        let other = self.more.as_ref().and_then(|more| more.text.as_ref());
        other.or_else(|| self.token.remembered_text())
    }

    fn evidence(&self) -> Option<&Evidence> {
        self.more.as_ref()?.evidence.as_deref()
    }

    fn preferences(&self) -> Option<&Preferences> {
        self.more.as_ref()?.preferences.as_deref()
    }

    pub(crate) fn require(&self, policy: &Policy) -> Result<(), Rejection> {
        match caught(|| policy.allows(&self.token)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.refuse(policy)),
            Err(_) => {
                tracing::error!(?policy, "request refused: a predicate of the policy panicked");
                Err(self.reject(Reason::Misconfigured))
            }
        }
    }

    fn refuse(&self, policy: &Policy) -> Rejection {
        let reason = Reason::Insufficient;
        let (key_id, issuer) = match self.evidence() {
            Some(evidence) => (evidence.key_id.as_deref(), evidence.issuer),
            None => (None, None),
        };
        tracing::debug!(?reason, ?policy, key_id, issuer, "request refused");
        let mut demands = self.pass.as_ref().map(Pass::demands).unwrap_or_default();
        demands.push((policy, &self.token));
        // A predicate that panics only now tells no scopes.
        let scopes = caught(|| sufficient_scopes(&demands)).unwrap_or_default();
        self.refuser().reject_insufficient(&scopes, self.preferences())
    }

    /// Refuses for a reason that was logged.
    pub(crate) fn reject(&self, reason: Reason) -> Rejection {
        self.refuser().reject(reason, self.preferences())
    }
}

impl<C> Deref for Authenticated<C> {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.caller.token
    }
}

impl<C> Clone for Authenticated<C> {
    fn clone(&self) -> Self {
        Self { claims: self.claims.clone(), caller: self.caller.clone() }
    }
}

/// Never prints a claim.
impl<C> fmt::Debug for Authenticated<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticated(<redacted>)")
    }
}
