//! One limit on many keys, in bounded memory.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use auth_core::Clock;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};

use super::{InvalidLimit, TooManyAttempts};

/// The number of places of each limit; 12 bytes each.
pub(super) const PLACES: u64 = 1 << 17;
const MOST_AT_ONCE: u32 = 10_000;
const LONGEST_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

/// One of [`PLACES`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Place(pub(super) u64);

impl Place {
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "there are as many as PLACES"
    )]
    pub(super) fn of<T>(self, places: &[T]) -> &T {
        &places[self.0 as usize]
    }
}

/// Counts failed attempts by governor and attempts in progress by `under_way`, for each place.
pub(super) struct Limit {
    limiter: RateLimiter<u64, States, Ticks, NoOpMiddleware<Nanos>>,
    pub(super) states: States,
    pub(super) under_way: Box<[AtomicU32]>,
    pub(super) quota: Quota,
    most_under_way: u32,
    start: Nanos,
}

impl Limit {
    pub(super) fn new(quota: Quota, most_under_way: u32, clock: &Arc<dyn Clock>) -> Self {
        let states = States((0..PLACES).map(|_| InMemoryState::default()).collect());
        let clock = Ticks(clock.clone());
        let start = clock.now();
        let under_way = (0..PLACES).map(|_| AtomicU32::new(0)).collect();
        let limiter = RateLimiter::new(quota, states.clone(), clock);
        Self { limiter, states, under_way, quota, most_under_way, start }
    }

    /// Lets an attempt begin if it, the attempts in progress and the failed ones are within the limit together.
    pub(super) fn begin(&self, place: Place) -> Result<(), TooManyAttempts> {
        let under_way = place.of(&self.under_way).fetch_add(1, Ordering::Acquire);
        let (period, burst) = (self.quota.replenish_interval(), self.quota.burst_size().get());
        let debt = self.debt(place);
        let failed = debt.as_nanos().div_ceil(period.as_nanos().max(1));
        if under_way < self.most_under_way && failed + u128::from(under_way) < u128::from(burst) {
            return Ok(());
        }
        self.end(place);
        // Until one of those that have failed counts no more, or one of those under way is over.
        let wait = debt.saturating_sub(period.saturating_mul(burst - 1));
        Err(TooManyAttempts { retry_after: in_seconds(wait) })
    }

    pub(super) fn end(&self, place: Place) {
        place.of(&self.under_way).fetch_sub(1, Ordering::Release);
    }

    pub(super) fn take(&self, place: Place) -> Result<(), TooManyAttempts> {
        self.limiter.check_key(&place.0).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            TooManyAttempts { retry_after: in_seconds(wait) }
        })
    }

    /// Returns how long until no failed attempt counts any more. governor stores that time, measured from its start.
    fn debt(&self, place: Place) -> Duration {
        let read = |state: Option<Nanos>| Err::<((), Nanos), _>(state.map_or(0, Nanos::as_u64));
        let until = self.states.measure_and_replace(&place.0, read).err().unwrap_or_default();
        let now = self.limiter.clock().now().as_u64().saturating_sub(self.start.as_u64());
        Duration::from_nanos(until.saturating_sub(now))
    }
}

/// Rounds up, since a retry that comes too early is useless.
fn in_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

pub(super) fn quota(at_once: u32, period: Duration) -> Result<Quota, InvalidLimit> {
    let at_once = NonZeroU32::new(at_once).filter(|most| most.get() <= MOST_AT_ONCE).ok_or(InvalidLimit)?;
    let allowed = Duration::from_secs(1)..=LONGEST_PERIOD;
    let quota = Quota::with_period(period).filter(|_| allowed.contains(&period)).ok_or(InvalidLimit)?;
    Ok(quota.allow_burst(at_once))
}

/// One for each place.
#[derive(Clone)]
pub(super) struct States(pub(super) Arc<[InMemoryState]>);

impl StateStore for States {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, place: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        Place(*place).of(&self.0).measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

/// Our clock as governor's.
#[derive(Debug)]
struct Ticks(Arc<dyn Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let seconds = self.0.now().unwrap_or_default();
        // Far enough from the end that governor can add to it.
        seconds.saturating_mul(1_000_000_000).min(u64::MAX / 4).into()
    }
}

/// Measures how long it has run, unaffected by changes of the system time.
#[derive(Debug)]
pub(super) struct SinceStart(pub(super) Instant);

impl Clock for SinceStart {
    fn now(&self) -> Option<u64> {
        Some(self.0.elapsed().as_secs())
    }
}

/// Returns a quota of so many times as much.
pub(super) fn times(quota: Quota, factor: NonZeroU32) -> Quota {
    let period = Quota::with_period(quota.replenish_interval() / factor.get()).unwrap_or(quota);
    period.allow_burst(quota.burst_size().saturating_mul(factor))
}
