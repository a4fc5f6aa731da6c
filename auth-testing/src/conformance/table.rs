//! What the parts of the table are written with.

use serde_json::json;

use super::case::{Case, Expected};
use super::client::Answer;
use super::fixture::Fixture;
use crate::base64url::decode;
use crate::draft::TokenDraft;

/// The cases so far, and the attack that the next ones belong to.
pub(super) struct Table<'a> {
    pub(super) fixture: &'a Fixture,
    attack: Option<u16>,
    pub(super) cases: Vec<Case>,
}

pub(super) fn ok(message: &str) -> Expected {
    Expected::Exactly(Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: format!("{{\"message\":\"{message}\"}}"),
    })
}

/// A refusal with a problem document; `fields` beside its content type, by name.
pub(super) fn refused(status: u16, title: &str, detail: &str, fields: &[(&str, &str)]) -> Expected {
    let fields = [("content-type", "application/problem+json")].iter().chain(fields);
    Expected::Exactly(Answer {
        status,
        headers: fields.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: format!(
            "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\"detail\":\"{detail}\"}}"
        ),
    })
}

pub(super) fn challenged(status: u16, title: &str, detail: &str, challenge: &str) -> Expected {
    refused(status, title, detail, &[("www-authenticate", challenge)])
}

pub(super) fn missing() -> Expected {
    challenged(401, "Unauthorized", "Not authenticated", "Bearer")
}

pub(super) fn malformed() -> Expected {
    challenged(400, "Bad Request", "Malformed credentials", "Bearer error=\"invalid_request\"")
}

pub(super) fn invalid() -> Expected {
    challenged(401, "Unauthorized", "Could not validate credentials", "Bearer error=\"invalid_token\"")
}

pub(super) fn insufficient(scope: Option<&str>) -> Expected {
    let scope = scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
    let challenge = format!("Bearer error=\"insufficient_scope\"{scope}");
    challenged(403, "Forbidden", "Not enough permissions", &challenge)
}

impl<'a> Table<'a> {
    pub(super) fn new(fixture: &'a Fixture) -> Self {
        Self { fixture, attack: None, cases: Vec::new() }
    }

    /// The cases that follow belong to this attack of the catalogue.
    pub(super) fn attack(&mut self, number: u16) {
        self.attack = Some(number);
    }

    /// The cases that follow belong to no attack.
    pub(super) fn no_attack(&mut self) {
        self.attack = None;
    }

    /// Any request line and any Authorization values, as bytes.
    pub(super) fn raw(&mut self, name: &str, line: &str, values: &[&[u8]], expected: Expected) {
        let fields: Vec<_> = values.iter().map(|value| ("Authorization", *value)).collect();
        self.request(name, line, &fields, expected);
    }

    /// Any request line and any fields.
    pub(super) fn with_fields(
        &mut self,
        name: &str,
        line: &str,
        fields: &[(&str, &str)],
        expected: Expected,
    ) {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        self.request(name, line, &fields, expected);
    }

    fn request(&mut self, name: &str, line: &str, fields: &[(&str, &[u8])], expected: Expected) {
        let mut request =
            format!("{line} HTTP/1.1\r\nHost: conformance\r\nConnection: close\r\n").into_bytes();
        for (name, value) in fields {
            request.extend_from_slice(name.as_bytes());
            request.extend_from_slice(b": ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        self.cases.push(Case { attack: self.attack, name: name.to_owned(), request, expected });
    }

    pub(super) fn get(&mut self, name: &str, target: &str, fields: &[&str], expected: Expected) {
        let fields: Vec<_> = fields.iter().map(|value| value.as_bytes()).collect();
        self.raw(name, &format!("GET {target}"), &fields, expected);
    }

    /// A request of the protected route with this value in its Authorization field.
    pub(super) fn field(&mut self, name: &str, value: &str, expected: Expected) {
        self.get(name, "/protected", &[value], expected);
    }

    pub(super) fn accepts(&mut self, name: &str, token: &str) {
        self.field(name, &format!("Bearer {token}"), ok("Hello alice"));
    }

    pub(super) fn refuses(&mut self, name: &str, token: &str) {
        self.field(name, &format!("Bearer {token}"), invalid());
    }

    /// A good token, to be changed or signed.
    pub(super) fn draft(&self) -> TokenDraft<'a> {
        self.fixture.issuer.token("alice")
    }

    /// The claims of a good token, as a text to be mangled.
    pub(super) fn good_claims(&self) -> String {
        let token = self.fixture.issuer.good("alice");
        let payload = token.split('.').nth(1).expect("a token has a payload");
        String::from_utf8(decode(payload)).expect("claims are UTF-8")
    }

    /// The claims of a good token with more members in front.
    pub(super) fn claims_with(&self, members: &str) -> String {
        self.good_claims().replacen('{', &format!("{{{members},"), 1)
    }

    /// The header of a good token, as a text to be mangled.
    pub(super) fn good_header(&self) -> String {
        let jwk = self.fixture.issuer.jwk();
        json!({ "alg": jwk.get("alg"), "kid": jwk.get("kid"), "typ": "JWT" }).to_string()
    }

    /// Signs this header and these claims, whatever they are, with the issuer's key.
    pub(super) fn sign(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.fixture.issuer.sign_raw(header, claims)
    }
}
