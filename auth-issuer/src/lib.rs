#![doc = include_str!("../README.md")]

mod access_token;
mod backend;
mod issuer;
mod signing_key;

pub use auth_core::{Algorithm, Scope};

pub use crate::access_token::{AccessToken, SignError, SignedToken};
pub use crate::issuer::{IssuerError, TokenIssuer, TokenIssuerBuilder};
pub use crate::signing_key::{SigningKey, SigningKeyError};
