//! The token endpoint, whole: who gets a token, and what everybody else is answered.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod memory;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex, Once};
use std::task::{Context, Poll};
use std::time::Duration;

use auth_core::{JwtVerifier, VerifiedToken};
use auth_issuer::{
    Account, AccountStore, Algorithm, EndpointError, GuessLimits, Passwords, RefreshTokens, Scope,
    SigningKey, StoreFailure, TokenAnswer, TokenEndpoint, TokenEndpointBuilder, TokenIssuer, async_trait,
};
use auth_testing::TestClock;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use self::memory::Memory;

const SECRET: &[u8] = b"kEsZv5lcXZ1SZcsBDKHF5Ll23b_X50cR";
const CLIENT_SECRET: &str = "c2VjcmV0IG9mIHRoZSBjbGllbnQ";
const FORM: (&str, &[u8]) = ("content-type", b"application/x-www-form-urlencoded");

const READ: Scope = Scope::from_static("orders:read");
const WRITE: Scope = Scope::from_static("orders:write");

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().build().unwrap());
static PASSWORDS: LazyLock<Passwords> = LazyLock::new(|| Passwords::new().unwrap());

/// Accounts and refresh tokens in memory.
#[derive(Default)]
struct Store {
    accounts: Mutex<HashMap<String, Account>>,
    refresh: Memory,
    fails: Mutex<bool>,
    renewed: Mutex<Vec<String>>,
}

impl Store {
    fn find(&self, name: &str) -> Result<Option<Account>, StoreFailure> {
        if *self.fails.lock().unwrap() {
            return Err(io::Error::other("down").into());
        }
        Ok(self.accounts.lock().unwrap().get(name).cloned())
    }

    fn put(&self, name: &str, account: Account) {
        self.accounts.lock().unwrap().insert(name.to_owned(), account);
    }
}

#[async_trait]
impl AccountStore for Store {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        self.find(username)
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        self.find(subject.trim_start_matches("id of "))
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        assert!(PASSWORDS.is_outdated(old));
        self.renewed.lock().unwrap().push(new.to_owned());
        self.put(subject.trim_start_matches("id of "), account("alice").password_hash(new));
        Ok(())
    }
}

struct Server {
    store: Arc<Store>,
    endpoint: TokenEndpoint,
    clock: TestClock,
}

fn account(name: &str) -> Account {
    static HASH: LazyLock<String> =
        LazyLock::new(|| RUNTIME.block_on(PASSWORDS.hash("correct horse")).unwrap());
    Account::new(format!("id of {name}")).password_hash(&*HASH).scopes([READ, WRITE])
}

fn issuer() -> TokenIssuer {
    let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
    TokenIssuer::builder("https://issuer.example", key).build().unwrap()
}

fn builder(store: &Arc<Store>) -> TokenEndpointBuilder {
    TokenEndpoint::builder(issuer(), store.clone())
}

impl Server {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(more: impl FnOnce(TokenEndpointBuilder) -> TokenEndpointBuilder) -> Self {
        log();
        let (store, clock) = (Arc::new(Store::default()), TestClock::default());
        store.put("alice", account("alice").claim("roles", ["admin"]));
        store.put("dave", account("dave").active(false));
        store.put("erin", Account::new("id of erin").scopes([READ]));
        store.put("frank", account("frank").password_hash("$2b$12$GhvMmNVjRW29ulnudl"));
        let builder = builder(&store)
            .audience("https://api.example")
            .public_client("web")
            .confidential_client("batch", CLIENT_SECRET)
            .passwords(PASSWORDS.clone())
            .guess_limits(GuessLimits::new().clock(clock.clone()))
            .refresh_tokens(RefreshTokens::new(store.refresh.clone()).clock(clock.clone()));
        Self { endpoint: more(builder).build().unwrap(), store, clock }
    }

    fn send(&self, headers: &[(&str, &[u8])], body: Option<&str>) -> TokenAnswer {
        self.send_from([192, 0, 2, 1].into(), headers, body)
    }

    fn send_from(&self, address: IpAddr, headers: &[(&str, &[u8])], body: Option<&str>) -> TokenAnswer {
        let headers = headers.iter().copied();
        RUNTIME.block_on(self.endpoint.answer(headers, body.map(str::as_bytes), address))
    }

    fn post(&self, body: &str) -> TokenAnswer {
        self.send(&[FORM], Some(body))
    }

    fn log_in(&self, username: &str, password: &str) -> TokenAnswer {
        self.post(&login(username, password))
    }

    fn refresh(&self, token: &str, more: &str) -> TokenAnswer {
        self.post(&format!("grant_type=refresh_token&client_id=web&refresh_token={token}{more}"))
    }
}

fn login(username: &str, password: &str) -> String {
    format!("grant_type=password&client_id=web&username={username}&password={password}")
}

fn json(answer: &TokenAnswer) -> Value {
    serde_json::from_slice(&answer.body()).unwrap()
}

fn member(answer: &TokenAnswer, name: &str) -> String {
    json(answer)[name].as_str().unwrap_or_else(|| panic!("no {name}: {:?}", answer.body())).to_owned()
}

fn field(answer: &TokenAnswer, wanted: &str) -> Option<String> {
    let mut fields = answer.headers().filter(|(name, _)| name == wanted);
    let value = fields.next().map(|(_, value)| value.to_str().unwrap().to_owned());
    assert!(fields.next().is_none(), "{wanted} is there twice");
    value
}

fn verified(answer: &TokenAnswer) -> VerifiedToken {
    assert_eq!(answer.status(), 200, "{:?}", answer.body());
    let verifier = JwtVerifier::builder()
        .issuer("https://issuer.example")
        .audience("https://api.example")
        .require_access_token_type()
        .secret(Algorithm::Hs256, SECRET)
        .build()
        .unwrap();
    verifier.verify_jwt(&member(answer, "access_token")).unwrap()
}

#[track_caller]
fn is_error(answer: &TokenAnswer, status: u16, error: &str) {
    let found = (answer.status().as_u16(), json(answer)["error"].as_str().map(str::to_owned));
    assert_eq!(found, (status, Some(error.to_owned())), "{:?}", answer.body());
    assert_eq!(field(answer, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(field(answer, "content-type").as_deref(), Some("application/json"));
}

#[test]
fn who_knows_the_password_gets_a_token() {
    let answer = Server::new().log_in("alice", "correct+horse");
    let token = verified(&answer);
    assert_eq!(token.subject(), "id of alice");
    assert_eq!(token.claims::<Value>().unwrap()["client_id"], json!("web"));
    assert_eq!(token.claims::<Value>().unwrap()["roles"], json!(["admin"]));
    assert_eq!(member(&answer, "scope"), "orders:read orders:write", "all that the account may have");
    assert_eq!(json(&answer)["token_type"], json!("Bearer"));
    assert_eq!(json(&answer)["expires_in"], json!(900));
    assert_eq!(field(&answer, "cache-control").as_deref(), Some("no-store"));
}

#[test]
fn no_more_is_granted_than_asked_for_and_allowed() {
    let server = Server::new();
    let asking = |scope: &str| server.post(&format!("{}&scope={scope}", login("alice", "correct+horse")));
    for (asked, granted) in [
        ("orders:read", "orders:read"),
        ("orders:write+orders:read", "orders:write orders:read"),
        ("admin+orders:read", "orders:read"),
        ("", "orders:read orders:write"),
    ] {
        let answer = asking(asked);
        assert_eq!(member(&answer, "scope"), granted);
        assert_eq!(verified(&answer).claims::<Value>().unwrap()["scope"], json!(granted));
    }
    is_error(&asking("admin"), 400, "invalid_scope");
    is_error(&asking("%22"), 400, "invalid_scope");
    is_error(&asking(&vec!["orders:read"; 65].join("+")), 400, "invalid_scope");
    verified(&asking(&vec!["orders:read"; 64].join("+")));
}

/// Whoever guesses must not learn what was wrong.
#[test]
fn all_failed_logins_look_alike() {
    let server = Server::new();
    let wrong = server.log_in("alice", "wrong");
    is_error(&wrong, 400, "invalid_grant");
    for (username, password, what) in [
        ("mallory", "correct+horse", "nobody"),
        ("dave", "correct+horse", "not active"),
        ("dave", "wrong", "not active, and wrong"),
        ("erin", "correct+horse", "no password"),
        ("frank", "correct+horse", "a hash that is none"),
        ("Alice", "correct+horse", "names are compared by the store"),
        ("alice", "Correct+horse", "case"),
        ("alice", "correct+horse+", "more"),
        ("alice", "%09", "a tab, which a password may have"),
        ("alice", "%E2%98%83", "a snowman"),
    ] {
        assert_eq!(server.log_in(username, password), wrong, "{what}");
    }
}

#[test]
fn bad_requests_get_the_error_that_the_rfc_has() {
    let server = Server::new();
    let good = login("alice", "correct+horse");
    verified(&server.post(&good));
    let long = format!("{good}&x={}", "x".repeat(16 * 1024));
    let other = |from: &str, to: &str| good.replace(from, to);
    let without_grant_type = other("grant_type=password&", "");
    for (body, error) in [
        ("", "invalid_request"),
        (&*without_grant_type, "invalid_request"),
        (&other("&username=alice", ""), "invalid_request"),
        (&other("username=alice", "username="), "invalid_request"),
        (&other("&password=correct+horse", ""), "invalid_request"),
        (&format!("{good}&username=alice"), "invalid_request"),
        (&format!("{good}&grant_type=password"), "invalid_request"),
        (&other("alice", "%ff"), "invalid_request"),
        (&other("alice", "%zz"), "invalid_request"),
        (&other("alice", "alice%00"), "invalid_request"),
        (&other("alice", "a%0D%0Ab"), "invalid_request"),
        (&other("correct", "%7f"), "invalid_request"),
        (&other("client_id=web", "client_id=%C3%A9"), "invalid_request"),
        ("grant_type=refresh_token&client_id=web&refresh_token=%C3%A9", "invalid_request"),
        (&long, "invalid_request"),
        (&other("grant_type=password", "grant_type=client_credentials"), "unsupported_grant_type"),
        (&other("grant_type=password", "grant_type=Password"), "unsupported_grant_type"),
        ("grant_type=refresh_token&client_id=web", "invalid_request"),
    ] {
        is_error(&server.post(body), 400, error);
    }
    is_error(&server.send(&[FORM], None), 400, "invalid_request");
    assert_eq!(server.send(&[FORM], None), server.post(&long), "too long is too long");
    for content_type in [&b"application/json"[..], b"multipart/form-data", b"", b"text/plain"] {
        is_error(&server.send(&[("content-type", content_type)], Some(&good)), 400, "invalid_request");
    }
    is_error(&server.send(&[], Some(&good)), 400, "invalid_request");
    is_error(&server.send(&[FORM, FORM], Some(&good)), 400, "invalid_request");
}

/// A login lets itself be known by its user name or its password, and nothing else is taken for one.
#[test]
fn a_grant_type_may_be_missing_only_where_that_is_allowed() {
    let strict = Server::new();
    let lenient = Server::with(TokenEndpointBuilder::allow_missing_grant_type);
    let login = "client_id=web&username=alice&password=correct+horse";
    is_error(&strict.post(login), 400, "invalid_request");
    is_error(&strict.post(&format!("{login}&grant_type=")), 400, "invalid_request");
    verified(&lenient.post(login));
    verified(&lenient.post(&format!("{login}&grant_type=")));
    verified(&lenient.post(&format!("{login}&grant_type=password")));
    let token = member(&lenient.post(login), "refresh_token");
    for (body, error) in [
        (&*format!("{login}&grant_type=Password"), "unsupported_grant_type"),
        (&format!("{login}&grant_type=client_credentials"), "unsupported_grant_type"),
        (&format!("{login}&grant_type=password&grant_type=password"), "invalid_request"),
        ("client_id=web&username=alice", "invalid_request"),
        ("client_id=web&password=correct+horse", "invalid_request"),
        ("client_id=web&username=&password=", "invalid_request"),
        ("client_id=web", "invalid_request"),
        ("", "invalid_request"),
        (&format!("client_id=web&refresh_token={token}"), "invalid_request"),
        ("client_id=web&username=alice&password=guess", "invalid_grant"),
    ] {
        is_error(&lenient.post(body), 400, error);
    }
    let unclear = lenient.post(&format!("client_id=web&refresh_token={token}"));
    assert_eq!(member(&unclear, "error_description"), "grant_type is missing");
    verified(&lenient.refresh(&token, ""));
}

/// A form in parts, as a browser writes it.
fn in_parts(parameters: &[(&str, &str)]) -> String {
    let part = |(name, value): &(&str, &str)| {
        format!("--X-1\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    parameters.iter().map(part).collect::<String>() + "--X-1--\r\n"
}

const PARTS: (&str, &[u8]) = ("content-type", b"multipart/form-data; boundary=X-1");

#[cfg(feature = "multipart")]
#[test]
fn a_form_in_parts_is_read_only_where_that_is_allowed() {
    let (strict, lenient) = (Server::new(), Server::with(TokenEndpointBuilder::allow_multipart_forms));
    let grant = [("grant_type", "password"), ("client_id", "web")];
    let login = |password| in_parts(&[&grant[..], &[("username", "alice"), ("password", password)]].concat());
    let good = login("correct horse");
    is_error(&strict.send(&[PARTS], Some(&good)), 400, "invalid_request");
    let answer = lenient.send(&[PARTS], Some(&good));
    verified(&answer);
    let token = member(&answer, "refresh_token");
    let refresh =
        in_parts(&[("grant_type", "refresh_token"), ("client_id", "web"), ("refresh_token", &token)]);
    verified(&lenient.send(&[PARTS], Some(&refresh)));
    verified(&lenient.log_in("alice", "correct+horse"));
    // Nothing is decoded in it.
    is_error(&lenient.send(&[PARTS], Some(&login("correct+horse"))), 400, "invalid_grant");
    let unnamed = good.replace("client_id", "other");
    is_error(&lenient.send(&[PARTS], Some(&unnamed)), 400, "invalid_client");
    let basic = ("authorization", &b"Basic d2ViOg=="[..]);
    verified(&lenient.send(&[PARTS, basic], Some(&unnamed)));
}

#[cfg(feature = "multipart")]
#[test]
fn a_form_in_parts_that_is_broken_is_an_invalid_request() {
    let server = Server::with(TokenEndpointBuilder::allow_multipart_forms);
    let login = [
        ("grant_type", "password"),
        ("client_id", "web"),
        ("username", "alice"),
        ("password", "correct horse"),
    ];
    let good = in_parts(&login);
    let invalid = |content_type: &str, body: &[u8]| {
        let answer = RUNTIME.block_on(server.endpoint.answer(
            [("content-type", content_type.as_bytes())],
            Some(body),
            at(1),
        ));
        is_error(&answer, 400, "invalid_request");
    };
    for content_type in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"X-1",
        "multipart/form-data; boundary=X-2",
        "multipart/form-data; boundary=X\u{e9}",
        "multipart/form-data; boundary=X-1; boundary=X-2",
        "multipart/form-data; boundary=X-1; Boundary=X-1",
        "multipart/mixed; boundary=X-1",
        "text/plain; boundary=X-1",
        "",
        &format!("multipart/form-data; boundary={}", "X".repeat(71)),
    ] {
        invalid(content_type, good.as_bytes());
    }
    let part = "Content-Disposition: form-data; name=\"username\"";
    let other = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1).into_bytes()
    };
    let bodies = [
        Vec::new(),
        b"--X-1--".to_vec(),
        b"grant_type=password&client_id=web&username=alice&password=correct+horse".to_vec(),
        good.replace("\r\n", "\n").into_bytes(),
        other("--X-1--\r\n", ""),
        other("--X-1--\r\n", "--X-1"),
        other("--X-1--\r\n", "--X-1\r\n"),
        other("--X-1\r\n", "--X-1X\r\n"),
        other(part, "Content-Disposition: form-data"),
        other(part, "Content-Disposition: form-data; name=\"\""),
        other(part, "Content-Disposition: form-data; name=\"username"),
        other(part, "Content-Disposition: form-data; name=\"user\\\"name\""),
        other(part, "Content-Disposition: form-data; name=\"username\"; filename=\"a.txt\""),
        other(part, "Content-Disposition: form-data; filename=\"a.txt\"; name=\"username\""),
        other(part, "Content-Disposition: form-data; name=user name"),
        other(part, "Content-Disposition: form-data;\r\n name=\"username\""),
        other(part, &format!("{part}; FileName=\"a.txt\"")),
        other(part, &format!("{part}; filename*=UTF-8''a.txt")),
        other(part, &format!("{part}; name=\"other\"")),
        other(part, &format!("{part}; x=1")),
        other(part, "Content-Disposition: form-data; x=\"y; name=username z\"; name=\"other\""),
        other(part, "Content-Disposition: attachment; name=\"username\""),
        other(part, "Content-Disposition: name=\"username\""),
        other(part, "Content-Disposition: form-data; name=\"username\" x"),
        other(part, "Content-Disposition form-data; name=\"username\""),
        other(part, ": form-data; name=\"username\""),
        other(part, "X-Other: 1"),
        other(part, &format!("{part}\r\ncontent-disposition: form-data; name=\"x\"")),
        other(part, &format!("{part}\r\nX: a\rb")),
        other(part, &format!("{part}\r\nContent-Type: text/html")),
        other(part, &format!("{part}\r\nContent-Type: application/json")),
        other(part, &format!("{part}\r\nContent-Type: no type")),
        other(part, &format!("{part}\r\nContent-Type: text/plain; charset=utf-16")),
        other(part, &format!("{part}\r\nContent-Transfer-Encoding: base64")),
        other("username", "password"),
        other("username", "user\u{e9}"),
        other("alice", ""),
        other("alice", "alice\r\nmallory"),
        other("alice", "alice\0"),
        good.replace("alice", "al\u{1}ice").bytes().map(|byte| if byte == 1 { 0xff } else { byte }).collect(),
        other("alice", &"x".repeat(16 * 1024)),
    ];
    for body in &bodies {
        invalid("multipart/form-data; boundary=X-1", body);
    }
    for (content_type, body) in [
        ("Multipart/Form-Data;boundary=\"X-1\" ;", good.clone()),
        (
            "multipart/form-data; BOUNDARY=X-1",
            other_text(&good, part, "content-DISPOSITION:Form-Data;name=username"),
        ),
        ("multipart/form-data; boundary=X-1", good.trim_end().to_owned()),
        ("multipart/form-data; boundary=X-1", format!("preamble\r\n{good}")),
        ("multipart/form-data; boundary=X-1", format!("{good}epilogue")),
        (
            "multipart/form-data; boundary=X-1",
            other_text(&good, part, &format!("{part}\r\nContent-Type: text/plain; charset=UTF-8")),
        ),
        (
            "multipart/form-data; boundary=X-1",
            other_text(
                &good,
                part,
                &format!("Content-Transfer-Encoding: binary\r\n{part}\r\nContent-Length: 5"),
            ),
        ),
    ] {
        verified(&server.send(&[("content-type", content_type.as_bytes())], Some(&body)));
    }
    let unnamed = other_text(&good, "--X-1--", &format!("--X-1\r\n{part}\r\n\r\n\r\n--X-1--"));
    for name in ["\"a b\"", "a_b"] {
        let more = unnamed.replace(
            &format!("{part}\r\n\r\n\r\n"),
            &format!("Content-Disposition: form-data; name={name}\r\n\r\n\r\n"),
        );
        verified(&server.send(&[PARTS], Some(&more)));
    }
    let control = unnamed.replace(
        &format!("{part}\r\n\r\n\r\n"),
        "Content-Disposition: form-data; name=\"a\u{c}\"\r\n\r\n\r\n",
    );
    invalid("multipart/form-data; boundary=X-1", control.as_bytes());
    let long = |length: usize| {
        let boundary = "X".repeat(length);
        (format!("multipart/form-data; boundary={boundary}"), good.replace("X-1", &boundary))
    };
    let (content_type, body) = long(70);
    verified(&server.send(&[("content-type", content_type.as_bytes())], Some(&body)));
    let (content_type, body) = long(71);
    invalid(&content_type, body.as_bytes());
    println!("summary: issuer: {} broken forms in parts refused", bodies.len() + 14);
}

#[cfg(feature = "multipart")]
fn other_text(text: &str, from: &str, to: &str) -> String {
    text.replacen(from, to, 1)
}

#[test]
fn a_wrong_password_is_401_only_where_that_is_said() {
    let (strict, lenient) =
        (Server::new(), Server::with(TokenEndpointBuilder::answer_wrong_password_with_401));
    let [as_rfc, as_fastapi] = [&strict, &lenient].map(|server| server.log_in("alice", "guess"));
    is_error(&as_rfc, 400, "invalid_grant");
    assert_eq!(field(&as_rfc, "www-authenticate"), None);
    is_error(&as_fastapi, 401, "invalid_grant");
    assert_eq!(field(&as_fastapi, "www-authenticate").as_deref(), Some("Bearer realm=\"token\""));
    assert_eq!(as_fastapi.body(), as_rfc.body());
    for (username, password) in [("nobody", "guess"), ("dave", "correct+horse"), ("erin", "x")] {
        assert_eq!(lenient.log_in(username, password), as_fastapi, "{username}");
    }
    is_error(&lenient.refresh("invented", ""), 400, "invalid_grant");
    is_error(&lenient.post(&login("alice", "")), 400, "invalid_request");
    is_error(&lenient.post(&login("alice", "x").replace("web", "unknown")), 400, "invalid_client");
    is_error(
        &lenient.post(&format!("{}&scope=admin", login("alice", "correct+horse"))),
        400,
        "invalid_scope",
    );
    verified(&lenient.log_in("alice", "correct+horse"));
    for _ in 0..20 {
        lenient.log_in("nobody", "guess");
    }
    is_error(&lenient.log_in("nobody", "guess"), 429, "temporarily_unavailable");
}

#[test]
fn only_known_clients_get_tokens() {
    let server = Server::new();
    let login = "grant_type=password&username=alice&password=correct+horse";
    let basic = |pair: &str| {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)).into_bytes()
    };
    for body in [
        login.to_owned(),
        format!("{login}&client_id=unknown"),
        format!("{login}&client_id=batch"),
        format!("{login}&client_id=batch&client_secret=wrong"),
        format!("{login}&client_id=batch&client_secret={CLIENT_SECRET}x"),
        format!("{login}&client_id=web&client_secret={CLIENT_SECRET}"),
    ] {
        let answer = server.post(&body);
        is_error(&answer, 400, "invalid_client");
        assert_eq!(field(&answer, "www-authenticate"), None, "{body}");
    }
    for pair in ["unknown:", "batch:", "batch:wrong", &format!("web:{CLIENT_SECRET}")] {
        let answer = server.send(&[FORM, ("authorization", &basic(pair))], Some(login));
        is_error(&answer, 401, "invalid_client");
        assert_eq!(field(&answer, "www-authenticate").as_deref(), Some("Basic realm=\"token\""), "{pair}");
    }
    verified(&server.post(&format!("{login}&client_id=batch&client_secret={CLIENT_SECRET}")));
    verified(
        &server.send(&[FORM, ("authorization", &basic(&format!("batch:{CLIENT_SECRET}")))], Some(login)),
    );
    let none = server.send(&[FORM, ("authorization", &basic(":"))], Some(login));
    is_error(&none, 400, "invalid_client");
    let form = format!("{login}&client_id=web");
    verified(&server.send(&[FORM, ("authorization", &basic(":"))], Some(&form)));
    let public = server.send(&[FORM, ("authorization", &basic("web:"))], Some(login));
    assert_eq!(verified(&public).claims::<Value>().unwrap()["client_id"], json!("web"));

    let bearer = ("authorization", &b"Bearer expired"[..]);
    verified(&server.send(&[FORM, bearer], Some(&form)));
    let unnamed = server.send(&[FORM, bearer], Some(login));
    is_error(&unnamed, 400, "invalid_client");
    assert_eq!(field(&unnamed, "www-authenticate"), None, "no client has tried to authenticate");

    let lenient = Server::with(|builder| builder.unnamed_client("page"));
    assert_eq!(verified(&lenient.post(login)).claims::<Value>().unwrap()["client_id"], json!("page"));
    // As Swagger UI sends it where no client is filled in.
    verified(&lenient.send(&[FORM, ("authorization", &basic(":"))], Some(login)));
    is_error(&lenient.post(&format!("{login}&client_id=unknown")), 400, "invalid_client");
}

/// As `curl -u` and many libraries send it, and as RFC 6749 section 2.3.1 says.
#[test]
fn a_client_secret_works_encoded_and_unencoded() {
    use base64::Engine as _;
    let login = "grant_type=password&username=alice&password=correct+horse";
    for (secret, [encoded, other_encoded], decoded) in [
        ("a+b%41-secret-of-the-client", ["a%2Bb%2541-secret-of-the-client"; 2], "a bA-secret-of-the-client"),
        (
            "100% secret of the client",
            ["100%25+secret+of+the+client", "100%25%20secret%20of+the+client"],
            "100",
        ),
    ] {
        let server = Server::with(|builder| builder.confidential_client("shop", secret));
        let send = |secret: &str| {
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("shop:{secret}"));
            server.send(&[FORM, ("authorization", format!("Basic {pair}").as_bytes())], Some(login))
        };
        for right in [secret, encoded, other_encoded] {
            verified(&send(right));
        }
        for wrong in ["", decoded, &format!("{secret}+"), &encoded.replace("secret", "%73ecre")] {
            is_error(&send(wrong), 401, "invalid_client");
        }
        verified(&server.post(&format!("{login}&client_id=shop&client_secret={encoded}")));
        if !secret.contains("% ") {
            is_error(
                &server.post(&format!("{login}&client_id=shop&client_secret={secret}")),
                400,
                "invalid_client",
            );
        }
    }
}

#[test]
fn a_frontend_whose_bearer_token_has_expired_logs_in_and_refreshes() {
    let server = Server::new();
    let headers = [FORM, ("authorization", &b"Bearer eyJhbGciOiJIUzI1NiJ9.e30.expired"[..])];
    let answer = server.send(&headers, Some(&login("alice", "correct+horse")));
    verified(&answer);
    let token = member(&answer, "refresh_token");
    let refresh = format!("grant_type=refresh_token&client_id=web&refresh_token={token}");
    verified(&server.send(&headers, Some(&refresh)));
}

#[test]
fn who_guesses_is_slowed_down_per_account() {
    let server = Server::new();
    let from = |last: u8| IpAddr::from([192, 0, 2, last]);
    let attempt = |last, password| server.send_from(from(last), &[FORM], Some(&login("alice", password)));
    for last in 0..10 {
        is_error(&attempt(last, "guess"), 400, "invalid_grant");
    }
    let refused = attempt(11, "correct+horse");
    is_error(&refused, 429, "temporarily_unavailable");
    assert_eq!(field(&refused, "retry-after").as_deref(), Some("60"));
    assert_eq!(attempt(11, "guess"), refused, "whether the password was right is not told");
    server.clock.advance(Duration::from_secs(60));
    verified(&attempt(11, "correct+horse"));

    for _ in 0..10 {
        is_error(&server.log_in("nobody", "guess"), 400, "invalid_grant");
    }
    is_error(&server.log_in("nobody", "guess"), 429, "temporarily_unavailable");
}

/// A store may find the same account by many ways of writing.
#[test]
fn ways_of_writing_a_name_have_no_guesses_of_their_own() {
    let server = Server::new();
    let mut judged = 0;
    for (number, name) in
        ["alice", "Alice", "ALICE", "+alice", "alice+", "aLiCe", "%C4%B0"].iter().enumerate()
    {
        for _ in 0..10 {
            let from = IpAddr::from([192, 0, 2, u8::try_from(number).unwrap()]);
            judged +=
                usize::from(server.send_from(from, &[FORM], Some(&login(name, "guess"))).status() == 400);
        }
    }
    assert_eq!(judged, 10 + 10, "alice in six ways, and somebody else");
}

fn at(last: u8) -> IpAddr {
    [192, 0, 2, last].into()
}

/// As MySQL 8 compares by default: without accents. Spellings that `fold` does not know for one have no guesses of
/// their own, and neither have a login name and an e-mail address.
#[test]
fn names_of_one_account_have_no_guesses_of_their_own() {
    let server = Server::new();
    let names: Vec<_> = (0..8).map(|accents| format!("alice{}", "%CC%81".repeat(accents))).collect();
    for accents in 0..8 {
        server.store.put(&format!("alice{}", "\u{301}".repeat(accents)), account("alice"));
    }
    server.store.put("alice@example.com", account("alice"));
    let series = |name: &str, from: u8, last: &str| -> Vec<_> {
        let passwords = [&["guess"; 9][..], &[last, "guess"]].concat();
        let attempt = |password: &&str| server.send_from(at(from), &[FORM], Some(&login(name, password)));
        passwords.iter().map(attempt).collect()
    };
    let first = series(&names[0], 0, "guess");
    assert_eq!(
        first.iter().map(|answer| answer.status().as_u16()).collect::<Vec<_>>(),
        [400, 400, 400, 400, 400, 400, 400, 400, 400, 400, 429]
    );
    for (name, from) in
        names.iter().skip(1).map(String::as_str).chain(["alice%40example.com", "nobody"]).zip(1..)
    {
        assert_eq!(
            series(name, from, "correct+horse"),
            first,
            "{name}: nobody finds the password, nor an alias"
        );
    }
    server.clock.advance(Duration::from_secs(60));
    let last = server.send_from(at(99), &[FORM], Some(&login("alice%40example.com", "correct+horse")));
    verified(&last);
}

#[test]
fn whoever_guesses_does_not_lock_the_owner_out() {
    let server = Server::new();
    let log_in = |from, password| server.send_from(at(from), &[FORM], Some(&login("alice", password)));
    let (home, mobile, unknown) = (1, 2, 3);
    let token = member(&log_in(home, "correct+horse"), "refresh_token");
    let refresh = format!("grant_type=refresh_token&client_id=web&refresh_token={token}");
    verified(&server.send_from(at(mobile), &[FORM], Some(&refresh)));
    let mut judged = 0;
    for from in 100..200 {
        judged += usize::from(log_in(from, "guess").status() == 400);
    }
    assert_eq!(judged, 10);
    is_error(&log_in(unknown, "correct+horse"), 429, "temporarily_unavailable");
    for from in [home, mobile] {
        for _ in 0..3 {
            verified(&log_in(from, "correct+horse"));
        }
        // Within such a network a guesser has no more than elsewhere.
        assert_eq!((0..20).filter(|_| log_in(from, "guess").status() == 400).count(), 10);
        is_error(&log_in(from, "correct+horse"), 429, "temporarily_unavailable");
    }
    // Only accounts that were used there.
    for from in 10..20 {
        is_error(&server.send_from(at(from), &[FORM], Some(&login("dave", "guess"))), 400, "invalid_grant");
    }
    let elsewhere = server.send_from(at(home), &[FORM], Some(&login("dave", "guess")));
    is_error(&elsewhere, 429, "temporarily_unavailable");
}

/// What fails leaves a network as strange as it was.
#[test]
fn only_a_login_that_succeeds_makes_a_network_familiar() {
    let server = Server::new();
    let log_in = |from, password| server.send_from(at(from), &[FORM], Some(&login("alice", password)));
    let token = member(&log_in(1, "correct+horse"), "refresh_token");
    let refresh = |from, scope| {
        let body = format!("grant_type=refresh_token&client_id=web&refresh_token={token}&scope={scope}");
        server.send_from(at(from), &[FORM], Some(&body))
    };
    is_error(&refresh(2, "admin"), 400, "invalid_scope");
    for from in 2..12 {
        is_error(&log_in(from, "guess"), 400, "invalid_grant");
    }
    server.store.put("alice", account("alice").active(false));
    is_error(&log_in(1, "correct+horse"), 400, "invalid_grant");
    server.store.put("alice", account("alice"));
    is_error(&log_in(2, "correct+horse"), 429, "temporarily_unavailable");
    verified(&log_in(1, "correct+horse"));
}

#[test]
fn forms_of_the_application_share_the_limits() {
    let server = Server::new();
    let limits = server.endpoint.guess_limits().unwrap().clone();
    for _ in 0..10 {
        drop(limits.attempt("alice", at(9)).unwrap());
    }
    is_error(&server.log_in("alice", "correct+horse"), 429, "temporarily_unavailable");
    limits.remember("id of bob", at(1));
    is_error(&server.log_in("alice", "correct+horse"), 429, "temporarily_unavailable");
    limits.remember("id of alice", at(1));
    verified(&server.log_in("alice", "correct+horse"));
    assert!(Server::with(TokenEndpointBuilder::without_guess_limits).endpoint.guess_limits().is_none());
}

#[test]
fn who_guesses_is_slowed_down_per_address() {
    let limits = GuessLimits::new().per_address(3, Duration::from_secs(60)).unwrap();
    let limits = limits.clock(TestClock::default());
    let server = Server::with(|builder| builder.guess_limits(limits));
    for name in ["a", "b", "c"] {
        is_error(&server.log_in(name, "guess"), 400, "invalid_grant");
    }
    is_error(&server.log_in("alice", "correct+horse"), 429, "temporarily_unavailable");
    let elsewhere = IpAddr::from([192, 0, 2, 2]);
    verified(&server.send_from(elsewhere, &[FORM], Some(&login("alice", "correct+horse"))));
}

#[test]
fn what_was_no_guess_does_not_count() {
    let limits = GuessLimits::new().per_account(1, Duration::from_secs(60)).unwrap();
    let limits = limits.clock(TestClock::default());
    let server = Server::with(|builder| builder.guess_limits(limits));
    for _ in 0..3 {
        verified(&server.log_in("alice", "correct+horse"));
    }
    *server.store.fails.lock().unwrap() = true;
    for _ in 0..3 {
        let answer = server.log_in("alice", "guess");
        is_error(&answer, 503, "temporarily_unavailable");
        assert!(field(&answer, "retry-after").is_some());
    }
    *server.store.fails.lock().unwrap() = false;
    is_error(&server.post(&login("bob", "guess")), 400, "invalid_grant");
    is_error(&server.post(&login("bob", "guess")), 429, "temporarily_unavailable");
    is_error(&server.log_in("alice", "guess"), 400, "invalid_grant");
    // The owner's network has one more. A store that fails uses up none of its attempts either.
    *server.store.fails.lock().unwrap() = true;
    for _ in 0..3 {
        is_error(&server.log_in("alice", "guess"), 503, "temporarily_unavailable");
    }
    *server.store.fails.lock().unwrap() = false;
    is_error(&server.log_in("alice", "guess"), 400, "invalid_grant");
    is_error(&server.log_in("alice", "correct+horse"), 429, "temporarily_unavailable");
    let unlimited = Server::with(TokenEndpointBuilder::without_guess_limits);
    for _ in 0..12 {
        is_error(&unlimited.log_in("alice", "guess"), 400, "invalid_grant");
    }
}

/// Whatever a server has too much to do for was no guess.
#[test]
fn what_was_not_judged_for_lack_of_room_does_not_count() {
    let passwords = Passwords::new().unwrap();
    let limits = GuessLimits::new().per_account(1, Duration::from_secs(60)).unwrap();
    let limits = limits.clock(TestClock::default());
    let server = Server::with(|builder| builder.passwords(passwords.clone()).guess_limits(limits));
    let form = login("alice", "guess");
    let log_in = || server.endpoint.answer([FORM], Some(form.as_bytes()), at(1));
    let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (finish, wait) = std::sync::mpsc::channel::<()>();
        let blocks = tokio::task::spawn_blocking(move || wait.recv());
        let mut waiting = Vec::new();
        loop {
            let mut verifying = Box::pin(passwords.verify("x", None));
            let poll = |context: &mut Context<'_>| Poll::Ready(verifying.as_mut().poll(context).is_ready());
            if std::future::poll_fn(poll).await {
                break;
            }
            waiting.push(verifying);
        }
        for _ in 0..3 {
            is_error(&log_in().await, 503, "temporarily_unavailable");
        }
        drop(waiting);
        finish.send(()).unwrap();
        blocks.await.unwrap().unwrap();
        is_error(&log_in().await, 400, "invalid_grant");
        is_error(&log_in().await, 429, "temporarily_unavailable");
    });
}

#[test]
fn refresh_tokens_are_good_once() {
    let server = Server::new();
    let first = member(&server.log_in("alice", "correct+horse"), "refresh_token");
    let answer = server.refresh(&first, "");
    assert_eq!(verified(&answer).subject(), "id of alice");
    assert_eq!(member(&answer, "scope"), "orders:read orders:write");
    let second = member(&answer, "refresh_token");
    assert_ne!(first, second);

    server.clock.advance(Duration::from_secs(10));
    is_error(&server.refresh(&first, ""), 400, "invalid_grant");
    is_error(&server.refresh(&second, ""), 400, "invalid_grant");
    assert!(server.store.refresh.state().records.is_empty(), "the login has ended");

    let kept_off = Server::new();
    let stolen = member(&kept_off.log_in("alice", "correct+horse"), "refresh_token");
    let body = format!(
        "grant_type=refresh_token&refresh_token={stolen}&client_id=batch&client_secret={CLIENT_SECRET}"
    );
    is_error(&kept_off.post(&body), 400, "invalid_grant");
    is_error(&kept_off.refresh("invented", ""), 400, "invalid_grant");
}

#[test]
fn what_has_changed_since_the_login_counts_at_a_refresh() {
    let server = Server::new();
    let token = || member(&server.log_in("alice", "correct+horse"), "refresh_token");

    let less = server.refresh(&token(), "&scope=orders:read");
    assert_eq!(member(&less, "scope"), "orders:read");
    let more = server.refresh(&member(&less, "refresh_token"), "");
    assert_eq!(member(&more, "scope"), "orders:read orders:write", "the login was for both");
    is_error(&server.refresh(&token(), "&scope=admin"), 400, "invalid_scope");
    is_error(&server.refresh(&token(), "&scope=orders:read+admin"), 400, "invalid_scope");

    let (kept, blocked, gone) = (token(), token(), token());
    server.store.put("alice", account("alice").scopes([READ]));
    assert_eq!(member(&server.refresh(&kept, ""), "scope"), "orders:read");
    server.store.put("alice", account("alice").active(false));
    is_error(&server.refresh(&blocked, ""), 400, "invalid_grant");
    server.store.accounts.lock().unwrap().clear();
    is_error(&server.refresh(&gone, ""), 400, "invalid_grant");

    server.store.put("alice", account("alice").scopes([READ]));
    let narrow = member(&server.log_in("alice", "correct+horse"), "refresh_token");
    server.store.put("alice", account("alice"));
    assert_eq!(member(&server.refresh(&narrow, ""), "scope"), "orders:read", "no more than at the login");
    // An account that another one's subject leads to.
    let mixed = member(&server.log_in("alice", "correct+horse"), "refresh_token");
    server.store.put("alice", account("bob"));
    is_error(&server.refresh(&mixed, ""), 400, "invalid_grant");
}

/// A client that has to try again still holds the token to try with.
#[test]
fn a_refresh_token_is_not_spent_where_none_can_be_given_for_it() {
    let server = Server::new();
    let token = member(&server.log_in("alice", "correct+horse"), "refresh_token");
    *server.store.fails.lock().unwrap() = true;
    is_error(&server.refresh(&token, ""), 503, "temporarily_unavailable");
    *server.store.fails.lock().unwrap() = false;
    is_error(&server.refresh(&token, "&scope=admin"), 400, "invalid_scope");
    server.store.put("alice", account("alice").claim("iss", "elsewhere"));
    is_error(&server.refresh(&token, ""), 503, "temporarily_unavailable");
    server.store.put("alice", account("alice"));
    server.store.refresh.state().writing_fails = true;
    is_error(&server.refresh(&token, ""), 503, "temporarily_unavailable");
    server.store.refresh.state().writing_fails = false;
    verified(&server.refresh(&token, ""));
}

#[test]
fn a_login_whose_account_was_locked_has_ended_for_good() {
    let server = Server::new();
    let token = member(&server.log_in("alice", "correct+horse"), "refresh_token");
    server.store.put("alice", account("alice").active(false));
    is_error(&server.refresh(&token, ""), 400, "invalid_grant");
    server.store.put("alice", account("alice"));
    is_error(&server.refresh(&token, ""), 400, "invalid_grant");
    verified(&server.log_in("alice", "correct+horse"));
}

#[test]
fn a_login_is_not_renewed_without_end() {
    let server = Server::new();
    let mut token = member(&server.log_in("alice", "correct+horse"), "refresh_token");
    for _ in 0..30 {
        token = member(&server.refresh(&token, ""), "refresh_token");
    }
    is_error(&server.refresh(&token, ""), 429, "temporarily_unavailable");
    server.clock.advance(Duration::from_secs(60));
    verified(&server.refresh(&token, ""));
    let unlimited = Server::with(TokenEndpointBuilder::without_guess_limits);
    let mut token = member(&unlimited.log_in("alice", "correct+horse"), "refresh_token");
    for _ in 0..40 {
        token = member(&unlimited.refresh(&token, ""), "refresh_token");
    }
}

#[test]
fn a_hash_that_was_made_with_other_parameters_is_renewed_at_a_login() {
    let server = Server::new();
    let cheap = argon2::Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        argon2::Params::new(4096, 1, 1, None).unwrap(),
    );
    let cheap: argon2::password_hash::phc::PasswordHash =
        argon2::PasswordHasher::hash_password(&cheap, b"correct horse").unwrap();
    server.store.put("alice", account("alice").password_hash(cheap.to_string()));
    is_error(&server.log_in("alice", "guess"), 400, "invalid_grant");
    let renewed = || server.store.renewed.lock().unwrap().clone();
    assert_eq!(renewed(), Vec::<String>::new());
    verified(&server.log_in("alice", "correct+horse"));
    let [hash] = renewed().try_into().unwrap();
    assert!(!PASSWORDS.is_outdated(&hash));
    verified(&server.log_in("alice", "correct+horse"));
    assert_eq!(renewed().len(), 1, "once");
}

#[test]
fn claims_that_cannot_be_written_are_no_token() {
    let server = Server::new();
    let keyed = HashMap::from([((1, 2), 3)]);
    for account in [
        account("alice").claim("limits", keyed),
        account("alice").claim("sub", "mallory"),
        account("alice").claim("scope", "admin"),
        account("alice").claim("client_id", "batch"),
        account("alice").claim("roles", vec![json!({ "a": 0 }); 256]),
        account("alice").claim("roles", (0..16).fold(json!(0), |inner, _| json!([inner]))),
        account("alice").claim("amount", json!({ "$serde_json::private::Number": "1" })),
    ] {
        server.store.put("alice", account);
        is_error(&server.log_in("alice", "correct+horse"), 503, "temporarily_unavailable");
    }
}

#[test]
fn names_of_header_fields_have_no_case() {
    let server = Server::with(|builder| builder.unnamed_client("page"));
    let login = "grant_type=password&username=alice&password=correct+horse";
    let form = ("Content-Type", FORM.1);
    verified(&server.send(&[form], Some(login)));
    is_error(&server.send(&[form, FORM], Some(login)), 400, "invalid_request");
    is_error(&server.send(&[form, ("Authorization", b"Basic eDo=")], Some(login)), 401, "invalid_client");
}

#[test]
fn without_refresh_tokens_there_are_none() {
    let store = Arc::new(Store::default());
    store.put("alice", account("alice"));
    let endpoint = builder(&store).audience("https://api.example").public_client("web");
    let server = Server { endpoint: endpoint.build().unwrap(), store, clock: TestClock::default() };
    let answer = server.log_in("alice", "correct+horse");
    assert!(json(&answer).get("refresh_token").is_none());
    is_error(&server.refresh("x", ""), 400, "unsupported_grant_type");
}

#[test]
fn an_endpoint_that_cannot_work_is_not_built() {
    let store = Arc::new(Store::default());
    let builder = || builder(&store).passwords(PASSWORDS.clone());
    let good = || builder().audience("https://api.example").public_client("web");
    assert!(good().build().is_ok());
    for (assembled, error) in [
        (builder().public_client("web"), EndpointError::NoAudience),
        (good().audience(""), EndpointError::NoAudience),
        (builder().audience("https://api.example"), EndpointError::NoClient),
        (good().unnamed_client("a").unnamed_client("b"), EndpointError::ClientTwice("b".to_owned())),
        (good().public_client(""), EndpointError::EmptyClientId),
        (good().confidential_client("web", CLIENT_SECRET), EndpointError::ClientTwice("web".to_owned())),
        (good().confidential_client("b", "short"), EndpointError::ShortClientSecret("b".to_owned())),
    ] {
        assert_eq!(assembled.build().unwrap_err(), error);
    }
}

thread_local! {
    /// What was logged on this thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// For all threads, for tracing remembers what one thread did not want to know.
fn log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(|| Log)
            .with_ansi(false)
            .init();
    });
}

#[test]
fn the_log_tells_why_and_not_whose() {
    let server = Server::with(|builder| {
        #[cfg(feature = "multipart")]
        let builder = builder.allow_multipart_forms();
        builder
    });
    let mut secrets = vec!["correct".to_owned(), "hunter2".to_owned(), "alice".to_owned(), "dave".to_owned()];
    let runtime = Builder::new_current_thread().build().unwrap();
    let post = |body: &str| {
        let answer = server.endpoint.answer([FORM], Some(body.as_bytes()), [192, 0, 2, 7].into());
        runtime.block_on(answer)
    };
    let good = post(&login("alice", "correct+horse"));
    secrets.push(member(&good, "access_token"));
    let token = member(&good, "refresh_token");
    for user in ["alice", "dave", "frank", "nobody"] {
        post(&login(user, "hunter2"));
    }
    server.store.put("gina", account("gina").password_hash("$hunter2$never-hashed"));
    post(&login("gina", "x"));
    let too_expensive =
        "$argon2id$v=19$m=64,t=999999,p=1$QGjN+T9nzFlLiTGmdK41Bg$sdy/0Yl0i5HXyNZVabSJZsrn70wSgWG9VbmGu/Lfh2Y";
    server.store.put("hank", account("hank").password_hash(too_expensive));
    post(&login("hank", "x"));
    secrets.push("QGjN".to_owned());
    post(&login("dave", "correct+horse"));
    for _ in 0..2 {
        post(&format!("grant_type=refresh_token&client_id=web&refresh_token={token}"));
        server.clock.advance(Duration::from_secs(10));
    }
    secrets.push(token);
    for _ in 0..20 {
        post(&login("alice", "hunter2"));
    }
    post(&format!("{}&client_secret={CLIENT_SECRET}", login("alice", "hunter2")));
    secrets.push(CLIENT_SECRET.to_owned());
    for name in ["gina", "gina@example.com"] {
        server.store.put(name, account("gina"));
        for _ in 0..9 {
            post(&login(name, "hunter2"));
        }
    }
    let parts = in_parts(&[("grant_type", "password"), ("username", "alice"), ("password", "hunter2")]);
    for body in [&*parts, &parts.replace("--X-1--", ""), &parts.replace("form-data", "alice")] {
        runtime.block_on(server.endpoint.answer([PARTS], Some(body.as_bytes()), at(7)));
    }
    *server.store.fails.lock().unwrap() = true;
    post(&login("dave", "hunter2"));
    let text = String::from_utf8(LOG.take()).unwrap();
    for told in [
        "wrong password",
        "no such account",
        "the account is not active",
        "of no accepted kind",
        "costs more than is accepted",
        "2b",
        "was used again",
        "too many attempts",
        "under other names of the account",
        "the store of accounts failed",
        "invalid_client",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    for secret in secrets {
        assert!(!text.contains(&secret), "{text}");
    }
    let answer = format!("{good:?}");
    for debug in
        [answer, format!("{:?}", server.endpoint), format!("{:?}", account("alice").claim("a", "hunter2"))]
    {
        assert!(
            !debug.contains("alice") && !debug.contains("hunter2") && !debug.contains("argon2"),
            "{debug}"
        );
        assert!(!debug.contains("access_token"), "{debug}");
    }
}
