//! Who may do what, and who is asking: guards, policies, users, and the application's own words.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{
    Algorithm, Authenticator, ClaimPath, Policy, RejectionBody, Scope, StoreFailure, UserLookup, UserStore,
    VerifiedToken, async_trait,
};
use serde_json::{Value, json};

use super::case::{Expected, Outcome};
use super::client::Answer;
use super::fixture::Fixture;
use super::report::Report;
use super::server::Server;
use super::table::{Table, insufficient, invalid, malformed, missing, ok, refused};
use crate::clock::TestClock;

const ORDERS_READ: Scope = Scope::from_static("orders:read");
const ORDERS_WRITE: Scope = Scope::from_static("orders:write");

/// The rules of access, for a server that is built with an adapter's guards and extractors and runs in the
/// process of the test.
///
/// The server under test serves these routes with `GET`, and what its guards demand with any method. Where two
/// guards are named, the second stands within the first. Refusals below are `{"message":"..."}` too.
///
/// | route | built with | answers |
/// |---|---|---|
/// | `/guarded/read` | a guard that requires scope `orders:read` around all of `/guarded`, unknown paths too; the handler, for `GET` and `POST`, has no extractor | `Orders` |
/// | `/guarded/hello` | the same guard; the handler takes the caller | `Hello alice` |
/// | `/guarded/write` | the same guard, and one that requires scope `orders:write` | `Written` |
/// | `/guarded/delete` | the same guard; in the handler a policy that asks for scope `orders:delete` or role `admin` | `Deleted` |
/// | `/optional` | a guard that lets anonymous callers in; the handler takes a caller or none | `Hello alice` or `Hello, stranger` |
/// | `/optional/required` | such a guard that also requires scope `orders:read` | `Orders` |
/// | `/preflight` | a guard that lets CORS preflight requests through; `GET` and `OPTIONS` | `Orders` |
/// | `/scoped` | an extractor that requires scopes `orders:read` and `orders:write` | `Hello alice` |
/// | `/policy/...` | for each of [`policies`](Self::policies), a guard that requires it | `Allowed` |
/// | `/me` | two extractors of the current user, out of [`users`](Self::users); no guard | `Hello user alice` |
/// | `/me/guarded` | a guard, and in it the same | `Hello user alice` |
/// | `/own/read` | a guard with [`in_own_words`](Self::in_own_words) that requires scope `orders:read` | `Orders` |
/// | `/own/hello` | an extractor with [`in_own_words`](Self::in_own_words), and in the handler a policy that asks for role `admin` | `Hello alice` |
///
/// All others use the [`authenticator`](Self::authenticator).
#[derive(Debug)]
pub struct AccessRules {
    fixture: Fixture,
    authenticator: Authenticator,
    users: Arc<Users>,
}

impl AccessRules {
    /// Makes the keys and the authenticator.
    ///
    /// # Panics
    ///
    /// If no port can be opened on the loopback interface.
    #[must_use]
    pub fn new() -> Self {
        let mut fixture = Fixture::new(Algorithm::Es256);
        fixture.issuer = fixture.issuer.clock(TestClock::default());
        let authenticator = fixture.authenticator();
        Self { fixture, authenticator, users: Arc::default() }
    }

    /// What the server under test authenticates with.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        self.authenticator.clone()
    }

    /// The same, with refusals in words of its own.
    #[must_use]
    pub fn in_own_words(&self) -> Authenticator {
        self.authenticator.with_rejection_body(|refusal| match refusal.accept_language() {
            Some("de") => RejectionBody::text(format!("Abgelehnt: {}", refusal.status().as_u16())),
            Some("none") => RejectionBody::empty(),
            Some("problem") => RejectionBody::problem(),
            _ => RejectionBody::json(&json!({ "error": refusal.detail() })),
        })
    }

    /// Knows `alice`, and `bob` who is inactive; fails for `down` and panics for `panic`.
    #[must_use]
    pub fn users(&self) -> Arc<dyn UserStore<User = String>> {
        self.users.clone()
    }

    /// The routes `/policy/...`, and what each demands.
    ///
    /// # Panics
    ///
    /// Never: none is empty.
    #[must_use]
    pub fn policies() -> Vec<(&'static str, Policy)> {
        let scope = Policy::scope;
        vec![
            ("/policy/any", Policy::any_scope([ORDERS_READ, ORDERS_WRITE]).expect("two")),
            ("/policy/all", Policy::all_scopes([ORDERS_READ, ORDERS_WRITE]).expect("two")),
            ("/policy/or", scope(ORDERS_WRITE).or(Policy::role("admin"))),
            ("/policy/and", scope(ORDERS_WRITE).and(Policy::role("writer"))),
            ("/policy/not", !Policy::role("suspended")),
            ("/policy/equals", Policy::claim("tenant").equals("t1")),
            ("/policy/true", Policy::claim("email_verified").equals(true)),
            ("/policy/contains", Policy::claim("permissions").contains("delete:orders")),
            ("/policy/deep", Policy::claim(ClaimPath::realm_access_roles()).contains("admin")),
            ("/policy/predicate", Policy::predicate("is alice", |token| token.subject() == "alice")),
            ("/policy/panic", Policy::predicate("broken", |_| panic!("a predicate that panics"))),
        ]
    }

    /// Runs all cases against the server at this address.
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        let mut rules = Rules { table: Table::new(&self.fixture), found: 0 };
        rules.guards();
        rules.methods_and_paths();
        rules.bodies();
        rules.optional();
        rules.preflight();
        rules.scoped();
        rules.policies();
        rules.own_words();
        rules.current_user();
        let Rules { table, found } = rules;
        let mut server = Server::new(address);
        let mut outcomes: Vec<_> = table.cases.iter().map(|case| server.run(case)).collect();
        outcomes.push(self.users_were_loaded_once(found));
        Report { outcomes }
    }

    /// `requests` have asked for the user, each by two extractors.
    fn users_were_loaded_once(&self, requests: usize) -> Outcome {
        let loaded = self.users.loaded.swap(0, Ordering::Relaxed);
        let complaint =
            (loaded != requests).then(|| format!("{loaded} users loaded for {requests} requests"));
        let answer = Answer { status: 0, headers: Vec::new(), body: String::new() };
        Outcome { attack: None, name: "a user is loaded once".to_owned(), answer: Some(answer), complaint }
    }
}

impl Default for AccessRules {
    fn default() -> Self {
        Self::new()
    }
}

#[derive(Debug, Default)]
struct Users {
    loaded: AtomicUsize,
}

#[async_trait]
impl UserStore for Users {
    type User = String;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<String>, StoreFailure> {
        self.loaded.fetch_add(1, Ordering::Relaxed);
        match token.subject() {
            "alice" => Ok(UserLookup::Active("user alice".to_owned())),
            "bob" => Ok(UserLookup::Inactive),
            "down" => Err(std::io::Error::other("the store is down").into()),
            "panic" => panic!("a store that panics"),
            _ => Ok(UserLookup::Unknown),
        }
    }
}

struct Rules<'a> {
    table: Table<'a>,
    /// How many requests with a good token have asked for the user.
    found: usize,
}

fn misconfigured() -> Expected {
    refused(500, "Internal Server Error", "Internal server error", &[])
}

fn unavailable() -> Expected {
    let detail = "Authentication is temporarily unavailable";
    refused(503, "Service Unavailable", detail, &[("retry-after", "5")])
}

fn whatever_is_allowed(expected: Expected) -> Expected {
    match expected {
        Expected::Exactly(answer) => Expected::WhateverIsAllowed(answer),
        other => other,
    }
}

fn in_words(status: u16, content_type: Option<&str>, body: &str, challenge: &str) -> Expected {
    let mut headers = vec![("www-authenticate".to_owned(), challenge.to_owned())];
    headers.extend(content_type.map(|value| ("content-type".to_owned(), value.to_owned())));
    headers.sort();
    Expected::Exactly(Answer { status, headers, body: body.to_owned() })
}

impl Rules<'_> {
    fn token(&self, scope: &str) -> String {
        format!("Bearer {}", self.table.draft().scope(scope).sign())
    }

    fn of(&self, subject: &str) -> String {
        format!("Bearer {}", self.table.fixture.issuer.good(subject))
    }

    fn with(&self, claim: &str, value: impl Into<Value>) -> String {
        format!("Bearer {}", self.table.draft().claim(claim, value).sign())
    }

    fn expired(&self) -> String {
        format!("Bearer {}", self.table.fixture.issuer.expired("alice"))
    }

    fn guards(&mut self) {
        let (reader, writer, both) =
            (self.token("orders:read"), self.token("orders:write"), self.token("orders:write orders:read"));
        let (none, expired) = (self.token(""), self.expired());
        let table = &mut self.table;
        for (path, message) in [("/guarded/read", "Orders"), ("/guarded/hello", "Hello alice")] {
            table.get(&format!("{path}: enough"), path, &[&reader], ok(message));
            table.get(&format!("{path}: no token"), path, &[], missing());
            table.get(&format!("{path}: another scheme"), path, &["Basic YTpi"], missing());
            table.get(&format!("{path}: malformed"), path, &["Bearer"], malformed());
            table.get(&format!("{path}: two tokens"), path, &[&reader, &reader], malformed());
            table.get(&format!("{path}: expired"), path, &[&expired], invalid());
            let lacks = || insufficient(Some("orders:read"));
            table.get(&format!("{path}: no scope"), path, &[&none], lacks());
            table.get(&format!("{path}: another scope"), path, &[&writer], lacks());
        }
        let path = "/guarded/write";
        table.get("nested guards: enough for both", path, &[&both], ok("Written"));
        let whole = || insufficient(Some("orders:read orders:write"));
        table.get("nested guards: the inner one names the whole set", path, &[&reader], whole());
        table.get(
            "nested guards: the outer one decides first",
            path,
            &[&writer],
            insufficient(Some("orders:read")),
        );
        table.get("nested guards: no token", path, &[], missing());
        table.get("nested guards: expired", path, &[&expired], invalid());

        let path = "/guarded/delete";
        let deleter = self.token("orders:read orders:delete");
        let admin = self.table.draft().scope("orders:read").claim("roles", json!(["admin"])).sign();
        let admin = format!("Bearer {admin}");
        let table = &mut self.table;
        table.get("inline policy: enough by scope", path, &[&deleter], ok("Deleted"));
        table.get("inline policy: enough by role", path, &[&admin], ok("Deleted"));
        let whole = insufficient(Some("orders:read orders:delete"));
        table.get("inline policy: names what the guards ask, too", path, &[&reader], whole);
        table.get("inline policy: no token", path, &[], missing());
    }

    fn methods_and_paths(&mut self) {
        let (reader, expired) = (self.token("orders:read"), self.expired());
        let table = &mut self.table;
        for path in ["/guarded/read", "/guarded/read/", "/guarded/nowhere", "/guarded", "/guarded/write"] {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"] {
                let line = format!("{method} {path}");
                let (missing, invalid) = (whatever_is_allowed(missing()), whatever_is_allowed(invalid()));
                table.raw(&format!("{line}: no token"), &line, &[], missing);
                table.raw(&format!("{line}: expired"), &line, &[expired.as_bytes()], invalid);
            }
            if let Expected::Exactly(answer) = missing() {
                let expected = Expected::Exactly(Answer { body: String::new(), ..answer });
                table.raw(&format!("HEAD {path}: no token"), &format!("HEAD {path}"), &[], expected);
            }
        }
        for path in ["/guarded/nowhere", "/guarded/read/"] {
            let found = Expected::Status(404);
            table.get(&format!("{path}: a good token finds nothing"), path, &[&reader], found);
        }
        table.get("/guarded/read?a=b: no token", "/guarded/read?a=b", &[], missing());
    }

    /// Announces a body and never sends it: a server that waits for the body does not answer.
    fn bodies(&mut self) {
        let (none, expired) = (self.token(""), self.expired());
        let table = &mut self.table;
        let mut post = |name: &str, value: Option<&str>, expected| {
            let mut fields = vec![("Content-Length", "1000000"), ("Content-Type", "application/json")];
            fields.extend(value.map(|value| ("Authorization", value)));
            table.with_fields(&format!("before the body: {name}"), "POST /guarded/read", &fields, expected);
        };
        post("no token", None, missing());
        post("malformed", Some("Bearer"), malformed());
        post("expired", Some(&expired), invalid());
        post("no scope", Some(&none), insufficient(Some("orders:read")));
    }

    fn optional(&mut self) {
        let (good, reader, expired) = (self.token(""), self.token("orders:read"), self.expired());
        let table = &mut self.table;
        let path = "/optional";
        table.get("optional guard: a good token", path, &[&good], ok("Hello alice"));
        table.get("optional guard: no token", path, &[], ok("Hello, stranger"));
        table.get("optional guard: another scheme", path, &["Basic YTpi"], ok("Hello, stranger"));
        table.get("optional guard: expired", path, &[&expired], invalid());
        table.get("optional guard: malformed", path, &["Bearer"], malformed());
        let path = "/optional/required";
        table.get("optional guard with a policy: enough", path, &[&reader], ok("Orders"));
        table.get("optional guard with a policy: no token", path, &[], missing());
        table.get(
            "optional guard with a policy: no scope",
            path,
            &[&good],
            insufficient(Some("orders:read")),
        );
    }

    fn preflight(&mut self) {
        let (good, expired) = (self.token(""), self.expired());
        let table = &mut self.table;
        let origin = ("Origin", "https://app.example");
        let method = ("Access-Control-Request-Method", "GET");
        let line = "OPTIONS /preflight";
        table.with_fields("a preflight is let through", line, &[origin, method], ok("Orders"));
        table.with_fields("OPTIONS without origin is no preflight", line, &[method], missing());
        table.with_fields("OPTIONS without method is no preflight", line, &[origin], missing());
        table.with_fields("GET is no preflight", "GET /preflight", &[origin, method], missing());
        let bad = ("Authorization", expired.as_str());
        table.with_fields("a preflight with a bad token", line, &[origin, method, bad], invalid());
        table.get("a good token", "/preflight", &[&good], ok("Orders"));
        let (line, expected) = ("OPTIONS /guarded/read", whatever_is_allowed(missing()));
        table.with_fields("a preflight where that was not asked for", line, &[origin, method], expected);
    }

    fn scoped(&mut self) {
        let (reader, both) = (self.token("orders:read"), self.token("orders:write orders:read"));
        let (none, expired) = (self.token(""), self.expired());
        let table = &mut self.table;
        let whole = || insufficient(Some("orders:read orders:write"));
        table.get("scoped: enough", "/scoped", &[&both], ok("Hello alice"));
        table.get("scoped: one of two", "/scoped", &[&reader], whole());
        table.get("scoped: none", "/scoped", &[&none], whole());
        table.get("scoped: no token", "/scoped", &[], missing());
        table.get("scoped: expired", "/scoped", &[&expired], invalid());
    }

    fn policies(&mut self) {
        let (yes, no) = (|| ok("Allowed"), |scopes| insufficient(scopes));
        let write = Some("orders:write");
        let rows: Vec<(&str, String, Expected)> = vec![
            ("/policy/any", self.token("orders:write"), yes()),
            ("/policy/any", self.token("other"), no(Some("orders:read"))),
            ("/policy/all", self.token("orders:write orders:read"), yes()),
            ("/policy/all", self.token("orders:write"), no(Some("orders:read orders:write"))),
            ("/policy/or", self.with("roles", json!(["admin"])), yes()),
            ("/policy/or", self.token("orders:write"), yes()),
            ("/policy/or", self.with("roles", json!("admin")), no(write)),
            ("/policy/and", self.with("roles", json!(["writer"])), no(write)),
            ("/policy/and", self.token("orders:write"), no(None)),
            ("/policy/not", self.with("roles", json!(["reader"])), yes()),
            ("/policy/not", self.with("roles", json!(["suspended"])), no(None)),
            ("/policy/not", self.with("roles", json!("reader")), no(None)),
            ("/policy/not", self.with("other", 1), no(None)),
            ("/policy/equals", self.with("tenant", "t1"), yes()),
            ("/policy/equals", self.with("tenant", "t2"), no(None)),
            ("/policy/equals", self.with("tenant", json!(["t1"])), no(None)),
            ("/policy/equals", self.with("other", "t1"), no(None)),
            ("/policy/true", self.with("email_verified", true), yes()),
            ("/policy/true", self.with("email_verified", "true"), no(None)),
            ("/policy/true", self.with("email_verified", 1), no(None)),
            ("/policy/contains", self.with("permissions", json!(["a", "delete:orders"])), yes()),
            ("/policy/contains", self.with("permissions", "delete:orders"), no(None)),
            ("/policy/contains", self.with("permissions", json!(["delete:orders", null])), no(None)),
            ("/policy/deep", self.with("realm_access", json!({"roles": ["admin"]})), yes()),
            ("/policy/deep", self.with("realm_access", json!({"roles": "admin"})), no(None)),
            ("/policy/deep", self.with("realm_access", json!(["roles", "admin"])), no(None)),
            ("/policy/deep", self.with("realm_access.roles", json!(["admin"])), no(None)),
            ("/policy/deep", self.with("roles", json!(["admin"])), no(None)),
            ("/policy/predicate", self.of("alice"), yes()),
            ("/policy/predicate", self.of("bob"), no(None)),
        ];
        for (place, (path, token, expected)) in rows.into_iter().enumerate() {
            self.table.get(&format!("{path}, row {place}"), path, &[&token], expected);
        }
        let good = self.token("");
        self.table.get("a predicate that panics", "/policy/panic", &[&good], misconfigured());
        for (path, _) in AccessRules::policies() {
            self.table.get(&format!("{path}: no token"), path, &[], missing());
        }
    }

    fn own_words(&mut self) {
        let (good, expired) = (self.token(""), self.expired());
        let challenge = |error: &str| match error {
            "" => "Bearer".to_owned(),
            error => format!("Bearer error=\"{error}\""),
        };
        for (path, lacks) in [
            ("/own/read", r#"Bearer error="insufficient_scope", scope="orders:read""#),
            ("/own/hello", r#"Bearer error="insufficient_scope""#),
        ] {
            for (status, value, challenge, detail) in [
                (401, None, challenge(""), "Not authenticated"),
                (400, Some("Bearer"), challenge("invalid_request"), "Malformed credentials"),
                (401, Some(expired.as_str()), challenge("invalid_token"), "Could not validate credentials"),
                (403, Some(good.as_str()), lacks.to_owned(), "Not enough permissions"),
            ] {
                let json = format!("{{\"error\":\"{detail}\"}}");
                let text = format!("Abgelehnt: {status}");
                for (language, content_type, body) in [
                    (None, Some("application/json"), json.as_str()),
                    (Some("de"), Some("text/plain; charset=utf-8"), text.as_str()),
                    (Some("none"), None, ""),
                ] {
                    let fields = language.map(|language| ("Accept-Language", language));
                    let fields = fields.into_iter().chain(value.map(|value| ("Authorization", value)));
                    let name = format!("own words: {path}, {status} {detail}, {language:?}");
                    let fields: Vec<_> = fields.collect();
                    let expected = in_words(status, content_type, body, &challenge);
                    self.table.with_fields(&name, &format!("GET {path}"), &fields, expected);
                }
            }
        }
        let problem = [("Accept-Language", "problem")];
        self.table.with_fields("own words: the library's", "GET /own/read", &problem, missing());
        let reader = self.token("orders:read");
        let admin = self.with("roles", json!(["admin"]));
        self.table.get("own words: accepted by a guard", "/own/read", &[&reader], ok("Orders"));
        self.table.get("own words: accepted by an extractor", "/own/hello", &[&admin], ok("Hello alice"));
    }

    fn current_user(&mut self) {
        for path in ["/me", "/me/guarded"] {
            for (subject, expected) in [
                ("alice", ok("Hello user alice")),
                ("bob", insufficient(None)),
                ("nobody", invalid()),
                ("down", unavailable()),
                ("panic", misconfigured()),
            ] {
                let token = self.of(subject);
                self.table.get(&format!("{path}: {subject}"), path, &[&token], expected);
                self.found += 1;
            }
            let expired = self.expired();
            self.table.get(&format!("{path}: no token"), path, &[], missing());
            self.table.get(&format!("{path}: expired"), path, &[&expired], invalid());
        }
    }
}
