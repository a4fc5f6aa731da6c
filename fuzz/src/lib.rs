//! What the fuzzer runs, and what has to hold of every input.
//!
//! Each target is a function of bytes that panics when a promise of the library is broken, and tells its
//! verdict, so that the same input can be held against the other crypto backend. `cargo fuzz` runs them on
//! inputs that it makes up; `cargo test -p auth-fuzz` runs them on stable over those that are committed
//! under `corpus`.
//!
//! | target | input | held against |
//! |---|---|---|
//! | [`bearer`] | values of the Authorization field, a line each | the grammar as a regular expression |
//! | [`token`] | a token; or header, 0xFF, claims, to be signed | nothing unsigned is accepted; what is accepted has every property asked for, by another reading |
//! | [`jwk`] | one JWK | what RFC 7517 and 7518 say of a key that verifies, by another reading |
//! | [`jwk_set`] | a JWK Set | each of its keys alone |
//! | [`challenge`] | a realm and the names of scopes, a line each | the parser of `http-auth` |
//! | [`differential`] | header, 0xFF, claims, to be signed | jsonwebtoken and jwt-simple |

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a broken promise panics"
)]

mod bearer;
mod challenge;
mod differential;
mod jwk;
mod jwk_set;
mod token;

pub use self::bearer::bearer;
pub use self::challenge::challenge;
pub use self::differential::differential;
pub use self::jwk::jwk;
pub use self::jwk_set::jwk_set;
pub use self::token::token;

/// A target: takes an input, tells the verdict.
pub type Target = fn(&[u8]) -> String;

/// All of them, by the names of their corpora.
pub const TARGETS: [(&str, Target); 6] = [
    ("bearer", bearer),
    ("token", token),
    ("jwk", jwk),
    ("jwk_set", jwk_set),
    ("challenge", challenge),
    ("differential", differential),
];
