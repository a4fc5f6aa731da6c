//! What it costs that keys are kept fresh. `cargo bench -p auth-benches --bench issuers` has more of it.

use std::hint::black_box;
use std::time::Instant;

use auth_benches::median;
use auth_core::{JwtVerifier, TokenVerifier};
use tokio::runtime::Runtime;

use crate::service::Service;
use crate::{Proof, Scale};

/// Times as long as by a plain verifier.
const MOST: f64 = 1.1;

const PAIRS: usize = 20_000;

/// Short, so that few of them are interrupted on a machine that has other work too.
const BATCH: usize = 64;

/// A token seen before, by a plain verifier and by one whose keys are kept fresh, in alternating batches. What counts is the
/// median of the ratios of neighbours.
pub(crate) fn second_sight(runtime: &Runtime, _: &Scale) -> Proof {
    let service = Service::start(runtime);
    let plain = JwtVerifier::builder().issuer(service.provider.issuer()).audience("https://api.example");
    let plain = plain.jwk(service.provider.signer().jwk().to_string()).build().unwrap();
    let token = service.tokens(1).remove(0);
    let batch = |verifier: &dyn TokenVerifier| {
        let start = Instant::now();
        for _ in 0..BATCH {
            black_box(verifier.verify_now(black_box(&token)).unwrap().unwrap());
        }
        start.elapsed().as_secs_f64()
    };
    let pair = |_| {
        let by_plain = batch(&plain);
        batch(&service.verifier) / by_plain
    };
    let ratio = median((0..PAIRS).map(pair).collect());
    Proof {
        holds: ratio <= MOST,
        figures: format!("{ratio:.3} times as long as with keys that stay (bound {MOST})"),
    }
}
