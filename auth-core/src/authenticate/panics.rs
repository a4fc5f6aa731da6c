//! Code of the application that panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::token::error::VerifyError;

/// Runs code of the application. If it panics, it has not accepted. (If panics abort, the process does.)
pub(crate) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, VerifyError> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|_| VerifyError::Misconfigured("it panicked"))
}
