#![doc = include_str!("../README.md")]

mod fetch;
mod timer;

pub use self::fetch::{Fetch, FetchError, FetchErrorKind, MaxBytes};
pub use self::timer::{Timer, TokioTimer};
