//! Why a refresh token was not exchanged.

use auth_core::StoreFailure;

/// The reason why a refresh token was not exchanged, or not issued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshError {
    /// The token is not valid, and the user has to log in again. Answer
    /// [`TokenError::InvalidRefreshToken`](crate::TokenError::InvalidRefreshToken).
    #[error("the refresh token is not valid")]
    Refused,
    /// The store, the clock or the system's random number generator failed. Answer 503.
    #[error("refresh tokens are unavailable now: {0}")]
    Unavailable(StoreFailure),
}

pub(super) fn unavailable(what: &'static str) -> RefreshError {
    RefreshError::Unavailable(std::io::Error::other(what).into())
}
