//! Rotations while all threads send tokens without a pause. Time is that of the provider's clock, which moves as the proof
//! needs it; the threads, the sockets and the fetches are real.

use std::sync::RwLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use auth_core::VerifyError;
use tokio::runtime::Runtime;

use crate::service::{Service, under_load, verify};
use crate::{Proof, Scale};

const TOKENS: usize = 50;

/// Tokens, and what has to be answered from now on.
#[derive(Clone, Default)]
struct Expected {
    accepted: Vec<String>,
    refused: Vec<String>,
    /// Of a key that is published, and that no fetch could have seen yet; or withdrawn, and no fetch could have missed yet.
    either: Vec<String>,
}

/// What has to be answered. It changes while tokens are verified: their answers do not count then.
#[derive(Default)]
struct Expectations {
    current: RwLock<Expected>,
    version: AtomicU64,
}

impl Expectations {
    fn change(&self, change: impl FnOnce(&mut Expected)) {
        let mut current = self.current.write().unwrap();
        self.version.fetch_add(1, Ordering::SeqCst);
        change(&mut current);
    }
}

/// Publishes a key, signs by it after a fetch, and withdraws the one from before.
pub(crate) fn with_overlap(runtime: &Runtime, scale: &Scale) -> Proof {
    prove(runtime, scale.rotations, |service, expectations| {
        let (old, kid) = (service.tokens(TOKENS), service.provider.kid());
        service.provider.publish_next();
        fetch(service, runtime);
        service.provider.rotate();
        let new = service.tokens(TOKENS);
        expectations.change(|expected| {
            expected.refused.clear();
            expected.accepted = [&*old, &*new].concat();
        });
        dwell();
        expectations.change(|expected| {
            expected.accepted = new;
            expected.either.clone_from(&old);
        });
        service.provider.withdraw(&kid);
        fetch(service, runtime);
        expectations.change(|expected| {
            expected.either.clear();
            expected.refused = old;
        });
        dwell();
    })
}

/// Signs by a new key and withdraws the one from before, both in one moment.
pub(crate) fn without_overlap(runtime: &Runtime, scale: &Scale) -> Proof {
    prove(runtime, scale.rotations, |service, expectations| {
        let old = service.tokens(TOKENS);
        expectations.change(|expected| *expected = Expected { either: old.clone(), ..Expected::default() });
        service.provider.rotate_at_once();
        let new = service.tokens(TOKENS);
        expectations.change(|expected| expected.either.extend_from_slice(&new));
        fetch(service, runtime);
        expectations.change(|expected| {
            *expected = Expected { accepted: new, refused: old, either: Vec::new() };
        });
        dwell();
    })
}

/// Lets the cooldown pass, in which nothing is fetched, and asks for a fetch. It is over when the answer is there, and the
/// clock stands still until then.
fn fetch(service: &Service, runtime: &Runtime) {
    let changes = service.verifier.stats().key_changes;
    service.provider.clock().advance(Duration::from_secs(31));
    let unknown = service.provider.token("nobody").header("kid", "unknown").sign();
    let verdict = verify(&service.verifier, &unknown, runtime.handle());
    assert_eq!(verdict, Err(VerifyError::UnknownKey));
    assert_eq!(service.verifier.stats().key_changes, changes + 1);
}

/// Lets the threads send each token several times.
fn dwell() {
    thread::sleep(Duration::from_millis(20));
}

fn prove(runtime: &Runtime, rotations: u32, rotate: impl Fn(&Service, &Expectations)) -> Proof {
    let service = Service::start_by_its_clock(runtime);
    let expectations = Expectations::default();
    expectations.change(|expected| expected.accepted = service.tokens(TOKENS));
    let (counts, ()) = under_load(
        |_, has_ended| {
            let (mut answers, mut wrong) = (0_u64, 0_u64);
            while !has_ended.load(Ordering::Relaxed) {
                let (version, expected) = {
                    let current = expectations.current.read().unwrap();
                    (expectations.version.load(Ordering::SeqCst), current.clone())
                };
                let verify = |token: &String| verify(&service.verifier, token, runtime.handle());
                let is_wrong = |(token, outcome): (&String, Result<(), VerifyError>)| {
                    let is_wrong = verify(token) != outcome;
                    (expectations.version.load(Ordering::SeqCst) == version).then_some(is_wrong)
                };
                let accepted = expected.accepted.iter().map(|token| (token, Ok(())));
                let refused = expected.refused.iter().map(|token| (token, Err(VerifyError::UnknownKey)));
                for is_wrong in accepted.chain(refused).map(is_wrong).map_while(|verdict| verdict) {
                    answers += 1;
                    wrong += u64::from(is_wrong);
                }
                for token in &expected.either {
                    let verdict = verify(token);
                    wrong += u64::from(!matches!(verdict, Ok(()) | Err(VerifyError::UnknownKey)));
                    answers += 1;
                }
            }
            (answers, wrong)
        },
        || (0..rotations).for_each(|_| rotate(&service, &expectations)),
    );
    let answers: u64 = counts.iter().map(|(answers, _)| answers).sum();
    let wrong: u64 = counts.iter().map(|(_, wrong)| wrong).sum();
    let stats = service.verifier.stats();
    Proof {
        holds: wrong == 0 && answers > u64::from(rotations) && stats.failures == 0,
        figures: format!("{rotations}, {} fetches: {wrong} of {answers} answers wrong", service.fetches()),
    }
}
