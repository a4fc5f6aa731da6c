//! What this server tells clients about itself: the metadata of a protected resource (RFC 9728).

pub(crate) mod builder;
pub(crate) mod error;
pub(crate) mod metadata;
pub(crate) mod protected_resource;
mod url;
