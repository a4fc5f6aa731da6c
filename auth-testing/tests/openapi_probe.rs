//! The probe finds every way in which a server is not protected as its document says.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use auth_testing::{OpenApiProbe, ProbeReport};
use serde_json::{Value, json};

/// What a stub sees of a request.
struct Request {
    token: Option<String>,
}

/// Answers each request as it is told, and notes the request lines.
fn serve(
    answer: impl Fn(&Request) -> &'static str + Send + 'static,
) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let lines = seen.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut bytes = Vec::new();
            let mut chunk = [0; 1024];
            while !bytes.ends_with(b"\r\n\r\n") {
                let length = stream.read(&mut chunk).unwrap();
                bytes.extend_from_slice(&chunk[..length]);
            }
            let text = String::from_utf8(bytes).unwrap();
            let line = text.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
            let token = text.lines().find_map(|line| line.strip_prefix("Authorization: Bearer "));
            let request = Request { token: token.map(str::to_owned) };
            lines.lock().unwrap().push(line);
            let head = match answer(&request) {
                "200" => "200 OK",
                "204" => "204 No Content",
                "400" => "400 Bad Request",
                "401" if request.token.is_none() => "401 Unauthorized\r\nWWW-Authenticate: Bearer",
                "401" => "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"",
                "401 bare" => "401 Unauthorized",
                "401 other" => "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_request\"",
                "403" => "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\"",
                "404" => "404 Not Found",
                "405" => "405 Method Not Allowed",
                "500" => "500 Internal Server Error",
                other => panic!("{other}"),
            };
            // No length, and a body that goes on.
            stream.write_all(format!("HTTP/1.1 {head}\r\n\r\nand so").as_bytes()).unwrap();
        }
    });
    (address, seen)
}

fn document(security: impl Into<Value>) -> Value {
    let security = security.into();
    json!({
        "openapi": "3.1.0",
        "paths": { "/orders": { "get": { "security": security, "responses": {} } } },
        "components": { "securitySchemes": {
            "oauth2": { "type": "oauth2", "flows": {} },
            "bearer": { "type": "http", "scheme": "Bearer" },
            "basic": { "type": "http", "scheme": "basic" },
            "key": { "type": "apiKey", "in": "header", "name": "x-key" },
        } },
    })
}

fn probe(
    document: &Value,
    answer: impl Fn(&Request) -> &'static str + Send + 'static,
) -> (ProbeReport, Vec<String>) {
    let (address, seen) = serve(answer);
    let report = OpenApiProbe::new(document, |scopes| format!("good.{}", scopes.join("+"))).run(address);
    let seen = seen.lock().unwrap().clone();
    (report, seen)
}

/// Demands a token with these scopes.
fn guard(demanded: &'static [&'static str]) -> impl Fn(&Request) -> &'static str + Send + 'static {
    move |request| match request.token.as_deref().map(|token| token.strip_prefix("good.")) {
        None | Some(None) => "401",
        Some(Some(granted)) if demanded.iter().all(|scope| granted.split('+').any(|name| name == *scope)) => {
            "200"
        }
        Some(Some(_)) => "403",
    }
}

#[test]
fn what_is_protected_as_documented_passes() {
    let optional = |request: &Request| match request.token.as_deref() {
        Some(token) if !token.starts_with("good.") => "401",
        _ => "204",
    };
    let report = |security, answer: Box<dyn Fn(&Request) -> &'static str + Send>| {
        let (report, _) = probe(&document(security), answer);
        report.assert_passed();
        report.requests()
    };
    assert_eq!(report(json!([]), Box::new(|_| "200")), 1);
    assert_eq!(report(json!([{}, { "oauth2": [] }]), Box::new(optional)), 2);
    assert_eq!(report(json!([{ "oauth2": [] }]), Box::new(guard(&[]))), 3);
    assert_eq!(report(json!([{ "bearer": ["a"] }]), Box::new(guard(&["a"]))), 4);
    assert_eq!(report(json!([{ "oauth2": ["a", "b"] }]), Box::new(guard(&["a", "b"]))), 6);
    let either = |request: &Request| match request.token.as_deref() {
        Some("good.a" | "good.b") => "200",
        Some("good.") => "403",
        _ => "401",
    };
    assert_eq!(report(json!([{ "oauth2": ["a"] }, { "oauth2": ["b"] }]), Box::new(either)), 5);
}

#[test]
fn every_hole_is_found() {
    type Answer = Box<dyn Fn(&Request) -> &'static str + Send>;
    let answers: Vec<(&str, Value, Answer, &str)> = vec![
        (
            "no guard",
            json!([{ "oauth2": [] }]),
            Box::new(|_| "200"),
            "without a token: must be answered 401, is answered 200",
        ),
        (
            "any token will do",
            json!([{ "oauth2": [] }]),
            Box::new(|request| if request.token.is_some() { "200" } else { "401" }),
            "with a token that nobody has signed: must be answered 401, is answered 200",
        ),
        (
            "scopes are not asked for",
            json!([{ "oauth2": ["a"] }]),
            Box::new(guard(&[])),
            "with a token for scopes []: must be answered 403, is answered 200",
        ),
        (
            "one of two scopes is not asked for",
            json!([{ "oauth2": ["a", "b"] }]),
            Box::new(guard(&["a"])),
            "with a token for scopes [\"a\"]: must be answered 403, is answered 200",
        ),
        (
            "another scope is asked for",
            json!([{ "oauth2": ["a"] }]),
            Box::new(guard(&["b"])),
            "with a token for scopes [\"a\"]: must be let in, is answered 403",
        ),
        (
            "open, and refused",
            json!([]),
            Box::new(guard(&[])),
            "without a token: must be let in, is answered 401",
        ),
        (
            "optional, and refused",
            json!([{}, { "oauth2": [] }]),
            Box::new(guard(&[])),
            "without a token: must be let in, is answered 401",
        ),
        (
            "optional, and not looked at",
            json!([{}, { "oauth2": [] }]),
            Box::new(|_| "200"),
            "with a token that nobody has signed: must be answered 401, is answered 200",
        ),
        (
            "no challenge",
            json!([{ "oauth2": [] }]),
            Box::new(|request| if request.token.is_some() { guard(&[])(request) } else { "401 bare" }),
            "without a token: is answered 401 without a Bearer challenge",
        ),
        (
            "a wrong challenge",
            json!([{ "oauth2": [] }]),
            Box::new(|request| match guard(&[])(request) {
                "401" if request.token.is_some() => "401 other",
                answer => answer,
            }),
            "not invalid_token",
        ),
        ("it is not there", json!([]), Box::new(|_| "404"), "must be let in, is answered 404"),
        ("another method", json!([]), Box::new(|_| "405"), "must be let in, is answered 405"),
        ("it fails", json!([]), Box::new(|_| "500"), "must be let in, is answered 500"),
        (
            "the body is read first",
            json!([{ "oauth2": [] }]),
            Box::new(|request| if request.token.is_some() { guard(&[])(request) } else { "400" }),
            "without a token: must be answered 401, is answered 400",
        ),
    ];
    for (what, security, answer, failure) in answers {
        let (report, _) = probe(&document(security), answer);
        let found = report.failures();
        assert!(found.iter().all(|found| found.starts_with("GET /orders ")), "{what}: {found:?}");
        assert!(found.iter().any(|found| found.ends_with(failure)), "{what}: {found:?}");
        assert!(!report.to_string().contains("good."), "{what}");
    }
}

#[test]
fn parameters_are_filled_in() {
    let mut document = document(json!([]));
    document["servers"] = json!([{ "url": "https://api.example/v1/" }]);
    document["components"]["parameters"] = json!({ "Size": { "name": "size", "in": "query", "required": true, "schema": { "enum": ["big & small"] } } });
    document["paths"] = json!({
        "/users/{name}/orders/{id}": {
            "parameters": [{ "name": "name", "in": "path", "schema": { "type": "string" } }],
            "get": { "parameters": [
                { "name": "id", "in": "path", "schema": { "type": "integer" } },
                { "name": "page", "in": "query", "schema": { "type": "integer" } },
                { "$ref": "#/components/parameters/Size" },
            ] },
            "delete": { "parameters": [
                { "name": "name", "in": "path", "example": "a/b" },
                { "name": "id", "in": "path", "schema": { "type": "string", "format": "uuid" } },
            ] },
        },
    });
    let (report, seen) = probe(&document, |_| "404");
    report.assert_passed();
    assert_eq!(
        seen,
        [
            "DELETE /v1/users/a%2Fb/orders/00000000-0000-4000-8000-000000000000",
            "GET /v1/users/x/orders/1?size=big%20%26%20small",
        ]
    );
}

#[test]
fn every_operation_is_probed() {
    let mut document = document(json!([]));
    document["security"] = json!([{ "oauth2": [] }]);
    let operation = json!({ "responses": {} });
    let mut item = json!({ "summary": "not an operation", "additionalOperations": { "COPY": operation } });
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    for method in methods {
        item[method] = operation.clone();
    }
    document["paths"] = json!({ "/all": item, "/key": { "get": { "security": [{ "key": [] }] } } });
    let (report, seen) = probe(&document, guard(&[]));
    report.assert_passed();
    assert_eq!((report.operations(), report.requests()), (methods.len() + 1, 3 * (methods.len() + 1)));
    assert!(seen.contains(&"COPY /all".to_owned()) && seen.contains(&"QUERY /all".to_owned()));
    assert_eq!(report.skipped(), ["GET /key"], "what we cannot probe is told");
}

#[test]
#[should_panic = "no operation"]
fn nothing_to_probe_is_no_success() {
    probe(&json!({ "paths": {} }), |_| "200").0.assert_passed();
}

#[test]
fn no_server_is_a_failure() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = OpenApiProbe::new(&document(json!([])), |_| String::new()).run(closed);
    assert!(report.failures()[0].starts_with("GET /orders without a token: no answer"), "{report}");
}
