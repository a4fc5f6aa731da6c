//! A server that tells clients where to get tokens (RFC 9728), and by which login (RFC 9470).

use std::net::SocketAddr;
use std::time::Duration;

use auth_core::{Algorithm, Authenticator, Policy, ProtectedResource, Scope};

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

/// The metadata of a protected resource, the challenges that say where they are, and those that ask for another login, for
/// a server that is built with an adapter's guards, extractors and metadata.
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
/// | `/login/...` | for each of [`logins`](Self::logins), a guard that requires it | `Allowed` |
/// | `/mcp/login` | the guard of `/mcp`; in the handler, `require` of the policy of `/login/both` | `Allowed` |
#[derive(Debug)]
pub struct DescribedResource {
    fixture: Fixture,
    resource: ProtectedResource,
    clock: TestClock,
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
        let clock = TestClock::default();
        fixture.issuer = fixture.issuer.clock(clock.clone());
        let resource = ProtectedResource::builder("https://api.example/caf%C3%A9/mcp")
            .authorization_server("https://issuer.example")
            .scopes([ORDERS_READ, ORDERS_WRITE]);
        Self { fixture, resource: resource.build().expect("it is described soundly"), clock }
    }

    /// The routes `/login/...`, and what each demands.
    ///
    /// # Panics
    ///
    /// Never: the values can be asked for.
    #[must_use]
    pub fn logins(&self) -> Vec<(&'static str, Policy)> {
        let acr = || Policy::acr(["phrh", "phr"]).expect("values that can be asked for");
        let within = || Policy::authenticated_within_by(Duration::from_secs(300), self.clock.clone());
        let read = || Policy::scope(ORDERS_READ);
        vec![
            ("/login/acr", acr()),
            ("/login/age", within()),
            ("/login/both", acr().and(within())),
            ("/login/scope", read().and(acr())),
            ("/login/or-scope", read().or(within())),
            ("/login/role", Policy::role("admin").and(acr())),
            ("/login/not", !acr()),
        ]
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
        logins(&mut table);
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

fn logins(table: &mut Table<'_>) {
    let end = format!("resource_metadata=\"https://api.example{OWN}\"");
    let step_up = |parameters: &str| {
        let challenge = format!("Bearer error=\"insufficient_user_authentication\", {parameters}, {end}");
        challenged(401, "Unauthorized", "A stronger or more recent login is required", &challenge)
    };
    let lacks = |scope: &str| {
        let challenge = format!("Bearer error=\"insufficient_scope\"{scope}, {end}");
        challenged(403, "Forbidden", "Not enough permissions", &challenge)
    };
    // Value of `acr`, how many seconds ago, scopes.
    let token = |table: &Table<'_>, acr: Option<&str>, age: Option<i64>, scope: &str| {
        let mut draft = table.draft().scope(scope).claim("roles", serde_json::json!([]));
        draft = acr.into_iter().fold(draft, |draft, acr| draft.claim("acr", acr));
        draft = age.into_iter().fold(draft, |draft, age| draft.claim_at("auth_time", -age));
        format!("Bearer {}", draft.sign())
    };
    const ACR: &str = r#"acr_values="phrh phr""#;
    const AGE: &str = r#"max_age="300""#;
    let both = format!("{ACR}, {AGE}");
    let read_too = format!(r#"scope="orders:read", {ACR}"#);
    let read = r#", scope="orders:read""#;
    let cases = [
        ("/login/acr", Some("phr"), None, "", ok("Allowed")),
        ("/login/acr", Some("phrh"), None, "", ok("Allowed")),
        ("/login/acr", Some("pwd"), None, "", step_up(ACR)),
        ("/login/acr", Some("phr phrh"), None, "", step_up(ACR)),
        ("/login/acr", None, Some(0), "", step_up(ACR)),
        ("/login/age", None, Some(0), "", ok("Allowed")),
        ("/login/age", None, Some(300), "", ok("Allowed")),
        ("/login/age", None, Some(301), "", step_up(AGE)),
        ("/login/age", None, Some(-60), "", ok("Allowed")),
        ("/login/age", None, Some(-61), "", step_up(AGE)),
        ("/login/age", Some("phr"), None, "", step_up(AGE)),
        ("/login/both", Some("phr"), Some(10), "", ok("Allowed")),
        ("/login/both", Some("phr"), Some(301), "", step_up(&both)),
        ("/login/both", Some("pwd"), Some(10), "", step_up(&both)),
        ("/login/scope", Some("phr"), None, "orders:read", ok("Allowed")),
        ("/login/scope", Some("phr"), None, "", lacks(read)),
        ("/login/scope", None, None, "orders:read", step_up(ACR)),
        ("/login/scope", None, None, "", step_up(&read_too)),
        ("/login/or-scope", None, Some(10), "", ok("Allowed")),
        ("/login/or-scope", None, Some(301), "orders:read", ok("Allowed")),
        ("/login/or-scope", None, Some(301), "", lacks(read)),
        ("/login/role", None, None, "", lacks("")),
        ("/login/not", Some("pwd"), None, "", ok("Allowed")),
        ("/login/not", Some("phr"), None, "", lacks("")),
        ("/login/not", None, None, "", lacks("")),
        ("/mcp/login", Some("phr"), Some(300), "orders:read", ok("Allowed")),
        ("/mcp/login", Some("phr"), Some(301), "orders:read", step_up(&both)),
    ];
    for (path, acr, age, scope, expected) in cases {
        let token = token(table, acr, age, scope);
        let name = format!("{path}: acr {acr:?}, {age:?} seconds ago, scope {scope:?}");
        table.get(&name, path, &[&token], expected);
    }
}
