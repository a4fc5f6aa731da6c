#![doc = include_str!("../README.md")]

pub mod adapter;
mod authenticate;
mod clock;
mod http;
mod json;
mod jwk;
mod jwt;
mod key;
mod policy;
mod token;
mod verify;

pub use async_trait::async_trait;

pub use crate::authenticate::authenticated::Authenticated;
pub use crate::authenticate::authenticator::{Authenticator, BearerToken, RequestHead};
pub use crate::authenticate::guard::{Guard, Pass};
pub use crate::authenticate::user::{StoreFailure, UserLoading, UserLookup, UserStore};
pub use crate::clock::{Clock, SystemClock};
pub use crate::http::bearer::{Credentials, MAX_TOKEN_BYTES};
pub use crate::http::body::{Refusal, RejectionBody};
pub use crate::http::challenge::InvalidRealm;
pub use crate::http::rejection::{Reason, Rejection};
pub use crate::jwk::set::{JwkSetError, SkippedKey};
pub use crate::jwt::build_error::{BuildError, Problem};
pub use crate::jwt::builder::JwtVerifierBuilder;
pub use crate::jwt::key_sources::JwtKeys;
pub use crate::jwt::verifier::JwtVerifier;
pub use crate::jwt::verifier_keys::VerifierKeys;
pub use crate::key::algorithm::Algorithm;
pub use crate::key::error::KeyError;
pub use crate::policy::required_scopes::RequiredScopes;
pub use crate::policy::{ClaimPolicy, EmptyPolicy, Policy};
pub use crate::token::claim_path::ClaimPath;
pub use crate::token::claim_value::ClaimValue;
pub use crate::token::claims::Audience;
pub use crate::token::error::{ClaimsError, VerifyError};
pub use crate::token::scope::{InvalidScope, Scope, ScopeSet};
pub use crate::token::verified::{NoClaims, VerifiedToken};
pub use crate::verify::chain::VerifierChain;
pub use crate::verify::verifier::{Evidence, TokenVerifier};
