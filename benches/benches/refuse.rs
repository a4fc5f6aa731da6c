//! What a refusal costs in the core, from the cheapest to one whose signature had to be verified.
//!
//! `cargo bench -p auth-benches --bench refuse`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::time::Duration;

use auth_benches::{Candidate, Row, Table, authenticate, mint};
use auth_core::{Algorithm, Authenticator};
use auth_testing::{TestIssuer, TestRequest};
use criterion::Criterion;

fn refusing<'a>(authenticator: &'a Authenticator, request: &'a TestRequest) -> Candidate<'a> {
    Candidate::new("until the answer is known", move || {
        assert!(!authenticate(authenticator, request), "let in");
    })
}

fn main() {
    let issuer = TestIssuer::new(Algorithm::Rs256);
    let authenticator = Authenticator::new(issuer.verifier().build().unwrap());
    assert!(authenticate(&authenticator, &TestRequest::get("/orders?page=2").bearer(&mint(&issuer))));

    let refused = [
        ("no Authorization field", TestRequest::get("/orders?page=2")),
        ("malformed", TestRequest::get("/orders?page=2").bearer("two words")),
        ("over 8 KiB", TestRequest::get("/orders?page=2").bearer(&"x".repeat(8193))),
        ("8 MB", TestRequest::get("/orders?page=2").bearer(&"x".repeat(8_000_000))),
        ("no JWT", TestRequest::get("/orders?page=2").bearer("0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")),
        ("8192 dots", TestRequest::get("/orders?page=2").bearer(&".".repeat(8192))),
        (
            "unknown kid",
            TestRequest::get("/orders?page=2").bearer(&issuer.token("alice").header("kid", "unknown").sign()),
        ),
        ("bad signature (RS256)", TestRequest::get("/orders?page=2").bearer(&issuer.bad_signature("alice"))),
        ("expired (RS256)", TestRequest::get("/orders?page=2").bearer(&issuer.expired("alice"))),
    ];
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let mut group = criterion.benchmark_group("refused");
    for (fault, request) in &refused {
        let mut candidate = refusing(&authenticator, request);
        group.bench_function(*fault, |bencher| bencher.iter(|| candidate.call()));
    }
    group.finish();
    criterion.final_summary();

    let measuring = std::env::args().any(|argument| argument == "--bench");
    if measuring && !std::env::args().any(|argument| argument == "--list") {
        let row = |(fault, request): &(&str, TestRequest)| {
            Row::measure(fault, &mut [refusing(&authenticator, request)])
        };
        println!("\n{}", Table::of_ratios("refused for", refused.iter().map(row).collect()));
    }
}
