#![doc = include_str!("../README.md")]

mod demand;
mod refusals;
mod security_docs;

pub use auth_core::Scope;

pub use crate::security_docs::{SecurityDocs, SecurityDocsError};
