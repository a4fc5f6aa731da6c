//! The way of a request: credentials, verdict, policy, caller.

pub(crate) mod authenticated;
pub(crate) mod authenticator;
mod caller;
pub(crate) mod context;
pub(crate) mod extract;
pub(crate) mod findings;
pub(crate) mod guard;
pub(crate) mod judge;
mod panics;
mod refusal_kind;
mod refusal_log;
mod rejections;
mod same_origin;
pub(crate) mod scoped;
mod setup;
mod shared;
mod subject_field;
pub(crate) mod user;
pub(crate) mod user_loading;
