#![doc = include_str!("../README.md")]

mod address;
mod backoff;
#[cfg(feature = "client")]
mod client;
mod configured_client;
mod counters;
mod driver;
mod error;
mod fetch;
mod freshness;
mod introspection;
mod issuers;
mod keys;
mod metadata;
mod network;
mod oidc;
mod place;
mod source;
mod status;
mod tenants;
mod timer;
mod verifier;

pub use auth_core::async_trait;

pub use self::address::AddressError;
#[cfg(feature = "client")]
pub use self::client::{HttpClient, HttpClientBuilder, HttpClientError, Resolve};
pub use self::counters::Stats;
pub use self::error::{ConnectError, SourceError};
pub use self::fetch::{Fetch, FetchError, FetchErrorKind, MaxBytes};
pub use self::introspection::{Introspection, SignAssertion};
pub use self::issuers::Issuers;
pub use self::network::Network;
pub use self::oidc::Oidc;
pub use self::status::Health;
pub use self::tenants::IssuerDirectory;
pub use self::timer::{Timer, TokioTimer};
pub use self::verifier::OidcVerifier;
