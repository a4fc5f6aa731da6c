//! What a token says.

pub(crate) mod claim_path;
pub(crate) mod claims;
pub(crate) mod error;
pub(crate) mod scope;
