//! The second sight of a token, as a request has it: through `Authenticator`, with the application's own
//! claims, and by two threads at once.
//!
//! `cargo bench -p auth-benches --bench seen`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use auth_benches::{Candidate, Row, Table, authenticate, mint_for};
use auth_core::{Algorithm, Authenticator};
use auth_testing::{TestIssuer, TestRequest};
use criterion::Criterion;

struct Server {
    cached: Authenticator,
    plain: Authenticator,
    requests: Vec<TestRequest>,
}

impl Server {
    fn new(algorithm: Algorithm) -> Self {
        let issuer = TestIssuer::new(algorithm);
        let cached = Authenticator::new(issuer.verifier().build().unwrap());
        let plain = Authenticator::new(issuer.verifier().no_cache().build().unwrap());
        let requests: Vec<_> = (0..256)
            .map(|index| {
                TestRequest::get("/orders?page=2").bearer(&mint_for(&issuer, &format!("auth0|{index:024x}")))
            })
            .collect();
        assert!(requests.iter().all(|request| authenticate(&cached, request)));
        assert!(!authenticate(
            &cached,
            &TestRequest::get("/orders?page=2").bearer(&issuer.bad_signature("alice"))
        ));
        Self { cached, plain, requests }
    }

    fn request(&self) -> &TestRequest {
        self.requests.first().unwrap()
    }
}

/// What one thread asks, over and over.
type Thread<'a> = (&'a Authenticator, &'a [TestRequest]);

/// Calls in a second by all threads together.
fn throughput(threads: &[Thread<'_>]) -> f64 {
    const CALLS: usize = 200_000;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for (authenticator, requests) in threads {
            scope.spawn(move || {
                for request in requests.iter().cycle().take(CALLS) {
                    black_box(authenticate(authenticator, request));
                }
            });
        }
    });
    (CALLS * threads.len()) as f64 / start.elapsed().as_secs_f64()
}

/// How often as much as one thread do two: with tokens of their own, with the same token, and, to show what the
/// machine has to give, with nothing in common.
fn two_threads(server: &Server, apart: &Server) -> [f64; 3] {
    let (half, other_half) = server.requests.split_at(server.requests.len() / 2);
    let one_token = half.get(..1).unwrap();
    let cached = &server.cached;
    let mut ratios = [const { Vec::new() }; 3];
    for _ in 0..21 {
        let one = throughput(&[(cached, half)]);
        for (ratios, pair) in ratios.iter_mut().zip([
            [(cached, half), (cached, other_half)],
            [(cached, one_token), (cached, one_token)],
            [(cached, half), (&apart.cached, apart.requests.as_slice())],
        ]) {
            ratios.push(throughput(&pair) / one);
        }
    }
    ratios.map(|mut ratios| {
        ratios.sort_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
    })
}

fn main() {
    let servers = [Algorithm::Hs256, Algorithm::Rs256].map(|algorithm| (algorithm, Server::new(algorithm)));
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for (algorithm, server) in &servers {
        let mut group = criterion.benchmark_group(format!("{algorithm} through Authenticator"));
        for (name, authenticator) in [("first sight", &server.plain), ("second sight", &server.cached)] {
            group.bench_function(name, |bencher| {
                bencher.iter(|| authenticate(authenticator, server.request()));
            });
        }
        group.finish();
    }
    criterion.final_summary();

    let measuring = std::env::args().any(|argument| argument == "--bench");
    if measuring && !std::env::args().any(|argument| argument == "--list") {
        let row = |(algorithm, server): &(Algorithm, Server)| {
            let candidate = |name, authenticator| {
                Candidate::new(name, move || {
                    black_box(authenticate(authenticator, server.request()));
                })
            };
            let mut candidates =
                [candidate("second sight", &server.cached), candidate("first sight", &server.plain)];
            Row::measure(algorithm.name(), &mut candidates)
        };
        println!("\n{}", Table::of_ratios("algorithm", servers.iter().map(row).collect()));
        println!("\n| two threads | own tokens | the same token | nothing in common |\n|---|---|---|---|");
        for (algorithm, server) in &servers {
            let [own, same, apart] = two_threads(server, &Server::new(*algorithm));
            println!("| {algorithm} | {own:.2} x one | {same:.2} x one | {apart:.2} x one |");
        }
        println!("(medians of 21 rounds)");
    }
}
