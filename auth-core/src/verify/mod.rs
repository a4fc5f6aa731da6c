//! Who judges a token.

pub(crate) mod cache;
pub(crate) mod chain;
pub(crate) mod failure;
pub(crate) mod hint;
pub(crate) mod revocation;
pub(crate) mod router;
pub(crate) mod verifier;
