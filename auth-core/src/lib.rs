#![doc = include_str!("../README.md")]

pub mod adapter;
mod authenticate;
mod clock;
mod http;
mod json;
mod jwk;
pub mod jwt;
mod key;
mod open_names;
pub mod policy;
mod token;
mod verify;

/// What a WebSocket needs that authenticates by [`CredentialSource::WebSocketProtocol`] or a cookie.
pub mod websocket {
    pub use crate::http::sources::subprotocol::{EXPIRED, offered_protocols};
}

pub use async_trait::async_trait;

pub use crate::authenticate::authenticated::Authenticated;
pub use crate::authenticate::authenticator::Authenticator;
pub use crate::authenticate::context::RejectionContext;
pub use crate::authenticate::user::{StoreFailure, UserLookup, UserStore};
pub use crate::clock::{Clock, SystemClock};
pub use crate::http::bearer::BearerToken;
pub use crate::http::body::RejectionBody;
pub use crate::http::challenge::InvalidRealm;
pub use crate::http::origin::InvalidOrigin;
pub use crate::http::reason::Reason;
pub use crate::http::rejection::Rejection;
pub use crate::http::resource::builder::ProtectedResourceBuilder;
pub use crate::http::resource::error::{InvalidResource, UrlFault, UrlPlace};
pub use crate::http::resource::metadata::MetadataAnswer;
pub use crate::http::resource::protected_resource::ProtectedResource;
pub use crate::http::sources::source::{CredentialSource, InvalidCredentialSource};
pub use crate::jwt::verifier::JwtVerifier;
pub use crate::key::algorithm::Algorithm;
pub use crate::policy::policy::Policy;
pub use crate::policy::required_scopes::RequiredScopes;
pub use crate::token::audience::Audience;
pub use crate::token::claim_path::ClaimPath;
pub use crate::token::error::{ClaimsError, VerifyError};
pub use crate::token::kind::TokenKind;
pub use crate::token::scope::Scope;
pub use crate::token::scope_set::ScopeSet;
pub use crate::token::verified::{NoClaims, VerifiedToken};
pub use crate::verify::chain::VerifierChain;
pub use crate::verify::failure::VerifyFailure;
pub use crate::verify::hint::Hint;
pub use crate::verify::revocation::outage::{NotRecorded, OnOutage};
pub use crate::verify::revocation::revocations::{Revocations, RevocationsBuilder};
pub use crate::verify::revocation::view::RevocationView;
pub use crate::verify::router::{InvalidPrefix, TokenRouter};
pub use crate::verify::verifier::TokenVerifier;
