//! A caller whose token was accepted.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::caller::Caller;
use super::panics::catch_panic;
use crate::http::rejection::Rejection;
use crate::http::sources::source::CredentialSource;
use crate::policy::policy::Policy;
use crate::policy::required_scopes::RequiredScopes;
use crate::token::error::VerifyError;
use crate::token::verified::{NoClaims, VerifiedToken};
use crate::verify::failure::VerifyFailure;

/// A caller whose token was accepted, and the application's own claims.
///
/// Everything that a [`VerifiedToken`] can be asked can be asked of it.
pub struct Authenticated<C = NoClaims> {
    /// The claims as the application's own type.
    ///
    /// Shared by all requests with the same token: `user.claims.tenant` reads a field,
    /// `C::clone(&user.claims)` makes a copy of your own.
    pub claims: Arc<C>,
    caller: Caller,
}

impl<C> Authenticated<C> {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &VerifiedToken {
        self.caller.token()
    }

    /// Where the token was found: in the Authorization field, in a cookie or elsewhere. One of the sources that the
    /// authenticator was given.
    #[must_use]
    pub fn credential_source(&self) -> &CredentialSource {
        self.caller.source()
    }

    /// Rejects the caller if the token is not enough for the policy.
    ///
    /// The challenge of the rejection also names the scopes that the guards around demand, but not what this handler
    /// has required before.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 403 `insufficient_scope`, or 500 if a predicate panics.
    pub fn require(&self, policy: &Policy) -> Result<(), Rejection> {
        self.caller.require(policy)
    }

    /// Rejects the caller if the token was not granted all the scopes that the type names.
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
            Ok(policy) => Err(self.caller.reject_insufficient(&policy)),
            Err(_) => Err(Rejection::misconfigured()),
        }
    }

    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> Authenticated<C> {
    /// Reads the application's own claims.
    pub(crate) fn read(caller: Caller) -> Result<Self, Rejection> {
        let claims = catch_panic(|| caller.token().shared_claims().map_err(VerifyError::from));
        match claims.and_then(|claims| claims) {
            Ok(claims) => Ok(Self { claims, caller }),
            Err(error) => {
                let failure = VerifyFailure::of_token(error, caller.token());
                Err(caller.setup.rejections.reject_token(&failure, caller.scheme(), caller.facts.as_deref()))
            }
        }
    }
}

impl<C> Deref for Authenticated<C> {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        self.caller.token()
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
