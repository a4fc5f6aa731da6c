//! Several issuers behind one verifier.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod fake;

use auth_core::jwt::Provider;
use auth_core::{Algorithm, TokenVerifier, VerifyError};
use auth_oidc::{FetchErrorKind, Issuers, Oidc};
use auth_testing::TestIssuer;

use crate::fake::{Act, Fake, minutes, pass};

/// A realm with a key of its own, which has the `kid` that all have.
fn realm(name: &str) -> (TestIssuer, Fake) {
    let issuer = format!("https://id.example/{name}");
    let signer = TestIssuer::new(Algorithm::Es256).issuer(&issuer).audience("api").kid("1");
    let jwks = signer.jwks();
    (signer, Fake::new(move |_| Act::ok(jwks.clone())))
}

fn oidc(name: &str, provider: &Fake) -> Oidc {
    let oidc = Oidc::issuer(format!("https://id.example/{name}")).audience("api");
    oidc.jwks_uri("https://id.example/keys").fetch(provider.clone())
}

async fn verdict(verifier: &Issuers, token: &str) -> Result<String, VerifyError> {
    let verdict = match verifier.verify_now(token) {
        Some(verdict) => verdict,
        None => verifier.verify(token).await,
    };
    verdict
        .map(|token| format!("{} of {}", token.subject(), token.issuer().unwrap()))
        .map_err(auth_core::VerifyFailure::into_error)
}

#[tokio::test(start_paused = true)]
async fn each_issuer_has_its_own_keys_and_its_own_outages() {
    let ((one, provider_of_one), (two, provider_of_two)) = (realm("one"), realm("two"));
    let verifier = Issuers::new()
        .issuer(oidc("one", &provider_of_one).connect().await.unwrap())
        .issuer(oidc("two", &provider_of_two).max_stale(minutes(60)).connect().await.unwrap());
    for _ in 0..3 {
        assert_eq!(verdict(&verifier, &one.good("a")).await.unwrap(), "a of https://id.example/one");
        assert_eq!(verdict(&verifier, &two.good("b")).await.unwrap(), "b of https://id.example/two");
    }
    let foreign = one.token("a").claim("iss", "https://id.example/two").sign();
    assert_eq!(verdict(&verifier, &foreign).await, Err(VerifyError::InvalidSignature), "whatever the kid");
    let unknown = one.token("a").claim("iss", "https://evil.example").sign();
    assert_eq!(verdict(&verifier, &unknown).await, Err(VerifyError::WrongIssuer));
    assert_eq!(verdict(&verifier, "opaque").await, Err(VerifyError::MalformedToken));
    assert_eq!(provider_of_one.asked().len() + provider_of_two.asked().len(), 2);

    let good = two.good("b");
    provider_of_two.all(Act::Fail(FetchErrorKind::Unreachable));
    pass(minutes(70)).await;
    let of_two = verdict(&verifier, &good).await;
    assert!(matches!(of_two, Err(VerifyError::Unavailable { .. })), "{of_two:?}");
    assert_eq!(verdict(&verifier, &one.good("a")).await.unwrap(), "a of https://id.example/one");
    assert_eq!(Issuers::new().verifiers().count(), 0);
    let nobody = verdict(&Issuers::new(), &one.good("a")).await;
    assert_eq!(nobody, Err(VerifyError::WrongIssuer));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_added_again_is_replaced() {
    let ((old, old_provider), (new, new_provider)) = (realm("one"), realm("one"));
    let verifier = Issuers::new()
        .issuer(oidc("one", &old_provider).connect().await.unwrap())
        .issuer(oidc("one", &new_provider).connect().await.unwrap());
    assert_eq!(verifier.verifiers().count(), 2);
    assert!(verdict(&verifier, &new.good("a")).await.is_ok());
    assert_eq!(verdict(&verifier, &old.good("a")).await, Err(VerifyError::InvalidSignature));
}

#[tokio::test(start_paused = true)]
async fn every_name_of_an_issuer_leads_to_it() {
    const TENANTS: [&str; 2] =
        ["11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555"];
    let signer = TestIssuer::new(Algorithm::Es256).audience("api").kid("1");
    let jwks = signer.jwks();
    let provider = Fake::new(move |_| Act::ok(jwks.clone()));
    let connect = |preset: Provider, audience: Option<&str>| {
        let oidc = Oidc::provider(&preset).jwks_uri("https://id.example/keys").fetch(provider.clone());
        let oidc = audience.into_iter().fold(oidc, Oidc::audience);
        async { oidc.connect().await.unwrap() }
    };
    let verifier = Issuers::new()
        .issuer(connect(Provider::entra_multi_tenant(TENANTS), Some("api")).await)
        .issuer(connect(Provider::google(["api"]), None).await);
    for tenant in TENANTS {
        let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let token = signer.token("a").claim("iss", &*issuer).claim("tid", tenant).claim("ver", "2.0").sign();
        assert_eq!(verdict(&verifier, &token).await.unwrap(), format!("a of {issuer}"));
    }
    for issuer in ["accounts.google.com", "https://accounts.google.com"] {
        let token = signer.token("a").claim("iss", issuer).sign();
        assert_eq!(verdict(&verifier, &token).await.unwrap(), format!("a of {issuer}"));
    }
}
