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
    /// Whether there is a token in the query too.
    twice: bool,
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
            let twice = token.is_some() && line.contains("access_token=");
            let request = Request { token: token.map(str::to_owned), twice };
            lines.lock().unwrap().push(line);
            let head = match answer(&request) {
                "200" => "200 OK",
                "204" => "204 No Content",
                "400" => "400 Bad Request",
                "401" if request.token.is_none() => "401 Unauthorized\r\nWWW-Authenticate: Bearer",
                "401" => "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"",
                "103" => "103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK",
                "103 401" => "103 Early Hints\r\n\r\nHTTP/1.1 401 Unauthorized",
                "302" => "302 Found\r\nLocation: /login",
                "401 BearerFoo" => "401 Unauthorized\r\nWWW-Authenticate: BearerFoo",
                "401 realm" => "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"not invalid_token\"",
                "401 bare" => "401 Unauthorized",
                "401 other" => "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_request\"",
                "403" => "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\"",
                "401 login" => {
                    "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"insufficient_user_authentication\""
                }
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
            "referred": { "$ref": "#/components/securitySchemes/oauth2" },
        } },
    })
}

fn probe(
    document: &Value,
    answer: impl Fn(&Request) -> &'static str + Send + 'static,
) -> (ProbeReport, Vec<String>) {
    let (address, seen) = serve(answer);
    let report = OpenApiProbe::new(document, |scopes| format!("good.{}.sig", scopes.join("+"))).run(address);
    let seen = seen.lock().unwrap().clone();
    (report, seen)
}

impl Request {
    /// The scopes of its token, if that is a good one.
    fn granted(&self) -> Option<Vec<&str>> {
        let scopes = self.token.as_deref()?.strip_prefix("good.")?.strip_suffix(".sig")?;
        Some(scopes.split('+').collect())
    }
}

/// Demands a token with these scopes.
fn guard(demanded: &'static [&'static str]) -> impl Fn(&Request) -> &'static str + Send + 'static {
    move |request| match request.granted() {
        _ if request.twice => "400",
        None => "401",
        Some(granted) if demanded.iter().all(|scope| granted.contains(scope)) => "200",
        Some(_) => "403",
    }
}

/// Demands a good token, if there is one.
fn optional(request: &Request) -> &'static str {
    if request.twice {
        return "400";
    }
    if request.token.is_none() || request.granted().is_some() { "204" } else { "401" }
}

#[test]
fn what_is_protected_as_documented_passes() {
    let report = |security, answer: Box<dyn Fn(&Request) -> &'static str + Send>| {
        let (report, _) = probe(&document(security), answer);
        report.assert_passed();
        report.requests()
    };
    assert_eq!(report(json!([]), Box::new(|_| "200")), 1);
    assert_eq!(report(json!([]), Box::new(|_| "103")), 1, "an answer before the answer");
    assert_eq!(report(json!([{}, { "oauth2": [] }]), Box::new(optional)), 8);
    assert_eq!(report(json!([{}, { "key": [] }]), Box::new(|_| "200")), 1, "no token is asked for");
    assert_eq!(report(json!([{ "oauth2": [] }]), Box::new(guard(&[]))), 8);
    assert_eq!(report(json!([{ "bearer": ["a"] }]), Box::new(guard(&["a"]))), 13);
    assert_eq!(report(json!([{ "referred": ["a"] }]), Box::new(guard(&["a"]))), 13);
    assert_eq!(report(json!([{ "oauth2": ["a", "b"] }]), Box::new(guard(&["a", "b"]))), 19);
    let same = json!([{ "oauth2": ["a", "b"] }, { "bearer": ["b", "a"] }]);
    assert_eq!(report(same, Box::new(guard(&["a", "b"]))), 19);
    let either = |request: &Request| match request.granted() {
        _ if request.twice => "400",
        Some(granted) if granted == ["a"] || granted == ["b"] => "200",
        Some(_) => "403",
        None => "401",
    };
    assert_eq!(report(json!([{ "oauth2": ["a"] }, { "oauth2": ["b"] }]), Box::new(either)), 18);
}

/// Demands a login with `acr` `phr` or `phrh`, 300 seconds ago at most. A token has `scope@acr@age`.
fn login(is_weak: impl Fn(&str, u64) -> bool + Send + 'static) -> impl Fn(&Request) -> &'static str + Send {
    move |request| {
        let Some(granted) = request.granted() else { return "401" };
        let granted = granted.join("+");
        let mut parts = granted.split('@');
        let scope = parts.next().unwrap();
        match (parts.next(), parts.next()) {
            _ if request.twice => "400",
            (Some(acr), Some(age)) if !is_weak(acr, age.parse().unwrap()) => match scope {
                "a" => "200",
                _ => "403",
            },
            (None, _) if !is_weak("", 0) => "200",
            _ => "401 login",
        }
    }
}

fn demands_login(challenge: &str) -> Value {
    let mut document = document(json!([{ "oauth2": ["a"] }]));
    document["paths"]["/orders"]["get"]["responses"] = json!({ "401": { "headers": { "WWW-Authenticate": {
        "examples": { "insufficient_user_authentication": { "value": challenge } }
    } } } });
    document
}

const LOGIN: &str =
    r#"Bearer error="insufficient_user_authentication", acr_values="phr phrh", max_age="300""#;

fn probe_logins(answer: impl Fn(&Request) -> &'static str + Send + 'static) -> ProbeReport {
    let (address, _) = serve(answer);
    let document = demands_login(LOGIN);
    OpenApiProbe::new(&document, |scopes| format!("good.{}.sig", scopes.join("+")))
        .logged_in(|scopes, acr, age| {
            format!("good.{}@{}@{age}.sig", scopes.join("+"), acr.unwrap_or_default())
        })
        .run(address)
}

#[test]
fn logins_are_demanded_as_documented() {
    let is_weak = |acr: &str, age: u64| !["phr", "phrh"].contains(&acr) || age > 300;
    let report = probe_logins(login(is_weak));
    report.assert_passed();
    assert_eq!(report.requests(), 13 + 4);
    for (is_weak, complaint) in [
        (
            Box::new(move |acr: &str, age| !acr.is_empty() && is_weak(acr, age))
                as Box<dyn Fn(&str, u64) -> bool + Send>,
            "with a token that tells no login: must be answered 401, is answered 200",
        ),
        (
            Box::new(|acr: &str, age| !acr.starts_with("phr") || acr.contains(' ') || age > 300),
            "with a token of another login: must be answered 401, is answered 200",
        ),
        (
            Box::new(|acr: &str, age| !acr.split(' ').any(|acr| acr == "phr") || age > 300),
            "with a token of all logins in one: must be answered 401, is answered 200",
        ),
        (
            Box::new(|acr: &str, _| acr != "phr"),
            "with a token of a login too long ago: must be answered 401, is answered 200",
        ),
        (Box::new(|_: &str, _| true), "with a token for scopes [\"a\"]: must be let in, is answered 401"),
    ] {
        let report = probe_logins(login(is_weak)).to_string();
        assert!(report.contains(complaint), "{complaint}: {report}");
    }
    let forbids = move |request: &Request| match login(is_weak)(request) {
        "401 login" => "403",
        answer => answer,
    };
    let report = probe_logins(forbids).to_string();
    assert!(report.contains("tells no login: must be answered 401, is answered 403"), "{report}");
}

#[test]
fn a_login_that_cannot_be_tried_is_a_failure() {
    let (report, seen) = probe(&demands_login(LOGIN), |_| "200");
    assert!(report.to_string().contains(".logged_in(") && seen.is_empty(), "{report}");
    let (report, _) = probe(&demands_login("Bearer"), |_| "200");
    assert!(report.to_string().contains("neither `acr_values` nor a whole `max_age`"), "{report}");
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
            "with what is no token: must be answered 401, is answered 200",
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
            "with what is no token: must be answered 401, is answered 200",
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
            "not error=\"invalid_token\"",
        ),
        (
            "signatures are not looked at",
            json!([{ "oauth2": [] }]),
            Box::new(|request| match &request.token {
                Some(token) if token.starts_with("good.") => "200",
                _ => "401",
            }),
            "with a token whose signature was changed: must be answered 401, is answered 200",
        ),
        (
            "one of two scopes, of two schemes",
            json!([{ "oauth2": ["a", "b"] }, { "bearer": ["a", "b"] }]),
            Box::new(guard(&["a"])),
            "with a token for scopes [\"a\"]: must be answered 403, is answered 200",
        ),
        (
            "one of two scopes, or a third",
            json!([{ "oauth2": ["a", "b"] }, { "oauth2": ["c"] }]),
            Box::new(|request| match request.granted() {
                Some(granted) if granted.iter().any(|scope| ["a", "c"].contains(scope)) => "200",
                Some(_) => "403",
                None => "401",
            }),
            "with a token for scopes [\"a\"]: must be answered 403, is answered 200",
        ),
        (
            "a token and a key, and neither is asked for",
            json!([{ "oauth2": [], "key": [] }]),
            Box::new(|_| "200"),
            "without anything: must be answered 401 or 403, is answered 200",
        ),
        (
            "another scheme that nobody asks for",
            json!([{ "key": [] }]),
            Box::new(|_| "200"),
            "without anything: must be answered 401 or 403, is answered 200",
        ),
        (
            "optional, and good tokens are refused",
            json!([{}, { "oauth2": [] }]),
            Box::new(|request| if request.token.is_some() { "401" } else { "200" }),
            "with a token for scopes []: must be let in, is answered 401",
        ),
        (
            "sent elsewhere",
            json!([{ "oauth2": [] }]),
            Box::new(|request| match guard(&[])(request) {
                "200" => "302",
                answer => answer,
            }),
            "with a token for scopes []: must be let in, is answered 302",
        ),
        (
            "refused after an answer before the answer",
            json!([]),
            Box::new(|_| "103 401"),
            "without a token: must be let in, is answered 401",
        ),
        (
            "another challenge that begins alike",
            json!([{ "oauth2": [] }]),
            Box::new(|request| match guard(&[])(request) {
                "401" if request.token.is_none() => "401 BearerFoo",
                answer => answer,
            }),
            "without a token: is answered 401 without a Bearer challenge",
        ),
        (
            "an error in the realm",
            json!([{ "oauth2": [] }]),
            Box::new(|request| match guard(&[])(request) {
                "401" if request.token.is_some() => "401 realm",
                answer => answer,
            }),
            "not error=\"invalid_token\"",
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
fn something_that_is_there_is_given() {
    let mut document = document(json!([]));
    document["paths"] = json!({ "/orders/{id}": { "get": {} } });
    let (report, _) = probe(&document, |_| "404");
    assert_eq!(report.never_seen().collect::<Vec<_>>(), ["GET /orders/{id} (answered 404)"]);
    let (address, seen) = serve(|_| "200");
    let report = OpenApiProbe::new(&document, |_| String::new()).path_parameter("id", "4 2").run(address);
    report.assert_passed();
    assert_eq!((report.never_seen().count(), seen.lock().unwrap()[0].as_str()), (0, "GET /orders/4%202"));
}

#[test]
fn a_redirect_that_is_documented_is_an_answer() {
    let mut document = document(json!([]));
    for documented in ["302", "3XX"] {
        document["paths"]["/orders"]["get"]["responses"] = json!({ documented: {} });
        probe(&document, |_| "302").0.assert_passed();
    }
}

#[test]
fn every_operation_is_probed() {
    let mut document = document(json!([]));
    document["security"] = json!([{ "oauth2": [] }]);
    let operation = json!({ "responses": {}, "security": null });
    let mut item = json!({ "summary": "not an operation", "additionalOperations": { "Copy": operation } });
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    for method in methods {
        item[method] = operation.clone();
    }
    document["components"]["pathItems"] = json!({ "All": item });
    document["paths"] = json!({
        "/all": { "$ref": "#/components/pathItems/All" },
        "/key": { "get": { "security": [{ "key": [] }] } },
    });
    let (report, seen) = probe(&document, guard(&[]));
    report.assert_passed();
    assert_eq!((report.operations(), report.requests()), (methods.len() + 2, 8 * (methods.len() + 1) + 2));
    assert!(seen.contains(&"Copy /all".to_owned()) && seen.contains(&"QUERY /all".to_owned()));
    assert_eq!(report.never_let_in(), ["GET /key"], "what we cannot try is told");
}

#[test]
fn servers_are_those_of_the_operation_then_of_the_path_then_of_all() {
    let mut document = document(json!([]));
    document["servers"] = json!([{ "url": "/{v}/", "variables": { "v": { "default": "v1" } } }]);
    document["paths"] = json!({
        "/a": { "get": {}, "put": { "servers": [{ "url": "https://api.example/put" }] } },
        "/b": { "servers": [{ "url": "b" }, { "url": "/c" }], "get": {} },
    });
    let (report, seen) = probe(&document, |_| "200");
    report.assert_passed();
    assert_eq!(seen, ["GET /v1/a", "PUT /put/a", "GET /b/b"]);
}

/// Passing over it would look like a success.
#[test]
fn what_is_not_understood_is_a_failure() {
    let fault = |change: &dyn Fn(&mut Value)| {
        let mut document = document(json!([{ "oauth2": [] }]));
        change(&mut document);
        let (report, _) = probe(&document, guard(&[]));
        let [fault] = report.failures() else { panic!("{report}") };
        fault.clone()
    };
    let orders =
        |document: &mut Value, security: Value| document["paths"]["/orders"]["get"]["security"] = security;
    let scheme = "GET /orders: there is no security scheme \"other\" in the document";
    assert_eq!(fault(&|document| orders(document, json!([{ "other": [] }]))), scheme);
    assert_eq!(fault(&|document| orders(document, json!([{ "oauth2": [] }, { "other": [] }]))), scheme);
    assert!(fault(&|document| document["components"] = json!({})).contains("no security scheme \"oauth2\""));
    for security in [json!({}), json!("oauth2"), json!([1])] {
        let fault = fault(&|document| orders(document, security.clone()));
        assert_eq!(fault, "GET /orders: `security` is no array of objects");
    }
    assert_eq!(
        fault(&|document| document["paths"]["/orders"]["GET"] = json!({})),
        "/orders: \"GET\" is no method"
    );
    for reference in ["#/components/pathItems/None", "other.json", "#/paths/~1circle"] {
        let fault = fault(&|document| document["paths"]["/circle"] = json!({ "$ref": reference }));
        assert_eq!(fault, "/circle: its $ref leads nowhere within the document");
    }
    let servers = json!([{ "url": "/{v}" }]);
    assert!(fault(&|document| document["servers"] = servers.clone()).contains("variable without a default"));
    let parameters = json!([{ "$ref": "#/nowhere" }]);
    let parameter = fault(&|document| document["paths"]["/orders"]["parameters"] = parameters.clone());
    assert_eq!(parameter, "GET /orders: a parameter's $ref leads nowhere");
}

#[test]
#[should_panic = "no operation"]
fn nothing_to_probe_is_no_success() {
    probe(&json!({ "paths": {} }), |_| "200").0.assert_passed();
}

#[test]
fn no_server_is_a_failure() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = OpenApiProbe::new(&document(json!([{ "oauth2": [] }])), |_| String::new()).run(closed);
    assert!(report.failures()[0].starts_with("GET /orders without a token: no answer"), "{report}");
    assert_eq!((report.requests(), report.failures().len()), (1, 1));
}
