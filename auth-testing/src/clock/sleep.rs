//! Waiting for a clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::TestClock;
use crate::lock::lock;

impl TestClock {
    /// Waits until [`elapsed`](Self::elapsed) is at least this.
    ///
    /// The future may be dropped at any time. It counts as one of the [`sleepers`](Self::sleepers) from its first poll
    /// until it is due or dropped.
    pub fn sleep_until(&self, elapsed: Duration) -> Sleep {
        Sleep { clock: self.clone(), until: elapsed, id: None }
    }

    /// Blocks this thread until [`elapsed`](Self::elapsed) is at least this. In asynchronous code, await
    /// [`sleep_until`](Self::sleep_until).
    pub fn block_until(&self, elapsed: Duration) {
        self.block_until_or(elapsed, || false);
    }

    /// Blocks this thread until there are at least this many [`sleepers`](Self::sleepers).
    ///
    /// Call it before [`advance`](Self::advance) if another thread begins to wait: how long it waits counts from the
    /// time that the clock shows when it begins. In asynchronous code, yield while [`sleepers`](Self::sleepers) is too
    /// small.
    pub fn wait_for_sleepers(&self, count: usize) {
        let mut time = lock(&self.shared.time);
        while time.sleepers.len() < count {
            time = self.shared.changed.wait(time).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Blocks until it is this late, or until the condition holds; `interrupt` makes it look. Whether it is
    /// this late.
    pub(crate) fn block_until_or(&self, elapsed: Duration, interrupted: impl Fn() -> bool) -> bool {
        let mut time = lock(&self.shared.time);
        if time.elapsed >= elapsed {
            return true;
        }
        let id = time.sleepers.add(elapsed, Waker::noop().clone());
        self.shared.changed.notify_all();
        while time.elapsed < elapsed && !interrupted() {
            time = self.shared.changed.wait(time).unwrap_or_else(PoisonError::into_inner);
        }
        time.sleepers.remove(id);
        time.elapsed >= elapsed
    }

    /// Lets blocked threads look at their conditions. Locks, so that none misses it between a look and its wait.
    #[cfg(feature = "identity-provider")]
    pub(crate) fn interrupt(&self) {
        let _time = lock(&self.shared.time);
        self.shared.changed.notify_all();
    }
}

/// Waits for a clock; see [`TestClock::sleep_until`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Sleep {
    clock: TestClock,
    until: Duration,
    /// The place among the sleepers, once polled.
    id: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let waker = context.waker().clone();
        // Dropped unlocked: a waker may own a task, and the task another sleep.
        let replaced;
        let mut time = lock(&this.clock.shared.time);
        if time.elapsed >= this.until {
            return Poll::Ready(());
        }
        match this.id {
            None => {
                this.id = Some(time.sleepers.add(this.until, waker));
                this.clock.shared.changed.notify_all();
                replaced = None;
            }
            Some(id) => replaced = time.sleepers.replace(id, waker),
        }
        drop(time);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let removed = lock(&self.clock.shared.time).sleepers.remove(id);
        drop(removed);
    }
}

/// Who waits, and for what time.
#[derive(Default)]
pub(super) struct Sleepers {
    waiting: Vec<Sleeper>,
    last_id: u64,
}

struct Sleeper {
    id: u64,
    until: Duration,
    waker: Waker,
}

impl Sleepers {
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Removes those that are due, and returns their wakers: who has waited for the earliest time is the first.
    pub(super) fn take_due(&mut self, elapsed: Duration) -> Vec<Waker> {
        let (mut due, waiting) =
            std::mem::take(&mut self.waiting).into_iter().partition::<Vec<_>, _>(|one| one.until <= elapsed);
        self.waiting = waiting;
        due.sort_by_key(|sleeper| sleeper.until);
        due.into_iter().map(|sleeper| sleeper.waker).collect()
    }

    fn add(&mut self, until: Duration, waker: Waker) -> u64 {
        self.last_id += 1;
        self.waiting.push(Sleeper { id: self.last_id, until, waker });
        self.last_id
    }

    fn replace(&mut self, id: u64, waker: Waker) -> Option<Waker> {
        let sleeper = self.waiting.iter_mut().find(|sleeper| sleeper.id == id)?;
        Some(std::mem::replace(&mut sleeper.waker, waker))
    }

    fn remove(&mut self, id: u64) -> Option<Waker> {
        let place = self.waiting.iter().position(|sleeper| sleeper.id == id)?;
        Some(self.waiting.remove(place).waker)
    }
}
