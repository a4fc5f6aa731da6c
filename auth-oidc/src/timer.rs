//! The passing of time, as a thing that is handed in.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

/// Tells how much time has passed, and waits. The default is Tokio's; `TestClock` in `auth-testing` is another, by which
/// a day passes in a millisecond.
#[async_trait]
pub trait Timer: fmt::Debug + Send + Sync + 'static {
    /// The time since some fixed moment. It never decreases.
    fn elapsed(&self) -> Duration;

    /// Waits until [`elapsed`](Self::elapsed) is at least this.
    async fn sleep_until(&self, elapsed: Duration);
}

#[async_trait]
impl<T: Timer + ?Sized> Timer for std::sync::Arc<T> {
    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }

    async fn sleep_until(&self, elapsed: Duration) {
        (**self).sleep_until(elapsed).await;
    }
}

/// The timer of Tokio. The default.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    start: Instant,
}

impl TokioTimer {
    /// Counts from now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Timer for TokioTimer {
    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    async fn sleep_until(&self, elapsed: Duration) {
        tokio::time::sleep_until(self.start + elapsed).await;
    }
}
