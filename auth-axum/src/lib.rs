#![doc = include_str!("../README.md")]

mod extract;
mod rejection;
mod request;

pub use auth_core as core;
pub use auth_core::{Authenticator, NoClaims, Policy, Scope};

pub use crate::extract::{Authenticated, BearerToken, MaybeAuthenticated};
pub use crate::rejection::AuthRejection;
