#![doc = include_str!("../README.md")]

pub mod adapter;

mod authenticated;
mod authenticator;
mod bearer;
mod cache;
mod chain;
mod challenge;
mod claim_path;
mod claims;
mod clock;
mod error;
mod guard;
mod json;
mod jwk;
mod jwt;
mod policy;
mod refuser;
mod rejection;
mod rejection_body;
mod scope;
mod user;
mod verifier;

pub use async_trait::async_trait;

pub use crate::authenticated::Authenticated;
pub use crate::authenticator::{Authenticator, BearerToken, RequestHead};
pub use crate::bearer::{Credentials, MAX_TOKEN_BYTES};
pub use crate::chain::VerifierChain;
pub use crate::challenge::InvalidRealm;
pub use crate::claim_path::{ClaimPath, ClaimValue};
pub use crate::claims::Audience;
pub use crate::clock::{Clock, SystemClock};
pub use crate::error::{ClaimsError, VerifyError};
pub use crate::guard::{Guard, Pass};
pub use crate::jwk::{JwkSetError, SkippedKey};
pub use crate::jwt::{
    Algorithm, BuildError, JwtKeys, JwtVerifier, JwtVerifierBuilder, KeyError, Problem, VerifierKeys,
};
pub use crate::policy::{ClaimPolicy, EmptyPolicy, Policy};
pub use crate::rejection::{Reason, Rejection};
pub use crate::rejection_body::{Refusal, RejectionBody};
pub use crate::scope::{InvalidScope, RequiredScopes, Scope, ScopeSet};
pub use crate::user::{StoreFailure, UserLoading, UserLookup, UserStore};
pub use crate::verifier::{Evidence, NoClaims, TokenVerifier, VerifiedToken};
