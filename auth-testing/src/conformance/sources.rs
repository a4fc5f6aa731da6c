//! Credentials from elsewhere than the Authorization field, and who may send them.

use std::net::SocketAddr;

use auth_core::{Algorithm, Authenticator, CredentialSource};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::case::Expected;
use super::fixture::Fixture;
use super::report::Report;
use super::server::Server;
use super::table::{Table, challenged, insufficient, invalid, malformed, missing, ok, refused};
use crate::clock::TestClock;

const COOKIE: &str = "__Host-access";

/// A field of a request.
type Field<'a> = (&'a str, &'a str);

const EVERY: &str = "/every";
const COOKIE_ONLY: &str = "/cookie";
const TOOL: &str = "/tool";
const BASIC_ONLY: &str = "/basic";
const MIXED: &str = "/mixed";

/// The rules for [`CredentialSource`], for a server that is built with an adapter's guards and extractors.
///
/// The server under test serves, for each path and authenticator of [`authenticators`](Self::authenticators), these routes
/// with `GET` and `POST`, and answers `{"message":"..."}`:
///
/// | route | built with | answers |
/// |---|---|---|
/// | `.../hello` | an extractor of the caller | `Hello alice` |
/// | `.../optional` | an extractor of a caller or none | `Hello alice` or `Hello, stranger` |
/// | `.../raw` | an extractor of the token | `A token` |
/// | `.../guarded` | a guard that requires scope `orders:read`; the handler takes the caller | `Hello alice` |
#[derive(Debug)]
pub struct OtherSources {
    fixture: Fixture,
    authenticators: Vec<(&'static str, Authenticator)>,
}

impl OtherSources {
    /// Makes the keys and the authenticators.
    ///
    /// # Panics
    ///
    /// If no port can be opened on the loopback interface.
    #[must_use]
    pub fn new() -> Self {
        let mut fixture = Fixture::new(Algorithm::Es256);
        fixture.issuer = fixture.issuer.clock(TestClock::default());
        let base = fixture.authenticator();
        let (bearer, basic) = (CredentialSource::Bearer, CredentialSource::Basic);
        let cookie = CredentialSource::cookie(COOKIE);
        let header = CredentialSource::header("X-API-Key");
        let of = |sources: &[CredentialSource]| {
            let authenticator = base.with_credential_sources(sources.iter().cloned()).expect("sound names");
            authenticator.with_trusted_origins(["https://app.example"]).expect("a sound origin")
        };
        let authenticators = vec![
            (EVERY, of(&[bearer.clone(), cookie.clone(), header, CredentialSource::WebSocketProtocol])),
            (COOKIE_ONLY, of(std::slice::from_ref(&cookie))),
            (TOOL, of(&[bearer, basic.clone()])),
            (BASIC_ONLY, of(std::slice::from_ref(&basic))),
            (MIXED, of(&[basic, cookie])),
        ];
        Self { fixture, authenticators }
    }

    /// The paths under which the server under test has its routes, and what each authenticates with.
    #[must_use]
    pub fn authenticators(&self) -> Vec<(&'static str, Authenticator)> {
        self.authenticators.clone()
    }

    /// Runs all cases against the server at this address.
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        let fixture = &self.fixture;
        let mut sources = Sources {
            good: fixture.issuer.token("alice").scope("orders:read").sign(),
            without_scope: fixture.issuer.good("alice"),
            expired: fixture.issuer.expired("alice"),
            table: Table::new(fixture),
        };
        sources.each_alone();
        sources.cookies();
        sources.fields();
        sources.subprotocols();
        sources.passwords();
        sources.several();
        sources.sites();
        sources.websockets();
        sources.asked_for_what();
        let mut server = Server::new(address);
        Report { outcomes: sources.table.cases.iter().map(|case| server.run(case)).collect() }
    }
}

impl Default for OtherSources {
    fn default() -> Self {
        Self::new()
    }
}

struct Sources<'a> {
    table: Table<'a>,
    /// With scope `orders:read`.
    good: String,
    without_scope: String,
    expired: String,
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

fn accepted() -> Expected {
    ok("Hello alice")
}

fn stranger() -> Expected {
    ok("Hello, stranger")
}

fn cross_site() -> Expected {
    refused(403, "Forbidden", "Cross-site request refused", &[])
}

const ASKS_FOR_BASIC: Field<'static> = ("www-authenticate", "Basic realm=\"api\"");

fn missing_basic() -> Expected {
    refused(401, "Unauthorized", "Not authenticated", &[ASKS_FOR_BASIC])
}

fn invalid_basic() -> Expected {
    refused(401, "Unauthorized", "Could not validate credentials", &[ASKS_FOR_BASIC])
}

impl Sources<'_> {
    fn get(&mut self, name: &str, target: &str, fields: &[Field<'_>], expected: Expected) {
        self.table.with_fields(name, &format!("GET {target}"), fields, expected);
    }

    fn post(&mut self, name: &str, target: &str, fields: &[Field<'_>], expected: Expected) {
        let fields = [&[("Content-Length", "0")], fields].concat();
        self.table.with_fields(name, &format!("POST {target}"), &fields, expected);
    }

    /// Every route, for every source, with a good token, an expired one, and one without the scope.
    fn each_alone(&mut self) {
        type Sent = fn(&str) -> (&'static str, String);
        let sources: [(&str, Sent); 5] = [
            (EVERY, |token| ("Authorization", format!("Bearer {token}"))),
            (EVERY, |token| ("Cookie", format!("theme=dark; {COOKIE}={token}"))),
            (EVERY, |token| ("x-api-key", token.to_owned())),
            (EVERY, |token| ("Sec-WebSocket-Protocol", format!("chat, bearer.{token}"))),
            (TOOL, |token| ("Authorization", basic("tool", token))),
        ];
        for (prefix, sent) in sources {
            let [good, expired, without_scope] =
                [&self.good, &self.expired, &self.without_scope].map(|token| sent(token));
            let field = |sent: &(&'static str, String)| [(sent.0, sent.1.clone())];
            let is_basic = good.1.starts_with("Basic");
            let invalid = || if is_basic { invalid_basic() } else { invalid() };
            let insufficient = || match is_basic {
                true => refused(403, "Forbidden", "Not enough permissions", &[]),
                false => insufficient(Some("orders:read")),
            };
            for (route, expected) in [
                ("hello", accepted()),
                ("optional", accepted()),
                ("raw", ok("A token")),
                ("guarded", accepted()),
            ] {
                let target = format!("{prefix}/{route}");
                let name = |what: &str| format!("{target}, {what} by {}", good.0);
                let [(field_name, value)] = field(&good);
                self.get(&name("good"), &target, &[(field_name, &value)], expected);
                let [(field_name, value)] = field(&expired);
                let expected = if route == "raw" { ok("A token") } else { invalid() };
                self.get(&name("expired"), &target, &[(field_name, &value)], expected);
                let in_query = format!("{target}?access_token=x");
                self.get(&name("in the query too"), &in_query, &[(field_name, &value)], malformed());
            }
            let [(field_name, value)] = field(&without_scope);
            let target = format!("{prefix}/guarded");
            self.get(&format!("no scope, by {field_name}"), &target, &[(field_name, &value)], insufficient());
        }
        for (prefix, expected) in [(EVERY, missing()), (COOKIE_ONLY, missing()), (MIXED, missing())] {
            self.get(&format!("{prefix}: nothing"), &format!("{prefix}/hello"), &[], expected);
        }
        self.get("anonymous", "/every/optional", &[], stranger());
    }

    fn cookies(&mut self) {
        let token = self.good.clone();
        for (name, value, expected) in [
            ("alone", format!("{COOKIE}={token}"), accepted()),
            ("among others", format!("a=1;{COOKIE}={token};b=\"2; 3\""), accepted()),
            ("another cookie", format!("access={token}"), missing()),
            ("in another case", format!("__host-access={token}"), missing()),
            ("the end of a name", format!("x{COOKIE}={token}"), missing()),
            ("twice", format!("{COOKIE}={token}; {COOKIE}={token}"), malformed()),
            ("twice, one empty", format!("{COOKIE}={token}; {COOKIE}="), malformed()),
            ("quoted", format!("{COOKIE}=\"{token}\""), malformed()),
            ("a space behind the name", format!("{COOKIE} ={token}"), malformed()),
            ("a space before the value", format!("{COOKIE}= {token}"), malformed()),
            ("no equals sign", COOKIE.to_owned(), malformed()),
            ("empty", format!("{COOKIE}="), malformed()),
            ("a comma", format!("{COOKIE}={token}, a=1"), malformed()),
            ("escaped", format!("{COOKIE}=%65yJ"), malformed()),
            ("a scheme before it", format!("{COOKIE}=Bearer {token}"), malformed()),
        ] {
            self.get(&format!("a cookie, {name}"), "/cookie/hello", &[("Cookie", &value)], expected);
        }
        let one = format!("{COOKIE}={token}");
        let fields = [("Cookie", "a=1"), ("Cookie", one.as_str())];
        self.get("cookies in two fields", "/cookie/hello", &fields, accepted());
        let fields = [("Cookie", one.as_str()), ("Cookie", one.as_str())];
        self.get("a cookie in each of two fields", "/cookie/hello", &fields, malformed());
        let bearer = format!("Bearer {token}");
        self.get("a field that is not looked at", "/cookie/hello", &[("Authorization", &bearer)], missing());
        let fields = [("Authorization", "\"\""), ("Cookie", one.as_str())];
        self.get("a broken field that is not looked at", "/cookie/hello", &fields, accepted());
    }

    fn fields(&mut self) {
        let token = self.good.clone();
        let name = "X-API-Key";
        self.get("a field in another case", "/every/hello", &[("X-aPi-KEY", &token)], accepted());
        for (what, value) in [
            ("quoted", format!("\"{token}\"")),
            ("with a scheme", format!("Bearer {token}")),
            ("a comma", format!("{token},{token}")),
            ("empty", String::new()),
        ] {
            self.get(&format!("a field, {what}"), "/every/hello", &[(name, &value)], malformed());
        }
        self.get("a field twice", "/every/hello", &[(name, &token), (name, &token)], malformed());
        self.get("a field that is not looked at", "/tool/optional", &[(name, &token)], stranger());
    }

    fn subprotocols(&mut self) {
        let token = self.good.clone();
        for (what, value, expected) in [
            ("alone", format!("bearer.{token}"), accepted()),
            ("last", format!("a,b , bearer.{token}"), accepted()),
            ("without one", "chat".to_owned(), missing()),
            ("bearer alone", "bearer".to_owned(), missing()),
            ("two", format!("bearer.{token}, bearer.{token}"), malformed()),
            ("in another case", format!("Bearer.{token}"), malformed()),
            ("empty", "chat, bearer.".to_owned(), malformed()),
            ("padded", format!("bearer.{token}="), malformed()),
        ] {
            let fields = [("Sec-WebSocket-Protocol", value.as_str())];
            self.get(&format!("a subprotocol, {what}"), "/every/hello", &fields, expected);
        }
        let (chat, bearer) = ("chat".to_owned(), format!("bearer.{token}"));
        let in_two = |one: &str, two: &str, this: &mut Self, expected| {
            let fields = [("Sec-WebSocket-Protocol", one), ("Sec-WebSocket-Protocol", two)];
            this.get("subprotocols in two fields", "/every/hello", &fields, expected);
        };
        in_two(&chat, &bearer, self, accepted());
        in_two(&bearer, &bearer, self, malformed());
    }

    fn passwords(&mut self) {
        let (good, expired) = (self.good.clone(), self.expired.clone());
        for user in ["", "alice", "bob", "__token__"] {
            let value = basic(user, &good);
            self.get("any user name", "/basic/hello", &[("Authorization", &value)], accepted());
        }
        let in_lower_case = basic("a", &good).replacen("Basic", "basic", 1);
        self.get(
            "the scheme in lower case",
            "/basic/hello",
            &[("Authorization", &in_lower_case)],
            accepted(),
        );
        let malformed_basic = || refused(400, "Bad Request", "Malformed credentials", &[]);
        for (what, value) in [
            ("no base64", "Basic !".to_owned()),
            ("no padding", basic("a", "bc").trim_end_matches('=').to_owned()),
            ("no colon", format!("Basic {}", STANDARD.encode(&good))),
            ("no password", basic(&good, "")),
            ("a token with a space", basic("a", "a b")),
            ("junk behind it", format!("{} x", basic("a", &good))),
            ("the scheme alone", "Basic".to_owned()),
            ("no scheme", "\"\"".to_owned()),
        ] {
            self.get(what, "/basic/hello", &[("Authorization", &value)], malformed_basic());
            self.get(what, "/tool/hello", &[("Authorization", &value)], malformed());
        }
        let value = basic("a", &good);
        let twice = [("Authorization", value.as_str()), ("Authorization", value.as_str())];
        self.get("a password twice", "/basic/hello", &twice, malformed_basic());
        let bearer = format!("Bearer {good}");
        self.get("another scheme", "/basic/hello", &[("Authorization", &bearer)], missing_basic());
        let value = basic("a", &expired);
        self.get("an expired password", "/basic/hello", &[("Authorization", &value)], invalid_basic());
        self.get("a password that is not looked at", "/every/hello", &[("Authorization", &value)], missing());
    }

    fn several(&mut self) {
        let good = self.good.clone();
        let places = [
            ("Authorization", format!("Bearer {good}")),
            ("Cookie", format!("{COOKIE}={good}")),
            ("X-API-Key", good.clone()),
            ("Sec-WebSocket-Protocol", format!("bearer.{good}")),
        ];
        for (place, (first, value)) in places.iter().enumerate() {
            for (second, other) in places.iter().skip(place + 1) {
                let name = format!("one token by {first} and by {second}");
                let fields = [(*first, value.as_str()), (*second, other.as_str())];
                for route in ["hello", "optional", "raw", "guarded"] {
                    self.get(&name, &format!("/every/{route}"), &fields, malformed());
                }
            }
            for (other, broken) in
                [("X-API-Key", "\"\""), ("Cookie", "__Host-access="), ("Authorization", "Bearer")]
            {
                if other != *first {
                    let fields = [(*first, value.as_str()), (other, broken)];
                    self.get(
                        &format!("{first} beside a broken {other}"),
                        "/every/hello",
                        &fields,
                        malformed(),
                    );
                }
            }
            if *first != "Authorization" {
                let fields = [(*first, value.as_str()), ("Authorization", "Digest x")];
                self.get(&format!("{first} beside another scheme"), "/every/hello", &fields, accepted());
            }
        }
    }

    /// Whose page may start what changes something, with a cookie that the browser adds. The request is for `conformance`.
    fn sites(&mut self) {
        let cookie = format!("{COOKIE}={}", self.good);
        let (site, origin) = (|value| ("Sec-Fetch-Site", value), |value| ("Origin", value));
        let let_in: [&[Field<'_>]; 8] = [
            &[site("same-origin")],
            &[site("none")],
            &[site("same-origin"), origin("null")],
            &[origin("http://conformance")],
            &[origin("https://conformance")],
            &[origin("https://app.example")],
            &[site("same-site"), origin("https://app.example")],
            &[site("cross-site"), origin("https://app.example")],
        ];
        let refused: [&[Field<'_>]; 15] = [
            &[],
            &[site("cross-site")],
            &[site("same-site")],
            &[site("Same-Origin")],
            &[site("cross-site"), origin("http://conformance")],
            &[site("same-origin"), site("same-origin")],
            &[origin("null")],
            &[origin("http://conformance"), origin("http://conformance")],
            &[origin("https://evil.example")],
            &[origin("http://conformance:3000")],
            &[origin("http://conformance.evil.example")],
            &[origin("http://conformance/")],
            &[origin("https://app.example:8443")],
            &[origin("https://evil.example"), ("X-Forwarded-Host", "evil.example")],
            &[("Referer", "http://conformance/")],
        ];
        let says = let_in.iter().map(|says| (says, true)).chain(refused.iter().map(|says| (says, false)));
        for (says, expected) in says {
            let expected = || if expected { accepted() } else { cross_site() };
            let fields = [&[("Cookie", cookie.as_str())], *says].concat();
            self.post(&format!("a form that says {says:?}"), "/cookie/hello", &fields, expected());
            self.get(&format!("a link that says {says:?}"), "/cookie/hello", &fields, accepted());
            let bearer = format!("Bearer {}", self.good);
            let fields = [&[("Authorization", bearer.as_str())], *says].concat();
            self.post(&format!("no cookie, and says {says:?}"), "/every/hello", &fields, accepted());
        }
        let from_evil = [("Cookie", cookie.as_str()), origin("https://evil.example")];
        for (path, expected) in [
            ("/cookie/optional", cross_site()),
            ("/cookie/raw", cross_site()),
            ("/cookie/guarded", cross_site()),
            ("/every/hello", cross_site()),
            ("/mixed/hello", cross_site()),
            ("/tool/optional", stranger()),
        ] {
            self.post(&format!("from another site to {path}"), path, &from_evil, expected);
        }
        let without = [origin("https://evil.example")];
        self.post("from another site without a cookie", "/cookie/optional", &without, stranger());
        let password = basic("tool", &self.good);
        let key = self.good.clone();
        for (path, field) in [
            ("/tool/hello", ("Authorization", password.as_str())),
            ("/every/hello", ("X-API-Key", key.as_str())),
        ] {
            let name = field.0;
            self.post(&format!("{name} of a program"), path, &[field], accepted());
            self.post(&format!("{name} of the own page"), path, &[field, site("same-origin")], accepted());
            self.post(&format!("{name} from another site"), path, &[field, site("cross-site")], cross_site());
        }
        let expired = format!("{COOKIE}={}", self.expired);
        let of_expired = [("Cookie", expired.as_str()), origin("https://evil.example")];
        self.post("whether the cookie is good is not told", "/cookie/hello", &of_expired, cross_site());
    }

    /// The handshake is a GET that any page can start.
    fn websockets(&mut self) {
        let cookie = format!("{COOKIE}={}", self.good);
        let subprotocol = format!("chat, bearer.{}", self.good);
        for upgrade in ["websocket", "WebSocket", "h2c, websocket"] {
            let upgrade = ("Upgrade", upgrade);
            let by_cookie = ("Cookie", cookie.as_str());
            let [own, other] =
                ["http://conformance", "https://evil.example"].map(|origin| ("Origin", origin));
            let fields = [upgrade, by_cookie, own];
            self.get("a handshake of the own page", "/every/hello", &fields, accepted());
            let fields = [upgrade, by_cookie, other];
            self.get("a handshake of another page", "/every/hello", &fields, cross_site());
            self.get("a handshake of no page", "/every/hello", &[upgrade, by_cookie], cross_site());
            let fields = [upgrade, ("Sec-WebSocket-Protocol", subprotocol.as_str()), other];
            self.get("a handshake of another page with its own token", "/every/hello", &fields, accepted());
        }
    }

    fn asked_for_what(&mut self) {
        let both = || {
            let fields = [ASKS_FOR_BASIC, ("www-authenticate", "Bearer")];
            refused(401, "Unauthorized", "Not authenticated", &fields)
        };
        self.get("a tool is asked for either", "/tool/hello", &[], both());
        self.get("a tool is asked for a password alone", "/basic/hello", &[], missing_basic());
        self.get("where there are cookies no window opens", "/mixed/hello", &[], missing());
        let value = basic("a", &self.expired);
        let sent = [("Authorization", value.as_str())];
        self.get("who sent a password is asked for one", "/mixed/hello", &sent, invalid_basic());
        let value = format!("{COOKIE}={}", self.expired);
        let sent = [("Cookie", value.as_str())];
        let expected = challenged(
            401,
            "Unauthorized",
            "Could not validate credentials",
            "Bearer error=\"invalid_token\"",
        );
        self.get("who sent a cookie is not", "/mixed/hello", &sent, expected);
        let value = basic("a", &self.good);
        self.get("a good password", "/mixed/hello", &[("Authorization", &value)], accepted());
    }
}
