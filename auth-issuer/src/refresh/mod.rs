//! Refresh tokens, and where they are stored.

mod store;
mod tokens;

pub use self::store::{Redeemed, RefreshRecord, RefreshTokenStore};
pub use self::tokens::{InvalidLifetime, RefreshError, RefreshTokens, Refreshed};
