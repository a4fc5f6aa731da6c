//! Signing: the issuer, its keys, and the access token.

mod access_token;
mod client_assertions;
mod issuer;
mod signing_key;

pub use self::access_token::{AccessToken, SignError, SignedToken};
pub use self::client_assertions::ClientAssertions;
pub use self::issuer::{IssuerError, TokenIssuer, TokenIssuerBuilder};
pub use self::signing_key::{SigningKey, SigningKeyError};
