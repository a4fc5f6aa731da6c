//! What belongs to [`JwtVerifier`](crate::JwtVerifier): its builder, its keys, and what can be wrong with them.
//!
//! JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) are signed as JWS
//! ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515)) and verified by the rules of
//! [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725).

mod audience;
pub(crate) mod build_error;
pub(crate) mod builder;
mod check_claims;
mod checks;
mod deviations;
mod difference;
mod header;
mod introspected;
mod issuer;
mod key_hint;
mod key_set;
pub(crate) mod key_sources;
mod malformed;
mod options;
mod presets;
pub(crate) mod provider;
mod required;
mod segments;
mod subject;
mod unverified_issuer;
#[cfg(test)]
mod vectors;
pub(crate) mod verifier;
pub(crate) mod verifier_keys;

pub use self::build_error::{BuildError, Problem};
pub use self::builder::JwtVerifierBuilder;
pub use self::check_claims::check_claims;
pub use self::introspected::IntrospectionRules;
pub use self::key_sources::JwtKeys;
pub use self::provider::Provider;
pub use self::unverified_issuer::unverified_issuer;
pub use self::verifier_keys::VerifierKeys;
pub use crate::jwk::set::{JwkSetError, SkippedKey};
pub use crate::key::error::KeyError;
pub use crate::key::given::GivenInstead;
pub use crate::token::form::is_jwt;
