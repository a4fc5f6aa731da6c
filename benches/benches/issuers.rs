//! What a token seen before costs with keys that are kept fresh, and among how many issuers its own is found.
//!
//! `cargo bench -p auth-benches --bench issuers`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Algorithm, TokenVerifier};
use auth_oidc::{Fetch, FetchError, Issuers, Oidc, OidcVerifier};
use auth_testing::TestIssuer;
use bytes::Bytes;
use criterion::Criterion;
use http::{Request, Response};

/// Answers with one key set.
#[derive(Clone)]
struct Keys(Bytes);

#[async_trait]
impl Fetch for Keys {
    async fn fetch(&self, _: Request<Bytes>) -> Result<Response<Bytes>, FetchError> {
        Ok(Response::new(self.0.clone()))
    }
}

fn name(number: usize) -> String {
    format!("https://id.example/{number}")
}

async fn connect(keys: &Keys, number: usize) -> OidcVerifier {
    let oidc = Oidc::issuer(name(number)).audience("api").jwks_uri("https://id.example/keys");
    oidc.fetch(keys.clone()).connect().await.unwrap()
}

fn main() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    let signer = TestIssuer::new(Algorithm::Es256).audience("api").issuer(name(0));
    let keys = Keys(signer.jwks().into());
    let token = signer.token("alice").claim_at("exp", 100_000).sign();

    let mut group = criterion.benchmark_group("a token seen before");
    let alone = signer.verifier().issuer(name(0)).build().unwrap();
    group.bench_function("keys that stay", |bencher| {
        bencher.iter(|| alone.verify_now(black_box(&token)).unwrap().unwrap());
    });
    let fresh = runtime.block_on(connect(&keys, 0));
    group.bench_function("keys kept fresh", |bencher| {
        bencher.iter(|| fresh.verify_now(black_box(&token)).unwrap().unwrap());
    });
    for count in [1, 10, 100, 1_000] {
        let issuers = runtime.block_on(async {
            let mut issuers = Issuers::new();
            for number in 0..count {
                issuers = issuers.issuer(connect(&keys, number).await);
            }
            issuers
        });
        group.bench_function(format!("one of {count} issuers"), |bencher| {
            bencher.iter(|| issuers.verify_now(black_box(&token)).unwrap().unwrap());
        });
    }
    group.finish();
    criterion.final_summary();
}
