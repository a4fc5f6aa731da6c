//! Limits on guessing passwords.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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

/// The number of places for accounts, and of those for addresses; 8 bytes each.
const PLACES: u64 = 1 << 17;
const MOST_AT_ONCE: u32 = 10_000;
const LONGEST_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);
/// Attempts in progress of one address: a quarter of the calls that may wait for [`Passwords`](crate::Passwords).
const MOST_UNDER_WAY: u32 = 16;

const ONE: NonZeroU32 = NonZeroU32::new(1).unwrap();
const SIX: NonZeroU32 = NonZeroU32::new(6).unwrap();
const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
const THIRTY: NonZeroU32 = NonZeroU32::new(30).unwrap();
const FIFTY: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// Limits failed logins: some at once, and one more for each period that passes.
///
/// The limit per account keeps many addresses from guessing one password. The limit per address keeps one address from
/// guessing the passwords of many accounts.
///
/// [`TokenEndpoint`](crate::TokenEndpoint) applies it. Other ways to log in can, too:
///
/// ```
/// use auth_issuer::GuessLimits;
/// use std::net::{IpAddr, Ipv4Addr};
/// use std::time::Duration;
///
/// let limits = GuessLimits::new().per_account(3, Duration::from_secs(60))?;
/// let address = IpAddr::from(Ipv4Addr::LOCALHOST);
/// for _ in 0..3 {
///     let attempt = limits.attempt("alice", address)?;
///     drop(attempt); // the password was wrong; if it is right: `attempt.forget()`
/// }
/// assert_eq!(limits.attempt("alice", address).unwrap_err().retry_after, 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// 1. An attempt counts from the moment it begins, so that simultaneous guesses count too. An attempt that succeeds is
///    [forgotten](Attempt::forget) and no longer counts. One address may have 16 attempts in progress.
/// 2. Accounts that do not exist are limited like all others.
/// 3. IPv6 addresses are grouped by /56, since one customer usually controls the whole prefix. IPv4-mapped addresses
///    count as the IPv4 address, and so do those of NAT64 (`64:ff9b::/96`).
/// 4. Memory is bounded, and no entry is ever evicted: accounts and addresses are hashed to 131,072 places each, 5 MiB
///    in all. Two in the same place share a limit. Each process hashes differently.
///
/// Not checked: whether the address is the client's. Behind a proxy, use the address that the proxy reports, and trust
/// no other source. Each process has its own limits, and loses them when it restarts. An attacker who keeps guessing
/// keeps the owner of an account locked out. An attacker with many addresses, or many accounts, can keep the server
/// hashing.
pub struct GuessLimits {
    accounts: Limit,
    addresses: Limit,
    refreshes: Limit,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
}

/// Too many attempts. Answer 429 with `Retry-After`, as [`TokenError::TooManyAttempts`] does.
///
/// [`TokenError::TooManyAttempts`]: crate::TokenError::TooManyAttempts
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many attempts: the next one is judged in {retry_after} seconds")]
#[non_exhaustive]
pub struct TooManyAttempts {
    /// The number of seconds until the next attempt is judged.
    pub retry_after: u64,
}

/// A limit is out of range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a limit allows 1 to 10000 attempts at once, and another one each second to 24 hours")]
pub struct InvalidLimit;

/// An attempt that may be judged. It counts as failed unless it is [forgotten](Self::forget).
#[derive(Debug)]
#[must_use = "forget it when it has succeeded"]
pub struct Attempt<'a> {
    limits: &'a GuessLimits,
    account: Place,
    address: Place,
    has_failed: bool,
}

impl GuessLimits {
    /// Allows an account 10 failed logins at once and one more each minute, and an address 50 and one more every 10
    /// seconds.
    #[must_use]
    pub fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SinceStart(Instant::now()));
        let (accounts, addresses) = (Quota::per_minute(ONE), Quota::per_minute(SIX));
        Self::with(accounts.allow_burst(TEN), addresses.allow_burst(FIFTY), clock)
    }

    /// Sets how many failed logins an account may have at once, and after how long it may have one more. Resets all
    /// counts.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidLimit`] if a value is out of range.
    pub fn per_account(self, at_once: u32, period: Duration) -> Result<Self, InvalidLimit> {
        Ok(Self::with(quota(at_once, period)?, self.addresses.quota, self.clock))
    }

    /// Sets the same for an address. Resets all counts.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidLimit`] if a value is out of range.
    pub fn per_address(self, at_once: u32, period: Duration) -> Result<Self, InvalidLimit> {
        Ok(Self::with(self.accounts.quota, quota(at_once, period)?, self.clock))
    }

    /// Sets the clock. The default counts from when this value was created. A clock that cannot tell the time counts as
    /// stopped.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self::with(self.accounts.quota, self.addresses.quota, Arc::new(clock))
    }

    fn with(accounts: Quota, addresses: Quota, clock: Arc<dyn Clock>) -> Self {
        Self {
            accounts: Limit::new(accounts, &clock),
            addresses: Limit::new(addresses, &clock),
            refreshes: Limit::new(Quota::per_minute(ONE).allow_burst(THIRTY), &clock),
            clock,
            hasher: RandomState::new(),
        }
    }

    /// Begins an attempt. `account` names the account: every spelling of one account must be the same here.
    ///
    /// # Errors
    ///
    /// Returns [`TooManyAttempts`] if a limit is reached. Judge nothing then, and do not reveal whether the password
    /// was right.
    pub fn attempt(&self, account: &str, address: IpAddr) -> Result<Attempt<'_>, TooManyAttempts> {
        let (account, address) = (self.place(account), self.place(network(address)));
        self.addresses.begin(address, MOST_UNDER_WAY)?;
        if let Err(refused) = self.accounts.begin(account, u32::MAX) {
            // Nothing was guessed: an account that others have used up does not use up the address of its owner.
            self.addresses.end(address);
            return Err(refused);
        }
        Ok(Attempt { limits: self, account, address, has_failed: true })
    }

    /// Allows one login to be renewed 30 times at once, and one more time each minute.
    pub(crate) fn refresh(&self, family: &str) -> Result<(), TooManyAttempts> {
        self.refreshes.take(self.place(family))
    }

    fn place(&self, of: impl std::hash::Hash) -> Place {
        Place(self.hasher.hash_one(of) % PLACES)
    }
}

impl Attempt<'_> {
    /// Makes the attempt not count, because it succeeded or could not be judged.
    pub fn forget(mut self) {
        self.has_failed = false;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        for (limit, place) in [(&self.limits.accounts, self.account), (&self.limits.addresses, self.address)]
        {
            // Counted before it is no longer under way, so that nobody comes in between.
            if self.has_failed {
                let _ = limit.take(place);
            }
            limit.end(place);
        }
    }
}

impl Default for GuessLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for GuessLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuessLimits").finish_non_exhaustive()
    }
}

/// One of [`PLACES`].
#[derive(Clone, Copy, Debug)]
struct Place(u64);

impl Place {
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "there are as many as PLACES"
    )]
    fn of<T>(self, places: &[T]) -> &T {
        &places[self.0 as usize]
    }
}

/// Counts failed attempts by governor and attempts in progress by `under_way`, for each place.
struct Limit {
    limiter: RateLimiter<u64, States, Ticks, NoOpMiddleware<Nanos>>,
    states: States,
    under_way: Box<[AtomicU32]>,
    quota: Quota,
    start: Nanos,
}

impl Limit {
    fn new(quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        let states = States((0..PLACES).map(|_| InMemoryState::default()).collect());
        let clock = Ticks(clock.clone());
        let start = clock.now();
        let under_way = (0..PLACES).map(|_| AtomicU32::new(0)).collect();
        Self { limiter: RateLimiter::new(quota, states.clone(), clock), states, under_way, quota, start }
    }

    /// Lets an attempt begin if it, the attempts in progress and the failed ones are within the limit together.
    fn begin(&self, place: Place, most_under_way: u32) -> Result<(), TooManyAttempts> {
        let under_way = place.of(&self.under_way).fetch_add(1, Ordering::Acquire);
        let (period, burst) = (self.quota.replenish_interval(), self.quota.burst_size().get());
        let debt = self.debt(place);
        let failed = debt.as_nanos().div_ceil(period.as_nanos().max(1));
        if under_way < most_under_way && failed + u128::from(under_way) < u128::from(burst) {
            return Ok(());
        }
        self.end(place);
        // Until one of those that have failed counts no more, or one of those under way is over.
        let wait = debt.saturating_sub(period.saturating_mul(burst - 1));
        Err(TooManyAttempts { retry_after: in_seconds(wait) })
    }

    fn end(&self, place: Place) {
        place.of(&self.under_way).fetch_sub(1, Ordering::Release);
    }

    fn take(&self, place: Place) -> Result<(), TooManyAttempts> {
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

fn quota(at_once: u32, period: Duration) -> Result<Quota, InvalidLimit> {
    let at_once = NonZeroU32::new(at_once).filter(|most| most.get() <= MOST_AT_ONCE).ok_or(InvalidLimit)?;
    let allowed = Duration::from_secs(1)..=LONGEST_PERIOD;
    let quota = Quota::with_period(period).filter(|_| allowed.contains(&period)).ok_or(InvalidLimit)?;
    Ok(quota.allow_burst(at_once))
}

/// One for each place.
#[derive(Clone)]
struct States(Arc<[InMemoryState]>);

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
struct SinceStart(Instant);

impl Clock for SinceStart {
    fn now(&self) -> Option<u64> {
        Some(self.0.elapsed().as_secs())
    }
}

/// Returns what one customer controls: an IPv4 address, or a /56 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => match address.segments() {
            // RFC 6052: a translator's address for an IPv4 address.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
                Ipv4Addr::new(a, b, c, d).into()
            }
            _ => Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> 56)).into(),
        },
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests;
