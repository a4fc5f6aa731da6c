#![doc = include_str!("../README.md")]

mod authenticator;
mod bearer;
mod cache;
mod chain;
mod challenge;
mod claim_path;
mod claims;
mod clock;
mod error;
mod json;
mod jwk;
mod jwt;
mod policy;
mod rejection;
mod scope;
mod verifier;

pub use async_trait::async_trait;

pub use crate::authenticator::{Authenticated, Authenticator, BearerToken, RequestHead};
pub use crate::bearer::{Credentials, MAX_TOKEN_BYTES};
pub use crate::chain::VerifierChain;
pub use crate::challenge::InvalidRealm;
pub use crate::claim_path::{ClaimPath, ClaimValue};
pub use crate::claims::Audience;
pub use crate::clock::{Clock, SystemClock};
pub use crate::error::{ClaimsError, VerifyError};
pub use crate::jwk::{JwkSetError, SkippedKey};
pub use crate::jwt::{
    Algorithm, BuildError, JwtKeys, JwtVerifier, JwtVerifierBuilder, KeyError, Problem, VerifierKeys,
};
pub use crate::policy::{ClaimPolicy, EmptyPolicy, Policy};
pub use crate::rejection::{Reason, Rejection};
pub use crate::scope::{InvalidScope, Scope, ScopeSet};
pub use crate::verifier::{NoClaims, TokenVerifier, VerifiedToken};
