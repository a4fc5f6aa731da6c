//! Refresh tokens, and the store that holds them.

mod error;
mod standing;
mod store;
mod token;
mod tokens;

pub use self::error::RefreshError;
pub use self::store::{Login, RefreshRecord, RefreshTokenStore, SpentToken};
pub use self::tokens::{InvalidLifetime, InvalidReuseInterval, RefreshTokens, Refreshed};
