#![doc = include_str!("../README.md")]

mod body;
mod layer;

pub use auth_core::adapter::{extract_from_guard, response};
pub use auth_core::{
    Algorithm, Authenticated, Authenticator, ClaimPath, CredentialSource, JwtVerifier, NoClaims, Policy,
    Reason, Rejection, RejectionBody, RejectionContext, Scope, SystemClock, TokenVerifier, VerifiedToken,
    VerifyError, VerifyFailure, async_trait, jwt, policy, websocket,
};

pub use crate::body::{AnyBody, GuardedBody, SameBody};
pub use crate::layer::{AuthLayer, AuthService, GuardLayer};
