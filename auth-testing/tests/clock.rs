//! A clock by which a day passes in a millisecond, for tasks and for threads.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use auth_core::Clock;
use auth_testing::TestClock;
use futures_executor::block_on;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll(future: std::pin::Pin<&mut impl Future<Output = ()>>, wakes: &Arc<Wakes>) -> Poll<()> {
    let waker = Waker::from(wakes.clone());
    future.poll(&mut Context::from_waker(&waker))
}

#[test]
fn fractions_of_a_second_add_up() {
    let clock = TestClock::at(100);
    let shown = [400, 500, 100].map(|millis| {
        clock.advance(Duration::from_millis(millis));
        clock.now()
    });
    assert_eq!(shown, [Some(100), Some(100), Some(101)]);
    assert_eq!(clock.elapsed(), seconds(1));
}

#[test]
fn elapsed_time_never_decreases() {
    let clock = TestClock::at(100);
    clock.set(110);
    assert_eq!(clock.elapsed(), seconds(10));
    clock.turn_back(seconds(50));
    clock.set(10);
    assert_eq!((clock.now(), clock.elapsed()), (Some(10), seconds(10)));
    clock.advance(seconds(5));
    assert_eq!((clock.now(), clock.elapsed()), (Some(15), seconds(15)));
    clock.turn_back(DAY);
    assert_eq!(clock.now(), Some(0));
}

#[test]
fn the_end_of_time_is_no_panic() {
    let clock = TestClock::at(u64::MAX);
    clock.advance(Duration::MAX);
    clock.advance(seconds(1));
    assert_eq!((clock.now(), clock.elapsed()), (Some(u64::MAX), Duration::MAX));
}

#[test]
fn what_is_due_does_not_wait() {
    let clock = TestClock::default();
    block_on(clock.sleep_until(Duration::ZERO));
    clock.advance(DAY);
    block_on(clock.sleep_until(DAY));
    clock.block_until(DAY);
    assert_eq!(clock.sleepers(), 0);
}

#[test]
fn a_sleeper_is_woken_when_it_is_due_and_not_before() {
    let (clock, wakes) = (TestClock::default(), Arc::<Wakes>::default());
    let mut sleep = pin!(clock.sleep_until(seconds(10)));
    assert_eq!(clock.sleepers(), 0);
    assert_eq!(poll(sleep.as_mut(), &wakes), Poll::Pending);
    assert_eq!(poll(sleep.as_mut(), &wakes), Poll::Pending);
    assert_eq!(clock.sleepers(), 1);

    clock.advance(Duration::from_millis(9_999));
    clock.turn_back(DAY);
    assert_eq!((wakes.count(), clock.sleepers()), (0, 1));
    clock.advance(Duration::from_millis(1));
    assert_eq!((wakes.count(), clock.sleepers()), (1, 0));
    assert_eq!(poll(sleep.as_mut(), &wakes), Poll::Ready(()));
    clock.advance(DAY);
    assert_eq!(wakes.count(), 1);
}

#[test]
fn a_later_time_that_is_set_wakes_too() {
    let (clock, wakes) = (TestClock::at(100), Arc::<Wakes>::default());
    let mut sleep = pin!(clock.sleep_until(seconds(10)));
    assert_eq!(poll(sleep.as_mut(), &wakes), Poll::Pending);
    clock.set(50);
    assert_eq!(wakes.count(), 0);
    clock.set(60);
    assert_eq!(poll(sleep.as_mut(), &wakes), Poll::Ready(()));
}

#[test]
fn the_last_waker_counts() {
    let clock = TestClock::default();
    let [first, second] = [Arc::<Wakes>::default(), Arc::default()];
    let mut sleep = pin!(clock.sleep_until(seconds(10)));
    assert_eq!(poll(sleep.as_mut(), &first), Poll::Pending);
    assert_eq!(poll(sleep.as_mut(), &second), Poll::Pending);
    assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 2));
    clock.advance(DAY);
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn a_dropped_sleeper_leaves_nothing_behind() {
    let (clock, wakes) = (TestClock::default(), Arc::<Wakes>::default());
    for _ in 0..100 {
        let mut sleep = Box::pin(clock.sleep_until(seconds(10)));
        assert_eq!(poll(sleep.as_mut(), &wakes), Poll::Pending);
    }
    assert_eq!((clock.sleepers(), Arc::strong_count(&wakes)), (0, 1));
    clock.advance(DAY);
    assert_eq!(wakes.count(), 0);
}

/// A waker may own the task that sleeps: whoever drops or wakes it with the clock locked waits for ever.
#[test]
fn a_waker_may_use_the_clock() {
    struct Uses(TestClock);
    impl Wake for Uses {
        fn wake(self: Arc<Self>) {
            self.0.advance(seconds(1));
        }
    }
    impl Drop for Uses {
        fn drop(&mut self) {
            self.0.advance(seconds(1));
        }
    }
    let clock = TestClock::default();
    let mut sleep = Box::pin(clock.sleep_until(DAY));
    for _ in 0..3 {
        let waker = Waker::from(Arc::new(Uses(clock.clone())));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    drop(sleep);
    assert_eq!(clock.elapsed(), seconds(3));

    let waker = Waker::from(Arc::new(Uses(clock.clone())));
    let mut sleep = Box::pin(clock.sleep_until(DAY));
    assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    clock.advance(DAY);
    assert_eq!(clock.elapsed(), DAY + seconds(5));
    assert!(sleep.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
}

#[test]
fn tasks_and_threads_are_woken_from_any_thread() {
    const EACH: u64 = 20;
    let clock = TestClock::default();
    thread::scope(|scope| {
        for place in 1..=EACH {
            let clock = &clock;
            scope.spawn(move || block_on(clock.sleep_until(seconds(place))));
            scope.spawn(move || clock.block_until(seconds(place)));
        }
        clock.wait_for_sleepers(2 * 20);
        clock.advance(seconds(EACH / 2));
        assert_eq!(clock.sleepers(), 20);
        clock.advance(DAY);
        assert_eq!(clock.sleepers(), 0);
    });
}

/// Some begin to wait while the clock moves: none misses it.
#[test]
fn no_wake_up_is_lost() {
    let clock = TestClock::default();
    for round in 1..=200 {
        let until = seconds(round);
        thread::scope(|scope| {
            scope.spawn(|| block_on(clock.sleep_until(until)));
            scope.spawn(|| clock.block_until(until));
            scope.spawn(|| clock.advance(seconds(1)));
        });
    }
    assert_eq!((clock.sleepers(), clock.elapsed()), (0, seconds(200)));
}

#[cfg(feature = "identity-provider")]
#[test]
fn the_clock_is_a_timer_of_auth_oidc() {
    use auth_oidc::Timer;

    let clock = TestClock::default();
    let timer: &dyn Timer = &clock;
    thread::scope(|scope| {
        scope.spawn(|| block_on(timer.sleep_until(DAY)));
        clock.wait_for_sleepers(1);
        clock.advance(DAY);
    });
    assert_eq!(timer.elapsed(), DAY);
}
