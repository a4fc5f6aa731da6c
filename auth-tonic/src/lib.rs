#![doc = include_str!("../README.md")]

mod access;
mod head;
mod layer;
mod refusal;
mod request;
mod wrappers;

pub use auth_core::{
    Algorithm, Authenticator, ClaimPath, CredentialSource, JwtVerifier, NoClaims, Policy, Reason, Rejection,
    RequiredScopes, Scope, StoreFailure, SystemClock, TokenVerifier, UserLookup, UserStore, VerifiedToken,
    VerifyError, VerifyFailure, async_trait, jwt, policy,
};

pub use crate::access::InvalidName;
pub use crate::layer::{AuthLayer, AuthService};
pub use crate::request::RequestExt;
pub use crate::wrappers::{
    AuthRejection, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped,
};
