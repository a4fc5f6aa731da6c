//! Proves what `auth-oidc` promises, over sockets and under load, and prints the figures:
//!
//! `cargo run --release -p auth-benches --bin oidc_proof` takes three minutes; `... --bin oidc_proof quick` proves less of
//! each in less than a minute. A further word selects the proofs that have it in their name.
//!
//! The provider is a [`TestIdentityProvider`](auth_testing::TestIdentityProvider) in the same process, the client is the
//! default one. Each proof is a line, and the last line counts them. The exit status is 1 if one fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a proof fails by panicking")]

mod cost;
mod first_requests;
mod flood;
mod limits;
mod memory;
mod outage;
mod rotation;
mod service;

use std::env;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use self::memory::Memory;
use self::service::Service;

/// Whether a promise is kept, and by what figures.
pub(crate) struct Proof {
    pub(crate) holds: bool,
    pub(crate) figures: String,
}

/// How much is proved.
pub(crate) struct Scale {
    pub(crate) outage: Duration,
    pub(crate) flood: Duration,
    pub(crate) flood_rounds: u32,
    pub(crate) rotations: u32,
}

const FULL: Scale = Scale {
    outage: Duration::from_secs(60),
    flood: Duration::from_secs(65),
    flood_rounds: 500,
    rotations: 100,
};

const QUICK: Scale =
    Scale { outage: Duration::from_secs(5), flood: Duration::from_secs(5), flood_rounds: 200, rotations: 20 };

type Prove = Box<dyn FnOnce(&Runtime, &Scale) -> Proof>;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let (scale, words) = match words.split_first() {
        Some((first, others)) if first == "quick" => (QUICK, others),
        _ => (FULL, &*words),
    };
    // As many threads as the machine has are kept busy by the load; the task that fetches has its own.
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let _entered = runtime.enter();
    println!("at the start: {}", Memory::now());
    // Their first keys have to be half a minute old before they are asked for again. That is over when all else is proved.
    let (outage, flooded) = (outage::Outage::prepare(&runtime), Service::start(&runtime));
    let proofs: [(&str, Prove); 10] = [
        ("unknown keys: throughput of good tokens", Box::new(flood::throughput)),
        ("rotations with overlap", Box::new(rotation::with_overlap)),
        ("rotations without overlap", Box::new(rotation::without_overlap)),
        ("first requests at once", Box::new(first_requests::one_fetch)),
        ("a key set of 1 GiB", Box::new(limits::huge)),
        ("a byte a second", Box::new(limits::drip)),
        ("second sight of a token", Box::new(cost::second_sight)),
        (
            "unknown keys: fetches",
            Box::new(move |runtime, scale| flood::few_fetches(&flooded, runtime, scale)),
        ),
        ("outage", Box::new(move |runtime, scale| outage.fails_no_known_key(runtime, scale))),
        ("memory", Box::new(memory::bounded)),
    ];
    let (mut passed, mut failed) = (0, 0);
    let is_selected = |name: &str| words.iter().all(|word| name.contains(word));
    for (name, prove) in proofs.into_iter().filter(|(name, _)| is_selected(name)) {
        let start = Instant::now();
        let Proof { holds, figures } = prove(&runtime, &scale);
        *(if holds { &mut passed } else { &mut failed }) += 1;
        let verdict = if holds { "passed" } else { "FAILED" };
        println!("{verdict}  {name}: {figures} [{:.1} s, {}]", start.elapsed().as_secs_f64(), Memory::now());
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
