//! A clock that stands still until a test moves it.

mod sleep;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use auth_core::Clock;

use self::sleep::Sleepers;
use crate::lock::lock;

pub use self::sleep::Sleep;

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
///
/// Code that waits by this clock continues as soon as a test has moved it far enough: a day passes in a millisecond.
/// Tasks wait in [`sleep_until`](Self::sleep_until), threads in [`block_until`](Self::block_until). With feature
/// `identity-provider` the clock is a `Timer` of `auth-oidc`.
///
/// ```
/// use auth_testing::TestClock;
/// use std::thread;
/// use std::time::Duration;
///
/// let clock = TestClock::default();
/// let tomorrow = clock.elapsed() + Duration::from_secs(24 * 60 * 60);
/// thread::scope(|scope| {
///     scope.spawn(|| clock.block_until(tomorrow));
///     clock.wait_for_sleepers(1);
///     clock.advance(Duration::from_secs(24 * 60 * 60));
/// });
/// assert_eq!(clock.sleepers(), 0);
/// ```
#[derive(Clone)]
pub struct TestClock {
    shared: Arc<Shared>,
}

struct Shared {
    time: Mutex<Time>,
    /// Notified if the clock has moved, and if there is a new sleeper.
    changed: Condvar,
}

struct Time {
    /// Since 1970.
    now: Duration,
    elapsed: Duration,
    sleepers: Sleepers,
}

impl TestClock {
    /// Shows this time, in seconds since 1970.
    #[must_use]
    pub fn at(seconds: u64) -> Self {
        let now = Duration::from_secs(seconds);
        let time = Time { now, elapsed: Duration::ZERO, sleepers: Sleepers::default() };
        Self { shared: Arc::new(Shared { time: Mutex::new(time), changed: Condvar::new() }) }
    }

    /// Shows another time. A later one counts as elapsed time.
    pub fn set(&self, seconds: u64) {
        self.change(|time| {
            let now = Duration::from_secs(seconds);
            time.elapsed = time.elapsed.saturating_add(now.saturating_sub(time.now));
            time.now = now;
        });
    }

    /// Moves forward. Fractions of a second add up, although [`Clock::now`] shows whole seconds.
    pub fn advance(&self, by: Duration) {
        self.change(|time| {
            time.elapsed = time.elapsed.saturating_add(by);
            time.now = time.now.saturating_add(by);
        });
    }

    /// Moves backward, to 1970 at the earliest. The [elapsed](Self::elapsed) time stays, and nobody wakes.
    pub fn turn_back(&self, by: Duration) {
        self.change(|time| time.now = time.now.saturating_sub(by));
    }

    /// Returns how far the clock has moved forward since it was made. It never decreases.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        lock(&self.shared.time).elapsed
    }

    /// Returns how many tasks and threads are waiting for this clock. Those that were due when it moved do not count.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        lock(&self.shared.time).sleepers.len()
    }

    /// Changes the time, then wakes the sleepers that are due. They wake unlocked, since a waker may run any code.
    fn change(&self, change: impl FnOnce(&mut Time)) {
        let due = {
            let mut time = lock(&self.shared.time);
            change(&mut time);
            let elapsed = time.elapsed;
            time.sleepers.take_due(elapsed)
        };
        self.shared.changed.notify_all();
        for waker in due {
            waker.wake();
        }
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
        Some(lock(&self.shared.time).now.as_secs())
    }
}

impl fmt::Debug for TestClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = lock(&self.shared.time);
        f.debug_struct("TestClock")
            .field("now", &time.now)
            .field("elapsed", &time.elapsed)
            .field("sleepers", &time.sleepers.len())
            .finish()
    }
}

#[cfg(feature = "identity-provider")]
#[auth_core::async_trait]
impl auth_oidc::Timer for TestClock {
    fn elapsed(&self) -> Duration {
        Self::elapsed(self)
    }

    async fn sleep_until(&self, elapsed: Duration) {
        Self::sleep_until(self, elapsed).await;
    }
}
