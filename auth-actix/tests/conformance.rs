//! The conformance suite against a server on actix-web, over a socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{App, HttpServer};
use auth_actix::{
    AuthRejection, Authenticated, Authenticator, BearerToken, MaybeAuthenticated, Policy, Scope,
};
use auth_core::Algorithm;
use auth_testing::{TestIssuer, conformance};
use serde_json::{Value, json};

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

fn message(text: &str) -> Json<Value> {
    Json(json!({ "message": text }))
}

/// Serves until the test ends, and runs `client` beside it.
async fn serving<T: Send + 'static>(
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let server = HttpServer::new(move || App::new().configure(configure.clone())).workers(1);
    let server = server.bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let running = server.disable_signals().run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    let outcome = web::block(move || client(address)).await.unwrap();
    handle.stop(false).await;
    outcome
}

#[actix_web::test]
async fn actix_conforms() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256, Algorithm::EdDsa] {
        let issuer = TestIssuer::new(algorithm);
        let authenticator = issuer.authenticator();
        let app = move |config: &mut ServiceConfig| {
            config.app_data(authenticator.clone()).configure(routes);
        };
        let report = serving(app, move |address| conformance::run(address, &issuer)).await;
        println!("actix, {algorithm}: {report}");
        report.assert_passed();
        assert!(report.passed() >= 60);
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
        config.app_data(web::Data::new(authenticator.clone())).configure(routes);
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

/// What is logged while the test runs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

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
    let log = Log::default();
    let writer = log.clone();
    // For the whole process, for the server runs in a thread of its own.
    tracing_subscriber::fmt().with_writer(move || writer.clone()).init();
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
