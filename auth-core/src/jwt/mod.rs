//! Verification of JSON Web Tokens ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)) signed as
//! JWS ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515)), by the rules of
//! [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725).

pub(crate) mod build_error;
pub(crate) mod builder;
mod checks;
mod header;
mod key_set;
pub(crate) mod key_sources;
mod segments;
pub(crate) mod verifier;
pub(crate) mod verifier_keys;
