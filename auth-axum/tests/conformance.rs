//! The conformance suite against a server on axum, over a socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use auth_axum::{
    AuthRejection, Authenticated, Authenticator, BearerToken, MaybeAuthenticated, Policy, Scope,
};
use auth_core::Algorithm;
use auth_testing::{TestIssuer, conformance};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

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

fn message(text: &str) -> Json<Value> {
    Json(json!({ "message": text }))
}

/// Serves until the test ends, and runs `client` beside it.
async fn serving<T: Send + 'static>(
    app: Router,
    client: impl FnOnce(std::net::SocketAddr) -> T + Send + 'static,
) -> T {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::task::spawn_blocking(move || client(address)).await.unwrap()
}

#[tokio::test]
async fn axum_conforms() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let issuer = TestIssuer::new(algorithm);
        let app = app(issuer.authenticator());
        let report = serving(app, move |address| conformance::run(address, &issuer)).await;
        println!("axum, {algorithm}: {report}");
        report.assert_passed();
        assert!(report.passed() >= 60);
    }
}

#[tokio::test]
async fn a_server_that_lets_everybody_in_does_not_conform() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let open = Router::new().route("/protected", get(async || message("Hello alice")));
    let report = serving(open, move |address| conformance::run(address, &issuer)).await;
    assert!(report.failed() > 60, "{report}");
}

#[tokio::test]
async fn a_server_that_refuses_everybody_does_not_conform() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let app = app(TestIssuer::new(Algorithm::Es256).authenticator());
    let report = serving(app, move |address| conformance::run(address, &issuer)).await;
    assert!(report.failed() > 20, "{report}");
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
