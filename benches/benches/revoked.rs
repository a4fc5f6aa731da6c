//! What it costs to ask whether a token was revoked: the second sight of a token, with nothing revoked and with a million
//! revocations.
//!
//! `cargo bench -p auth-benches --bench revoked`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use auth_benches::{Candidate, Row, Table, authenticate, median, mint_for};
use auth_core::{Algorithm, Authenticator, OnOutage, Revocations};
use auth_testing::{TestIssuer, TestRequest};

const ISSUER: &str = "https://issuer.example";
const FAR_AWAY: u64 = 1 << 40;

fn revocations() -> Revocations {
    Revocations::builder(Duration::from_secs(3600), OnOutage::Refuse).build()
}

fn a_million() -> Revocations {
    let revocations = revocations();
    for index in 0..1_000_000_u64 {
        match index % 3 {
            0 => revocations.revoke_token_id(ISSUER, &format!("token-{index:020}"), FAR_AWAY),
            1 => revocations.revoke_subject(ISSUER, &format!("auth0|x{index:024x}"), FAR_AWAY),
            _ => revocations.revoke_session(ISSUER, &format!("session-{index:020}")),
        }
        .unwrap();
    }
    revocations
}

/// Calls in a second by two threads together.
fn throughput(authenticator: &Authenticator, requests: &[TestRequest]) -> f64 {
    const CALLS: usize = 200_000;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for half in requests.chunks(requests.len() / 2) {
            scope.spawn(move || {
                for request in half.iter().cycle().take(CALLS) {
                    black_box(authenticate(authenticator, request));
                }
            });
        }
    });
    (2 * CALLS) as f64 / start.elapsed().as_secs_f64()
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // a test run, which tells nothing about time
    }
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let requests: Vec<_> = (0..256)
        .map(|index| TestRequest::get("/orders").bearer(&mint_for(&issuer, &format!("auth0|{index:024x}"))))
        .collect();
    let plain = Authenticator::new(issuer.verifier().build().unwrap());
    let with = |revocations: Revocations| plain.with_revocations(revocations);
    let many = a_million();
    let authenticators =
        [("not asked", plain.clone()), ("nothing revoked", with(revocations())), ("a million", with(many))];
    for (name, authenticator) in &authenticators {
        assert!(requests.iter().all(|request| authenticate(authenticator, request)), "{name}");
    }
    let revoked = mint_for(&issuer, "auth0|x000000000000000000000001");
    let request = TestRequest::get("/orders").bearer(&revoked);
    assert!(authenticate(&plain, &request));
    assert!(!authenticate(&authenticators[2].1, &request), "it is one of the million");

    let first = requests.first().unwrap();
    let candidate = |(name, authenticator): &(&'static str, Authenticator)| {
        let authenticator = authenticator.clone();
        Candidate::new(name, move || {
            black_box(authenticate(&authenticator, first));
        })
    };
    let mut candidates = authenticators.each_ref().map(candidate);
    println!("\n{}", Table::of_ratios("second sight", vec![Row::measure("HS256", &mut candidates)]));
    let rounds: Vec<_> = (0..21)
        .map(|_| {
            let [plain, empty, full] = authenticators.each_ref().map(|(_, one)| throughput(one, &requests));
            (empty / plain, full / plain)
        })
        .collect();
    let (empty, full): (Vec<_>, Vec<_>) = rounds.into_iter().unzip();
    println!("\n| two threads | nothing revoked | a million |\n|---|---|---|");
    println!(
        "| throughput, to not asked | {:.2} | {:.2} |\n(medians of 21 rounds)",
        median(empty),
        median(full)
    );
}
