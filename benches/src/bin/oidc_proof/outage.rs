//! An outage of the provider, by the time of the system.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use auth_core::VerifyError;
use tokio::runtime::{Handle, Runtime};

use crate::service::{Service, Unknown, under_load, verify};
use crate::{Proof, Scale};

/// Twice as many as the cache holds.
const TOKENS: usize = 20_000;

/// Those of users who send theirs again.
const FEW: usize = 64;

pub(crate) struct Outage {
    service: Service,
    tokens: Vec<String>,
}

impl Outage {
    pub(crate) fn prepare(runtime: &Runtime) -> Self {
        let service = Service::start(runtime);
        Self { tokens: service.tokens(TOKENS), service }
    }

    /// All threads verify good tokens without a pause, every other one a token of few. Every second a token names an unknown
    /// key, so that the keys are asked for. It is refused as 503 once that has failed, never as 401.
    pub(crate) fn fails_no_known_key(self, runtime: &Runtime, scale: &Scale) -> Proof {
        let service = &self.service;
        service.cool_down();
        service.provider.outage();
        let mut unknown = Unknown::like(self.tokens.first().unwrap(), "outage");
        let (counts, told_unknown) = under_load(
            |number, has_ended| self.verify_all(number, has_ended, runtime.handle()),
            || {
                let start = Instant::now();
                let mut told_unknown = 0;
                while start.elapsed() < scale.outage {
                    let verdict = verify(&service.verifier, &unknown.next().unwrap(), runtime.handle());
                    let is_unavailable = matches!(verdict, Err(VerifyError::Unavailable { .. }));
                    told_unknown += u64::from(!is_unavailable);
                    thread::sleep(Duration::from_secs(1));
                }
                told_unknown
            },
        );
        let verified: u64 = counts.iter().map(|(verified, _)| verified).sum();
        let refused: u64 = counts.iter().map(|(_, refused)| refused).sum();
        let failures = service.verifier.stats().failures;
        Proof {
            holds: refused == 0 && told_unknown == 0 && failures >= 2,
            figures: format!(
                "{} s, {failures} fetches failed: {refused} of {verified} good tokens refused, {told_unknown} unknown keys \
                 not answered 503",
                scale.outage.as_secs()
            ),
        }
    }

    /// How many were verified, and how many of them refused.
    fn verify_all(&self, number: usize, has_ended: &AtomicBool, runtime: &Handle) -> (u64, u64) {
        let (mut verified, mut refused) = (0, 0);
        let all = self.tokens.iter().cycle().skip(number * TOKENS / 3);
        for (one, one_of_few) in all.zip(self.tokens.iter().take(FEW).cycle()) {
            for token in [one, one_of_few] {
                verified += 1;
                refused += u64::from(verify(&self.service.verifier, token, runtime).is_err());
            }
            if has_ended.load(Ordering::Relaxed) {
                break;
            }
        }
        (verified, refused)
    }
}
