//! Keys that verify signatures: what they are for, what they have to pass, and how they verify.

pub(crate) mod algorithm;
mod crypto;
pub(crate) mod error;
pub(crate) mod pem;
pub(crate) mod verification_key;
mod vetting;
