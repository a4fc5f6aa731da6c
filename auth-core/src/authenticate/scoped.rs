//! A caller whose token was granted the scopes that a type names.

use std::fmt;
use std::marker::PhantomData;

use super::authenticated::Authenticated;
use crate::http::rejection::Rejection;
use crate::policy::required_scopes::RequiredScopes;
use crate::token::verified::NoClaims;

/// A caller whose token was granted all the scopes that `R` names.
pub struct Scoped<R, C = NoClaims> {
    user: Authenticated<C>,
    required: PhantomData<fn() -> R>,
}

impl<R: RequiredScopes, C> Scoped<R, C> {
    pub(crate) fn new(user: Authenticated<C>) -> Result<Self, Rejection> {
        user.require_scopes::<R>()?;
        Ok(Self { user, required: PhantomData })
    }
}

impl<R, C> Scoped<R, C> {
    /// The caller.
    #[must_use]
    pub fn into_inner(self) -> Authenticated<C> {
        self.user
    }
}

/// Never prints a claim.
impl<R, C> fmt::Debug for Scoped<R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scoped(<redacted>)")
    }
}
