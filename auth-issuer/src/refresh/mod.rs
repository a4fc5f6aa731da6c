//! Refresh tokens, and the store that holds them.

mod store;
mod tokens;

pub use self::store::{Redeemed, RefreshRecord, RefreshTokenStore};
pub use self::tokens::{InvalidLifetime, RefreshError, RefreshTokens, Refreshed};
