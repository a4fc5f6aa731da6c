//! The conformance suite against a server on actix-web, over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod common;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use actix_web::web::{self, Json, ServiceConfig};
use auth_actix::{
    AuthRejection, Authenticated, Authenticator, BearerToken, MaybeAuthenticated, Policy, Scope,
};
use auth_core::{Algorithm, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure};
use auth_testing::TestIssuer;
use auth_testing::conformance::{self, Fixture, SeenTokens};
use serde_json::Value;

use self::common::{message, serving};

const ORDERS_READ: Scope = Scope::from_static("orders:read");

fn routes(config: &mut ServiceConfig) {
    let hello = async |user: Authenticated| message(&format!("Hello {}", user.subject()));
    config
        .route("/public", web::get().to(async || message("Hello, anyone")))
        .service(web::resource("/protected").route(web::get().to(hello)).route(web::head().to(hello)))
        .route("/optional", web::get().to(optional))
        .route("/orders", web::get().to(orders))
        .route("/admin", web::get().to(admin))
        .route("/tenant", web::get().to(async |user: Authenticated<Tenant>| message(&user.claims.tenant)))
        .route("/raw", web::get().to(async |token: BearerToken| message(token.as_str())));
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

#[actix_web::test]
async fn actix_never_takes_a_token_for_one_that_it_has_seen() {
    let fixture = SeenTokens::new();
    let authenticator = fixture.authenticator();
    let app = move |config: &mut ServiceConfig| {
        config.app_data(authenticator.clone()).configure(routes);
    };
    let report = serving(app, move |address| fixture.run(address)).await;
    println!("summary: conformance: actix, tokens seen before: {report}");
    report.assert_passed();
    assert_eq!(report.attacks().into_keys().collect::<Vec<_>>(), SeenTokens::ATTACKS);
}

#[actix_web::test]
async fn actix_conforms() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let fixture = Fixture::new(algorithm);
        let authenticator = fixture.authenticator();
        let app = move |config: &mut ServiceConfig| {
            config.app_data(authenticator.clone()).configure(routes);
        };
        let report = serving(app, move |address| fixture.run(address)).await;
        println!("summary: conformance: actix, {algorithm}: {report}");
        report.assert_passed();
        assert!(report.passed() >= 300, "{report}");
    }
}

fn get(address: SocketAddr, target: &str, token: &str) -> (u16, String) {
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let answer = conformance::send(address, request.as_bytes()).unwrap();
    (answer.status, answer.body)
}

#[actix_web::test]
async fn custom_claims_and_the_raw_token() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let authenticator: Authenticator = issuer.authenticator();
    let app = move |config: &mut ServiceConfig| {
        config.app_data(authenticator.clone()).configure(routes);
    };
    serving(app, move |address| {
        let with_tenant = issuer.token("alice").claim("tenant", "t1").sign();
        assert_eq!(get(address, "/tenant", &with_tenant), (200, r#"{"message":"t1"}"#.to_owned()));
        assert_eq!(get(address, "/tenant", &issuer.good("alice")).0, 401);
        assert_eq!(get(address, "/raw", "not-verified"), (200, r#"{"message":"not-verified"}"#.to_owned()));
        assert_eq!(get(address, "/raw", "").0, 400);
    })
    .await;
}

#[actix_web::test]
async fn the_authenticator_of_the_nearest_scope_counts() {
    LazyLock::force(&LOG);
    let [outer, inner] = ["https://outer.example", "https://inner.example"]
        .map(|issuer| TestIssuer::new(Algorithm::Es256).issuer(issuer));
    let authenticators = [&outer, &inner].map(TestIssuer::authenticator);
    let app = move |config: &mut ServiceConfig| {
        let [outer, inner] = authenticators.clone();
        let nested = web::scope("/inner").app_data(inner.clone()).configure(routes);
        let wrapped = web::scope("/wrapped").app_data(web::Data::new(inner)).configure(routes);
        config.app_data(outer).service(nested).service(wrapped).configure(routes);
    };
    serving(app, move |address| {
        let (outer, inner) = (outer.good("alice"), inner.good("alice"));
        assert_eq!(get(address, "/protected", &outer).0, 200);
        assert_eq!(get(address, "/protected", &inner).0, 401);
        assert_eq!(get(address, "/inner/protected", &outer).0, 401);
        assert_eq!(get(address, "/inner/protected", &inner).0, 200);
        for token in [outer, inner] {
            assert_eq!(
                get(address, "/wrapped/protected", &token).0,
                500,
                "in web::Data it could lose to the outer one"
            );
        }
    })
    .await;
}

/// What is logged while the test runs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

/// For the whole process, since servers run in threads of their own; made before anything is logged that
/// a test looks for.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt().with_writer(move || writer.clone()).init();
    log
});

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn a_forgotten_authenticator_is_a_500_whose_log_names_the_fix() {
    let log = &*LOG;
    let issuer = TestIssuer::new(Algorithm::Es256);
    let token = issuer.good("alice");
    serving(routes, move |address| {
        for target in ["/protected", "/optional", "/orders", "/raw"] {
            let (status, body) = get(address, target, &token);
            assert_eq!(status, 500, "{target}");
            assert_eq!(
                body,
                r#"{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal server error"}"#
            );
        }
        assert_eq!(get(address, "/public", &token).0, 200);
    })
    .await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/protected") && log.contains(".app_data(authenticator.clone())"), "{log}");
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

#[actix_web::test]
async fn a_verifier_that_panics_or_is_down_lets_nobody_in() {
    let app = move |config: &mut ServiceConfig| {
        config.app_data(Authenticator::new(Broken)).configure(routes);
    };
    serving(app, still_refuses).await;
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
