#![doc = include_str!("../README.md")]

mod convert;
mod extract;
mod rejection;

pub use auth_core as core;
pub use auth_core::{Authenticator, NoClaims, Policy, Scope};

pub use crate::extract::{Authenticated, BearerToken, MaybeAuthenticated};
pub use crate::rejection::AuthRejection;
