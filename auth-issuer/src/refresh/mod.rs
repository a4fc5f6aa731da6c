//! Refresh tokens, and where they are stored.

mod tokens;

pub use self::tokens::{
    InvalidLifetime, Redeemed, RefreshError, RefreshRecord, RefreshTokenStore, RefreshTokens, Refreshed,
};
