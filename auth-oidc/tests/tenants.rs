//! Issuers that become known when the first of their tokens comes.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Algorithm, StoreFailure, TokenVerifier, VerifyError};
use auth_oidc::{FetchErrorKind, IssuerDirectory, Issuers, Oidc};
use auth_testing::TestIssuer;
use futures_util::future::join_all;

use crate::fake::{Act, Fake, pass, seconds};

/// Knows `https://id.example/N`, for every number.
#[derive(Clone)]
struct Directory {
    provider: Fake,
    lookups: Arc<AtomicUsize>,
    is_down: Arc<AtomicBool>,
    takes: Duration,
}

impl Directory {
    fn new(provider: &Fake) -> Self {
        let takes = Duration::ZERO;
        Self { provider: provider.clone(), lookups: Arc::default(), is_down: Arc::default(), takes }
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl IssuerDirectory for Directory {
    async fn lookup(&self, issuer: &str) -> Result<Option<Oidc>, StoreFailure> {
        self.lookups.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(self.takes).await;
        assert_ne!(issuer, "https://id.example/panic");
        if self.is_down.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("the database is down").into());
        }
        let number = issuer.strip_prefix("https://id.example/").map(str::parse::<u32>);
        let is_tenant = matches!(number, Some(Ok(_)));
        let oidc = || Oidc::issuer(issuer).audience("api").jwks_uri("https://id.example/keys");
        Ok(is_tenant.then(|| oidc().fetch(self.provider.clone())))
    }
}

async fn verdict(verifier: &Issuers, token: &str) -> Result<String, VerifyError> {
    let verdict = match verifier.verify_now(token) {
        Some(verdict) => verdict,
        None => verifier.verify(token).await,
    };
    verdict.map(|token| token.issuer().unwrap().to_owned()).map_err(auth_core::VerifyFailure::into_error)
}

fn is_unavailable(verdict: &Result<String, VerifyError>) -> bool {
    matches!(verdict, Err(VerifyError::Unavailable { retry_after: Some(_) }))
}

fn signer() -> (TestIssuer, Fake) {
    let signer = TestIssuer::new(Algorithm::Es256).audience("api");
    let jwks = signer.jwks();
    (signer, Fake::new(move |_| Act::ok(jwks.clone())))
}

fn of(signer: &TestIssuer, issuer: impl std::fmt::Display) -> String {
    signer.token("a").claim("iss", format!("https://id.example/{issuer}")).sign()
}

#[tokio::test(start_paused = true)]
async fn a_tenant_is_looked_up_once() {
    let (signer, provider) = signer();
    let directory = Directory { takes: seconds(1), ..Directory::new(&provider) };
    let verifier = Issuers::new().directory(directory.clone());
    let token = of(&signer, 1);
    let verdicts = join_all((0..1000).map(|_| verdict(&verifier, &token))).await;
    assert!(verdicts.iter().all(|verdict| verdict.as_deref() == Ok("https://id.example/1")));
    assert_eq!((directory.lookups(), provider.asked().len()), (1, 1));
    assert_eq!(verdict(&verifier, &of(&signer, 1)).await.unwrap(), "https://id.example/1");
    let forged = TestIssuer::new(Algorithm::Es256).audience("api");
    assert!(verdict(&verifier, &of(&forged, 1)).await.is_err());
    assert_eq!((directory.lookups(), provider.asked().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_there_is_not_is_asked_for_once_a_minute() {
    let (signer, provider) = signer();
    let directory = Directory::new(&provider);
    let verifier = Issuers::new().directory(directory.clone());
    for _ in 0..10 {
        assert_eq!(verdict(&verifier, &of(&signer, "nobody")).await, Err(VerifyError::WrongIssuer));
    }
    assert_eq!(directory.lookups(), 1);
    pass(seconds(61)).await;
    assert_eq!(verdict(&verifier, &of(&signer, "nobody")).await, Err(VerifyError::WrongIssuer));
    assert_eq!((directory.lookups(), provider.asked().len()), (2, 0));
    let long = of(&signer, "1".repeat(2000));
    assert_eq!(verdict(&verifier, &long).await, Err(VerifyError::WrongIssuer));
    assert_eq!(directory.lookups(), 2);
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_use_up_the_starts_of_tenants() {
    let (signer, provider) = signer();
    let directory = Directory::new(&provider);
    let verifier = Issuers::new().directory(directory.clone());
    for number in 0..5000 {
        let stranger = of(&signer, format_args!("x{number}"));
        assert_eq!(verdict(&verifier, &stranger).await, Err(VerifyError::WrongIssuer));
    }
    for number in 0..10 {
        let issuer = format!("https://id.example/{number}");
        assert_eq!(verdict(&verifier, &of(&signer, number)).await, Ok(issuer));
    }
    assert!(is_unavailable(&verdict(&verifier, &of(&signer, 10)).await), "an eleventh within a minute");
    assert_eq!(provider.asked().len(), 10);
    pass(seconds(61)).await;
    assert!(verdict(&verifier, &of(&signer, 10)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_tenants_are_kept() {
    let (signer, provider) = signer();
    let verifier = Issuers::new().directory(Directory::new(&provider));
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for number in 0..1020 {
        assert!(verdict(&verifier, &of(&signer, number)).await.is_ok(), "{number}");
        assert!(verdict(&verifier, &of(&signer, 0)).await.is_ok(), "asked for again and again");
        pass(seconds(6)).await;
    }
    assert_eq!(tasks() - before, 1000);
    let fetched = provider.asked().len();
    assert!(verdict(&verifier, &of(&signer, 0)).await.is_ok());
    assert_eq!(provider.asked().len(), fetched);
    drop(verifier);
    pass(seconds(1)).await;
    assert_eq!(tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_an_outage_and_no_way_in() {
    let (signer, provider) = signer();
    let directory = Directory::new(&provider);
    let verifier = Issuers::new().directory(directory.clone());
    directory.is_down.store(true, Ordering::SeqCst);
    assert!(is_unavailable(&verdict(&verifier, &of(&signer, 1)).await));
    directory.is_down.store(false, Ordering::SeqCst);
    assert!(verdict(&verifier, &of(&signer, 1)).await.is_ok(), "at once");
    assert!(is_unavailable(&verdict(&verifier, &of(&signer, "panic")).await));

    let jwks = signer.jwks();
    provider.all(Act::ok("{}"));
    assert!(is_unavailable(&verdict(&verifier, &of(&signer, 2)).await), "no usable key");
    provider.all(Act::ok(jwks));
    let asked = provider.asked().len();
    assert!(is_unavailable(&verdict(&verifier, &of(&signer, 2)).await));
    assert_eq!(provider.asked().len(), asked, "not within 30 s");
    pass(seconds(31)).await;
    assert!(verdict(&verifier, &of(&signer, 2)).await.is_ok());

    provider.all(Act::Fail(FetchErrorKind::Unreachable));
    let start = tokio::time::Instant::now();
    assert!(is_unavailable(&verdict(&verifier, &of(&signer, 3)).await));
    assert_eq!(start.elapsed(), seconds(5));
}
