//! Keys that verify signatures: what they are for, what they have to pass, and how they verify.

pub(crate) mod algorithm;
mod binary;
pub(crate) mod crypto;
pub(crate) mod curve;
pub(crate) mod error;
pub(crate) mod given;
pub(crate) mod material;
pub(crate) mod pem;
pub(crate) mod rules;
mod secret;
pub(crate) mod verification_key;
mod vetting;
mod writing;
