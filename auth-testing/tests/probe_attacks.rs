//! The probe finds a server that has one fault only, and passes one that has none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use auth_core::{Algorithm, JwtVerifier, VerifyError};
use auth_testing::{OpenApiProbe, ProbeReport, TestIssuer};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// What a server does wrong.
#[derive(Clone, Copy)]
struct Fault {
    /// Accepts a token that the verifier refuses. It knows those that were accepted before.
    excuses: fn(&VerifyError, &Jwt, &[Jwt]) -> bool,
    /// Takes a granted scope for the one that is demanded.
    is_granted: fn(granted: &str, demanded: &str) -> bool,
    reads_query: bool,
    takes_both: bool,
    knows_of_revocations: bool,
}

const SOUND: Fault = Fault {
    excuses: |_, _, _| false,
    is_granted: |granted, demanded| granted == demanded,
    reads_query: false,
    takes_both: false,
    knows_of_revocations: true,
};

/// A token as a careless server reads it.
#[derive(Clone, Debug, PartialEq)]
struct Jwt {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// As they were sent.
    encoded: [String; 2],
    /// `None` if there are two parts only.
    signature: Option<String>,
}

impl Jwt {
    fn read(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let [header, claims] = [parts.next()?, parts.next()?];
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            encoded: [header, claims].map(str::to_owned),
            signature: parts.next().map(str::to_owned),
        })
    }

    fn alg(&self) -> &str {
        self.header["alg"].as_str().unwrap()
    }

    fn is_signed(&self) -> bool {
        self.signature.as_deref().is_some_and(|signature| !signature.is_empty())
    }

    /// Which of those seen had the same signature and this part.
    fn like<'a>(&self, seen: &'a [Self], part: usize) -> Option<&'a Self> {
        let alike =
            |seen: &&Self| seen.signature == self.signature && seen.encoded[part] == self.encoded[part];
        seen.iter().find(alike).filter(|seen| *seen != self)
    }
}

struct Server {
    verifier: JwtVerifier,
    revoked: String,
    fault: Fault,
    seen: Vec<Jwt>,
}

impl Server {
    fn answer(&mut self, path: &str, field: Option<&str>, query: Option<&str>) -> u16 {
        if field.is_some() && query.is_some() && !self.fault.takes_both {
            return 400;
        }
        let query = query.filter(|_| self.fault.reads_query);
        let Some(token) = field.or(query) else { return if path == "/greeting" { 200 } else { 401 } };
        let Some(claims) = self.claims(token) else { return 401 };
        let scope = claims.get("scope").and_then(Value::as_str).unwrap_or_default();
        let is_granted = scope.split(' ').any(|granted| (self.fault.is_granted)(granted, "items"));
        if path == "/items" && !is_granted { 403 } else { 200 }
    }

    fn claims(&mut self, token: &str) -> Option<Map<String, Value>> {
        if self.fault.knows_of_revocations && token == self.revoked {
            return None;
        }
        let jwt = Jwt::read(token)?;
        match self.verifier.verify_jwt(token) {
            Ok(_) => self.seen.push(jwt.clone()),
            Err(error) if (self.fault.excuses)(&error, &jwt, &self.seen) => {}
            Err(_) => return None,
        }
        Some(jwt.claims)
    }

    fn serve(mut self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let (mut bytes, mut chunk) = (Vec::new(), [0; 1024]);
                while !bytes.ends_with(b"\r\n\r\n") {
                    let length = stream.read(&mut chunk).unwrap();
                    bytes.extend_from_slice(&chunk[..length]);
                }
                let text = String::from_utf8(bytes).unwrap();
                let target = text.split(' ').nth(1).unwrap();
                let (path, query) = target.split_once('?').unwrap_or((target, ""));
                let field = text.lines().find_map(|line| line.strip_prefix("Authorization: Bearer "));
                let query = query
                    .strip_prefix("access_token=")
                    .map(|value| value.replace("%2E", ".").replace("%2D", "-").replace("%5F", "_"));
                let head = match self.answer(path, field, query.as_deref()) {
                    200 => "200 OK",
                    400 => "400 Bad Request\r\nWWW-Authenticate: Bearer error=\"invalid_request\"",
                    401 if field.is_none() => "401 Unauthorized\r\nWWW-Authenticate: Bearer",
                    401 => "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"",
                    _ => "403 Forbidden\r\nWWW-Authenticate: Bearer error=\"insufficient_scope\"",
                };
                stream.write_all(format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n").as_bytes()).unwrap();
            }
        });
        address
    }
}

fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "paths": {
            "/me": { "get": { "security": [{ "oauth2": [] }] } },
            "/items": { "get": { "security": [{ "oauth2": ["items"] }] } },
            "/greeting": { "get": { "security": [{}, { "oauth2": [] }] } },
        },
        "components": { "securitySchemes": { "oauth2": { "type": "oauth2", "flows": {} } } },
    })
}

fn report(issuer: &TestIssuer, fault: Fault) -> ProbeReport {
    let revoked = issuer.token("alice").scope("items").claim("jti", "revoked").sign();
    let verifier = issuer.verifier().no_cache().build().unwrap();
    let server = Server { verifier, revoked: revoked.clone(), fault, seen: Vec::new() };
    OpenApiProbe::new(&document(), |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign())
        .must_refuse_bad_tokens_of(issuer)
        .must_refuse("revoked", revoked)
        .run(server.serve())
}

/// The requests to this path that were answered otherwise than they must be.
fn found(report: &ProbeReport, path: &str) -> BTreeSet<String> {
    let begin = format!("GET {path} ");
    let of_path = report.failures().iter().filter_map(|failure| failure.strip_prefix(&begin));
    of_path.map(|failure| failure.split_once(": ").unwrap().0.to_owned()).collect()
}

#[test]
fn a_sound_server_passes() {
    for algorithm in [Algorithm::Hs256, Algorithm::Es256, Algorithm::EdDsa] {
        let report = report(&TestIssuer::new(algorithm), SOUND);
        report.assert_passed();
        assert_eq!(report.operations(), 3);
    }
}

/// Of tokens, by what the report has to say about every route that looks at tokens.
#[test]
fn a_server_that_takes_bad_tokens_is_found() {
    type Excuses = fn(&VerifyError, &Jwt, &[Jwt]) -> bool;
    fn is_none(jwt: &Jwt, none: &str) -> bool {
        jwt.alg() == none && jwt.header.len() > 1 && jwt.signature.as_deref() == Some("")
    }
    let faults: Vec<(Excuses, &[&str])> = vec![
        (|_, jwt, _| is_none(jwt, "none"), &["of alg \"none\" and no signature"]),
        (|_, jwt, _| is_none(jwt, "None"), &["of alg \"None\" and no signature"]),
        (|_, jwt, _| is_none(jwt, "nOnE"), &["of alg \"nOnE\" and no signature"]),
        (|_, jwt, _| is_none(jwt, "NONE"), &["of alg \"NONE\" and no signature"]),
        (
            |_, jwt, _| jwt.alg() == "none" && jwt.header.len() > 1 && jwt.is_signed(),
            &["of alg \"none\" and the old signature"],
        ),
        (
            |_, jwt, _| jwt.alg().eq_ignore_ascii_case("none") && jwt.alg() != "none" && jwt.is_signed(),
            &[
                "of alg \"None\" and the old signature",
                "of alg \"nOnE\" and the old signature",
                "of alg \"NONE\" and the old signature",
            ],
        ),
        (
            |_, jwt, _| jwt.alg() == "none" && jwt.header.len() == 1,
            &[
                "of nothing but alg \"none\" in its header and no signature",
                "of nothing but alg \"none\" in its header and the old signature",
            ],
        ),
        (|_, jwt, _| jwt.alg() == "HS256" && jwt.signature.as_deref() == Some(""), &["without a signature"]),
        (|_, jwt, _| jwt.signature.is_none(), &["without a signature and its dot"]),
        (
            |error, _, _| *error == VerifyError::InvalidSignature,
            &[
                "whose signature was changed",
                "whose header was written otherwise",
                "whose header was given another typ",
                "whose header was added to",
                "whose claims were written otherwise",
                "whose claims were added to",
                "signed by another key",
            ],
        ),
        (
            |_, jwt, seen| jwt.like(seen, 1).is_some_and(|seen| seen.header == jwt.header),
            &["whose header was written otherwise"],
        ),
        (
            |_, jwt, seen| {
                jwt.like(seen, 1).is_some_and(|seen| {
                    seen.header["alg"] == jwt.header["alg"] && seen.header["typ"] != jwt.header["typ"]
                })
            },
            &["whose header was given another typ"],
        ),
        (
            |_, jwt, seen| jwt.like(seen, 1).is_some_and(|seen| jwt.header.len() > seen.header.len()),
            &["whose header was added to"],
        ),
        (
            |_, jwt, seen| jwt.like(seen, 0).is_some_and(|seen| seen.claims == jwt.claims),
            &["whose claims were written otherwise"],
        ),
        (
            |_, jwt, seen| jwt.like(seen, 0).is_some_and(|seen| jwt.claims.len() > seen.claims.len()),
            &["whose claims were added to"],
        ),
        (|error, _, _| *error == VerifyError::Expired, &["that has expired"]),
        (|error, _, _| *error == VerifyError::NotYetValid, &["that is not valid yet"]),
        (|error, _, _| *error == VerifyError::WrongAudience, &["for another audience"]),
        (|error, _, _| *error == VerifyError::WrongIssuer, &["of another issuer"]),
    ];
    let issuer = TestIssuer::default();
    let number = faults.len();
    for (excuses, expected) in faults {
        let report = report(&issuer, Fault { excuses, ..SOUND });
        let expected: BTreeSet<_> = expected.iter().map(|what| format!("with a token {what}")).collect();
        for path in ["/me", "/items", "/greeting"] {
            assert_eq!(found(&report, path), expected, "{path}");
        }
        assert!(!report.to_string().contains("eyJ"), "no token is shown");
    }
    println!("summary: document probe: {number} servers that take bad tokens, each found");
}

#[test]
fn a_server_that_takes_a_token_which_must_be_refused_is_found() {
    let report = report(&TestIssuer::default(), Fault { knows_of_revocations: false, ..SOUND });
    for path in ["/me", "/items", "/greeting"] {
        let expected = BTreeSet::from(["with a token that must be refused, \"revoked\"".to_owned()]);
        assert_eq!(found(&report, path), expected, "{path}");
    }
}

#[test]
fn a_server_that_compares_scopes_carelessly_is_found() {
    type IsGranted = fn(&str, &str) -> bool;
    let faults: [(IsGranted, &str); 4] = [
        (|granted, demanded| granted.ends_with(demanded), "noitems"),
        (|granted, demanded| granted.starts_with(demanded), "itemsx"),
        (|granted, demanded| granted.eq_ignore_ascii_case(demanded), "ITEMS"),
        (|granted, demanded| !granted.is_empty() && demanded.starts_with(granted), "item"),
    ];
    let issuer = TestIssuer::default();
    for (is_granted, taken) in faults {
        let report = report(&issuer, Fault { is_granted, ..SOUND });
        let expected = [format!("[{taken:?}]"), r#"["noitems", "itemsx", "ITEMS", "item"]"#.to_owned()];
        let expected = expected.map(|scopes| format!("with a token for scopes {scopes}"));
        assert_eq!(found(&report, "/items"), expected.into(), "{taken}");
        assert_eq!(report.failures().len(), 2, "{report}");
    }
}

#[test]
fn a_server_that_reads_the_query_is_found() {
    let issuer = TestIssuer::default();
    let by_query = report(&issuer, Fault { reads_query: true, ..SOUND });
    let found_of = |report: &ProbeReport, path| found(report, path).into_iter().collect::<Vec<_>>();
    assert_eq!(found_of(&by_query, "/me"), ["with a token in the query"]);
    assert_eq!(found_of(&by_query, "/items"), ["with a token in the query"]);
    assert_eq!(found_of(&by_query, "/greeting"), ["with what is no token in the query"]);

    let by_both = report(&issuer, Fault { takes_both: true, ..SOUND });
    for path in ["/me", "/items", "/greeting"] {
        assert_eq!(found_of(&by_both, path), ["with a token in the field and in the query"]);
    }
}

/// The tokens that are made of others would be refused for their key, and show nothing.
#[test]
fn bad_tokens_of_a_stranger_are_a_failure() {
    let (issuer, stranger) = (TestIssuer::default(), TestIssuer::default());
    let verifier = issuer.verifier().build().unwrap();
    let server = Server { verifier, revoked: String::new(), fault: SOUND, seen: Vec::new() };
    let report =
        OpenApiProbe::new(&document(), |scopes| issuer.token("alice").scope(&scopes.join(" ")).sign())
            .must_refuse_bad_tokens_of(&stranger)
            .run(server.serve());
    let told = "its good token is not one of the issuer that `must_refuse_bad_tokens_of` was given";
    assert_eq!(report.failures().len(), 3);
    assert!(report.failures().iter().all(|failure| failure.contains(told)), "{report}");
}
