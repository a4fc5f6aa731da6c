//! The attacks of the catalogue on keys that are fetched, each on axum and on actix-web, whose answers are the same bytes.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod both;
mod fake;

use auth_axum::Authenticator;
use auth_oidc::{FetchErrorKind, Issuers, Oidc};
use auth_testing::TestIssuer;
use serde_json::json;

use crate::both::status;
use crate::fake::{Act, Fake, ISSUER, KEYS, minutes, pass, seconds, signer};

async fn connect(provider: &Fake) -> Authenticator {
    Authenticator::new(provider.oidc().connect().await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn attack_65_the_right_kid_and_the_key_of_another_issuer() {
    let realm = |name: &str| {
        let signer = signer().issuer(format!("https://id.example/{name}")).kid("1");
        let jwks = signer.jwks();
        let oidc = Oidc::issuer(format!("https://id.example/{name}")).audience("api").jwks_uri(KEYS);
        (signer, oidc.fetch(Fake::new(move |_| Act::ok(jwks.clone()))))
    };
    let ((one, oidc_of_one), (two, oidc_of_two)) = (realm("one"), realm("two"));
    let issuers = Issuers::new()
        .issuer(oidc_of_one.connect().await.unwrap())
        .issuer(oidc_of_two.connect().await.unwrap());
    let authenticator = Authenticator::new(issuers);
    assert_eq!(status(&authenticator, &one.good("alice")).await, 200);
    assert_eq!(status(&authenticator, &two.good("alice")).await, 200);
    let forged = one.token("alice").claim("iss", "https://id.example/two").sign();
    assert_eq!(status(&authenticator, &forged).await, 401);
}

#[tokio::test(start_paused = true)]
async fn attack_73_a_flood_of_unknown_keys() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let authenticator = connect(&provider).await;
    let forged = TestIssuer::default().issuer(ISSUER).audience("api");
    for second in 0..120 {
        let kid = format!("unknown-{second}");
        assert_eq!(status(&authenticator, &forged.token("x").header("kid", &*kid).sign()).await, 401);
        assert_eq!(status(&authenticator, &signer.good("alice")).await, 200);
        pass(seconds(1)).await;
    }
    let fetches = provider.key_requests();
    assert!(fetches <= 5, "{fetches} in two minutes");
    pass(minutes(1)).await;
    let fetches = provider.key_requests();
    assert_eq!(status(&authenticator, &signer.bad_signature("alice")).await, 401);
    pass(minutes(1)).await;
    assert_eq!(provider.key_requests(), fetches, "a known key");
}

#[tokio::test(start_paused = true)]
async fn attack_74_addresses_that_lead_elsewhere() {
    let signer = signer();
    let elsewhere = [
        "file:///etc/passwd",
        "http://id.example/keys",
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/keys",
        "https://10.0.0.1/keys",
        "https://user@id.example/keys",
        "/keys",
        "",
    ];
    for address in elsewhere {
        let jwks = signer.jwks();
        let provider = Fake::new(move |request| {
            if request.uri().path().ends_with("openid-configuration") {
                return Act::ok(json!({"issuer": ISSUER, "jwks_uri": address}).to_string());
            }
            Act::ok(jwks.clone())
        });
        let error = provider.oidc().connect().await.unwrap_err();
        assert!(matches!(error, auth_oidc::ConnectError::Source(_)), "{address}: {error}");
        assert_eq!(provider.asked().len(), 1, "{address} was not fetched");
    }
    for status in [301, 302, 303, 307, 308] {
        let provider = Fake::new(move |_| Act::status(status).header("location", "https://id.example/other"));
        let error = provider.oidc().connect().await.unwrap_err().to_string();
        assert!(error.contains("configure that address"), "{error}");
        assert_eq!(provider.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn attack_75_metadata_of_another_issuer() {
    for issuer in
        ["https://evil.example", "https://id.example/realms/shop/", "https://id.example/realms/Shop"]
    {
        let metadata = json!({"issuer": issuer, "jwks_uri": KEYS}).to_string();
        let provider = Fake::new(move |_| Act::ok(metadata.clone()));
        let error = provider.oidc().connect().await.unwrap_err().to_string();
        assert!(error.contains(issuer) && error.contains(ISSUER), "{error}");
        assert_eq!(provider.key_requests(), 0);
    }
}

/// The keys stay whatever is answered.
async fn bad_answers_change_nothing(answers: impl IntoIterator<Item = Act>) {
    let (signer, other) = (signer(), signer());
    let provider = Fake::with_keys(&signer);
    let authenticator = connect(&provider).await;
    for act in answers {
        let told: String = format!("{act:?}").chars().take(80).collect();
        let fetches = provider.asked().len();
        provider.keys(act);
        pass(minutes(12)).await;
        assert!(provider.asked().len() > fetches, "{told}");
        assert_eq!(status(&authenticator, &signer.good("alice")).await, 200, "{told}");
        assert_eq!(status(&authenticator, &other.good("alice")).await, 503, "{told}");
        provider.keys(Act::ok(signer.jwks()));
        pass(minutes(2)).await;
        assert_eq!(status(&authenticator, &other.good("alice")).await, 401, "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn attack_76_a_key_set_that_is_huge_or_never_ends() {
    let huge = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(300 * 1024));
    let slow = |seconds_taken| Act::Slowly(seconds(seconds_taken), Box::new(Act::ok(signer().jwks())));
    bad_answers_change_nothing([Act::ok(huge), Act::Never, slow(6), Act::Fail(FetchErrorKind::TooLarge)])
        .await;
}

#[tokio::test(start_paused = true)]
async fn attack_77_a_key_set_that_is_none() {
    let bodies = [
        "",
        "<html></html>",
        r#"{"keys":[]}"#,
        "{}",
        "[]",
        "null",
        r#"{"keys":{}}"#,
        "\u{feff}{\"keys\":[]}",
    ];
    let statuses = [204, 400, 404, 500, 503].map(Act::status);
    bad_answers_change_nothing(bodies.map(Act::ok).into_iter().chain(statuses)).await;
}

/// Serves what else is in the set beside a good key.
async fn beside_a_good_key(others: &[serde_json::Value]) {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let keys: Vec<_> = others.iter().cloned().chain([signer.jwk()]).collect();
    provider.keys(Act::ok(json!({ "keys": keys }).to_string()));
    let verifier = provider.oidc().connect().await.unwrap();
    let authenticator = Authenticator::new(verifier);
    assert_eq!(status(&authenticator, &signer.good("alice")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn attack_78_garbage_among_the_keys() {
    beside_a_good_key(&[json!({}), json!({"kty": "RSA", "n": "AQ", "e": "AQAB"}), json!({"kty": "canary"})])
        .await;
}

#[tokio::test(start_paused = true)]
async fn attack_79_secrets_in_a_key_set() {
    let secret = TestIssuer::new(auth_core::Algorithm::Hs256).issuer(ISSUER).audience("api");
    let signer = signer();
    let mut private = signer.jwk();
    private.as_object_mut().unwrap().insert("d".to_owned(), "AAAA".into());
    private.as_object_mut().unwrap().insert("kid".to_owned(), "private".into());
    beside_a_good_key(&[secret.jwk(), private.clone()]).await;

    let provider = Fake::with_keys(&signer);
    let keys = json!({"keys": [secret.jwk(), private, signer.jwk()]}).to_string();
    provider.keys(Act::ok(keys));
    let authenticator = connect(&provider).await;
    assert_eq!(status(&authenticator, &secret.good("alice")).await, 401);
    assert_eq!(status(&authenticator, &signer.token("alice").header("kid", "private").sign()).await, 401);
    let only_secrets = Fake::new(|_| Act::Never);
    only_secrets.keys(Act::ok(json!({"keys": [secret.jwk()]}).to_string()));
    assert!(only_secrets.oidc().connect().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn attack_80_keys_for_something_else() {
    for (member, value) in [("use", json!("enc")), ("key_ops", json!(["sign"])), ("key_ops", json!([]))] {
        let (signer, other) = (signer(), signer());
        let mut wrong = other.jwk();
        wrong.as_object_mut().unwrap().remove("use");
        wrong.as_object_mut().unwrap().insert(member.to_owned(), value);
        let provider = Fake::with_keys(&signer);
        provider.keys(Act::ok(json!({"keys": [wrong, signer.jwk()]}).to_string()));
        let authenticator = connect(&provider).await;
        assert_eq!(status(&authenticator, &signer.good("alice")).await, 200);
        assert_eq!(status(&authenticator, &other.good("alice")).await, 401);
    }
}

#[tokio::test(start_paused = true)]
async fn attack_81_a_key_that_was_removed() {
    let (removed, kept) = (signer(), signer());
    let provider = Fake::with_keys(&kept);
    provider.keys(Act::ok(json!({"keys": [removed.jwk(), kept.jwk()]}).to_string()));
    let authenticator = connect(&provider).await;
    let seen_before = removed.good("alice");
    assert_eq!(status(&authenticator, &seen_before).await, 200);
    provider.keys(Act::ok(kept.jwks()));
    pass(minutes(10)).await;
    assert_eq!(status(&authenticator, &seen_before).await, 401);
    assert_eq!(status(&authenticator, &removed.good("alice")).await, 401);
    assert_eq!(status(&authenticator, &kept.good("alice")).await, 200);
}

#[tokio::test(start_paused = true)]
async fn attack_82_keys_that_are_too_old() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().max_stale(minutes(60)).connect().await.unwrap();
    let authenticator = Authenticator::new(verifier);
    provider.all(Act::Fail(FetchErrorKind::Unreachable));
    pass(minutes(59)).await;
    let seen_before = signer.good("alice");
    assert_eq!(status(&authenticator, &seen_before).await, 200);
    pass(minutes(2)).await;
    assert_eq!(status(&authenticator, &seen_before).await, 503);
    assert_eq!(status(&authenticator, "opaque").await, 503);
}

#[tokio::test(start_paused = true)]
async fn attack_83_a_provider_that_is_slow_when_keys_have_to_be_fetched() {
    let (signer, other) = (signer(), signer());
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().attempt_timeout(seconds(60)).connect().await.unwrap();
    let authenticator = Authenticator::new(verifier);
    provider.keys(Act::Never);
    pass(minutes(9)).await;
    let start = tokio::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(status(&authenticator, &signer.good("alice")).await, 200);
    }
    assert!(start.elapsed().is_zero(), "nobody waits for a known key");
    assert_eq!(status(&authenticator, &other.good("alice")).await, 503);
}
