//! The token endpoint: its request, its clients, and its answer.

mod answer;
mod builder;
mod clients;
mod endpoint;
mod multipart;
mod request;

pub use self::answer::{TokenAnswer, TokenError};
pub use self::builder::{EndpointError, TokenEndpointBuilder};
pub use self::endpoint::TokenEndpoint;
pub use self::request::{ClientCredentials, Grant, MAX_BODY_BYTES, TokenRequest};
