//! A server that tells clients where to get tokens (RFC 9728).

use std::net::SocketAddr;

use auth_core::{Algorithm, Authenticator, ProtectedResource, Scope};

use super::case::Expected;
use super::client::Answer;
use super::fixture::Fixture;
use super::report::Report;
use super::server::Server;
use super::table::{Table, challenged, ok};
use crate::clock::TestClock;

const ORDERS_READ: Scope = Scope::from_static("orders:read");
const ORDERS_WRITE: Scope = Scope::from_static("orders:write");

const OWN: &str = "/.well-known/oauth-protected-resource/caf%C3%A9/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";
const METADATA: &str = concat!(
    r#"{"resource":"https://api.example/caf%C3%A9/mcp","#,
    r#""authorization_servers":["https://issuer.example"],"#,
    r#""scopes_supported":["orders:read","orders:write"],"#,
    r#""bearer_methods_supported":["header"]}"#,
);

/// The metadata of a protected resource, and the challenges that say where they are, for a server that is built with an
/// adapter's guards, extractors and metadata.
///
/// The server under test serves the metadata of [`resource`](Self::resource) outside every guard, and these routes with
/// `GET`, all by [`authenticator`](Self::authenticator), whose answers are `{"message":"..."}`:
///
/// | route | built with | answers |
/// |---|---|---|
/// | `/mcp/read` | a guard that requires scope `orders:read`, around all of `/mcp` | `Orders` |
/// | `/mcp/write` | the same guard, and in it one that requires scope `orders:write` | `Written` |
/// | `/both` | a guard that requires scopes `orders:read` and `orders:write` | `Both` |
/// | `/admin` | a guard that requires role `admin` | `Administered` |
/// | `/hello` | an extractor of the caller; no guard | `Hello alice` |
#[derive(Debug)]
pub struct DescribedResource {
    fixture: Fixture,
    resource: ProtectedResource,
}

impl DescribedResource {
    /// Makes the keys and describes the resource.
    ///
    /// # Panics
    ///
    /// If no port can be opened on the loopback interface.
    #[must_use]
    pub fn new() -> Self {
        let mut fixture = Fixture::new(Algorithm::Es256);
        fixture.issuer = fixture.issuer.clock(TestClock::default());
        let resource = ProtectedResource::builder("https://api.example/caf%C3%A9/mcp")
            .authorization_server("https://issuer.example")
            .scopes([ORDERS_READ, ORDERS_WRITE]);
        Self { fixture, resource: resource.build().expect("it is described soundly") }
    }

    /// What the server under test tells of itself.
    #[must_use]
    pub fn resource(&self) -> ProtectedResource {
        self.resource.clone()
    }

    /// What the server under test authenticates with.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        self.fixture.authenticator().with_protected_resource(&self.resource)
    }

    /// Runs all cases against the server at this address.
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        let mut table = Table::new(&self.fixture);
        metadata(&mut table);
        elsewhere(&mut table);
        challenges(&mut table);
        let mut server = Server::new(address);
        Report { outcomes: table.cases.iter().map(|case| server.run(case)).collect() }
    }
}

impl Default for DescribedResource {
    fn default() -> Self {
        Self::new()
    }
}

fn answered(status: u16, fields: &[(&str, &str)], body: &str) -> Expected {
    let mut headers: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    headers.sort();
    Expected::Exactly(Answer { status, headers, body: body.to_owned() })
}

fn found(body: &str) -> Expected {
    let fields = [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=3600"),
        ("access-control-allow-origin", "*"),
    ];
    answered(200, &fields, body)
}

fn metadata(table: &mut Table<'_>) {
    let (evil, forwarded) = (("Forwarded", "host=evil.example"), ("X-Forwarded-Host", "evil.example"));
    for path in [OWN, ROOT] {
        table.get(&format!("metadata at {path}"), path, &[], found(METADATA));
        table.get(&format!("metadata at {path}, with a query"), &format!("{path}?a=b"), &[], found(METADATA));
        table.get(
            &format!("metadata at {path}, with what is no token"),
            path,
            &["Bearer x"],
            found(METADATA),
        );
        let name = format!("metadata at {path}, of whatever host");
        table.with_fields(&name, &format!("GET {path}"), &[evil, forwarded], found(METADATA));
        table.raw(&format!("metadata at {path}, the head"), &format!("HEAD {path}"), &[], found(""));
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
            let not_allowed = answered(405, &[("allow", "GET, HEAD")], "");
            table.raw(
                &format!("metadata at {path} by {method}"),
                &format!("{method} {path}"),
                &[],
                not_allowed,
            );
        }
        let fields = [
            ("Origin", "https://app.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "mcp-protocol-version"),
        ];
        let allowed = [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, HEAD"),
            ("access-control-allow-headers", "*"),
            ("access-control-max-age", "3600"),
        ];
        let name = format!("metadata at {path}, asked for by a page");
        table.with_fields(&name, &format!("OPTIONS {path}"), &fields, answered(204, &allowed, ""));
        table.with_fields(&name, &format!("GET {path}"), &fields[..1], found(METADATA));
    }
}

fn elsewhere(table: &mut Table<'_>) {
    for path in [
        format!("{ROOT}/"),
        format!("{ROOT}/mcp"),
        format!("{OWN}/"),
        format!("{ROOT}/caf%c3%a9/mcp"),
        format!("{ROOT}/caf%C3%A9/%6dcp"),
        format!("/x{ROOT}"),
        "/.well-known/oauth-authorization-server".to_owned(),
    ] {
        table.get(&format!("no metadata at {path}"), &path, &[], Expected::Status(404));
    }
}

fn challenges(table: &mut Table<'_>) {
    let end = format!("resource_metadata=\"https://api.example{OWN}\"");
    let token = |table: &Table<'_>, scope: &str| format!("Bearer {}", table.draft().scope(scope).sign());
    let (none, reader, both) =
        (token(table, ""), token(table, "orders:read"), token(table, "orders:read orders:write"));
    let expired = format!("Bearer {}", table.fixture.issuer.expired("alice"));
    let missing = |scope: &str| {
        let separator = if scope.is_empty() { "" } else { ", " };
        challenged(401, "Unauthorized", "Not authenticated", &format!("Bearer {scope}{separator}{end}"))
    };
    let lacks = |scope: &str| {
        let challenge = format!("Bearer error=\"insufficient_scope\"{scope}, {end}");
        challenged(403, "Forbidden", "Not enough permissions", &challenge)
    };
    let (read, whole) = (r#"scope="orders:read""#, r#"scope="orders:read orders:write""#);
    let (lacks_read, lacks_both) = (format!(", {read}"), format!(", {whole}"));
    for (path, scope) in [
        ("/mcp/read", read),
        ("/mcp/write", read), // the outer guard has not seen the inner one
        ("/mcp/nowhere", read),
        ("/both", whole),
        ("/admin", ""),
        ("/hello", ""),
    ] {
        table.get(&format!("{path}: no token"), path, &[], missing(scope));
        table.get(&format!("{path}: another scheme"), path, &["Basic YTpi"], missing(scope));
        let malformed = format!("Bearer error=\"invalid_request\", {end}");
        let malformed = challenged(400, "Bad Request", "Malformed credentials", &malformed);
        table.get(&format!("{path}: malformed"), path, &["Bearer"], malformed);
        for (name, token) in [("expired", expired.as_str()), ("no token at all", "Bearer x")] {
            let invalid = format!("Bearer error=\"invalid_token\", {end}");
            let invalid = challenged(401, "Unauthorized", "Could not validate credentials", &invalid);
            table.get(&format!("{path}: {name}"), path, &[token], invalid);
        }
    }
    table.get("/mcp/read: no scope", "/mcp/read", &[&none], lacks(&lacks_read));
    table.get("/mcp/write: no scope", "/mcp/write", &[&none], lacks(&lacks_read));
    table.get("/mcp/write: one scope", "/mcp/write", &[&reader], lacks(&lacks_both));
    table.get("/both: one scope", "/both", &[&reader], lacks(&lacks_both));
    table.get("/admin: no role", "/admin", &[&both], lacks(""));
    for (path, token, message) in [
        ("/mcp/read", &reader, "Orders"),
        ("/mcp/write", &both, "Written"),
        ("/both", &both, "Both"),
        ("/hello", &none, "Hello alice"),
    ] {
        table.get(&format!("{path}: enough"), path, &[token], ok(message));
    }
}
