//! What the tests share: a provider, a verifier of its tokens, and the clock of both.

use std::cell::Cell;
use std::time::{Duration, Instant};

use auth_core::{TokenVerifier as _, VerifyError, VerifyFailure};
use auth_oidc::{Health, Oidc, OidcVerifier};
use auth_testing::{Endpoint, TestClock, TestIdentityProvider};

/// The audience of the provider's tokens.
pub(crate) const AUDIENCE: &str = "https://api.example";

/// Only a test that fails takes so long.
const HANGS: Duration = Duration::from_secs(60);

pub(crate) struct Service {
    pub(crate) provider: TestIdentityProvider,
    pub(crate) clock: TestClock,
    pub(crate) verifier: OidcVerifier,
    /// The attempts and the failures that have ended.
    seen: Cell<(u64, u64)>,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let provider = TestIdentityProvider::start();
        let verifier = oidc(&provider).connect().await.unwrap();
        let service = Self::new(provider, verifier);
        service.settle().await;
        service
    }

    pub(crate) fn new(provider: TestIdentityProvider, verifier: OidcVerifier) -> Self {
        Self { clock: provider.clock(), provider, verifier, seen: Cell::default() }
    }

    /// How often the provider was asked for its keys.
    pub(crate) fn fetches(&self) -> usize {
        self.provider.requests(Endpoint::Keys)
    }

    pub(crate) fn token(&self) -> String {
        self.provider.token("alice").sign()
    }

    /// A good token but for its key, which the provider does not have.
    pub(crate) fn unknown(&self, kid: impl Into<String>) -> String {
        self.provider.token("mallory").header("kid", kid.into()).sign()
    }

    pub(crate) async fn verdict(&self, token: &str) -> Result<String, VerifyError> {
        let verdict = match self.verifier.verify_now(token) {
            Some(verdict) => verdict,
            None => {
                let verdict = self.verifier.verify(token).await;
                self.settle().await;
                verdict
            }
        };
        verdict.map(|token| token.subject().to_owned()).map_err(VerifyFailure::into_error)
    }

    #[track_caller]
    pub(crate) fn accepts(&self, token: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move { assert_eq!(self.verdict(token).await, Ok("alice".to_owned()), "{place}") }
    }

    pub(crate) async fn is_unavailable(&self, token: &str) -> bool {
        matches!(self.verdict(token).await, Err(VerifyError::Unavailable { retry_after: Some(_) }))
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.verifier.health(), Health::Ready { .. })
    }

    /// Lets time pass, and an attempt end that is due by then.
    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.settle().await;
    }

    /// Lets time pass in small steps, until this holds. Says how much.
    pub(crate) async fn pass_until(&self, condition: impl Fn(&Self) -> bool) -> Duration {
        let start = self.clock.elapsed();
        while !condition(self) {
            self.pass(Duration::from_millis(500)).await;
            assert!(self.clock.elapsed() < start + minutes(24 * 60), "it does not happen within a day");
        }
        self.clock.elapsed() - start
    }

    /// Waits for an attempt that is under way, if there is one. The clock stands still meanwhile.
    pub(crate) async fn settle(&self) {
        // There is one thread: if the clock has woken the task, it begins its attempt now.
        run_others().await;
        let (attempts, failures) = self.seen.get();
        if self.verifier.stats().attempts > attempts {
            let has_ended = || {
                let has_succeeded = self.verifier.health() == Health::Ready { age: Duration::ZERO };
                has_succeeded || self.verifier.stats().failures > failures
            };
            until(has_ended).await;
        }
        let stats = self.verifier.stats();
        self.seen.set((stats.attempts, stats.failures));
    }
}

/// As an application has it, but for the clock. No proxy is used for addresses of this machine.
pub(crate) fn oidc(provider: &TestIdentityProvider) -> Oidc {
    Oidc::issuer(provider.issuer()).audience(AUDIENCE).clock(provider.clock())
}

/// Lets the other tasks of this thread run until they wait.
pub(crate) async fn run_others() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

/// Waits for what other threads do.
#[track_caller]
pub(crate) fn until(condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < HANGS, "it does not happen: {place}");
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
    }
}

pub(crate) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
