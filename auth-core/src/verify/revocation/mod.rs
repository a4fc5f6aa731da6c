//! Tokens that count no more, although their signatures do.

pub(crate) mod outage;
pub(crate) mod revocations;
mod table;
pub(crate) mod view;
