//! Ending a login: the revocation endpoint, and what the application ends itself.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod memory;

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use auth_issuer::{
    AccessTokenRevoker, Account, AccountStore, Algorithm, GuessLimits, Passwords, RefreshTokens, Scope,
    SigningKey, StoreFailure, TokenAnswer, TokenEndpoint, TokenEndpointBuilder, TokenIssuer, async_trait,
};
use auth_testing::TestClock;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use self::memory::Memory;

const SECRET: &[u8] = b"kEsZv5lcXZ1SZcsBDKHF5Ll23b_X50cR";
const CLIENT_SECRET: &str = "c2VjcmV0IG9mIHRoZSBjbGllbnQ";
const FORM: (&str, &[u8]) = ("content-type", b"application/x-www-form-urlencoded");
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const LOGIN: &str = "grant_type=password&client_id=web&username=alice&password=correct+horse";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().build().unwrap());
static PASSWORDS: LazyLock<Passwords> = LazyLock::new(|| Passwords::new().unwrap());

/// Alice, or nobody.
#[derive(Clone, Default)]
struct Accounts(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    alice: Option<Account>,
    /// What another request stores as soon as a login has read the account.
    changes_to: Option<Option<Account>>,
}

impl Accounts {
    fn read(&self) -> Option<Account> {
        let mut state = self.0.lock().unwrap();
        let alice = state.alice.clone();
        if let Some(changed) = state.changes_to.take() {
            state.alice = changed;
        }
        alice
    }
}

fn alice(password: &str) -> Account {
    account("id of alice", password)
}

fn account(subject: &str, password: &str) -> Account {
    let hash = RUNTIME.block_on(PASSWORDS.hash(password)).unwrap();
    Account::new(subject).password_hash(hash).scopes([Scope::from_static("orders:read")])
}

#[async_trait]
impl AccountStore for Accounts {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.read().filter(|_| username == "alice"))
    }

    async fn by_subject(&self, subject: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(self.read().filter(|_| subject == "id of alice"))
    }
}

struct Server {
    endpoint: TokenEndpoint,
    accounts: Accounts,
    logins: Memory,
    clock: TestClock,
}

impl Server {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(more: impl FnOnce(TokenEndpointBuilder) -> TokenEndpointBuilder) -> Self {
        let (logins, clock) = (Memory::default(), TestClock::at(1_000));
        let tokens = RefreshTokens::new(logins.clone()).clock(clock.clone());
        let built = Self::without_refresh_tokens(|builder| more(builder.refresh_tokens(tokens)));
        Self { logins, clock, ..built }
    }

    fn without_refresh_tokens(more: impl FnOnce(TokenEndpointBuilder) -> TokenEndpointBuilder) -> Self {
        let accounts = Accounts::default();
        accounts.0.lock().unwrap().alice = Some(alice("correct horse"));
        let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
        let issuer = TokenIssuer::builder("https://issuer.example", key).build().unwrap();
        let builder = TokenEndpoint::builder(issuer, accounts.clone())
            .audience("https://api.example")
            .public_client("web")
            .public_client("app")
            .confidential_client("batch", CLIENT_SECRET)
            .passwords(PASSWORDS.clone());
        let (logins, clock) = (Memory::default(), TestClock::default());
        Self { endpoint: more(builder).build().unwrap(), accounts, logins, clock }
    }

    fn post(&self, body: &str) -> TokenAnswer {
        RUNTIME.block_on(self.endpoint.answer([FORM], Some(body.as_bytes()), HOME))
    }

    fn log_in(&self) -> Tokens {
        Tokens::of(&self.post(LOGIN))
    }

    fn refresh(&self, token: &str) -> TokenAnswer {
        self.post(&format!("grant_type=refresh_token&client_id=web&refresh_token={token}"))
    }

    fn revoke(&self, body: &str) -> TokenAnswer {
        RUNTIME.block_on(self.endpoint.revoke([FORM], Some(body.as_bytes())))
    }
}

struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn of(answer: &TokenAnswer) -> Self {
        assert_eq!(answer.status(), 200, "{:?}", answer.body());
        let member = |name: &str| json(answer)[name].as_str().unwrap().to_owned();
        Self { access: member("access_token"), refresh: member("refresh_token") }
    }
}

fn json(answer: &TokenAnswer) -> Value {
    serde_json::from_slice(&answer.body()).unwrap()
}

fn field(answer: &TokenAnswer, wanted: &str) -> Option<String> {
    let mut fields = answer.headers().filter(|(name, _)| name == wanted);
    fields.next().map(|(_, value)| value.to_str().unwrap().to_owned())
}

#[track_caller]
fn is_error(answer: &TokenAnswer, status: u16, error: &str) {
    let found = (answer.status().as_u16(), json(answer)["error"].as_str().map(str::to_owned));
    assert_eq!(found, (status, Some(error.to_owned())), "{:?}", answer.body());
    assert_eq!(field(answer, "cache-control").as_deref(), Some("no-store"));
}

#[track_caller]
fn is_done(answer: &TokenAnswer) {
    assert_eq!((answer.status().as_u16(), &*answer.body()), (200, &b"{}"[..]));
    assert_eq!(field(answer, "cache-control").as_deref(), Some("no-store"));
}

#[test]
fn who_revokes_a_refresh_token_has_logged_out() {
    let server = Server::new();
    for hint in ["", "&token_type_hint=refresh_token", "&token_type_hint=access_token", "&token_type_hint=x"]
    {
        let (first, other) = (server.log_in().refresh, server.log_in().refresh);
        let next = Tokens::of(&server.refresh(&first)).refresh;
        is_done(&server.revoke(&format!("client_id=web&token={next}{hint}")));
        is_error(&server.refresh(&next), 400, "invalid_grant");
        is_done(&server.revoke(&format!("client_id=web&token={next}{hint}")));
        Tokens::of(&server.refresh(&other));
    }
    let first = server.log_in().refresh;
    let next = Tokens::of(&server.refresh(&first)).refresh;
    is_done(&server.revoke(&format!("client_id=web&token={first}")));
    is_error(&server.refresh(&next), 400, "invalid_grant");
}

#[test]
fn an_unknown_token_has_nothing_to_revoke() {
    let server = Server::new();
    let token = server.log_in().refresh;
    for unknown in ["invented", "a.b", "a.b.c.d", &"A".repeat(64), &token[1..]] {
        is_done(&server.revoke(&format!("client_id=web&token={unknown}")));
    }
    Tokens::of(&server.refresh(&token));
}

#[test]
fn clients_authenticate_as_at_the_token_endpoint() {
    let server = Server::new();
    let token = server.log_in().refresh;
    for body in [
        format!("token={token}"),
        format!("token={token}&client_id=unknown"),
        format!("token={token}&client_id=batch"),
        format!("token={token}&client_id=batch&client_secret=wrong"),
        format!("token={token}&client_id=web&client_secret={CLIENT_SECRET}"),
    ] {
        is_error(&server.revoke(&body), 400, "invalid_client");
    }
    let basic = ("authorization", &b"Basic eDo="[..]);
    let body = format!("token={token}");
    let answer = RUNTIME.block_on(server.endpoint.revoke([FORM, basic], Some(body.as_bytes())));
    is_error(&answer, 401, "invalid_client");
    assert!(field(&answer, "www-authenticate").is_some());
    Tokens::of(&server.refresh(&token));
}

/// As at the token endpoint: it was stolen.
#[test]
fn a_token_of_another_client_is_refused_and_ends_its_login() {
    let server = Server::new();
    for client in ["client_id=app".to_owned(), format!("client_id=batch&client_secret={CLIENT_SECRET}")] {
        let token = server.log_in().refresh;
        is_error(&server.revoke(&format!("{client}&token={token}")), 400, "invalid_grant");
        is_error(&server.refresh(&token), 400, "invalid_grant");
    }
}

#[test]
fn bad_revocations_get_the_error_that_the_rfc_has() {
    let server = Server::new();
    let token = server.log_in().refresh;
    let good = format!("client_id=web&token={token}");
    let long = format!("{good}&x={}", "x".repeat(16 * 1024));
    for body in [
        "",
        "client_id=web",
        "client_id=web&token=",
        "client_id=web&token=%ff",
        "client_id=web&token=%C3%A9",
        "client_id=web&token=a%0Ab",
        &format!("{good}&token={token}"),
        &format!("{good}&client_id=web"),
        &long,
    ] {
        is_error(&server.revoke(body), 400, "invalid_request");
    }
    let revoke = |headers: &[(&'static str, &'static [u8])], body: Option<&str>| {
        let headers = headers.iter().copied();
        RUNTIME.block_on(server.endpoint.revoke(headers, body.map(str::as_bytes)))
    };
    is_error(&revoke(&[FORM], None), 400, "invalid_request");
    is_error(&revoke(&[], Some(&good)), 400, "invalid_request");
    is_error(&revoke(&[FORM, FORM], Some(&good)), 400, "invalid_request");
    is_error(&revoke(&[("content-type", b"application/json")], Some(&good)), 400, "invalid_request");
    Tokens::of(&server.refresh(&token));
}

#[test]
fn a_store_that_fails_gives_503_and_ends_nothing() {
    let server = Server::new();
    let token = server.log_in().refresh;
    let body = format!("client_id=web&token={token}");
    server.logins.state().fails = true;
    let answer = server.revoke(&body);
    is_error(&answer, 503, "temporarily_unavailable");
    assert!(field(&answer, "retry-after").is_some(), "RFC 7009 section 2.2.1");
    server.logins.state().fails = false;
    server.logins.state().writing_fails = true;
    is_error(&server.revoke(&body), 503, "temporarily_unavailable");
    server.logins.state().writing_fails = false;
    let next = Tokens::of(&server.refresh(&token)).refresh;
    is_done(&server.revoke(&format!("client_id=web&token={next}")));
}

/// Remembers what it was asked to revoke.
#[derive(Clone, Default)]
struct Denylist(Arc<Mutex<Vec<(String, String)>>>);

#[async_trait]
impl AccessTokenRevoker for Denylist {
    async fn revoke(&self, token: &str, client_id: &str) -> Result<(), StoreFailure> {
        if client_id == "app" {
            return Err(io::Error::other("down").into());
        }
        self.0.lock().unwrap().push((token.to_owned(), client_id.to_owned()));
        Ok(())
    }
}

#[test]
fn access_tokens_are_revoked_only_where_somebody_does_so() {
    let server = Server::new();
    let Tokens { access, refresh } = server.log_in();
    let body = format!("client_id=web&token={access}");
    is_error(&server.revoke(&body), 400, "unsupported_token_type");
    is_error(&server.revoke(&format!("{body}&token_type_hint=refresh_token")), 400, "unsupported_token_type");
    Tokens::of(&server.refresh(&refresh));

    let denylist = Denylist::default();
    let server = Server::with(|builder| builder.access_token_revoker(denylist.clone()));
    let Tokens { access, refresh } = server.log_in();
    is_done(&server.revoke(&format!("client_id=web&token={access}")));
    is_error(&server.revoke(&format!("client_id=unknown&token={access}")), 400, "invalid_client");
    is_error(&server.revoke(&format!("client_id=app&token={access}")), 503, "temporarily_unavailable");
    is_done(&server.revoke(&format!("client_id=web&token={refresh}")));
    assert_eq!(*denylist.0.lock().unwrap(), [(access, "web".to_owned())], "and no refresh token");
}

#[test]
fn the_endpoint_gives_out_its_parts() {
    let server = Server::new();
    let tokens = server.log_in();
    let refresh_tokens = server.endpoint.refresh_tokens().unwrap();
    assert_eq!(RUNTIME.block_on(refresh_tokens.logins("id of alice")).unwrap().len(), 1);
    RUNTIME.block_on(refresh_tokens.end_all_logins("id of alice")).unwrap();
    is_error(&server.refresh(&tokens.refresh), 400, "invalid_grant");
    let passwords = server.endpoint.passwords();
    let hash = RUNTIME.block_on(passwords.hash("new password")).unwrap();
    assert!(RUNTIME.block_on(passwords.verify("new password", Some(&hash))).unwrap());
}

#[test]
fn a_login_is_labelled_by_the_browser() {
    let server = Server::new();
    let log_in = |headers: &[(&'static str, &'static [u8])]| {
        let headers = headers.iter().copied().chain([FORM]);
        Tokens::of(&RUNTIME.block_on(server.endpoint.answer(headers, Some(LOGIN.as_bytes()), HOME)));
        server.clock.advance(Duration::from_secs(1));
    };
    log_in(&[("User-Agent", b"Mozilla/5.0 (X11)")]);
    log_in(&[]);
    log_in(&[("user-agent", b"\xff")]);
    let logins = server.endpoint.refresh_tokens().unwrap().logins("id of alice");
    let logins = RUNTIME.block_on(logins).unwrap();
    let listed: Vec<_> = logins.iter().map(|login| (login.began_at, login.label.as_deref())).collect();
    assert_eq!(listed, [(1_000, Some("Mozilla/5.0 (X11)")), (1_001, None), (1_002, None)]);
}

/// What another request may store meanwhile.
fn changes() -> [Option<Account>; 5] {
    [
        Some(alice("new password")),
        Some(alice("correct horse").active(false)),
        Some(account("id of somebody else", "correct horse")),
        Some(Account::new("id of alice")),
        None,
    ]
}

/// The change is stored, and all logins are ended, after this login has read the account and before it has issued a
/// refresh token.
#[test]
fn no_login_survives_a_change_that_it_did_not_see() {
    for changed in changes() {
        let server = Server::new();
        server.accounts.0.lock().unwrap().changes_to = Some(changed);
        is_error(&server.post(LOGIN), 400, "invalid_grant");
        assert!(server.logins.state().records.is_empty(), "the login has ended");
    }
    // A hash that another login has renewed meanwhile.
    let server = Server::new();
    server.accounts.0.lock().unwrap().changes_to = Some(Some(alice("correct horse")));
    server.log_in();
}

/// The access token would be newer than the change.
#[test]
fn without_refresh_tokens_no_login_survives_a_change_either() {
    for changed in changes() {
        let server = Server::without_refresh_tokens(|builder| builder);
        server.accounts.0.lock().unwrap().changes_to = Some(changed);
        is_error(&server.post(LOGIN), 400, "invalid_grant");
    }
    let server = Server::without_refresh_tokens(|builder| builder);
    server.accounts.0.lock().unwrap().changes_to = Some(Some(alice("correct horse")));
    assert_eq!(server.post(LOGIN).status(), 200, "the hash was renewed meanwhile");
}

/// A thief whose login overlaps the change of the password gets neither tokens nor attempts of his own.
#[test]
fn a_login_that_a_change_overtakes_has_failed_and_its_network_is_that_of_a_stranger() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let server = Server::with(|builder| builder.guess_limits(limits));
    let guess_from = |last| {
        let (from, form) = (IpAddr::from([192, 0, 2, last]), LOGIN.replace("correct", "wrong"));
        RUNTIME.block_on(server.endpoint.answer([FORM], Some(form.as_bytes()), from))
    };
    server.accounts.0.lock().unwrap().changes_to = Some(Some(alice("new password")));
    is_error(&server.post(LOGIN), 400, "invalid_grant");
    for last in 1..10 {
        is_error(&guess_from(last), 400, "invalid_grant");
    }
    is_error(&guess_from(10), 429, "temporarily_unavailable");
    is_error(&server.post(LOGIN), 429, "temporarily_unavailable");
}
