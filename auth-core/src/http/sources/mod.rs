//! Where credentials are looked for, and how each place is read.

mod basic;
pub(crate) mod cookie;
pub(crate) mod fault;
mod field;
pub(crate) mod find;
pub(crate) mod reading;
pub(crate) mod source;
pub(crate) mod subprotocol;
