//! Limits on guessing passwords.

mod attempt;
mod familiar;
mod limit;
mod network;
mod networks;

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use auth_core::Clock;
use governor::Quota;

use self::attempt::Counted;
pub use self::attempt::{Attempt, LoginAttempt};
use self::familiar::{Familiar, Sight};
use self::limit::{Limit, PLACES, Place, SinceStart, quota, times};
use self::network::{network, wider_network};
use self::networks::Networks;

/// Attempts in progress of one address: a quarter of the calls that may wait for [`Passwords`](crate::Passwords).
const MOST_UNDER_WAY: u32 = 16;

const ONE: NonZeroU32 = NonZeroU32::new(1).unwrap();
const FOUR: NonZeroU32 = NonZeroU32::new(4).unwrap();
const SIX: NonZeroU32 = NonZeroU32::new(6).unwrap();
const TEN: NonZeroU32 = NonZeroU32::new(10).unwrap();
const THIRTY: NonZeroU32 = NonZeroU32::new(30).unwrap();
const FIFTY: NonZeroU32 = NonZeroU32::new(50).unwrap();

/// Limits failed logins: some at once, and one more for each period that passes. Cheap to clone; clones share their
/// counts.
///
/// The limit per account keeps many addresses from guessing one password. The limit per address keeps one address from
/// guessing the passwords of many accounts.
///
/// [`TokenEndpoint`](crate::TokenEndpoint) applies it. Give the application's own forms, such as those that register a
/// user or reset a password, [the same limits](crate::TokenEndpoint::guess_limits), so that guesses count
/// wherever they are made:
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
///     drop(attempt); // the code was wrong; if it is right: `attempt.succeed()`
/// }
/// assert_eq!(limits.attempt("alice", address).unwrap_err().retry_after, 60);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A login form of your own names the account once it is known:
///
/// ```
/// # use auth_issuer::{GuessLimits, TooManyAttempts};
/// # let (limits, address) = (GuessLimits::new(), std::net::IpAddr::from([192, 0, 2, 1]));
/// # let subject_of = |_: &str| Some("17".to_owned());
/// # let is_right = || true;
/// let login = limits.login("alice@example.com", address)?;
/// let subject = subject_of("alice@example.com"); // `None` if there is no such user
/// let attempt = login.for_subject(subject.as_deref())?;
/// let is_right = is_right(); // computed in any case, so that it takes as long
/// if attempt.may_succeed() && is_right {
///     attempt.succeed();
/// } // else it is dropped, and counts
/// # Ok::<(), TooManyAttempts>(())
/// ```
///
/// 1. An attempt counts from the moment it begins, so that simultaneous guesses count too. An attempt that
///    [succeeds](Attempt::succeed) no longer counts. One address may have 16 attempts in progress.
/// 2. Accounts that do not exist are limited like all others.
/// 3. All names of one account share its limit, even spellings that only the store takes for one name. If other names
///    have used it up, a login is answered as if the password were wrong. An answer of its own would tell which names
///    belong to one account.
/// 4. IPv6 addresses are grouped by /56, since one customer usually controls the whole prefix. IPv4-mapped addresses
///    count as the IPv4 address, and so do those of NAT64 (`64:ff9b::/96`).
/// 5. A /48 of IPv6 has a limit of its own, four times that of an address. It is the smallest prefix that is routed on
///    its own, and what sites and tunnels get: 256 times a /56. A customer with one /56 cannot use up the limit of his
///    neighbours.
/// 6. A guesser cannot keep the owner of an account locked out. A network that has logged in to the account within 30
///    days has attempts of its own for it, as many as the limit per account, once those of the /48 and of the account
///    are used up. Refreshing a login counts as logging in. Each account has room for its last 8 networks.
/// 7. Memory is bounded. Accounts and addresses are hashed to 131,072 places for each limit, and no count is ever
///    evicted. Two in the same place share a limit. Networks of recent logins have 524,288 entries. Those of one account
///    push out only its own, and those of the few accounts that hash to the same eight entries. All of it takes 12 MiB.
///    Each process hashes differently.
///
/// Not checked: whether the address is the client's. Behind a proxy, use the address that the proxy reports, and trust
/// no other source. Each process has its own limits. If it restarts, it loses them, and the networks until they refresh
/// a login. An attacker who keeps guessing locks the owner out in networks that the account was not used from. So does
/// one within the owner's own network. An attacker with many addresses, or many accounts, can keep the server hashing.
#[derive(Clone)]
pub struct GuessLimits {
    inner: Arc<Inner>,
}

struct Inner {
    names: Limit,
    /// Of subjects, and of subjects in one network.
    subjects: Limit,
    addresses: Limit,
    wider: Limit,
    refreshes: Limit,
    familiar: Familiar,
    networks: Networks,
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
    /// counts, and shares them with no clone made before.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidLimit`] if a value is out of range.
    pub fn per_account(self, at_once: u32, period: Duration) -> Result<Self, InvalidLimit> {
        Ok(Self::with(quota(at_once, period)?, self.inner.addresses.quota, self.inner.clock.clone()))
    }

    /// Sets the same for an address. A /48 of IPv6 gets four times as much. Resets all counts, and shares them with no
    /// clone made before.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidLimit`] if a value is out of range.
    pub fn per_address(self, at_once: u32, period: Duration) -> Result<Self, InvalidLimit> {
        Ok(Self::with(self.inner.names.quota, quota(at_once, period)?, self.inner.clock.clone()))
    }

    /// Sets the clock. The default counts from when this value was created. A clock that cannot tell the time counts as
    /// stopped. Resets all counts, and shares them with no clone made before.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self::with(self.inner.names.quota, self.inner.addresses.quota, Arc::new(clock))
    }

    fn with(accounts: Quota, addresses: Quota, clock: Arc<dyn Clock>) -> Self {
        let limit = |quota, most_under_way| Limit::new(quota, most_under_way, &clock);
        let inner = Inner {
            names: limit(accounts, u32::MAX),
            subjects: limit(accounts, u32::MAX),
            addresses: limit(addresses, MOST_UNDER_WAY),
            wider: limit(times(addresses, FOUR), 2 * MOST_UNDER_WAY),
            refreshes: limit(Quota::per_minute(ONE).allow_burst(THIRTY), u32::MAX),
            familiar: Familiar::new(),
            networks: Networks::new(),
            hasher: RandomState::new(),
            clock,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Begins an attempt that is no login, such as at a form for a one-time code. `name` names the account: every
    /// spelling of one account must be the same here. It shares the limit of [logins](Self::login) by that name.
    ///
    /// It does not count for the other names of an account, and whoever uses the limit up locks everyone out. So if
    /// the form is for an account that exists, use [`login`](Self::login), or
    /// [`attempt_for_subject`](Self::attempt_for_subject) if a token says which account it is.
    ///
    /// # Errors
    ///
    /// Returns [`TooManyAttempts`] if a limit is reached. Judge nothing then, and do not reveal whether the guess was
    /// right.
    pub fn attempt(&self, name: &str, address: IpAddr) -> Result<Attempt<'_>, TooManyAttempts> {
        let LoginAttempt { address, shared, refused, .. } = self.begin(name, address)?;
        refused.map_or_else(|| Ok(Attempt::new([address, shared], true)), Err)
    }

    /// Begins a login by a name whose account is not known yet. Look the account up, and call
    /// [`LoginAttempt::for_subject`].
    ///
    /// # Errors
    ///
    /// Returns [`TooManyAttempts`] if a limit is reached, unless somebody has logged in from this network lately. Judge
    /// nothing then, and do not reveal whether the password was right.
    pub fn login(&self, name: &str, address: IpAddr) -> Result<LoginAttempt<'_>, TooManyAttempts> {
        let login = self.begin(name, address)?;
        // Strangers cost no query once they are refused.
        let limits = &*self.inner;
        let is_familiar = || limits.networks.knows(limits.place(login.network), limits.now());
        match login.refused {
            Some(refused) if !is_familiar() => Err(refused),
            _ => Ok(login),
        }
    }

    /// Begins an attempt by somebody who is logged in, such as to enter the current password at a form to change it.
    /// `subject` is that of the access token. So a stolen token yields no more guesses than the names of the account.
    ///
    /// It shares the limit of the account, and counts for the address. Networks that the account was used from lately
    /// have attempts of their own, as at a [login](Self::login). If it succeeds, the network is not remembered.
    ///
    /// # Errors
    ///
    /// Returns [`TooManyAttempts`] if a limit is reached. Judge nothing then, and do not reveal whether the password was
    /// right.
    pub fn attempt_for_subject(
        &self,
        subject: &str,
        address: IpAddr,
    ) -> Result<Attempt<'_>, TooManyAttempts> {
        let mut attempt = self.begin_at(address)?;
        attempt.count_for(subject)?;
        Ok(Attempt::new([attempt.address, attempt.shared], true))
    }

    /// Remembers that the owner of an account uses this network, so that guessers elsewhere do not lock him out there.
    /// Logins and refreshed logins are remembered without it.
    ///
    /// Call it if the request proves otherwise that it comes from the owner, by a session or a signed cookie. It gives
    /// the whole network attempts of its own at this account, as many as [`per_account`](Self::per_account) says.
    pub fn remember(&self, subject: &str, address: IpAddr) {
        let network = network(address);
        self.inner.remember(self.inner.sight(subject, network), network);
    }

    /// Forgets the networks that an account was used from. Call it after a password change or reset: a thief
    /// who knew the old password may have logged in, and his network must not keep attempts of its own.
    pub fn forget(&self, subject: &str) {
        self.inner.familiar.forget(self.inner.hasher.hash_one(subject));
    }

    /// Allows one login to be renewed 30 times at once, and one more time each minute.
    pub(crate) fn refresh(&self, family: &str) -> Result<(), TooManyAttempts> {
        self.inner.refreshes.take(self.inner.place(family))
    }

    fn begin(&self, name: &str, address: IpAddr) -> Result<LoginAttempt<'_>, TooManyAttempts> {
        let mut login = self.begin_at(address)?;
        if login.refused.is_none() {
            login.refused = login.shared.begin(&self.inner.names, self.inner.place(name)).err();
        }
        Ok(login)
    }

    /// If only an address's own limit is left, `refused` says why others do not allow the attempt.
    fn begin_at(&self, address: IpAddr) -> Result<LoginAttempt<'_>, TooManyAttempts> {
        let limits = &*self.inner;
        let (network, wider) = (network(address), wider_network(address));
        let (mut own, mut shared) = (Counted::default(), Counted::default());
        own.begin(&limits.addresses, limits.place(network))?;
        let in_wider = wider.map_or(Ok(()), |wider| shared.begin(&limits.wider, limits.place(wider)));
        Ok(LoginAttempt { limits, address: own, shared, network, refused: in_wider.err() })
    }
}

impl Inner {
    fn place(&self, of: impl std::hash::Hash) -> Place {
        Place(self.hasher.hash_one(of) % PLACES)
    }

    fn sight(&self, subject: &str, network: IpAddr) -> Sight {
        Sight { owner: self.hasher.hash_one(subject), what: self.hasher.hash_one((subject, network)) }
    }

    fn remember(&self, sight: Sight, network: IpAddr) {
        self.familiar.remember(sight, self.now());
        self.networks.remember(self.place(network), self.now());
    }

    fn now(&self) -> u64 {
        self.clock.now().unwrap_or_default()
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

#[cfg(test)]
mod tests;
