//! Keys fetched over sockets of this machine, by the client that is the default, from a provider that fails as it is told.
//! Time is that of the provider's clock, so that a day passes in a moment, and none passes while the machine is busy.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod answers;
mod first_requests;
mod flood;
mod introspection;
mod limits;
mod outage;
mod rotation;
mod service;
mod validators;
