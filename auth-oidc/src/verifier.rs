//! The verifier of a provider's tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{JwtVerifier, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::counters::{Counters, Stats, count};
use crate::driver::COOLDOWN;
use crate::error::{ConnectError, SourceError};
use crate::status::{Gate, GateState, Health, Status};
use crate::timer::Timer;

/// How long a request waits for an attempt to get the key that its token names.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How many requests wait at a time. Others are answered at once.
pub(crate) const MAX_WAITING: usize = 1024;

/// Verifies the tokens of one provider, whose keys are kept fresh. Made by [`Oidc::connect`](crate::Oidc::connect). Clones
/// are one verifier; when the last one is dropped, nothing is fetched any more.
///
/// # What is answered
///
/// 1. While there are no keys yet, or they could not be refreshed for 24 hours
///    ([`max_stale`](crate::Oidc::max_stale)): 503.
/// 2. A token whose key is known is judged at once, whether the provider can be reached or not.
/// 3. A token that names an unknown key brings about one fetch, 30 seconds after the last one at the earliest, since the
///    provider may have changed its keys ([OpenID Connect Core section 10.1.1]). It waits for that 5 seconds at most, and
///    1,024 requests at most wait. Within the 30 seconds it is answered at once, and the keys are fetched at their end.
/// 4. If the key is still unknown: 401 after an attempt that succeeded, 503 after one that failed.
///
/// A signature that does not verify under a known key never brings about a fetch.
///
/// # For how long a withdrawn key is accepted
///
/// Until the next fetch: one hour at most, by what the provider says of the freshness of its keys. In an outage 24 hours at
/// most.
///
/// [OpenID Connect Core section 10.1.1]: https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
#[derive(Clone)]
pub struct OidcVerifier {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) jwt: JwtVerifier,
    pub(crate) issuer: String,
    /// Asks for an attempt. Dropped with the last verifier, which ends the driver.
    pub(crate) want: mpsc::Sender<()>,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) waiting: Semaphore,
    pub(crate) max_stale: Duration,
    pub(crate) counters: Arc<Counters>,
}

impl OidcVerifier {
    pub(crate) fn new(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }

    /// How it stands with the keys, for an endpoint that tells whether this service is ready.
    #[must_use]
    pub fn health(&self) -> Health {
        let health = self.inner.status.borrow().health(self.inner.timer.elapsed(), self.inner.max_stale);
        match (self.inner.gate.state(), health) {
            (GateState::Closed, Health::Ready { age } | Health::Stale { since: age }) => {
                Health::NoKeys { since: age }
            }
            (_, health) => health,
        }
    }

    /// Waits until there are keys.
    pub async fn ready(&self) {
        let mut status = self.inner.status.clone();
        while matches!(self.health(), Health::NoKeys { .. }) {
            if status.changed().await.is_err() {
                // Nobody looks after the keys any more, so that there will be none.
                std::future::pending::<()>().await;
            }
        }
    }

    /// What has happened so far, in numbers.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.counters.stats()
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// Every `iss` that its tokens may have.
    pub(crate) fn names(&self) -> Vec<String> {
        self.inner.jwt.issuers().unwrap_or_default()
    }

    /// Waits for the first keys: until they are there, an attempt shows that the configuration is wrong, or time is up.
    pub(crate) async fn start(&self, timeout: Duration, require_keys: bool) -> Result<(), ConnectError> {
        let mut status = self.inner.status.clone();
        let end = self.inner.timer.elapsed() + timeout;
        loop {
            let (is_loaded, failure) = {
                let status = status.borrow_and_update();
                (status.loaded_at.is_some(), status.failure.clone())
            };
            if is_loaded {
                return Ok(());
            }
            if let Some(error) = failure.filter(|error| !error.is_transient()) {
                return Err(ConnectError::Source(error));
            }
            let is_in_time = tokio::select! {
                changed = status.changed() => changed.is_ok(),
                () = self.inner.timer.sleep_until(end) => false,
            };
            if !is_in_time {
                break;
            }
        }
        let failure = status.borrow().failure.clone();
        match (require_keys, failure) {
            (false, _) => Ok(()),
            (true, Some(error)) => Err(ConnectError::Source(error)),
            (true, None) => Err(ConnectError::NoKeysInTime { seconds: timeout.as_secs_f64() }),
        }
    }
}

impl Inner {
    /// Whether the keys are of an age at which they count.
    fn may_judge(&self) -> bool {
        match self.gate.state() {
            GateState::Open => true,
            GateState::Closed => false,
            GateState::Unattended => {
                let loaded_at = self.status.borrow().loaded_at;
                loaded_at.is_some_and(|at| self.timer.elapsed().saturating_sub(at) < self.max_stale)
            }
        }
    }

    /// No verdict can be had now.
    fn unavailable(&self) -> VerifyFailure {
        count(&self.counters.unavailable);
        let status = self.status.borrow();
        let pause = status.due.saturating_sub(self.timer.elapsed());
        let retry_after = Some(pause.max(Duration::from_secs(1)));
        let failure = VerifyFailure::from(VerifyError::Unavailable { retry_after });
        match &status.failure {
            Some(error) => failure.with_hint(KeysMissing(error.clone())),
            None => failure,
        }
    }

    /// What is said of a token whose key is unknown after the last attempt.
    fn verdict_of_unknown(&self, failure: VerifyFailure) -> VerifyFailure {
        let has_succeeded = {
            let status = self.status.borrow();
            status.attempted_at.is_some() && status.failure.is_none()
        };
        let is_unknown = *failure.error() == VerifyError::UnknownKey;
        if has_succeeded && is_unknown { failure } else { self.unavailable() }
    }

    /// Whether an attempt has ended so lately that the next one has to wait, or the provider demands a pause.
    fn cools_down(&self) -> bool {
        let now = self.timer.elapsed();
        let status = self.status.borrow();
        status.attempted_at.is_some_and(|at| now < at + COOLDOWN) || now < status.not_before
    }

    /// Asks for an attempt. One request for it is as good as many.
    fn ask(&self) {
        let _ = self.want.try_send(());
    }

    /// Waits until an attempt ends that is under way or begins now. `false` if that takes too long.
    async fn next_attempt(&self) -> bool {
        let Ok(_place) = self.waiting.try_acquire() else { return false };
        count(&self.counters.waited);
        let mut status = self.status.clone();
        let seen = status.borrow_and_update().attempts;
        if !self.cools_down() {
            self.ask();
            let end = self.timer.elapsed() + PATIENCE;
            return tokio::select! {
                biased;
                changed = status.wait_for(|status| status.attempts > seen) => changed.is_ok(),
                () = self.timer.sleep_until(end) => false,
            };
        }
        // One has ended in the meantime.
        true
    }
}

/// Whether another key could change the verdict.
fn lacks_key(failure: &VerifyFailure) -> bool {
    matches!(failure.error(), VerifyError::UnknownKey | VerifyError::Unavailable { .. })
}

#[async_trait]
impl TokenVerifier for OidcVerifier {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        let inner = &*self.inner;
        if let Some(verdict) = self.verify_now(token) {
            return verdict;
        }
        if !inner.next_attempt().await {
            return Err(inner.unavailable());
        }
        match inner.jwt.verify(token).await {
            Err(failure) if lacks_key(&failure) => Err(inner.verdict_of_unknown(failure)),
            verdict => verdict,
        }
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        let inner = &*self.inner;
        if !inner.may_judge() {
            return Some(Err(inner.unavailable()));
        }
        // Not moved out of its place: the verdict on a token that was seen before costs little more than moving it.
        let verdict = inner.jwt.verify_now(token);
        if !matches!(&verdict, Some(Err(failure)) if lacks_key(failure)) {
            return verdict;
        }
        let failure = verdict?.err()?;
        count(&inner.counters.unknown_keys);
        if !inner.cools_down() {
            return None;
        }
        inner.ask();
        Some(Err(inner.verdict_of_unknown(failure)))
    }
}

/// Why there are no keys, for the log.
struct KeysMissing(Arc<SourceError>);

impl fmt::Display for KeysMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the provider's keys cannot be had: {}", self.0)
    }
}

/// Prints whose tokens it is about.
impl fmt::Debug for OidcVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcVerifier").field("issuer", &self.inner.issuer).finish_non_exhaustive()
    }
}
