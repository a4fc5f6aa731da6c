#![doc = include_str!("../README.md")]

mod convert;
mod extract;
mod metadata;
mod middleware;
mod wrappers;

pub use auth_core::{
    Algorithm, Authenticator, ClaimPath, CredentialSource, InvalidResource, JwtVerifier, NoClaims, Policy,
    ProtectedResource, Reason, Rejection, RejectionBody, RejectionContext, RequiredScopes, Scope,
    StoreFailure, SystemClock, TokenVerifier, UserLookup, UserStore, VerifiedToken, VerifyError,
    VerifyFailure, async_trait, jwt, policy, websocket,
};

pub use crate::metadata::metadata;
pub use crate::middleware::{AuthMiddleware, AuthService};
pub use crate::wrappers::{
    AuthRejection, AuthResponse, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped,
};
