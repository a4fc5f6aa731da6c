//! Answers that are huge or slow.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use auth_testing::{Behavior, Endpoint, TestIdentityProvider};
use tokio::runtime::Runtime;

use crate::memory::Memory;
use crate::service::{oidc, until};
use crate::{Proof, Scale};

/// What the client may read of it, with what is around it.
const MOST_MIB: u64 = 16;

pub(crate) fn huge(runtime: &Runtime, _: &Scale) -> Proof {
    let provider = TestIdentityProvider::start();
    provider.behave(Endpoint::Keys, Behavior::Huge(1 << 30));
    let (before, start) = (Memory::now(), Instant::now());
    let error = runtime.block_on(oidc(&provider).connect()).unwrap_err().to_string();
    let time = start.elapsed();
    let more = Memory::now().peak_mib() - before.peak_mib();
    Proof {
        holds: error.contains("more than the 262144 bytes allowed") && more <= MOST_MIB && time.as_secs() < 5,
        figures: format!(
            "refused after {} ms, peak of memory {more} MiB more (bound {MOST_MIB} MiB)",
            time.as_millis()
        ),
    }
}

/// The provider's clock is moved as time passes.
pub(crate) fn drip(runtime: &Runtime, _: &Scale) -> Proof {
    const TIMEOUT: Duration = Duration::from_secs(3);
    const TICK: Duration = Duration::from_millis(10);
    let provider = TestIdentityProvider::start();
    provider.behave(Endpoint::Keys, Behavior::Drip(Duration::from_secs(1)));
    let (verifier, driver) = oidc(&provider).attempt_timeout(TIMEOUT).connect_with_driver().unwrap();
    let has_ended = AtomicBool::new(false);
    let time = thread::scope(|scope| {
        scope.spawn(|| {
            let (clock, start) = (provider.clock(), Instant::now());
            let began = clock.elapsed();
            while !has_ended.load(Ordering::Relaxed) {
                thread::sleep(TICK);
                clock.advance((began + start.elapsed()).saturating_sub(clock.elapsed()));
            }
        });
        let start = Instant::now();
        runtime.spawn(driver);
        until(|| verifier.stats().failures == 1);
        has_ended.store(true, Ordering::Relaxed);
        start.elapsed()
    });
    let late = time.saturating_sub(TIMEOUT);
    Proof {
        holds: time >= TIMEOUT && late < Duration::from_secs(1),
        figures: format!("given up after {:.2} s (timeout {} s)", time.as_secs_f64(), TIMEOUT.as_secs()),
    }
}
