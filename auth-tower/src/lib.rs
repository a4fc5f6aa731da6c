#![doc = include_str!("../README.md")]

mod body;
mod layer;
mod metadata;

pub use auth_core::adapter::{extract_from_guard, response};
pub use auth_core::{
    Algorithm, Authenticated, Authenticator, ClaimPath, CredentialSource, InvalidResource, JwtVerifier,
    NoClaims, Policy, ProtectedResource, Reason, Rejection, RejectionBody, RejectionContext, Scope,
    SystemClock, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait, jwt, policy,
    websocket,
};

pub use crate::body::{AnyBody, GuardedBody, SameBody};
pub use crate::layer::{AuthLayer, AuthService, GuardLayer};
pub use crate::metadata::{MetadataLayer, MetadataService, ResourceLayer};
