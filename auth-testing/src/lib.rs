#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test kit tells of a mistake in a test by panicking"
)]

mod base64url;
mod clock;
pub mod conformance;
mod draft;
mod explain;
#[cfg(feature = "identity-provider")]
mod identity_provider;
mod issuer;
mod lock;
mod openapi_probe;
mod request;
mod signing;

pub use crate::clock::{Sleep, TestClock};
pub use crate::draft::TokenDraft;
#[cfg(feature = "identity-provider")]
pub use crate::identity_provider::{Behavior, Endpoint, TestIdentityProvider};
pub use crate::issuer::TestIssuer;
pub use crate::openapi_probe::{OpenApiProbe, ProbeReport};
pub use crate::request::TestRequest;
