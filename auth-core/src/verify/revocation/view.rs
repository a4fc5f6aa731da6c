//! Who knows what was revoked.

use std::sync::Arc;

use crate::token::verified::VerifiedToken;
use crate::verify::failure::VerifyFailure;

/// Knows which tokens were revoked before they expired.
///
/// [`Revocations`](crate::Revocations) is the built-in one.
/// [`Authenticator::with_revocations`](crate::Authenticator::with_revocations) asks it about every token that a verifier
/// accepts, also one that comes out of a cache.
///
/// It is asked on the way of every request: answer from memory, without a lock that a writer holds for long. A view that
/// depends on another machine follows that machine in the background, and says
/// [`VerifyError::Unavailable`](crate::VerifyError::Unavailable) if its knowledge is too old.
pub trait RevocationView: Send + Sync {
    /// Returns whether this verified token may still be accepted.
    ///
    /// # Errors
    ///
    /// [`VerifyError::Revoked`](crate::VerifyError::Revoked), answered 401;
    /// [`VerifyError::Unavailable`](crate::VerifyError::Unavailable) if that is not known now, answered 503.
    fn check(&self, token: &VerifiedToken) -> Result<(), VerifyFailure>;
}

impl<V: RevocationView + ?Sized> RevocationView for Arc<V> {
    fn check(&self, token: &VerifiedToken) -> Result<(), VerifyFailure> {
        (**self).check(token)
    }
}
