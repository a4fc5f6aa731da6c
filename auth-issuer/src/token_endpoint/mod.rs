//! The token endpoint and the revocation endpoint: their requests, their clients, and their answers.

mod answer;
mod builder;
mod client_credentials;
mod clients;
mod endpoint;
mod form;
mod grants;
mod issued;
#[cfg(feature = "multipart")]
mod multipart;
mod password_grant;
mod request;
mod revocation;

pub use self::answer::{TokenAnswer, TokenError};
pub use self::builder::{EndpointError, TokenEndpointBuilder};
pub use self::client_credentials::ClientCredentials;
pub use self::endpoint::TokenEndpoint;
pub use self::form::MAX_BODY_BYTES;
pub(crate) use self::issued::{Asker, Issued};
pub use self::request::{Grant, TokenRequest};
pub use self::revocation::AccessTokenRevoker;
