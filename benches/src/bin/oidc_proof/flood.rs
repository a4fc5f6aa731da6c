//! Floods of tokens that name keys which there are not: as fast as they can be sent, while good tokens come.
//!
//! # What is compared
//!
//! Each thread sends 64 good tokens that were seen before and then 64 with unknown keys, over and over; only the time of the
//! good ones is measured. A round has three turns of 10 ms, in changing order, in which the unknown ones are
//!
//! 1. verified by the `OidcVerifier`, as the good ones are,
//! 2. verified by a plain `JwtVerifier` that has the same keys, and nothing that could fetch,
//! 3. made, and not verified.
//!
//! The good ones are verified by the `OidcVerifier` in all three, and each thread has its own. What counts is the median over
//! the rounds of the ratio of their throughput in the first turn to that in the second, and in the third.
//!
//! This is fair since a flood takes time of the processor with any verifier: here it takes the same time of the same
//! threads in the first two turns, the bytes of the tokens are the same, and so is their effect on the processor's caches.
//! What is left is what fetching does to good tokens: locks, waiting, the task that fetches, and a cache of tokens that goes
//! cold. A token seen before costs the least, so that it would show the most. That the third turn has no flood at all makes
//! the comparison stricter than it need be.

use std::hint::black_box;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use auth_benches::median;
use auth_core::{JwtVerifier, TokenVerifier as _, VerifyError};
use tokio::runtime::{Handle, Runtime};

use crate::service::{Service, Unknown, thread_count, under_load, until, verify};
use crate::{Proof, Scale};

const AT_LEAST: u64 = 1_000_000;

/// Fetches in any minute.
const MOST_FETCHES: usize = 3;

/// Of the throughput without the flood.
const LEAST_THROUGHPUT: f64 = 0.9;

const BATCH: usize = 64;

const TURN: Duration = Duration::from_millis(10);

/// All threads send tokens with unknown keys, and a good one after every 64. The provider counts what it is asked for.
pub(crate) fn few_fetches(service: &Service, runtime: &Runtime, scale: &Scale) -> Proof {
    service.cool_down();
    let good = service.tokens(BATCH);
    let fetches = || service.fetches();
    let before = fetches();
    let (start, threads) = (Instant::now(), thread_count() as u64);
    let (counts, times) = under_load(
        |number, has_ended| {
            let mut unknown = Unknown::like(good.first().unwrap(), format!("flood-{number}"));
            let (mut sent, mut wrong) = (0_u64, 0_u64);
            // If each token has to wait, that is seen in the figures: it is not waited for.
            let is_over = |sent: u64| {
                let is_late = || start.elapsed() > scale.flood * 3;
                has_ended.load(Ordering::Relaxed) && (sent * threads >= AT_LEAST || is_late())
            };
            let mut good = good.iter().cycle();
            while !is_over(sent) {
                sent += 1;
                let verdict = verify(&service.verifier, &unknown.next().unwrap(), runtime.handle());
                wrong += u64::from(verdict != Err(VerifyError::UnknownKey));
                if sent.is_multiple_of(BATCH as u64) {
                    wrong +=
                        u64::from(verify(&service.verifier, good.next().unwrap(), runtime.handle()).is_err());
                }
            }
            (sent, wrong)
        },
        || {
            let mut times = Vec::new();
            while start.elapsed() < scale.flood {
                times.extend((before + times.len()..fetches()).map(|_| start.elapsed()));
                thread::sleep(Duration::from_millis(5));
            }
            times
        },
    );
    let in_a_minute = |from: &Duration| {
        times.iter().filter(|time| (*from..*from + Duration::from_secs(60)).contains(*time)).count()
    };
    let most = times.iter().map(in_a_minute).max().unwrap_or_default();
    let sent: u64 = counts.iter().map(|(sent, _)| sent).sum();
    let wrong: u64 = counts.iter().map(|(_, wrong)| wrong).sum();
    let is_complete = fetches() == before + times.len();
    Proof {
        holds: sent >= AT_LEAST && wrong == 0 && (1..=MOST_FETCHES).contains(&most) && is_complete,
        figures: format!(
            "{sent} in {:.0} s, {} fetches, at most {most} in any minute (bound {MOST_FETCHES}); {wrong} wrong answers",
            start.elapsed().as_secs_f64(),
            times.len()
        ),
    }
}

#[derive(Clone, Copy)]
enum Flood {
    KeptFresh,
    FixedKeys,
    None,
}

/// As the module says.
pub(crate) fn throughput(runtime: &Runtime, scale: &Scale) -> Proof {
    let service = Service::start(runtime);
    let fixed = JwtVerifier::builder().issuer(service.provider.issuer()).audience("https://api.example");
    let fixed = fixed.jwk(service.provider.signer().jwk().to_string()).build().unwrap();
    let turn = |flood: Flood, good: &[String], unknown: &mut Unknown| {
        turn(&service, &fixed, good, flood, unknown, runtime.handle())
    };
    let barrier = Barrier::new(thread_count());
    let (rounds, ()) = under_load(
        |number, _| {
            let good = service.tokens(BATCH);
            let mut unknown = Unknown::like(good.first().unwrap(), format!("throughput-{number}"));
            let round = |round: u32| {
                let mut order = [Flood::KeptFresh, Flood::FixedKeys, Flood::None];
                order.rotate_left(round as usize % 3);
                let mut rates = [0.0; 3];
                for flood in order {
                    barrier.wait();
                    *rates.get_mut(flood as usize).unwrap() = turn(flood, &good, &mut unknown);
                }
                rates
            };
            (0..scale.flood_rounds).map(round).collect::<Vec<_>>()
        },
        || (),
    );
    let rates = |round: usize, flood: Flood| -> f64 {
        rounds.iter().filter_map(|thread| thread.get(round)?.get(flood as usize)).sum()
    };
    let against = |flood: Flood| {
        let ratio = |round| rates(round, Flood::KeptFresh) / rates(round, flood);
        median((0..scale.flood_rounds as usize).map(ratio).collect())
    };
    let (fixed, none) = (against(Flood::FixedKeys), against(Flood::None));
    let each =
        median((0..scale.flood_rounds as usize).map(|round| 1e9 / rates(round, Flood::None)).collect());
    until(|| service.verifier.stats().unknown_keys > 0);
    Proof {
        holds: fixed >= LEAST_THROUGHPUT && none >= LEAST_THROUGHPUT,
        figures: format!(
            "{fixed:.3} of that with a flood of the same tokens on fixed keys, {none:.3} of that without a flood (bound \
             {LEAST_THROUGHPUT}; {each:.0} ns each by {} threads, {} unknown keys)",
            thread_count(),
            service.verifier.stats().unknown_keys
        ),
    }
}

/// The good tokens in a second of the time that they took.
fn turn(
    service: &Service,
    fixed: &JwtVerifier,
    good: &[String],
    flood: Flood,
    unknown: &mut Unknown,
    runtime: &Handle,
) -> f64 {
    let (mut count, mut time) = (0.0, Duration::ZERO);
    let start = Instant::now();
    while start.elapsed() < TURN {
        let batch: Vec<_> = unknown.take(BATCH).collect();
        let begin = Instant::now();
        for token in good {
            assert!(verify(&service.verifier, black_box(token), runtime).is_ok());
        }
        time += begin.elapsed();
        count += good.len() as f64;
        for token in &batch {
            let is_refused = match flood {
                Flood::KeptFresh => verify(&service.verifier, token, runtime).is_err(),
                Flood::FixedKeys => fixed.verify_now(token).unwrap().is_err(),
                Flood::None => black_box(true),
            };
            assert!(is_refused);
        }
    }
    count / time.as_secs_f64()
}
