#![doc = include_str!("../README.md")]

mod extract;
mod guarded;
mod layer;
mod response;
mod state;
mod wrappers;

pub use auth_core::{
    Algorithm, Authenticator, ClaimPath, CredentialSource, InvalidResource, JwtVerifier, NoClaims, Policy,
    ProtectedResource, Reason, Rejection, RejectionBody, RejectionContext, RequiredScopes, Scope,
    StoreFailure, SystemClock, TokenVerifier, UserLookup, UserStore, VerifiedToken, VerifyError,
    VerifyFailure, async_trait, jwt, policy, websocket,
};
pub use auth_tower::{AuthService, MetadataService};

pub use crate::guarded::Guarded;
pub use crate::layer::{AuthLayer, AxumBody, MetadataLayer};
pub use crate::state::{HasAuthenticator, HasUserStore};
pub use crate::wrappers::{
    AuthRejection, AuthResponse, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped,
};
