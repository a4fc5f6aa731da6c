//! The conformance suite against a server on axum, over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::SocketAddr;
use std::time::Duration;

use auth_axum::{
    AuthRejection, Authenticated, Authenticator, BearerToken, MaybeAuthenticated, Policy, Scope,
};
use auth_core::{Algorithm, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure};
use auth_testing::TestIssuer;
use auth_testing::conformance::{self, Fixture, SeenTokens};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use self::common::{message, serving};

const ORDERS_READ: Scope = Scope::from_static("orders:read");

fn app(authenticator: Authenticator) -> Router {
    Router::new()
        .route("/public", get(async || message("Hello, anyone")))
        .route("/protected", get(async |user: Authenticated| message(&format!("Hello {}", user.subject()))))
        .route("/optional", get(optional))
        .route("/orders", get(orders))
        .route("/admin", get(admin))
        .route("/tenant", get(async |user: Authenticated<Tenant>| message(&user.claims.tenant)))
        .route("/raw", get(async |token: BearerToken| message(token.as_str())))
        .with_state(authenticator)
}

#[derive(serde::Deserialize)]
struct Tenant {
    tenant: String,
}

async fn optional(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Value> {
    match user {
        Some(user) => message(&format!("Hello {}", user.subject())),
        None => message("Hello, stranger"),
    }
}

async fn orders(user: Authenticated) -> Result<Json<Value>, AuthRejection> {
    user.require(&Policy::scope(ORDERS_READ))?;
    Ok(message(&format!("Orders of {}", user.subject())))
}

async fn admin(user: Authenticated) -> Result<Json<Value>, AuthRejection> {
    user.require(&Policy::role("admin"))?;
    Ok(message(&format!("Hello admin {}", user.subject())))
}

#[tokio::test]
async fn axum_never_takes_a_token_for_one_that_it_has_seen() {
    let fixture = SeenTokens::new();
    let app = app(fixture.authenticator());
    let report = serving(app, move |address| fixture.run(address)).await;
    println!("summary: conformance: axum, tokens seen before: {report}");
    report.assert_passed();
    assert_eq!(report.attacks().into_keys().collect::<Vec<_>>(), SeenTokens::ATTACKS);
}

#[tokio::test]
async fn axum_conforms() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let fixture = Fixture::new(algorithm);
        let app = app(fixture.authenticator());
        let report = serving(app, move |address| fixture.run(address)).await;
        println!("summary: conformance: axum, {algorithm}: {report}");
        report.assert_passed();
        assert!(report.passed() >= 300, "{report}");
    }
}

#[tokio::test]
async fn a_server_that_lets_everybody_in_does_not_conform() {
    let fixture = Fixture::new(Algorithm::Es256);
    let open = Router::new().route("/protected", get(async || message("Hello alice")));
    let report = serving(open, move |address| fixture.run(address)).await;
    assert!(report.failed() > 200, "{report}");
    assert!(report.attacks().values().filter(|held| **held).count() <= 2, "{report}");
}

#[tokio::test]
async fn a_server_that_refuses_everybody_does_not_conform() {
    let fixture = Fixture::new(Algorithm::Es256);
    let app = app(TestIssuer::new(Algorithm::Es256).authenticator());
    let report = serving(app, move |address| fixture.run(address)).await;
    assert!(report.failed() > 60, "{report}");
    assert!(
        report.attacks().values().all(|held| !held),
        "an attack has no twin that is accepted: {:?}",
        report.attacks()
    );
}

#[tokio::test]
async fn custom_claims_and_the_raw_token() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let app = app(issuer.authenticator());
    serving(app, move |address| {
        let get = |target: &str, token: &str| {
            let request = format!(
                "GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
            );
            let answer = conformance::send(address, request.as_bytes()).unwrap();
            (answer.status, answer.body)
        };
        let with_tenant = issuer.token("alice").claim("tenant", "t1").sign();
        assert_eq!(get("/tenant", &with_tenant), (200, r#"{"message":"t1"}"#.to_owned()));
        assert_eq!(get("/tenant", &issuer.good("alice")).0, 401);
        assert_eq!(get("/raw", "not-verified"), (200, r#"{"message":"not-verified"}"#.to_owned()));
        assert_eq!(get("/raw", "").0, 400);
    })
    .await;
}

/// Panics, or is down.
struct Broken;

#[auth_core::async_trait]
impl TokenVerifier for Broken {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "down" => Err(VerifyError::Unavailable { retry_after: Some(Duration::from_secs(30)) }.into()),
            _ => panic!("the verifier is broken"),
        }
    }
}

#[tokio::test]
async fn a_verifier_that_panics_or_is_down_lets_nobody_in() {
    serving(app(Authenticator::new(Broken)), still_refuses).await;
}

/// Asks more often than the server has threads, so that one that died would be noticed.
fn still_refuses(address: SocketAddr) {
    let send = |target: &str, token: &str| {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        );
        conformance::send(address, request.as_bytes()).unwrap()
    };
    for _ in 0..8 {
        for target in ["/protected", "/optional", "/orders", "/admin"] {
            let answer = send(target, "panic");
            assert_eq!(answer.status, 500);
            assert_eq!(
                answer.body,
                r#"{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal server error"}"#
            );
            let answer = send(target, "down");
            assert_eq!(answer.status, 503);
            let fields = [("content-type", "application/problem+json"), ("retry-after", "30")];
            assert_eq!(answer.headers, fields.map(|(name, value)| (name.to_owned(), value.to_owned())));
            assert_eq!(
                answer.body,
                r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Authentication is temporarily unavailable"}"#
            );
        }
        assert_eq!(send("/public", "panic").status, 200);
    }
}
