//! The way of a request: credentials, verdict, policy, caller.

pub(crate) mod authenticated;
pub(crate) mod authenticator;
pub(crate) mod guard;
pub(crate) mod rejections;
pub(crate) mod user;
