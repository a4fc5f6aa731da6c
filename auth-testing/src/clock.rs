//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use auth_core::Clock;

/// A clock that stands still until a test moves it. Clones show the same time.
///
/// ```
/// use auth_testing::TestClock;
/// use auth_core::Clock;
/// use std::time::Duration;
///
/// let clock = TestClock::default();
/// let before = clock.now().unwrap();
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now(), Some(before + 90));
/// ```
#[derive(Clone, Debug)]
pub struct TestClock {
    seconds: Arc<AtomicU64>,
}

impl TestClock {
    /// Shows this time, in seconds since 1970.
    #[must_use]
    pub fn at(seconds: u64) -> Self {
        Self { seconds: Arc::new(AtomicU64::new(seconds)) }
    }

    /// Shows another time.
    pub fn set(&self, seconds: u64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }

    /// Moves forward by whole seconds.
    pub fn advance(&self, by: Duration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
    }

    /// Moves backward by whole seconds, to 1970 at the earliest.
    pub fn turn_back(&self, by: Duration) {
        let back = |seconds: u64| Some(seconds.saturating_sub(by.as_secs()));
        let _ = self.seconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, back);
    }
}

/// 2033-05-18T03:33:20Z: two thousand million seconds.
impl Default for TestClock {
    fn default() -> Self {
        Self::at(2_000_000_000)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Option<u64> {
        Some(self.seconds.load(Ordering::SeqCst))
    }
}
