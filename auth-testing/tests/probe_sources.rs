//! The probe tries tokens in cookies, fields and passwords, where the document has them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use auth_core::adapter::Guard;
use auth_core::{Authenticator, CredentialSource, Policy, Rejection, Scope};
use auth_testing::{OpenApiProbe, ProbeReport, TestIssuer};
use futures_executor::block_on;
use http::Request;
use serde_json::{Value, json};

const WRITE: Scope = Scope::from_static("a");

fn sources() -> [CredentialSource; 5] {
    [
        CredentialSource::Bearer,
        CredentialSource::Basic,
        CredentialSource::cookie("access"),
        CredentialSource::header("X-API-Key"),
        CredentialSource::WebSocketProtocol,
    ]
}

/// Serves one operation behind a guard. `tampered` changes each request before the guard sees it.
fn serve(guard: Guard, tampered: fn(&mut Request<()>)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let line = lines.next().unwrap();
            let mut words = line.split(' ');
            let mut request = Request::builder().method(words.next().unwrap()).uri(words.next().unwrap());
            for field in lines.take_while(|line| !line.is_empty()) {
                let (name, value) = field.split_once(": ").unwrap();
                request = request.header(name, value);
            }
            let mut request = request.body(()).unwrap();
            tampered(&mut request);
            let head = match block_on(guard.check(&mut request)) {
                Ok(()) => "204 No Content\r\n".to_owned(),
                Err(rejection) => refused(&rejection),
            };
            stream.write_all(format!("HTTP/1.1 {head}\r\n").as_bytes()).unwrap();
        }
    });
    address
}

fn refused(rejection: &Rejection) -> String {
    let fields = rejection.headers().map(|(name, value)| format!("{name}: {}\r\n", value.to_str().unwrap()));
    format!("{}\r\n{}", rejection.status(), fields.collect::<String>())
}

fn document(method: &str, security: impl Into<Value>) -> Value {
    json!({
        "openapi": "3.1.0",
        "paths": { "/orders": { method: { "security": security.into(), "responses": {} } } },
        "components": { "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer" },
            "basic": { "type": "http", "scheme": "basic" },
            "cookie": { "type": "apiKey", "in": "cookie", "name": "access" },
            "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            "socket": { "type": "apiKey", "in": "header", "name": "Sec-WebSocket-Protocol" },
            "query": { "type": "apiKey", "in": "query", "name": "key" },
        } },
    })
}

const SCHEMES: [&str; 4] = ["basic", "cookie", "key", "socket"];

fn probe(
    issuer: &TestIssuer,
    document: &Value,
    change: impl Fn(Authenticator) -> Guard,
    tampered: fn(&mut Request<()>),
) -> ProbeReport {
    let authenticator = issuer.authenticator().with_credential_sources(sources()).unwrap();
    let address = serve(change(authenticator), tampered);
    let token = |scopes: &[&str]| issuer.token("alice").scope(&scopes.join(" ")).sign();
    let probe = OpenApiProbe::new(document, token).must_refuse_bad_tokens_of(issuer);
    SCHEMES.into_iter().fold(probe, OpenApiProbe::also_in).run(address)
}

fn in_any() -> Value {
    json!([{ "bearer": ["a"] }, { "basic": ["a"] }, { "cookie": ["a"] }, { "key": ["a"] }, { "socket": ["a"] }])
}

fn guarded(authenticator: Authenticator) -> Guard {
    Guard::new(authenticator).require(Policy::scope(WRITE))
}

#[test]
fn each_place_is_tried() {
    let issuer = TestIssuer::default();
    for method in ["get", "post"] {
        let one = |scheme: &str| {
            let document = document(method, json!([{ scheme: ["a"] }]));
            let report = probe(&issuer, &document, guarded, |_| {});
            report.assert_passed();
            assert!(report.never_let_in().is_empty(), "{scheme}");
            report.requests()
        };
        let alone: Vec<_> = ["bearer", "basic", "key", "socket"].into_iter().map(one).collect();
        assert!(alone.iter().all(|requests| *requests == alone[0] && *requests > 20), "{alone:?}");
        let of_other_site = usize::from(method == "post");
        assert_eq!(one("cookie"), alone[0] + of_other_site, "{method}");

        let report = probe(&issuer, &document(method, in_any()), guarded, |_| {});
        report.assert_passed();
        assert_eq!(report.requests(), 5 * (alone[0] - 1) + 1 + of_other_site, "{method}");
    }
    let optional = json!([{}, { "cookie": [] }, { "bearer": [] }]);
    let lets_in = |authenticator| Guard::new(authenticator).optional();
    probe(&issuer, &document("post", optional), lets_in, |_| {}).assert_passed();
}

#[test]
fn every_hole_is_found() {
    type Tampering = fn(&mut Request<()>);
    let issuer = TestIssuer::default();
    let document = document("post", in_any());
    let all_same_origin: Tampering = |request| {
        request.headers_mut().insert("sec-fetch-site", "same-origin".parse().unwrap());
    };
    let report = probe(&issuer, &document, guarded, all_same_origin);
    let hole = "POST /orders with a token that a page of another site has sent (in the cookie access): must be answered 403, \
                is answered 204";
    assert_eq!(report.failures(), [hole]);

    let no_cookie: Tampering = |request| _ = request.headers_mut().remove("cookie");
    let failures = probe(&issuer, &document, guarded, no_cookie).failures().join("\n");
    assert!(failures.contains("(in the cookie access): must be let in, is answered 401"), "{failures}");
    assert!(!failures.contains("(in the field"), "{failures}");

    let any_scope = probe(&issuer, &document, Guard::new, |_| {}).failures().join("\n");
    for place in
        ["(in the cookie access)", "(in the field X-API-Key)", "(as a subprotocol)", "of HTTP Basic)"]
    {
        assert!(
            any_scope.contains(&format!("{place}: must be answered 403, is answered 204")),
            "{place}\n{any_scope}"
        );
    }
}

#[test]
fn what_cannot_carry_a_token_is_a_failure() {
    let issuer = TestIssuer::default();
    let document = document("get", json!([{ "query": [] }]));
    let address = serve(guarded(issuer.authenticator()), |_| {});
    let token = |_: &[&str]| issuer.good("alice");
    let report = OpenApiProbe::new(&document, token).also_in("query").run(address);
    assert_eq!(report.failures(), ["GET /orders: a token cannot be sent by the security scheme \"query\""]);
    // Two places at once are more than a token.
    let document = self::document("get", json!([{ "cookie": [], "key": [] }]));
    let report = OpenApiProbe::new(&document, token).also_in("cookie").also_in("key").run(address);
    assert_eq!(report.never_let_in(), ["GET /orders"]);
    // And a scheme that is not named may be another kind of key.
    let document = self::document("get", json!([{ "key": [] }]));
    let report = OpenApiProbe::new(&document, token).run(address);
    assert_eq!(report.never_let_in(), ["GET /orders"]);
}
