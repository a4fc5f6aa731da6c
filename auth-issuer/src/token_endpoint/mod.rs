//! The token endpoint and the revocation endpoint: their requests, their clients, and their answers.

mod answer;
mod builder;
mod clients;
mod endpoint;
#[cfg(feature = "multipart")]
mod multipart;
mod request;
mod revocation;

pub use self::answer::{TokenAnswer, TokenError};
pub use self::builder::{EndpointError, TokenEndpointBuilder};
pub use self::endpoint::TokenEndpoint;
pub use self::request::{ClientCredentials, Grant, MAX_BODY_BYTES, TokenRequest};
pub use self::revocation::AccessTokenRevoker;
