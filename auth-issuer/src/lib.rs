#![doc = include_str!("../README.md")]

mod account_store;
mod backend;
mod clients;
mod guess_limits;
mod passwords;
mod refresh_tokens;
mod sign;
mod token_endpoint;
mod token_error;
mod token_request;

pub use auth_core::{Algorithm, Scope, StoreFailure, async_trait};

pub use crate::account_store::{Account, AccountStore};
pub use crate::guess_limits::{Attempt, GuessLimits, InvalidLimit, TooManyAttempts};
pub use crate::passwords::{PasswordError, Passwords};
pub use crate::refresh_tokens::{
    InvalidLifetime, Redeemed, RefreshError, RefreshRecord, RefreshTokenStore, RefreshTokens, Refreshed,
};
pub use crate::sign::{
    AccessToken, IssuerError, SignError, SignedToken, SigningKey, SigningKeyError, TokenIssuer,
    TokenIssuerBuilder,
};
pub use crate::token_endpoint::{EndpointError, TokenEndpoint, TokenEndpointBuilder};
pub use crate::token_error::{TokenAnswer, TokenError};
pub use crate::token_request::{ClientCredentials, Grant, MAX_BODY_BYTES, TokenRequest};
