//! The code of the guide `docs/from-fastapi.md`, compiled and run; and that the guide shows this code and no other.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a test"
)]

#[path = "guide/on_actix.rs"]
mod on_actix;
#[path = "guide/on_axum.rs"]
mod on_axum;
#[path = "guide/users.rs"]
mod users;

use std::net::SocketAddr;

use auth_core::Authenticator;
use auth_testing::{OpenApiProbe, TestIssuer};
use serde_json::Value;

use self::users::{demo_users, settings, token_endpoint, verifier};

const SECRET: &[u8] = b"NlXE6I695qwkqL9jViyKGxFxSI-WuSmw";
const GUIDE: &str = include_str!("../../docs/from-fastapi.md");

#[test]
fn the_guide_shows_what_is_run() {
    let sources = [
        include_str!("guide/users.rs"),
        include_str!("guide/on_axum.rs"),
        include_str!("guide/on_actix.rs"),
        include_str!("guide.rs"),
    ];
    // A function of a test stands there without its indentation.
    let sources = sources.map(|source| source.to_owned() + &source.replace("\n    ", "\n"));
    let mut blocks = 0;
    for block in GUIDE.split("```rust\n").skip(1) {
        let (code, _) = block.split_once("```").unwrap();
        for part in code.split("\n\n").map(|part| part.trim_matches('\n')) {
            assert!(sources.iter().any(|source| source.contains(part)), "nobody runs this:\n{part}");
        }
        blocks += 1;
    }
    assert!(blocks >= 12, "{blocks}");
}

/// Mints tokens, and judges them by the settings of the application.
fn test_issuer() -> TestIssuer {
    TestIssuer::default().issuer("https://issuer.example").audience("https://api.example").settings(settings)
}

/// Requests, and the status and beginning of what is answered, the same on both frameworks.
fn requests(token: &str) -> Vec<(&'static str, Option<String>, u16, &'static str)> {
    let issuer = TestIssuer::with_secret(auth_core::Algorithm::Hs256, SECRET);
    let minted = |draft: auth_testing::TokenDraft<'_>| Some(draft.sign());
    let alice = || Some(token.to_owned());
    let admin = || minted(issuer.token("edith").claim("roles", vec!["admin"]));
    vec![
        ("/", None, 200, "Hello stranger"),
        ("/", alice(), 200, "Hello alice"),
        ("/", Some("forged".to_owned()), 401, ""),
        ("/raw", None, 401, ""),
        ("/raw", Some("forged".to_owned()), 200, "a token of 6 bytes"),
        ("/claims", None, 401, ""),
        ("/claims", Some("forged".to_owned()), 401, ""),
        ("/claims", alice(), 200, "Hello alice"),
        ("/users/me", None, 401, ""),
        ("/users/me", alice(), 200, r#"{"username":"alice","full_name":"alice Liddell"}"#),
        ("/users/me", minted(issuer.token("dave")), 403, ""),
        ("/users/me", minted(issuer.token("mallory")), 401, ""),
        ("/users/me/items", alice(), 200, "Items of alice"),
        ("/users/me/items", minted(issuer.token("alice")), 403, ""),
        ("/report", alice(), 200, "all is well"),
        ("/report", admin(), 200, "all is well"),
        ("/report", minted(issuer.token("alice")), 403, ""),
        ("/admin/users", alice(), 403, ""),
        ("/admin/users", admin(), 200, "all users"),
        ("/admin/users", None, 401, ""),
    ]
}

fn login(password: &str) -> String {
    format!("grant_type=password&username=alice&password={password}")
}

fn access_token(body: &[u8]) -> String {
    serde_json::from_slice::<Value>(body).unwrap()["access_token"].as_str().unwrap().to_owned()
}

/// Set for the process whose test is to fail.
const FAILING: &str = "AUTH_TESTING_FAILS_ON_PURPOSE";

/// Alice, with a token that expired, for the test that fails on purpose.
fn expired_alice() -> Authenticator {
    let issuer = test_issuer();
    issuer.token("alice").scope("items").claim_at("exp", -3600).override_authentication()
}

#[test]
fn a_failing_test_shows_why_a_request_was_refused() {
    for name in ["axum_tests::alice_is_refused", "actix_tests::alice_is_refused"] {
        let mut test = std::process::Command::new(std::env::current_exe().unwrap());
        let output = test
            .args(["--exact", name])
            .env(FAILING, "1")
            .env_remove("RUST_TEST_NOCAPTURE")
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let line = "auth-testing: \"/users/me/items\" is refused, 401 (Invalid): the token has expired";
        assert!(!output.status.success() && stdout.contains(line), "{name}: {stdout}");
        assert!(!stdout.contains("eyJ"), "{name} shows no token");
    }
}

mod axum_tests {
    use super::*;
    use crate::on_axum::{AppState, app, document, serve};
    use axum::body::{Body, to_bytes};
    use axum::extract::connect_info::MockConnectInfo;
    use axum::http::Request;
    use tower::ServiceExt as _;

    async fn state(auth: Authenticator) -> AppState {
        let users = demo_users().await.unwrap();
        let endpoint = token_endpoint(SECRET, users.clone()).unwrap();
        AppState { auth, users, endpoint }
    }

    async fn send(app: axum::Router, request: Request<Body>) -> (u16, Vec<u8>) {
        let app = app.layer(MockConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        let response = app.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        (status, to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec())
    }

    #[tokio::test]
    async fn each_step_does_what_the_guide_says() {
        let app = app(state(Authenticator::new(verifier(SECRET).unwrap())).await);
        let form = |password| {
            let form = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
            form.body(Body::from(login(password))).unwrap()
        };
        assert_eq!(send(app.clone(), form("guess")).await.0, 400);
        let (status, body) = send(app.clone(), form("wonderland")).await;
        assert_eq!(status, 200);
        for (path, token, status, begins) in requests(&access_token(&body)) {
            let mut request = Request::get(path);
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let answer = send(app.clone(), request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.0, status, "{path}");
            assert!(answer.1.starts_with(begins.as_bytes()), "{path}");
        }
    }

    /// Its role comes out of the database.
    #[tokio::test]
    async fn edith_logs_in_and_administers() {
        let app = app(state(Authenticator::new(verifier(SECRET).unwrap())).await);
        let form = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
        let form = form.body(Body::from(login("wonderland").replace("alice", "edith"))).unwrap();
        let token = access_token(&send(app.clone(), form).await.1);
        let request = Request::get("/admin/users").header("authorization", format!("Bearer {token}"));
        assert_eq!(send(app, request.body(Body::empty()).unwrap()).await.0, 200);
    }

    #[tokio::test(flavor = "multi_thread")] // `run` waits, so the server needs a thread of its own
    async fn routes_are_protected_as_documented() {
        let issuer = test_issuer();
        let auth = issuer.authenticator();
        let document = document(&auth).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(state(auth).await, listener));
        OpenApiProbe::new(&document, |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign())
            .must_refuse_bad_tokens_of(&issuer)
            .run(address)
            .assert_passed();
    }

    #[tokio::test]
    async fn alice_sees_her_items() {
        let auth = test_issuer().token("alice").scope("items").override_authentication();
        let app = app(state(auth).await);
        let request = Request::get("/users/me/items").body(Body::empty()).unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
    }

    #[tokio::test]
    async fn alice_is_refused() {
        if std::env::var_os(FAILING).is_some() {
            let app = app(state(expired_alice()).await);
            let request = Request::get("/users/me/items").body(Body::empty()).unwrap();
            assert_eq!(app.oneshot(request).await.unwrap().status(), 200);
        }
    }
}

mod actix_tests {
    use super::*;
    use crate::on_actix::{routes, serve};
    use actix_web::dev::ServiceResponse;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, web};

    async fn send(auth: &Authenticator, requests: Vec<TestRequest>) -> Vec<ServiceResponse> {
        let users = demo_users().await.unwrap();
        let endpoint = token_endpoint(SECRET, users.clone()).unwrap();
        let app = App::new().configure(|config| routes(config, auth, users, endpoint));
        let app = init_service(app).await;
        let mut answers = Vec::new();
        for request in requests {
            answers.push(call_service(&app, request.to_request()).await);
        }
        answers
    }

    #[actix_web::test]
    async fn each_step_does_what_the_guide_says() {
        let auth = Authenticator::new(verifier(SECRET).unwrap());
        let form = |password| {
            let form = TestRequest::post().uri("/token");
            form.insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload(login(password))
        };
        let [wrong, right] = send(&auth, vec![form("guess"), form("wonderland")]).await.try_into().unwrap();
        assert_eq!((wrong.status().as_u16(), right.status().as_u16()), (400, 200));
        let token = access_token(&read_body(right).await);
        let request = |path: &str, token: Option<String>| {
            let request = TestRequest::get().uri(path);
            match token {
                Some(token) => request.insert_header(("authorization", format!("Bearer {token}"))),
                None => request,
            }
        };
        let expected = requests(&token);
        let sent = expected.iter().map(|(path, token, ..)| request(path, token.clone()));
        let answers = send(&auth, sent.collect()).await;
        for (answer, (path, _, status, begins)) in answers.into_iter().zip(expected) {
            assert_eq!(answer.status().as_u16(), status, "{path}");
            assert!(read_body(answer).await.starts_with(begins.as_bytes()), "{path}");
        }
    }

    #[actix_web::test]
    async fn alice_sees_her_items() {
        let auth = test_issuer().token("alice").scope("items").override_authentication();
        let users = demo_users().await.unwrap();
        let endpoint = token_endpoint(SECRET, users.clone()).unwrap();
        let app = init_service(App::new().configure(|config| routes(config, &auth, users, endpoint))).await;
        let request = TestRequest::get().uri("/users/me/items").to_request();
        assert_eq!(call_service(&app, request).await.status(), 200);
    }

    #[actix_web::test]
    async fn alice_is_refused() {
        if std::env::var_os(FAILING).is_some() {
            let answers = send(&expired_alice(), vec![TestRequest::get().uri("/users/me/items")]).await;
            assert_eq!(answers[0].status(), 200);
        }
    }

    #[actix_web::test]
    async fn it_serves() {
        let auth = test_issuer().token("alice").scope("items").override_authentication();
        let users = demo_users().await.unwrap();
        let endpoint = token_endpoint(SECRET, users.clone()).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        actix_web::rt::spawn(serve(auth, users, endpoint, listener));
        let request = b"GET /users/me HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answer = web::block(move || auth_testing::conformance::send(address, request)).await.unwrap();
        assert_eq!(answer.unwrap().status, 200);
    }
}
