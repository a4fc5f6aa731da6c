//! What further credential sources cost a request whose token is in the Authorization field: around the check alone, and
//! on a protected axum route, in process. The request has the fields of a browser's `fetch`, two other cookies among them.
//!
//! `cargo bench -p auth-benches --bench sources`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;

use auth_axum::Authenticated;
use auth_benches::{Candidate, Claims, Row, Table, at_once, mint};
use auth_core::{Algorithm, Authenticator, CredentialSource};
use auth_testing::TestIssuer;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use tower_service::Service as _;

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // a test run, which tells nothing about time
    }
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let plain = Authenticator::new(issuer.verifier().build().unwrap());
    let field = format!("Bearer {}", mint(&issuer));
    let further = |sources: &[CredentialSource]| {
        let sources = [&[CredentialSource::Bearer], sources].concat();
        plain.with_credential_sources(sources).unwrap()
    };
    let cookie = || CredentialSource::cookie("__Host-access");
    let header = || CredentialSource::header("X-API-Key");
    let authenticators = [
        ("Bearer alone", plain.clone()),
        ("and a cookie", further(&[cookie()])),
        ("and a field", further(&[header()])),
        ("and a subprotocol", further(&[CredentialSource::WebSocketProtocol])),
        ("and Basic", further(&[CredentialSource::Basic])),
        (
            "and all four",
            further(&[cookie(), header(), CredentialSource::WebSocketProtocol, CredentialSource::Basic]),
        ),
    ];

    let ready = request(&field);
    let alone = authenticators.each_ref().map(|(name, authenticator)| {
        let check = || at_once(authenticator.authenticate::<Claims>(black_box(&ready))).is_ok();
        assert!(check(), "{name}");
        Candidate::new(name, move || assert!(check()))
    });
    let routes = authenticators.each_ref().map(|(name, authenticator)| {
        let router = Router::new().route("/orders", get(|_: Authenticated<Claims>| async { "Hello" }));
        Candidate::new(name, on_axum(router.with_state(authenticator.clone()), &field))
    });
    let rows = [("the check alone", Vec::from(alone)), ("a route", Vec::from(routes))];
    let rows = rows.map(|(name, mut candidates)| Row::measure(name, &mut candidates));
    println!("\n{}", Table::of_ratios("HS256, seen before", rows.into()));
}

fn request(field: &str) -> Request<Body> {
    Request::get("/orders?page=2")
        .header("host", "api.example")
        .header("accept", "*/*")
        .header("accept-encoding", "gzip, deflate, br, zstd")
        .header("accept-language", "en-GB,en;q=0.9")
        .header("authorization", field)
        .header("cookie", "theme=dark; consent=2026-11-01")
        .header("origin", "https://app.example")
        .header("sec-fetch-dest", "empty")
        .header("sec-fetch-mode", "cors")
        .header("sec-fetch-site", "same-site")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36")
        .body(Body::empty())
        .unwrap()
}

fn on_axum(mut router: Router, field: &str) -> impl FnMut() {
    let (head, _) = request(field).into_parts();
    move || {
        let request = Request::from_parts(head.clone(), Body::empty());
        assert_eq!(black_box(at_once(router.call(request)).unwrap().status()), 200);
    }
}
