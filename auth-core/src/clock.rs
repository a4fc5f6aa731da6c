//! The time, as a thing that is handed in.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells what time it is.
///
/// Every rule about time (`exp`, `nbf`, `iat`, leeway) asks the one clock that the verifier was
/// built with, so that a test can stand on either side of an edge without sleeping: see `TestClock`
/// in `auth-testing`.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted: a `NumericDate` as
    /// [RFC 7519 section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2) has it.
    ///
    /// `None` if the time is unknown. Then no token is accepted, and the answer is 503, since it says nothing about the
    /// token.
    fn now(&self) -> Option<u64>;
}

/// The clock of the operating system. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Option<u64> {
        SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|elapsed| elapsed.as_secs())
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Option<u64> {
        (**self).now()
    }
}
