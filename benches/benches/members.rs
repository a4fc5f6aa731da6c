//! The first sight of tokens whose claims have many members: side by side, and as Keycloak nests them in its
//! `resource_access`. Ten times the members take about ten times as long.
//!
//! `cargo bench -p auth-benches --bench members`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use auth_core::{Algorithm, ClaimPath, JwtVerifier, Policy};
use auth_testing::TestIssuer;
use criterion::{Criterion, Throughput};
use serde_json::{Map, Value, json};

/// As many as fit into the largest token that can be allowed, 64 KiB.
const COUNTS: [u64; 4] = [10, 100, 1_000, 5_000];

/// Outermost claims.
fn flat(count: u64) -> Map<String, Value> {
    (0..count).map(|index| (format!("{index:x}"), json!(0))).collect()
}

/// Two members for each client.
fn keycloak(count: u64) -> Map<String, Value> {
    let clients: Map<_, _> =
        (0..count / 2).map(|index| (format!("{index:x}"), json!({ "roles": [] }))).collect();
    Map::from_iter([("resource_access".to_owned(), Value::from(clients))])
}

fn token(issuer: &TestIssuer, claims: Map<String, Value>) -> String {
    claims.into_iter().fold(issuer.token("alice"), |draft, (name, value)| draft.claim(&name, value)).sign()
}

fn verifier(issuer: &TestIssuer, roles: ClaimPath) -> JwtVerifier {
    let builder = issuer.verifier().no_cache().roles(roles);
    builder.members_bounded_by_bytes().max_token_bytes(64 * 1024).build().unwrap()
}

fn main() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for (name, claims, roles) in [
        ("flat", flat as fn(u64) -> Map<String, Value>, ClaimPath::roles()),
        ("as Keycloak nests them", keycloak, ClaimPath::resource_access_roles("0")),
    ] {
        let verifier = verifier(&issuer, roles);
        let admin = Policy::role("admin");
        let mut group = criterion.benchmark_group(format!("members, {name}"));
        for count in COUNTS {
            let token = token(&issuer, claims(count));
            let verified = verifier.verify_jwt(&token).unwrap();
            group.throughput(Throughput::Elements(count));
            group.bench_function(format!("{count}: verified"), |bencher| {
                bencher.iter(|| verifier.verify_jwt(black_box(&token)).unwrap());
            });
            group.bench_function(format!("{count}: a role asked for"), |bencher| {
                bencher.iter(|| admin.allows(black_box(&verified)));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
