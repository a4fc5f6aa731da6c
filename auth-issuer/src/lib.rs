#![doc = include_str!("../README.md")]

mod backend;
mod login;
mod refresh;
mod session_cookies;
mod sign;
mod token_endpoint;

pub use auth_core::{Algorithm, Scope, StoreFailure, async_trait};

#[cfg(feature = "bcrypt")]
pub use crate::login::BcryptHashes;
#[cfg(feature = "pbkdf2")]
pub use crate::login::Pbkdf2Hashes;
#[cfg(feature = "scrypt")]
pub use crate::login::ScryptHashes;
pub use crate::login::{
    Account, AccountStore, Argon2Hashes, Attempt, GuessLimits, InvalidCost, InvalidLimit, LoginAttempt,
    PasswordError, PasswordScheme, Passwords, PasswordsBuilder, TooManyAttempts,
};
pub use crate::refresh::{
    InvalidLifetime, InvalidReuseInterval, Login, RefreshError, RefreshRecord, RefreshTokenStore,
    RefreshTokens, Refreshed, SpentToken,
};
pub use crate::session_cookies::{SessionAnswer, SessionCookies, SessionCookiesError};
pub use crate::sign::{
    AccessToken, ClientAssertions, IssuerError, SignError, SignedToken, SigningKey, SigningKeyError,
    TokenIssuer, TokenIssuerBuilder,
};
pub use crate::token_endpoint::{
    AccessTokenRevoker, ClientCredentials, EndpointError, Grant, MAX_BODY_BYTES, TokenAnswer, TokenEndpoint,
    TokenEndpointBuilder, TokenError, TokenRequest,
};
