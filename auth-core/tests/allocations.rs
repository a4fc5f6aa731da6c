//! How often the heap is asked for memory. What aws-lc takes on the C side is not counted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use auth_core::{
    Algorithm, Authenticated, Authenticator, CredentialSource, NoClaims, OnOutage, Policy, Rejection,
    Revocations, Scope,
};
use auth_testing::{TestIssuer, TestRequest};
use serde::de::DeserializeOwned;
use serde_json::json;

fn plain() -> TestRequest {
    TestRequest::get("/orders?page=2")
}

/// Claims of the application without memory of their own.
#[derive(serde::Deserialize)]
struct Small {
    exp: u64,
}

/// Claims as an identity provider writes them.
fn sign(issuer: &TestIssuer, subject: &str) -> String {
    issuer
        .token(subject)
        .claim("aud", json!(["https://api.example", "https://issuer.example/userinfo"]))
        .scope("openid profile email orders:read orders:write")
        .claim("roles", json!(["reader", "writer"]))
        .claim("name", "Alice Elisabet Example-Jones")
        .claim("email", "alice@example.com")
        .claim("email_verified", true)
        .claim("client_id", "0oa5f7c8ec7c33c6c004")
        .claim("azp", "0oa5f7c8ec7c33c6c004")
        .claim("jti", "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
        .sign()
}

fn authenticate<C: DeserializeOwned + Send + Sync + 'static>(
    authenticator: &Authenticator,
    request: &TestRequest,
) -> Result<Authenticated<C>, Rejection> {
    match pin!(authenticator.authenticate(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verdict) => verdict,
        Poll::Pending => panic!("there is nothing to wait for"),
    }
}

fn counted<T>(call: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut outcome = None;
    let allocations = measure(|| outcome = Some(call()));
    (outcome.unwrap(), allocations)
}

#[test]
fn a_token_seen_before_takes_no_memory() {
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let issuer = TestIssuer::new(algorithm);
        let authenticator = Authenticator::new(issuer.verifier().build().unwrap());
        let request = plain().bearer(&sign(&issuer, "alice"));
        assert!(authenticate::<Small>(&authenticator, &request).is_ok());
        let (user, allocations) = counted(|| authenticate::<Small>(&authenticator, &request).unwrap());
        assert!(user.claims.exp > 0);
        assert_eq!(allocations.count_total, 0, "{algorithm}");
    }
}

#[test]
fn to_ask_whether_a_token_was_revoked_takes_no_memory() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let revocations = Revocations::builder(Duration::from_secs(3600), OnOutage::Refuse).build();
    revocations.revoke_token_id("https://issuer.example", "another", 1 << 40).unwrap();
    revocations.revoke_subject("https://issuer.example", "another", 1 << 40).unwrap();
    revocations.revoke_session("https://issuer.example", "another").unwrap();
    let authenticator =
        Authenticator::new(issuer.verifier().build().unwrap()).with_revocations(revocations.clone());
    let token = issuer.token("alice").claim("jti", "a").claim("sid", "s").sign();
    let request = plain().bearer(&token);
    assert!(authenticate::<Small>(&authenticator, &request).is_ok());
    let (verdict, allocations) = counted(|| authenticate::<Small>(&authenticator, &request).is_ok());
    assert!(verdict);
    assert_eq!(allocations.count_total, 0);
    revocations.revoke_session("https://issuer.example", "s").unwrap();
    assert!(authenticate::<Small>(&authenticator, &request).is_err());
}

#[test]
fn a_token_seen_before_takes_no_memory_wherever_it_stands() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let sources = [
        CredentialSource::Bearer,
        CredentialSource::cookie("access"),
        CredentialSource::header("x-api-key"),
        CredentialSource::WebSocketProtocol,
        CredentialSource::Basic,
    ];
    let authenticator = Authenticator::new(issuer.verifier().build().unwrap());
    let authenticator = authenticator.with_credential_sources(sources).unwrap();
    let token = sign(&issuer, "alice");
    let post = || TestRequest::new("POST", "/orders").header("origin", "https://a").header("host", "a");
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("tool:{token}"));
    for (request, pieces) in [
        (plain().bearer(&token), 0),
        (plain().header("cookie", format!("theme=dark; access={token}")), 0),
        (post().cookie("access", &token), 0),
        (plain().header("x-api-key", &*token), 0),
        (plain().header("sec-websocket-protocol", format!("chat, bearer.{token}")), 0),
        // It is encoded.
        (plain().authorization(format!("Basic {basic}")), 1),
    ] {
        assert!(authenticate::<Small>(&authenticator, &request).is_ok());
        let (user, allocations) = counted(|| authenticate::<Small>(&authenticator, &request).unwrap());
        assert_eq!(allocations.count_total, pieces, "{}", user.credential_source());
    }
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn a_token_seen_first_takes_eight_pieces_of_memory_at_most() {
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
        let issuer = TestIssuer::new(algorithm);
        let verifier = issuer.verifier().no_cache().build().unwrap();
        // The header has been seen, as with all tokens of an issuer but the first.
        verifier.verify_jwt(&issuer.good("bob")).unwrap();
        let request = plain().bearer(&sign(&issuer, "alice"));
        let authenticator = Authenticator::new(verifier);
        let (user, allocations) = counted(|| authenticate::<Small>(&authenticator, &request).unwrap());
        assert!(user.claims.exp > 0);
        assert!((2..=8).contains(&allocations.count_total), "{algorithm}: {}", allocations.count_total);
    }

    // The tables of the cache grow at some tokens, and at most do not.
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let authenticator = Authenticator::new(issuer.verifier().build().unwrap());
    let count = |index: usize| {
        let request = plain().bearer(&sign(&issuer, &format!("user {index}")));
        counted(|| authenticate::<Small>(&authenticator, &request).unwrap()).1.count_total
    };
    let mut counts: Vec<_> = (0..501).map(count).collect();
    counts.sort_unstable();
    let median = *counts.get(250).unwrap();
    println!("summary: heap allocations of a token seen first: {median} (median of 501), seen before: 0");
    assert!((3..=8).contains(&median), "{median}");
}

#[test]
fn to_ask_a_policy_takes_no_memory() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let request = plain().bearer(&sign(&issuer, "alice"));
    let user = authenticate::<NoClaims>(&issuer.authenticator(), &request).unwrap();
    let scope = |name| Policy::scope(Scope::from_static(name));
    for policy in [
        scope("orders:write"),
        Policy::role("writer"),
        Policy::claim("email_verified").equals(true),
        Policy::claim("roles").contains("writer"),
        Policy::predicate("to come", |token| token.expires_at().is_some()),
        !Policy::role("admin"),
        scope("none").or(Policy::role("admin")).or(scope("openid").and(Policy::role("reader"))),
    ] {
        let (allowed, allocations) = counted(|| user.require(&policy).is_ok());
        assert!(allowed, "{policy:?}");
        assert_eq!(allocations.count_total, 0, "{policy:?}");
    }
    let (allowed, allocations) = counted(|| Policy::claim("tenant").equals("x").allows(&user));
    assert!(!allowed && allocations.count_total > 0, "what is built is counted");
}

#[test]
fn a_refusal_takes_no_memory_for_what_was_sent() {
    let issuer = TestIssuer::new(Algorithm::Rs256);
    let authenticator = Authenticator::new(issuer.verifier().build().unwrap());
    let unknown_kid = |padding: usize| {
        issuer.token("alice").header("kid", "unknown").claim("padding", "x".repeat(padding)).sign()
    };
    for (fault, small, large) in [
        ("missing", plain(), plain()),
        ("another scheme", plain().authorization("Basic eA=="), plain().authorization("x".repeat(1 << 20))),
        ("malformed", plain().bearer("a b"), plain().bearer(&"a ".repeat(4000))),
        ("no JWT", plain().bearer("x"), plain().bearer(&"x".repeat(8192))),
        ("dots", plain().bearer("...."), plain().bearer(&".".repeat(8192))),
        ("too long", plain().bearer(&"x".repeat(8193)), plain().bearer(&"x".repeat(8 << 20))),
        ("unknown kid", plain().bearer(&unknown_kid(1)), plain().bearer(&unknown_kid(4000))),
    ] {
        let [small, large] = [small, large].map(|request| {
            let (refused, allocations) = counted(|| authenticate::<NoClaims>(&authenticator, &request));
            assert!(refused.is_err(), "{fault}");
            allocations.bytes_total
        });
        assert!(large <= small, "{fault}: {small} bytes, {large} for a large one");
        assert!(small <= 2048, "{fault}: {small} bytes");
    }
}
