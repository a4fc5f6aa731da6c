//! The second sight of a token, as a request has it: through `Authenticator`, with the application's own
//! claims, and by two threads at once.
//!
//! `cargo bench -p auth-benches --bench seen`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use auth_benches::{Candidate, Claims, Row, Table, mint_for};
use auth_core::{Algorithm, Authenticator, RequestHead};
use auth_testing::TestIssuer;
use criterion::Criterion;

struct Request(String);

impl Request {
    fn new(token: &str) -> Self {
        Self(format!("Bearer {token}"))
    }
}

impl RequestHead for Request {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> &str {
        "/orders?page=2"
    }

    fn header_values<'a>(&'a self, _: &str) -> impl Iterator<Item = &'a [u8]> {
        std::iter::once(self.0.as_bytes())
    }
}

/// Polls once, as a server does: nothing has to be waited for.
fn authenticate(authenticator: &Authenticator, request: &Request) -> bool {
    let future = pin!(authenticator.authenticate::<Claims>(black_box(request)));
    matches!(future.poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Ok(_)))
}

struct Server {
    cached: Authenticator,
    plain: Authenticator,
    requests: Vec<Request>,
}

impl Server {
    fn new(algorithm: Algorithm) -> Self {
        let issuer = TestIssuer::new(algorithm);
        let cached = Authenticator::new(issuer.verifier().build().unwrap());
        let plain = Authenticator::new(issuer.verifier().no_cache().build().unwrap());
        let requests: Vec<_> =
            (0..256).map(|index| Request::new(&mint_for(&issuer, &format!("user {index}")))).collect();
        assert!(requests.iter().all(|request| authenticate(&cached, request)));
        assert!(!authenticate(&cached, &Request::new(&issuer.bad_signature("alice"))));
        Self { cached, plain, requests }
    }

    fn request(&self) -> &Request {
        self.requests.first().unwrap()
    }
}

/// Calls in a second by so many threads at once, each with tokens of its own.
fn throughput(server: &Server, threads: usize) -> f64 {
    const CALLS: usize = 200_000;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for requests in server.requests.chunks(server.requests.len() / threads).take(threads) {
            scope.spawn(move || {
                for request in requests.iter().cycle().take(CALLS) {
                    black_box(authenticate(&server.cached, request));
                }
            });
        }
    });
    (CALLS * threads) as f64 / start.elapsed().as_secs_f64()
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
        println!("\n{}", Table(servers.iter().map(row).collect()));
        for (algorithm, server) in &servers {
            let mut ratios: Vec<_> = (0..21).map(|_| throughput(server, 2) / throughput(server, 1)).collect();
            ratios.sort_by(f64::total_cmp);
            let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN);
            println!("{algorithm}: two threads together {ratio:.2} x one");
        }
    }
}
