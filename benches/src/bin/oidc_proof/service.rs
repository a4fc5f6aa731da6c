//! A provider, a verifier of its tokens, and threads that send them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use auth_core::{TokenVerifier as _, VerifyError, VerifyFailure};
use auth_oidc::{Oidc, OidcVerifier};
use auth_testing::{Endpoint, TestIdentityProvider, TestIssuer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::runtime::{Handle, Runtime};

/// Tokens are good for longer than all proofs take.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

const HANGS: Duration = Duration::from_secs(60);

/// From one fetch to the next that an unknown key brings about.
const COOLDOWN: Duration = Duration::from_secs(30);

pub(crate) struct Service {
    pub(crate) provider: TestIdentityProvider,
    pub(crate) verifier: OidcVerifier,
    since: Instant,
}

impl Service {
    /// By the time of the system.
    pub(crate) fn start(runtime: &Runtime) -> Self {
        let provider = TestIdentityProvider::start();
        let verifier = runtime.block_on(oidc(&provider).connect()).unwrap();
        Self { provider, verifier, since: Instant::now() }
    }

    /// By the clock of the provider.
    pub(crate) fn start_by_its_clock(runtime: &Runtime) -> Self {
        let provider = TestIdentityProvider::start();
        let verifier = runtime.block_on(oidc(&provider).clock(provider.clock()).connect()).unwrap();
        Self { provider, verifier, since: Instant::now() }
    }

    /// Waits until an unknown key brings about a fetch at once.
    pub(crate) fn cool_down(&self) {
        thread::sleep((COOLDOWN + Duration::from_secs(1)).saturating_sub(self.since.elapsed()));
    }

    pub(crate) fn fetches(&self) -> usize {
        self.provider.requests(Endpoint::Keys)
    }

    pub(crate) fn tokens(&self, count: usize) -> Vec<String> {
        tokens(&self.provider.signer(), count)
    }
}

pub(crate) fn oidc(provider: &TestIdentityProvider) -> Oidc {
    Oidc::issuer(provider.issuer()).audience("https://api.example")
}

pub(crate) fn tokens(signer: &TestIssuer, count: usize) -> Vec<String> {
    (0..count).map(|number| signer.token(&format!("user-{number}")).lifetime(LIFETIME).sign()).collect()
}

/// As a request handler does it: waits only if it has to.
pub(crate) fn verify(verifier: &OidcVerifier, token: &str, runtime: &Handle) -> Result<(), VerifyError> {
    let verdict = match verifier.verify_now(token) {
        Some(verdict) => verdict,
        None => runtime.block_on(verifier.verify(token)),
    };
    verdict.map(|_| ()).map_err(VerifyFailure::into_error)
}

/// Tokens that differ from a good one in their `kid`, which nobody has. None is made twice.
pub(crate) struct Unknown {
    prefix: String,
    rest: String,
    count: u64,
}

impl Unknown {
    pub(crate) fn like(good: &str, prefix: impl Into<String>) -> Self {
        let (_, rest) = good.split_once('.').unwrap();
        Self { prefix: prefix.into(), rest: rest.to_owned(), count: 0 }
    }
}

impl Iterator for Unknown {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.count += 1;
        let header = format!(r#"{{"alg":"ES256","kid":"{}-{}","typ":"at+jwt"}}"#, self.prefix, self.count);
        Some(format!("{}.{}", URL_SAFE_NO_PAD.encode(header), self.rest))
    }
}

/// How many threads send tokens.
pub(crate) fn thread_count() -> usize {
    thread::available_parallelism().map_or(2, usize::from).max(2)
}

/// Runs this on so many threads while `meanwhile` runs here, and until it ends. The outcomes of both.
pub(crate) fn under_load<L: Send, M>(
    load: impl Fn(usize, &AtomicBool) -> L + Sync,
    meanwhile: impl FnOnce() -> M,
) -> (Vec<L>, M) {
    let has_ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let (load, has_ended) = (&load, &has_ended);
        let threads: Vec<_> =
            (0..thread_count()).map(|number| scope.spawn(move || load(number, has_ended))).collect();
        // Also if it panics, so that the threads end.
        let meanwhile = std::panic::catch_unwind(std::panic::AssertUnwindSafe(meanwhile));
        has_ended.store(true, Ordering::Relaxed);
        let outcomes = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        (outcomes, meanwhile.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Waits until this holds.
#[track_caller]
pub(crate) fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < HANGS, "it does not happen within {HANGS:?}");
        thread::sleep(Duration::from_micros(200));
    }
}
