//! Limits on guessing passwords: per account, so that many addresses together cannot guess one password, and per
//! address, so that one cannot guess many.

use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth_core::Clock;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;

/// How many accounts, and how many addresses, are kept in mind; under 200 bytes each.
const REMEMBERED: usize = 50_000;
const MOST_AT_ONCE: u32 = 10_000;
const LONGEST_PERIOD: Duration = Duration::from_secs(24 * 60 * 60);

/// Slows down who guesses: so many failed logins at once, and one more for each period that passes.
///
/// [`TokenEndpoint`](crate::TokenEndpoint) asks it. Logins in other ways can too:
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
/// 1. An attempt counts from when it begins, so that guesses made at the same moment count too. One that
///    succeeds is [forgotten](Attempt::forget).
/// 2. Accounts that nobody has are limited like all others.
/// 3. Of an IPv6 address the first 64 bits count, for whoever has one has all of these.
/// 4. Memory is bounded: 50,000 accounts and as many addresses. Beyond that those are forgotten that were asked for
///    least.
///
/// Not checked: whether the address is the client's. Behind a proxy, take what the proxy says, and from nobody else.
/// And whoever wants an account's owner locked out can go on guessing: choose the period accordingly.
pub struct GuessLimits {
    accounts: Limit,
    addresses: Limit,
    clock: Arc<dyn Clock>,
    hasher: RandomState,
}

/// Too many attempts; answer 429 with `Retry-After`, as [`TokenError::TooManyAttempts`] does.
///
/// [`TokenError::TooManyAttempts`]: crate::TokenError::TooManyAttempts
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many attempts: the next one is judged in {retry_after} seconds")]
#[non_exhaustive]
pub struct TooManyAttempts {
    /// In how many seconds the next attempt will be judged.
    pub retry_after: u64,
}

/// A limit that cannot be kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a limit allows 1 to 10000 attempts at once, and another one each second to 24 hours")]
pub struct InvalidLimit;

/// An attempt that may be judged. It counts as failed unless it is [forgotten](Self::forget).
#[derive(Debug)]
#[must_use = "forget it when it has succeeded"]
pub struct Attempt<'a> {
    limits: &'a GuessLimits,
    account: u64,
    address: u64,
}

impl GuessLimits {
    /// 10 failed logins at once and another one each minute for an account; 50, and another one each 10 seconds for
    /// an address.
    #[must_use]
    pub fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SinceStart(Instant::now()));
        let (accounts, addresses) =
            (Quota::per_minute(ONE).allow_burst(TEN), Quota::per_minute(SIX).allow_burst(FIFTY));
        Self::with(accounts, addresses, clock)
    }

    /// How many failed logins an account may have at once, and how long until it may have another one. Begins anew.
    ///
    /// # Errors
    ///
    /// [`InvalidLimit`].
    pub fn per_account(self, at_once: u32, period: Duration) -> Result<Self, InvalidLimit> {
        Ok(Self::with(quota(at_once, period)?, self.addresses.quota, self.clock))
    }

    /// The same for an address.
    ///
    /// # Errors
    ///
    /// [`InvalidLimit`].
    pub fn per_address(self, at_once: u32, period: Duration) -> Result<Self, InvalidLimit> {
        Ok(Self::with(self.accounts.quota, quota(at_once, period)?, self.clock))
    }

    /// The clock to ask, instead of how long this has existed. One that cannot tell the time counts as stopped.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self::with(self.accounts.quota, self.addresses.quota, Arc::new(clock))
    }

    fn with(accounts: Quota, addresses: Quota, clock: Arc<dyn Clock>) -> Self {
        let (accounts, addresses) = (Limit::new(accounts, &clock), Limit::new(addresses, &clock));
        Self { accounts, addresses, clock, hasher: RandomState::new() }
    }

    /// Begins an attempt. `account` is the name as it was typed, or as the store folds it where several ways of
    /// writing it mean the same account.
    ///
    /// # Errors
    ///
    /// [`TooManyAttempts`]: then nothing may be judged, nor told whether the password was right.
    pub fn attempt(&self, account: &str, address: IpAddr) -> Result<Attempt<'_>, TooManyAttempts> {
        let (account, address) = (self.hasher.hash_one(account), self.hasher.hash_one(network(address)));
        // The address first: one that has used up its own attempts does not use up those of accounts.
        self.addresses.take(address)?;
        self.accounts.take(account)?;
        Ok(Attempt { limits: self, account, address })
    }
}

impl Attempt<'_> {
    /// It does not count: it has succeeded, or could not be judged.
    pub fn forget(self) {
        self.limits.accounts.give_back(self.account);
        self.limits.addresses.give_back(self.address);
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

const ONE: NonZeroU32 = NonZeroU32::new(1).unwrap();
const SIX: NonZeroU32 = NonZeroU32::new(6).unwrap();
const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
const FIFTY: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// governor decides, for each key apart.
struct Limit {
    limiter: RateLimiter<u64, States, Ticks, NoOpMiddleware<Nanos>>,
    states: States,
    quota: Quota,
}

impl Limit {
    fn new(quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        let states = States(Arc::new(Cache::new(REMEMBERED)));
        let limiter = RateLimiter::new(quota, states.clone(), Ticks(clock.clone()));
        Self { limiter, states, quota }
    }

    fn take(&self, key: u64) -> Result<(), TooManyAttempts> {
        self.limiter.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            TooManyAttempts { retry_after: wait.as_secs().max(1) }
        })
    }

    fn give_back(&self, key: u64) {
        let one = Nanos::from(self.quota.replenish_interval());
        // What is not there any more has nothing to be given back.
        let given = |state: Option<Nanos>| match state {
            Some(state) => Ok(((), state.saturating_sub(one))),
            None => Err(()),
        };
        let _ = self.states.measure_and_replace(&key, given);
    }
}

fn quota(at_once: u32, period: Duration) -> Result<Quota, InvalidLimit> {
    let at_once = NonZeroU32::new(at_once).filter(|most| most.get() <= MOST_AT_ONCE).ok_or(InvalidLimit)?;
    let allowed = Duration::from_secs(1)..=LONGEST_PERIOD;
    let quota = Quota::with_period(period).filter(|_| allowed.contains(&period)).ok_or(InvalidLimit)?;
    Ok(quota.allow_burst(at_once))
}

/// As many as are kept in mind.
#[derive(Clone)]
struct States(Arc<Cache<u64, Arc<InMemoryState>>>);

impl StateStore for States {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let state = self.0.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::default()));
        let Ok(state) = state;
        state.measure_and_replace(&NotKeyed::NonKey, decide)
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

/// How long it has run, whatever is done to the clock of the operating system.
#[derive(Debug)]
struct SinceStart(Instant);

impl Clock for SinceStart {
    fn now(&self) -> Option<u64> {
        Some(self.0.elapsed().as_secs())
    }
}

/// What has one address: an IPv4 address, or 64 bits of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use auth_testing::TestClock;

    const MINUTE: Duration = Duration::from_secs(60);

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn fails(limits: &GuessLimits, account: &str, from: IpAddr) -> Result<(), u64> {
        limits.attempt(account, from).map(drop).map_err(|refused| refused.retry_after)
    }

    #[test]
    fn an_account_has_so_many_attempts_and_one_more_each_period() {
        let clock = TestClock::at(1_000);
        let limits = GuessLimits::new().per_account(3, MINUTE).unwrap().clock(clock.clone());
        for last in 0..3 {
            assert_eq!(fails(&limits, "alice", address(last)), Ok(()));
        }
        assert_eq!(fails(&limits, "alice", address(9)), Err(60));
        assert_eq!(fails(&limits, "bob", address(9)), Ok(()), "another account");
        clock.advance(Duration::from_secs(59));
        assert_eq!(fails(&limits, "alice", address(9)), Err(1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(fails(&limits, "alice", address(9)), Ok(()));
        assert_eq!(fails(&limits, "alice", address(9)), Err(60));
        clock.advance(100 * MINUTE);
        for _ in 0..3 {
            assert_eq!(fails(&limits, "alice", address(9)), Ok(()), "no more than three are saved up");
        }
        assert_eq!(fails(&limits, "alice", address(9)), Err(60));
    }

    #[test]
    fn an_address_has_so_many_attempts_whatever_the_account() {
        let limits = GuessLimits::new().per_address(3, MINUTE).unwrap().clock(TestClock::default());
        for account in ["a", "b", "c"] {
            assert_eq!(fails(&limits, account, address(1)), Ok(()));
        }
        for _ in 0..100 {
            assert_eq!(fails(&limits, "alice", address(1)), Err(60));
        }
        assert_eq!(
            fails(&limits, "alice", address(2)),
            Ok(()),
            "an account is not used up by who may not ask"
        );
    }

    #[test]
    fn a_login_that_succeeds_does_not_count() {
        let limits = GuessLimits::new().per_account(2, MINUTE).unwrap().per_address(2, MINUTE).unwrap();
        for _ in 0..100 {
            limits.attempt("alice", address(1)).unwrap().forget();
        }
        assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
        limits.attempt("alice", address(1)).unwrap().forget();
        assert_eq!(fails(&limits, "alice", address(1)), Ok(()), "nor does it make failures forgotten");
        assert!(fails(&limits, "alice", address(1)).is_err());
    }

    #[test]
    fn attempts_at_the_same_moment_count() {
        let limits = GuessLimits::new().per_account(2, MINUTE).unwrap();
        let begun = [limits.attempt("alice", address(1)), limits.attempt("alice", address(1))];
        assert!(begun.iter().all(Result::is_ok));
        assert!(limits.attempt("alice", address(1)).is_err());
    }

    #[test]
    fn of_ipv6_the_network_counts() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let limits = || GuessLimits::new().per_address(1, MINUTE).unwrap();
        for (one, other, same) in [
            ("2001:db8::1", "2001:db8::ffff:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "::ffff:192.0.2.2", false),
            ("192.0.2.1", "192.0.2.2", false),
        ] {
            let limits = limits();
            assert_eq!(fails(&limits, "a", ip(one)), Ok(()));
            assert_eq!(fails(&limits, "b", ip(other)).is_err(), same, "{one} {other}");
        }
    }

    /// Who is guessed at stays in mind, however many others are asked for once.
    #[test]
    fn memory_is_bounded_and_keeps_what_is_guessed_at() {
        let limits = GuessLimits::new().per_account(3, MINUTE).unwrap().clock(TestClock::at(0));
        let mut let_in = 0;
        for number in 0..4 * REMEMBERED {
            let [a, b, c, d] = u32::try_from(number).unwrap().to_be_bytes();
            let _ = fails(&limits, &format!("user {number}"), IpAddr::from([a, b, c, d]));
            if number % 1_000 == 0 {
                let_in += usize::from(fails(&limits, "alice", IpAddr::from([10, b, c, d])).is_ok());
            }
        }
        assert_eq!(let_in, 3);
        for limit in [&limits.accounts, &limits.addresses] {
            assert!(limit.states.0.len() <= REMEMBERED);
        }
    }

    #[derive(Debug)]
    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Option<u64> {
            None
        }
    }

    #[test]
    fn a_clock_that_knows_no_time_lets_nobody_guess_on() {
        let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(Stopped);
        assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
        assert_eq!(fails(&limits, "alice", address(1)), Err(60));
    }

    #[test]
    fn a_clock_that_jumps_is_borne() {
        let clock = TestClock::at(0);
        let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(clock.clone());
        for now in [0, u64::MAX, u64::MAX] {
            clock.set(now);
            let _ = fails(&limits, "alice", address(1));
        }
        assert_eq!(fails(&limits, "alice", address(1)), Err(60));
        clock.set(0);
        assert!(
            fails(&limits, "alice", address(1)).is_err(),
            "a clock that was turned back lets nobody guess on"
        );
    }

    #[test]
    fn a_limit_that_cannot_be_kept_is_told() {
        let limits = |at_once, seconds| GuessLimits::new().per_account(at_once, Duration::from_secs(seconds));
        assert!(limits(1, 1).is_ok() && limits(10_000, 24 * 60 * 60).is_ok());
        assert!(limits(10_001, 60).is_err());
        assert!(limits(0, 60).is_err() && limits(1, 0).is_err() && limits(1, 24 * 60 * 60 + 1).is_err());
        assert!(GuessLimits::new().per_address(0, MINUTE).is_err());
        assert_eq!(
            InvalidLimit.to_string(),
            "a limit allows 1 to 10000 attempts at once, and another one each second to 24 hours"
        );
    }
}
