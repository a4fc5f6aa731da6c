//! Settings that cannot work are told before anything is fetched.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod fake;

use auth_oidc::Oidc;

use crate::fake::{Act, Fake, KEYS, minutes, seconds, signer};

#[tokio::test(start_paused = true)]
async fn an_issuer_with_a_query_or_a_fragment_is_refused_and_printed() {
    for (issuer, told) in [
        ("https://id.example/realms/shop?tenant=1", "has a query, and an issuer has none"),
        ("https://id.example/?", "has a query, and an issuer has none"),
        ("https://id.example/#shop", "fragment"),
    ] {
        let provider = Fake::new(|_| Act::status(404));
        let error = Oidc::issuer(issuer).audience("api").fetch(provider.clone()).connect().await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains(told) && error.contains(issuer), "{error}");
        assert_eq!(provider.asked(), [""; 0], "{issuer}");
    }
}

/// Tokens may have it as `iss` all the same. Then no address is made of it.
#[tokio::test(start_paused = true)]
async fn an_issuer_with_a_query_is_accepted_if_its_keys_are_elsewhere() {
    let issuer = "https://id.example/realms/shop?tenant=1";
    let signer = signer().issuer(issuer);
    let provider = Fake::with_keys(&signer);
    let oidc = Oidc::issuer(issuer).audience("api").jwks_uri(KEYS).fetch(provider.clone());
    let verifier = oidc.connect().await.unwrap();
    assert_eq!(fake::verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
    assert_eq!(provider.asked(), [KEYS]);
}

#[tokio::test(start_paused = true)]
async fn times_out_of_range_are_refused() {
    let provider = Fake::with_keys(&signer());
    for time in [seconds(0), seconds(61)] {
        let error = provider.oidc().attempt_timeout(time).connect().await.unwrap_err().to_string();
        assert_eq!(error, "`.attempt_timeout(..)` is out of range: 1 to 60 seconds");
    }
    let error = provider.oidc().max_stale(minutes(7 * 24 * 60 + 1)).connect().await.unwrap_err().to_string();
    assert_eq!(error, "`.max_stale(..)` is out of range: 7 days at most");
    assert_eq!(provider.asked(), [""; 0]);
}
