//! What the benchmarks share.

mod table;
mod token;

pub use self::table::{Candidate, Row, Table};
pub use self::token::{Claims, mint, mint_for};
