#![doc = include_str!("../README.md")]

mod convert;
mod current_user;
mod extract;
mod middleware;
mod rejection;
mod response;
mod scoped;

pub use auth_core as core;
pub use auth_core::{
    Authenticator, ClaimPath, NoClaims, Policy, Refusal, RejectionBody, RequiredScopes, Scope, StoreFailure,
    UserLookup, UserStore, VerifiedToken, async_trait,
};

pub use crate::current_user::CurrentUser;
pub use crate::extract::{Authenticated, BearerToken, MaybeAuthenticated};
pub use crate::middleware::{AuthMiddleware, AuthService};
pub use crate::rejection::AuthRejection;
pub use crate::response::AuthResponse;
pub use crate::scoped::Scoped;
