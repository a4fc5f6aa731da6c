//! What the benchmarks share.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod handwritten;
mod request;
mod table;
mod token;

pub use self::handwritten::{Handwritten, HandwrittenUser, listener};
pub use self::request::{at_once, authenticate};
pub use self::table::{Candidate, Row, Table, median};
pub use self::token::{Claims, mint, mint_for};
