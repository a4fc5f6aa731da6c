//! Logins of browser front ends: what is in the cookies, what is not in the bodies, and who is refused.

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
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use auth_core::{Authenticator, CredentialSource, JwtVerifier, RejectionBody};
use auth_issuer::{
    AccessTokenRevoker, Account, AccountStore, Algorithm, GuessLimits, Passwords, RefreshTokens, Scope,
    SessionAnswer, SessionCookies, SessionCookiesError, SigningKey, StoreFailure, TokenEndpoint,
    TokenEndpointBuilder, TokenIssuer, async_trait,
};
use auth_testing::TestClock;
use http::{Method, Request};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use self::memory::Memory;

const SECRET: &[u8] = b"kEsZv5lcXZ1SZcsBDKHF5Ll23b_X50cR";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");
const OWN: (&str, &str) = ("sec-fetch-site", "same-origin");
const LOGIN: &str = "username=alice&password=correct+horse";
const ITEMS: Scope = Scope::from_static("items");
const OTHERS: Scope = Scope::from_static("others");
const FOURTEEN_DAYS: u64 = 14 * 24 * 60 * 60;

type Fields<'a> = &'a [(&'a str, &'a str)];

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().build().unwrap());
static PASSWORDS: LazyLock<Passwords> = LazyLock::new(|| Passwords::new().unwrap());

#[derive(Default)]
struct Store {
    accounts: Mutex<HashMap<String, Account>>,
    logins: Memory,
    fails: Mutex<bool>,
    /// Access tokens that were revoked, with their client.
    revoked: Mutex<Vec<(String, String)>>,
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
}

struct Revoker(Arc<Store>);

#[async_trait]
impl AccessTokenRevoker for Revoker {
    async fn revoke(&self, token: &str, client_id: &str) -> Result<(), StoreFailure> {
        self.0.find("anyone")?;
        self.0.revoked.lock().unwrap().push((token.to_owned(), client_id.to_owned()));
        Ok(())
    }
}

fn account(name: &str) -> Account {
    static HASH: LazyLock<String> =
        LazyLock::new(|| RUNTIME.block_on(PASSWORDS.hash("correct horse")).unwrap());
    Account::new(format!("id of {name}")).password_hash(&*HASH).scopes([ITEMS, OTHERS])
}

struct Server {
    store: Arc<Store>,
    endpoint: TokenEndpoint,
    sessions: SessionCookies,
    authenticator: Authenticator,
    clock: TestClock,
}

impl Server {
    fn new() -> Self {
        Self::with(|builder, _| builder)
    }

    fn with(more: impl FnOnce(TokenEndpointBuilder, &Arc<Store>) -> TokenEndpointBuilder) -> Self {
        log();
        let (store, clock) = (Arc::new(Store::default()), TestClock::default());
        store.put("alice", account("alice"));
        store.put("dave", account("dave").active(false));
        store.put("lola", account("lola").claim("long", "x".repeat(5000)));
        let endpoint = more(builder(&store, &clock), &store).build().unwrap();
        let authenticator = authenticator(&clock);
        let sessions = SessionCookies::new(endpoint.clone(), authenticator.clone()).unwrap();
        Self { store, endpoint, sessions, authenticator, clock }
    }

    fn log_in(&self, fields: &[(&str, &str)], body: &str) -> SessionAnswer {
        let address = IpAddr::from([192, 0, 2, 1]);
        RUNTIME.block_on(self.sessions.log_in(&post(fields), Some(body.as_bytes()), address))
    }

    fn refresh(&self, fields: &[(&str, &str)]) -> SessionAnswer {
        RUNTIME.block_on(self.sessions.refresh(&post(fields), [192, 0, 2, 1].into()))
    }

    fn log_out(&self, fields: &[(&str, &str)]) -> SessionAnswer {
        RUNTIME.block_on(self.sessions.log_out(&post(fields)))
    }

    /// A browser that has logged in.
    fn browser(&self) -> Cookies {
        Cookies::of(&self.log_in(&[OWN, FORM], LOGIN))
    }

    fn refresh_with(&self, token: &str) -> SessionAnswer {
        self.refresh(&[OWN, ("cookie", &format!("__Host-refresh={token}"))])
    }

    fn logins(&self) -> usize {
        self.store.logins.state().records.len()
    }
}

fn builder(store: &Arc<Store>, clock: &TestClock) -> TokenEndpointBuilder {
    let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
    let issuer = TokenIssuer::builder("https://issuer.example", key).clock(clock.clone()).build().unwrap();
    TokenEndpoint::builder(issuer, store.clone())
        .audience("https://api.example")
        .public_client("web")
        .cookie_client("pages")
        .passwords(PASSWORDS.clone())
        .guess_limits(GuessLimits::new().clock(clock.clone()))
        .refresh_tokens(RefreshTokens::new(store.logins.clone()).clock(clock.clone()))
}

fn authenticator(clock: &TestClock) -> Authenticator {
    let verifier = JwtVerifier::builder()
        .issuer("https://issuer.example")
        .audience("https://api.example")
        .require_access_token_type()
        .clock(clock.clone())
        .secret(Algorithm::Hs256, SECRET)
        .build()
        .unwrap();
    Authenticator::new(verifier)
        .with_credential_sources([CredentialSource::Bearer, SessionCookies::source()])
        .unwrap()
        .with_trusted_origins(["https://app.example"])
        .unwrap()
}

fn post(fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::post("/session").header("host", "api.example");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// The cookies that an answer sets.
#[derive(Clone)]
struct Cookies {
    access: String,
    refresh: String,
    /// `Max-Age` of each.
    seconds: [u64; 2],
}

impl Cookies {
    #[track_caller]
    fn of(answer: &SessionAnswer) -> Self {
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        let lines = set_cookies(answer);
        let parts = |name: &str, line: &str| {
            let (value, rest) =
                line.strip_prefix(name).unwrap().strip_prefix('=').unwrap().split_once("; Max-Age=").unwrap();
            let (seconds, rest) = rest.split_once("; ").unwrap();
            assert_eq!(rest, "Path=/; Secure; HttpOnly; SameSite=Lax");
            (value.to_owned(), seconds.parse().unwrap())
        };
        assert_eq!(lines.len(), 2);
        let (access, access_seconds) = parts("__Host-access", &lines[0]);
        let (refresh, refresh_seconds) = parts("__Host-refresh", &lines[1]);
        Self { access, refresh, seconds: [access_seconds, refresh_seconds] }
    }

    fn field(&self) -> String {
        format!("__Host-access={}; __Host-refresh={}", self.access, self.refresh)
    }
}

fn set_cookies(answer: &SessionAnswer) -> Vec<String> {
    let all = answer.headers().filter(|(name, _)| name == "set-cookie");
    all.map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
}

fn field(answer: &SessionAnswer, wanted: &str) -> Option<String> {
    let mut found = answer.headers().filter(|(name, _)| name == wanted);
    let value = found.next().map(|(_, value)| value.to_str().unwrap().to_owned());
    assert!(found.next().is_none(), "{wanted} is there twice");
    value
}

fn body(answer: &SessionAnswer) -> Value {
    serde_json::from_slice(&answer.body()).unwrap()
}

/// What the answer does to the cookies of a browser.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Effect {
    Kept,
    Deleted,
}

#[track_caller]
fn is_refusal(answer: &SessionAnswer, status: u16, detail: &str, effect: Effect) {
    assert_eq!((answer.status().as_u16(), &body(answer)["detail"]), (status, &json!(detail)));
    assert_eq!(field(answer, "content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(field(answer, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(field(answer, "retry-after").is_some(), status == 503);
    assert_eq!(field(answer, "www-authenticate").is_some(), matches!(status, 400 | 401));
    affects(answer, effect);
}

#[track_caller]
fn affects(answer: &SessionAnswer, effect: Effect) {
    let deleted = ["__Host-access", "__Host-refresh"]
        .map(|name| format!("{name}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax"));
    match effect {
        Effect::Kept => assert_eq!(set_cookies(answer), [""; 0]),
        Effect::Deleted => assert_eq!(set_cookies(answer), deleted),
    }
}

#[test]
fn a_login_sets_both_cookies_and_no_body_holds_a_token() {
    let server = Server::new();
    let as_json = r#"{"username":"alice","password":"correct horse","remember":true,"device":{"a":1}}"#;
    let with_grant_type = format!("grant_type=password&{LOGIN}");
    for (kind, form) in [(FORM, LOGIN), (FORM, &with_grant_type), (JSON, as_json)] {
        let answer = server.log_in(&[OWN, kind], form);
        let cookies = Cookies::of(&answer);
        assert_eq!(cookies.seconds, [900, FOURTEEN_DAYS]);
        assert_eq!(body(&answer), json!({ "expires_in": 900, "scope": "items others" }));
        assert_eq!(field(&answer, "cache-control").as_deref(), Some("no-store"));
        assert_eq!(field(&answer, "content-type").as_deref(), Some("application/json"));

        let request = Request::get("/").header("cookie", cookies.field()).body(()).unwrap();
        let user: auth_core::Authenticated =
            RUNTIME.block_on(server.authenticator.authenticate(&request)).unwrap();
        assert_eq!(user.subject(), "id of alice");
        assert_eq!(user.claims::<Value>().unwrap()["client_id"], json!("pages"));
    }
}

#[test]
fn scopes_are_granted_as_by_the_token_endpoint() {
    let server = Server::new();
    let answer = server.log_in(&[OWN, JSON], &with(r#""scope":"items""#));
    assert_eq!(body(&answer)["scope"], json!("items"));
    let refreshed = server.refresh_with(&Cookies::of(&answer).refresh);
    assert_eq!(body(&refreshed)["scope"], json!("items"), "no more than at the login");
    let refused = server.log_in(&[OWN, JSON], &with(r#""scope":"admin""#));
    assert_eq!((refused.status().as_u16(), &body(&refused)["error"]), (400, &json!("invalid_scope")));
}

fn with(member: &str) -> String {
    format!(r#"{{"username":"alice","password":"correct horse",{member}}}"#)
}

#[test]
fn broken_logins_are_refused_and_change_no_cookie() {
    let server = Server::new();
    let long = format!("{LOGIN}&x={}", "x".repeat(16 * 1024));
    let twice = format!("{LOGIN}&username=bob");
    let cases: Vec<(Fields<'_>, &str, &str)> = vec![
        (&[OWN], LOGIN, "invalid_request"),
        (&[OWN, FORM, FORM], LOGIN, "invalid_request"),
        (&[OWN, FORM, JSON], LOGIN, "invalid_request"),
        (&[OWN, JSON], LOGIN, "invalid_request"),
        (&[OWN, ("content-type", "text/plain")], LOGIN, "invalid_request"),
        (&[OWN, ("content-type", "application/json; charset=utf-16")], "{}", "invalid_request"),
        (&[OWN, ("content-type", "multipart/form-data; boundary=x")], LOGIN, "invalid_request"),
        (&[OWN, FORM], "", "invalid_request"),
        (&[OWN, FORM], "username=alice", "invalid_request"),
        (&[OWN, FORM], "username=&password=", "invalid_request"),
        (&[OWN, FORM], "username=%FF&password=x", "invalid_request"),
        (&[OWN, FORM], &twice, "invalid_request"),
        (&[OWN, FORM], &long, "invalid_request"),
        (&[OWN, FORM], "username=alice&password=correct+horse&client_id=web", "invalid_request"),
        (&[OWN, FORM], "username=alice&password=correct+horse&client_id=pages", "invalid_request"),
        (&[OWN, FORM], "username=alice&password=correct+horse&client_secret=x", "invalid_request"),
        (&[OWN, FORM], "grant_type=refresh_token&refresh_token=x", "unsupported_grant_type"),
        (&[OWN, JSON], "", "invalid_request"),
        (&[OWN, JSON], "[]", "invalid_request"),
        (&[OWN, JSON], "null", "invalid_request"),
        (&[OWN, JSON], "{}", "invalid_request"),
        (&[OWN, JSON], r#"{"username":"alice","password":1}"#, "invalid_request"),
        (&[OWN, JSON], r#"{"username":["alice"],"password":"x"}"#, "invalid_request"),
        (&[OWN, JSON], r#"{"username":"alice","username":"alice","password":"x"}"#, "invalid_request"),
        (&[OWN, JSON], r#"{"username":"alice","\u0075sername":"alice","password":"x"}"#, "invalid_request"),
        (&[OWN, JSON], r#"{"username":"a\nb","password":"x"}"#, "invalid_request"),
        (&[OWN, JSON], r#"{"username":"alice","password":"x"} {}"#, "invalid_request"),
        (
            &[OWN, JSON],
            r#"{"grant_type":"implicit","username":"alice","password":"x"}"#,
            "unsupported_grant_type",
        ),
        (&[OWN, FORM], "username=alice&password=wrong", "invalid_grant"),
        (&[OWN, FORM], "username=mallory&password=correct+horse", "invalid_grant"),
        (&[OWN, FORM], "username=dave&password=correct+horse", "invalid_grant"),
    ];
    for (fields, form, error) in cases {
        let answer = server.log_in(fields, form);
        assert_eq!((answer.status().as_u16(), &body(&answer)["error"]), (400, &json!(error)), "{form:.60}");
        assert_eq!(field(&answer, "cache-control").as_deref(), Some("no-store"));
        affects(&answer, Effect::Kept);
    }
    let answer = RUNTIME.block_on(server.sessions.log_in(&post(&[OWN, FORM]), None, [192, 0, 2, 1].into()));
    assert_eq!(body(&answer)["error_description"], json!("the body is too long"));
    assert_eq!(server.logins(), 0);
}

#[test]
fn the_guesses_are_those_of_the_token_endpoint() {
    let server = Server::new();
    let guess = "grant_type=password&client_id=web&username=alice&password=guess";
    let form = [("content-type", &b"application/x-www-form-urlencoded"[..])];
    let mut guesses = 0;
    loop {
        // At both doors in turns.
        let at_endpoint = server.endpoint.answer(form, Some(guess.as_bytes()), [192, 0, 2, 1].into());
        let at_endpoint = RUNTIME.block_on(at_endpoint).status();
        let at_login = server.log_in(&[OWN, FORM], "username=alice&password=guess");
        if at_login.status() == 429 {
            assert_eq!(body(&at_login)["error"], json!("temporarily_unavailable"));
            assert!(field(&at_login, "retry-after").is_some());
            affects(&at_login, Effect::Kept);
            break;
        }
        assert_eq!((at_endpoint.as_u16(), at_login.status().as_u16()), (400, 400));
        guesses += 2;
        assert!(guesses <= 10, "{guesses} guesses were judged");
    }
    assert_eq!(server.log_in(&[OWN, FORM], LOGIN).status(), 429);
}

#[test]
fn a_refresh_rotates_and_within_the_interval_yields_the_same() {
    let server = Server::new();
    let first = server.browser();
    server.clock.advance(Duration::from_secs(100));
    let second = Cookies::of(&server.refresh(&[OWN, ("cookie", &first.field())]));
    assert_ne!((&second.access, &second.refresh), (&first.access, &first.refresh));
    assert_eq!(second.seconds, [900, FOURTEEN_DAYS - 100], "the login ends when it would have ended");
    server.clock.advance(Duration::from_secs(9));
    let other_tab = Cookies::of(&server.refresh_with(&first.refresh));
    assert_eq!(other_tab.refresh, second.refresh);
    server.clock.advance(Duration::from_secs(1));
    is_refusal(&server.refresh_with(&first.refresh), 401, "Could not validate credentials", Effect::Deleted);
    is_refusal(&server.refresh_with(&second.refresh), 401, "Could not validate credentials", Effect::Deleted);
    assert_eq!(server.logins(), 0, "the login has ended");
}

#[test]
fn tokens_that_are_not_good_delete_the_cookies() {
    let server = Server::new();
    for refused in [
        server.refresh_with("unknown"),
        server.refresh_with(&"x".repeat(100_000)),
        server.refresh_with(&server.browser().access),
    ] {
        is_refusal(&refused, 401, "Could not validate credentials", Effect::Deleted);
    }
    let expired = server.browser();
    server.clock.advance(Duration::from_secs(FOURTEEN_DAYS - 1));
    assert_eq!(Cookies::of(&server.refresh_with(&expired.refresh)).seconds, [900, 1]);
    let expired = server.browser();
    server.clock.advance(Duration::from_secs(FOURTEEN_DAYS));
    is_refusal(
        &server.refresh_with(&expired.refresh),
        401,
        "Could not validate credentials",
        Effect::Deleted,
    );

    let inactive = server.browser();
    server.store.put("alice", account("alice").active(false));
    is_refusal(
        &server.refresh_with(&inactive.refresh),
        401,
        "Could not validate credentials",
        Effect::Deleted,
    );
    server.store.put("alice", account("alice"));
    is_refusal(
        &server.refresh_with(&inactive.refresh),
        401,
        "Could not validate credentials",
        Effect::Deleted,
    );
}

#[test]
fn no_cookie_is_401_and_broken_ones_are_400() {
    let server = Server::new();
    let Cookies { access, refresh, .. } = server.browser();
    let elsewhere = [
        vec![OWN],
        vec![OWN, ("cookie", "other=1")],
        vec![OWN, ("cookie", "__host-refresh=x; refresh=y; __Host-refreshed=z")],
    ];
    for fields in elsewhere {
        is_refusal(&server.refresh(&fields), 401, "Not authenticated", Effect::Kept);
    }
    let only_access = format!("__Host-access={access}");
    is_refusal(&server.refresh(&[OWN, ("cookie", &only_access)]), 401, "Not authenticated", Effect::Kept);
    let bearer = format!("Bearer {refresh}");
    is_refusal(&server.refresh(&[OWN, ("authorization", &bearer)]), 401, "Not authenticated", Effect::Kept);
    let broken = [
        format!("__Host-refresh={refresh}; __Host-refresh={refresh}"),
        format!("__Host-refresh={refresh}; __Host-refresh=x"),
        format!("__Host-refresh=\"{refresh}\""),
        format!("__Host-refresh ={refresh}"),
        format!("__Host-refresh={refresh} x"),
        "__Host-refresh=".to_owned(),
        "__Host-refresh".to_owned(),
    ];
    for cookie in &broken {
        let fields = [OWN, ("cookie", &**cookie)];
        is_refusal(&server.refresh(&fields), 400, "Malformed credentials", Effect::Deleted);
        is_refusal(&server.log_out(&fields), 400, "Malformed credentials", Effect::Deleted);
    }
    let field = format!("__Host-refresh={refresh}");
    let in_two_fields = [OWN, ("cookie", &*field), ("cookie", &*field)];
    is_refusal(&server.refresh(&in_two_fields), 400, "Malformed credentials", Effect::Deleted);
    assert_eq!(server.logins(), 1, "which of them was meant is not guessed");
    Cookies::of(&server.refresh(&[OWN, ("cookie", "other=\"1\""), ("cookie", &field)]));
}

#[test]
fn other_sites_are_refused_by_all_three() {
    let server = Server::new();
    let cookies = server.browser().field();
    let refused: &[&[(&str, &str)]] = &[
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "Same-Origin")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://api.example")],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://api.example:8443")],
        &[("origin", "https://app.example.evil.example")],
        &[("origin", "https://api.example"), ("origin", "https://api.example")],
    ];
    for site in refused {
        let fields = [site, &[FORM, ("cookie", &*cookies)][..]].concat();
        for answer in [server.log_in(&fields, LOGIN), server.refresh(&fields), server.log_out(&fields)] {
            is_refusal(&answer, 403, "Cross-site request refused", Effect::Kept);
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT] {
            let mut request = post(&fields);
            *request.method_mut() = method;
            let refreshed = RUNTIME.block_on(server.sessions.refresh(&request, [192, 0, 2, 1].into()));
            for answer in [refreshed, RUNTIME.block_on(server.sessions.log_out(&request))] {
                is_refusal(&answer, 403, "Cross-site request refused", Effect::Kept);
            }
        }
    }
    assert_eq!(server.logins(), 1, "nobody was logged in or out");
    for site in [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "none"),
        ("origin", "https://api.example"),
        ("origin", "https://app.example"),
    ] {
        let cookies = Cookies::of(&server.log_in(&[site, FORM], LOGIN)).field();
        let cookies = Cookies::of(&server.refresh(&[site, ("cookie", &cookies)])).field();
        assert_eq!(server.log_out(&[site, ("cookie", &cookies)]).status(), 204);
    }
}

#[test]
fn a_logout_ends_the_login_and_deletes_the_cookies() {
    let server = Server::new();
    let (one, other) = (server.browser(), server.browser());
    let answer = server.log_out(&[OWN, ("cookie", &one.field())]);
    assert_eq!((answer.status().as_u16(), answer.body().len()), (204, 0));
    assert_eq!(field(&answer, "cache-control").as_deref(), Some("no-store"));
    affects(&answer, Effect::Deleted);
    is_refusal(&server.refresh_with(&one.refresh), 401, "Could not validate credentials", Effect::Deleted);
    Cookies::of(&server.refresh_with(&other.refresh));
    for nobody in [&[OWN][..], &[OWN, ("cookie", "__Host-refresh=unknown")]] {
        let answer = server.log_out(nobody);
        assert_eq!(answer.status(), 204);
        affects(&answer, Effect::Deleted);
    }
}

#[test]
fn a_logout_revokes_the_access_token_too() {
    let server = Server::with(|builder, store| builder.access_token_revoker(Revoker(store.clone())));
    let cookies = server.browser();
    *server.store.fails.lock().unwrap() = true;
    let failed = server.log_out(&[OWN, ("cookie", &cookies.field())]);
    is_refusal(&failed, 503, "Authentication is temporarily unavailable", Effect::Kept);
    *server.store.fails.lock().unwrap() = false;
    assert_eq!(server.log_out(&[OWN, ("cookie", &cookies.field())]).status(), 204);
    assert_eq!(*server.store.revoked.lock().unwrap(), [(cookies.access, "pages".to_owned())]);
}

#[test]
fn a_login_ends_the_one_before_in_this_browser() {
    let server = Server::new();
    let (first, elsewhere) = (server.browser(), server.browser());
    let wrong = server.log_in(&[OWN, FORM, ("cookie", &first.field())], "username=alice&password=wrong");
    assert_eq!((wrong.status().as_u16(), server.logins()), (400, 2));
    let second = Cookies::of(&server.log_in(&[OWN, FORM, ("cookie", &first.field())], LOGIN));
    assert_eq!(server.logins(), 2);
    is_refusal(&server.refresh_with(&first.refresh), 401, "Could not validate credentials", Effect::Deleted);
    Cookies::of(&server.refresh_with(&second.refresh));
    Cookies::of(&server.refresh_with(&elsewhere.refresh));
    let broken = [OWN, FORM, ("cookie", "__Host-refresh=\"x\"; __Host-refresh=y")];
    Cookies::of(&server.log_in(&broken, LOGIN));
}

#[test]
fn an_outage_is_503_and_keeps_the_cookies() {
    let server = Server::new();
    let cookies = server.browser();
    let set_accounts = |fails| *server.store.fails.lock().unwrap() = fails;
    let unavailable = "Authentication is temporarily unavailable";

    set_accounts(true);
    let login = server.log_in(&[OWN, FORM], LOGIN);
    assert_eq!((login.status().as_u16(), &body(&login)["error"]), (503, &json!("temporarily_unavailable")));
    assert!(field(&login, "retry-after").is_some());
    affects(&login, Effect::Kept);
    is_refusal(&server.refresh_with(&cookies.refresh), 503, unavailable, Effect::Kept);
    set_accounts(false);

    for (fails, writing_fails) in [(true, false), (false, true)] {
        let mut state = server.store.logins.state();
        (state.fails, state.writing_fails) = (fails, writing_fails);
        drop(state);
        assert_eq!(server.log_in(&[OWN, FORM], LOGIN).status(), 503);
        is_refusal(&server.refresh_with(&cookies.refresh), 503, unavailable, Effect::Kept);
        is_refusal(&server.log_out(&[OWN, ("cookie", &cookies.field())]), 503, unavailable, Effect::Kept);
    }
    let mut state = server.store.logins.state();
    (state.fails, state.writing_fails) = (false, false);
    drop(state);
    let next = Cookies::of(&server.refresh_with(&cookies.refresh));
    assert_eq!(server.log_out(&[OWN, ("cookie", &next.field())]).status(), 204);
}

#[test]
fn refreshes_without_end_are_429_and_keep_the_cookies() {
    let server = Server::new();
    let mut cookies = server.browser();
    for refreshes in 0.. {
        assert!(refreshes < 1000, "{refreshes} refreshes in no time");
        let answer = server.refresh_with(&cookies.refresh);
        if answer.status() == 429 {
            assert!(field(&answer, "retry-after").is_some());
            affects(&answer, Effect::Kept);
            break;
        }
        cookies = Cookies::of(&answer);
    }
}

/// Browsers drop longer cookies without a word.
#[test]
fn a_token_that_no_browser_would_keep_is_not_issued() {
    let server = Server::new();
    let answer = server.log_in(&[OWN, FORM], "username=lola&password=correct+horse");
    assert_eq!(answer.status(), 503);
    affects(&answer, Effect::Kept);
    assert_eq!(server.logins(), 0);
    let logged = LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned());
    assert!(logged.contains("browsers would drop the cookie") && logged.contains("most=4083"), "{logged}");
    let body = b"grant_type=password&client_id=web&username=lola&password=correct+horse";
    let form = [("content-type", &b"application/x-www-form-urlencoded"[..])];
    let in_a_body = server.endpoint.answer(form, Some(body), [192, 0, 2, 1].into());
    assert_eq!(RUNTIME.block_on(in_a_body).status(), 200);
}

#[test]
fn the_token_endpoint_gives_the_tokens_of_cookies_to_nobody() {
    let server = Server::new();
    let cookies = server.browser();
    let form = [("content-type", &b"application/x-www-form-urlencoded"[..])];
    let post = |body: &str| {
        let answer = server.endpoint.answer(form, Some(body.as_bytes()), [192, 0, 2, 1].into());
        let answer = RUNTIME.block_on(answer);
        (answer.status().as_u16(), serde_json::from_slice::<Value>(&answer.body()).unwrap()["error"].clone())
    };
    let unauthorized = (400, json!("unauthorized_client"));
    assert_eq!(post(&format!("grant_type=password&client_id=pages&{LOGIN}")), unauthorized);
    let refresh = |client: &str| {
        post(&format!("grant_type=refresh_token&client_id={client}&refresh_token={}", cookies.refresh))
    };
    assert_eq!(refresh("pages"), unauthorized);
    assert_eq!(server.logins(), 1, "the browser is still logged in");
    assert_eq!(refresh("web"), (400, json!("invalid_grant")));
    assert_eq!(server.logins(), 0, "another client that has the token has stolen it");
}

#[test]
fn refusals_are_in_the_words_of_the_application() {
    let server = Server::new();
    let own = |refusal: &auth_core::RejectionContext<'_>| {
        RejectionBody::text(format!("{:?} at {:?}", refusal.reason(), refusal.path()))
    };
    let authenticator = server.authenticator.with_rejection_body(own);
    let sessions = SessionCookies::new(server.endpoint, authenticator).unwrap();
    for (fields, said) in [
        (&[OWN][..], "Missing at Some(\"/session\")"),
        (&[], "CrossSite at Some(\"/session\")"),
        (&[OWN, ("cookie", "__Host-refresh=x")], "Invalid at Some(\"/session\")"),
    ] {
        let answer = RUNTIME.block_on(sessions.refresh(&post(fields), [192, 0, 2, 1].into()));
        assert_eq!(String::from_utf8_lossy(&answer.body()), said);
    }
}

#[test]
fn what_is_missing_is_told_at_the_start() {
    let (store, clock) = (Arc::new(Store::default()), TestClock::default());
    let endpoint = builder(&store, &clock).build().unwrap();
    let none = builder(&store, &clock).build().unwrap();
    let bearer_alone = authenticator(&clock).with_credential_sources([CredentialSource::Bearer]).unwrap();
    let told = |endpoint: &TokenEndpoint, authenticator: Authenticator| {
        SessionCookies::new(endpoint.clone(), authenticator).err()
    };
    assert_eq!(told(&endpoint, bearer_alone), Some(SessionCookiesError::NotASource));
    let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
    let issuer = TokenIssuer::builder("https://issuer.example", key).build().unwrap();
    let plain = || TokenEndpoint::builder(issuer.clone(), store.clone()).audience("a");
    let no_client = plain().public_client("pages").build().unwrap();
    assert_eq!(told(&no_client, authenticator(&clock)), Some(SessionCookiesError::NoCookieClient));
    let no_refresh = plain().cookie_client("pages").build().unwrap();
    assert_eq!(told(&no_refresh, authenticator(&clock)), Some(SessionCookiesError::NoRefreshTokens));
    assert_eq!(told(&none, authenticator(&clock)), None);
    for twice in [
        plain().cookie_client("a").cookie_client("b"),
        plain().cookie_client("a").public_client("a"),
        plain().unnamed_client("a").cookie_client("a"),
        plain().cookie_client(""),
    ] {
        twice.build().unwrap_err();
    }
}

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let subscriber =
            tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::TRACE);
        subscriber.with_ansi(false).with_writer(|| Log).init();
    });
}

#[test]
fn no_token_is_in_a_log_line_or_debug_output() {
    let server = Server::new();
    LOG.take();
    let answer = server.log_in(&[OWN, FORM], LOGIN);
    let cookies = Cookies::of(&answer);
    let next = server.refresh(&[OWN, ("cookie", &cookies.field())]);
    let next_cookies = Cookies::of(&next);
    server.clock.advance(Duration::from_secs(60));
    server.refresh_with(&cookies.refresh);
    server.refresh(&[OWN, ("cookie", &format!("__Host-refresh={0}; __Host-refresh={0}", cookies.refresh))]);
    server.log_out(&[("origin", "https://evil.example"), ("cookie", &cookies.field())]);
    server.log_in(&[OWN, FORM], "username=alice&password=canary-password");
    let mut printed = LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned());
    assert!(printed.contains("a refresh token was used again"), "{printed}");
    let fields: Vec<_> = answer.headers().collect();
    printed += &format!("{answer:?} {next:?} {fields:?} {:?}", server.sessions);
    for secret in [
        &cookies.access,
        &cookies.refresh,
        &next_cookies.access,
        &next_cookies.refresh,
        "canary-password",
        "evil.example",
        "alice",
    ] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
