//! Keys over a socket on axum and on actix-web, beside JWTs: the same bytes, and the twins accepted.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::{App, HttpServer, web};
use auth_api_keys::{
    ApiKey, ApiKeyRecord, ApiKeyStore, ApiKeys, KeyOwner, MemoryApiKeys, NewApiKey, Scope, StoreFailure,
    async_trait,
};
use auth_axum::{AuthRejection, Authenticated, Authenticator, CurrentUser, Policy};
use auth_core::{TokenKind, TokenRouter, UserLookup, UserStore, VerifiedToken};
use auth_testing::conformance::{Answer, send};
use auth_testing::{TestClock, TestIssuer};
use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;

use self::common::with_checksum;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ORDERS_READ: Scope = Scope::from_static("orders:read");
const ORDERS_WRITE: Scope = Scope::from_static("orders:write");

/// Fails while it is switched off.
#[derive(Default)]
struct Switched {
    rows: MemoryApiKeys,
    off: AtomicBool,
}

impl Switched {
    fn rows(&self) -> Result<&MemoryApiKeys, StoreFailure> {
        if self.off.load(Ordering::Relaxed) {
            return Err(std::io::Error::other("the database is gone").into());
        }
        Ok(&self.rows)
    }
}

#[async_trait]
impl ApiKeyStore for Switched {
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure> {
        self.rows()?.insert(record).await
    }

    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure> {
        self.rows()?.find(id).await
    }

    async fn keys(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure> {
        self.rows()?.keys(owner).await
    }

    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure> {
        self.rows()?.revoke(id, at).await
    }

    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure> {
        self.rows()?.revoke_all(owner, at).await
    }

    async fn touch(&self, id: &str, at: u64) -> Result<(), StoreFailure> {
        self.rows()?.touch(id, at).await
    }
}

/// Knows everybody but mallory, by name and by what came.
#[derive(Clone)]
struct People;

#[async_trait]
impl UserStore for People {
    type User = String;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<String>, StoreFailure> {
        Ok(match token.subject() {
            "mallory" => UserLookup::Inactive,
            name => UserLookup::Active(format!("{name} by {:?}", token.kind())),
        })
    }
}

#[derive(serde::Deserialize)]
struct Claims {
    client_id: String,
    jti: String,
}

fn profile(user: &Authenticated<Claims>) -> String {
    let Claims { client_id, jti } = &*user.claims;
    assert_eq!(user.token_id(), Some(&**jti));
    let scopes: Vec<_> = user.scopes().iter().collect();
    format!("{} {client_id} {} {:?}", user.subject(), scopes.join(","), user.token().kind())
}

fn may_mint() -> Policy {
    Policy::predicate("no API key", |token: &VerifiedToken| token.kind() != TokenKind::ApiKey)
}

#[derive(Clone)]
struct State {
    authenticator: Authenticator,
    people: Arc<People>,
}

impl FromRef<State> for Authenticator {
    fn from_ref(state: &State) -> Self {
        state.authenticator.clone()
    }
}

impl FromRef<State> for Arc<People> {
    fn from_ref(state: &State) -> Self {
        state.people.clone()
    }
}

async fn axum(authenticator: Authenticator) -> SocketAddr {
    let app = Router::new()
        .route("/", get(async |user: Authenticated<Claims>| profile(&user)))
        .route(
            "/orders",
            get(async |user: Authenticated| -> Result<String, AuthRejection> {
                user.require(&Policy::scope(ORDERS_READ))?;
                Ok("orders".to_owned())
            }),
        )
        .route(
            "/keys",
            get(async |user: Authenticated| -> Result<String, AuthRejection> {
                user.require(&may_mint())?;
                Ok("keys".to_owned())
            }),
        )
        .route("/me", get(async |CurrentUser(user): CurrentUser<People>| user))
        .with_state(State { authenticator, people: Arc::new(People) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    actix_web::rt::spawn(async move { axum::serve(listener, app).await });
    address
}

async fn actix(authenticator: Authenticator) -> SocketAddr {
    use auth_actix::{AuthRejection, Authenticated, CurrentUser};
    async fn index(user: Authenticated<Claims>) -> String {
        let Claims { client_id, jti } = &*user.claims;
        assert_eq!(user.token_id(), Some(&**jti));
        let scopes: Vec<_> = user.scopes().iter().collect();
        format!("{} {client_id} {} {:?}", user.subject(), scopes.join(","), user.token().kind())
    }
    async fn orders(user: Authenticated) -> Result<String, AuthRejection> {
        user.require(&Policy::scope(ORDERS_READ))?;
        Ok("orders".to_owned())
    }
    async fn keys(user: Authenticated) -> Result<String, AuthRejection> {
        user.require(&may_mint())?;
        Ok("keys".to_owned())
    }
    async fn me(CurrentUser(user): CurrentUser<People>) -> String {
        user
    }
    let server = HttpServer::new(move || {
        App::new()
            .app_data(authenticator.clone())
            .app_data(web::Data::new(People))
            .route("/", web::get().to(index))
            .route("/orders", web::get().to(orders))
            .route("/keys", web::get().to(keys))
            .route("/me", web::get().to(me))
    });
    let server = server.workers(1).bind("127.0.0.1:0").unwrap();
    let address = *server.addrs().first().unwrap();
    actix_web::rt::spawn(server.disable_signals().run());
    address
}

/// Both servers.
struct Both {
    axum: SocketAddr,
    actix: SocketAddr,
    requests: usize,
}

impl Both {
    /// The answer to a request with these fields, the same on both but for how the framework calls a text.
    #[track_caller]
    fn ask(&mut self, path: &str, fields: &[Vec<u8>]) -> impl Future<Output = Answer> + use<> {
        self.requests += 1;
        let place = std::panic::Location::caller();
        let (axum, actix) = (self.axum, self.actix);
        let head = format!("GET {path} HTTP/1.1\r\nhost: api.example\r\nconnection: close\r\n");
        let mut request = head.into_bytes();
        for field in fields {
            request.extend([b"authorization: ", &**field, b"\r\n"].concat());
        }
        request.extend(b"\r\n");
        async move {
            let answers = web::block(move || [axum, actix].map(|address| send(address, &request).unwrap()));
            let [axum, actix] = answers.await.unwrap();
            assert_eq!(axum, actix, "{place}");
            axum
        }
    }

    #[track_caller]
    fn with_key(&mut self, path: &str, key: &str) -> impl Future<Output = Answer> + use<> {
        self.ask(path, &[format!("Bearer {key}").into_bytes()])
    }
}

fn challenge(answer: &Answer) -> Option<&str> {
    answer.headers.iter().find(|(name, _)| name == "www-authenticate").map(|(_, value)| &**value)
}

#[actix_web::test]
async fn keys_are_accepted_and_refused_by_the_same_bytes_on_both() {
    let (store, clock) = (Arc::new(Switched::default()), TestClock::default());
    let keys = ApiKeys::new("acme", store.clone()).unwrap().clock(clock.clone());
    let issuer = TestIssuer::default().clock(clock.clone());
    let router = TokenRouter::new().jwt(issuer.verifier().build().unwrap());
    let authenticator = Authenticator::new(router.prefix(keys.prefix(), keys.clone()).unwrap());
    let (axum, actix) = (axum(authenticator.clone()).await, actix(authenticator).await);
    let mut both = Both { axum, actix, requests: 0 };

    let new = || NewApiKey::for_client("export").scopes([ORDERS_READ]).lifetime(DAY);
    let mint = async |new| keys.mint(new).await.unwrap();
    let key = mint(new()).await;
    let text = key.as_str();

    // Accepted, by policies, claims and users as they are for JWTs.
    let answer = both.with_key("/", text).await;
    assert_eq!((answer.status, &*answer.body), (200, "export export orders:read ApiKey"));
    let jwt = issuer.token("alice").scope("orders:read").claim("client_id", "web").claim("jti", "j").sign();
    assert_eq!(both.with_key("/", &jwt).await.body, "alice web orders:read Jwt");
    for credential in [text, &jwt] {
        assert_eq!(both.with_key("/orders", credential).await.status, 200);
    }
    assert_eq!(both.with_key("/me", text).await.body, "export by ApiKey");
    assert_eq!(both.with_key("/me", &jwt).await.body, "alice by Jwt");
    assert_eq!(both.with_key("/keys", &jwt).await.status, 200);
    let answer = both.with_key("/keys", text).await;
    assert_eq!((answer.status, challenge(&answer)), (403, Some("Bearer error=\"insufficient_scope\"")));
    let writer = mint(NewApiKey::for_client("export").scopes([ORDERS_WRITE]).lifetime(DAY)).await;
    let answer = both.with_key("/orders", writer.as_str()).await;
    let expected = "Bearer error=\"insufficient_scope\", scope=\"orders:read\"";
    assert_eq!((answer.status, challenge(&answer)), (403, Some(expected)));
    let answer = both.with_key("/me", mint(new().on_behalf_of("mallory")).await.as_str()).await;
    assert_eq!(answer.status, 403);

    // Refused, all by one answer. Each has its twin, which is accepted.
    let elsewhere = ApiKeys::new("acme", MemoryApiKeys::default()).unwrap().clock(clock.clone());
    let other_product = ApiKeys::new("other", MemoryApiKeys::default()).unwrap();
    let elsewhere = elsewhere.mint(new()).await.unwrap();
    let other_product = other_product.mint(new()).await.unwrap();
    let id = &key.details().id;
    let revoked = mint(new()).await;
    assert_eq!(both.with_key("/", revoked.as_str()).await.status, 200);
    assert!(keys.revoke(&revoked.details().id).await.unwrap());
    let of_deleted = mint(NewApiKey::for_client("deleted").lifetime(DAY)).await;
    assert_eq!(both.with_key("/", of_deleted.as_str()).await.status, 200);
    assert_eq!(keys.revoke_all(KeyOwner::Client("deleted")).await.unwrap(), 1);
    let not_yet = mint(new().not_before(key.details().created_at + 3600)).await;
    let expiring = mint(new().lifetime(Duration::from_secs(60))).await;
    assert_eq!(both.with_key("/", expiring.as_str()).await.status, 200);
    clock.advance(Duration::from_secs(60));
    let flipped = |key: &str| {
        let last = if key.ends_with('0') { '1' } else { '0' };
        format!("{}{last}", &key[..key.len() - 1])
    };
    let mut answers = BTreeSet::new();
    let refused = [
        flipped(text),
        text.to_lowercase(),
        text.to_uppercase(),
        text.replacen("acme_", "Acme_", 1),
        text[..58].to_owned(),
        text[..5].to_owned(),
        format!("{text}0"),
        format!("{text}="),
        format!("{text}{text}"),
        format!("{text}{}", "a".repeat(7000)),
        other_product.as_str().to_owned(),
        other_product.as_str().replacen("other_", "acme_", 1),
        elsewhere.as_str().to_owned(),
        with_checksum(&format!("acme_{id}{}", &elsewhere.as_str()[21..53])),
        with_checksum(&format!("acme_{id}{}", &text[21..53].to_lowercase())),
        revoked.as_str().to_owned(),
        of_deleted.as_str().to_owned(),
        not_yet.as_str().to_owned(),
        expiring.as_str().to_owned(),
        format!("{text}.{text}.{text}"),
        issuer.bad_signature("alice"),
    ];
    for credential in &refused {
        let answer = both.with_key("/", credential).await;
        assert_eq!((answer.status, challenge(&answer)), (401, Some("Bearer error=\"invalid_token\"")));
        answers.insert(format!("{answer:?}"));
    }
    assert_eq!(answers.len(), 1, "one answer for all faults");
    assert_eq!(both.with_key("/", text).await.status, 200);
    let rebuilt = with_checksum(&text[..53]);
    assert_eq!(rebuilt, text);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(both.with_key("/", not_yet.as_str()).await.status, 200);

    // Credentials that are malformed.
    let bearer = |value: &str| format!("Bearer {value}").into_bytes();
    let two = [bearer(text), bearer(writer.as_str())];
    let malformed: [&[Vec<u8>]; 7] = [
        &two,
        &[bearer(text), bearer(text)],
        &[bearer(&format!("{text} {text}"))],
        &[bearer(&format!("{text},{text}"))],
        &[bearer(&format!("{}é", &text[..58]))],
        &[[b"Bearer ", &text.as_bytes()[..58], b"\xff"].concat()],
        &[bearer(&format!("\"{text}\""))],
    ];
    for fields in malformed {
        let answer = both.ask("/", fields).await;
        assert_eq!((answer.status, challenge(&answer)), (400, Some("Bearer error=\"invalid_request\"")));
    }
    let answer = both.ask("/", &[text.as_bytes().to_vec()]).await;
    assert_eq!((answer.status, challenge(&answer)), (401, Some("Bearer")), "no scheme");
    assert_eq!(both.ask(&format!("/?access_token={text}"), &[]).await.status, 401);
    assert_eq!(both.ask("/", &[format!("bearer   {text}").into_bytes()]).await.status, 200);

    // An outage is 503, for keys and for nothing else.
    store.off.store(true, Ordering::Relaxed);
    let answer = both.with_key("/", text).await;
    assert_eq!((answer.status, challenge(&answer)), (503, None));
    assert!(answer.headers.iter().any(|(name, _)| name == "retry-after"));
    assert_eq!(both.with_key("/", &flipped(text)).await.status, 401, "the checksum tells without the store");
    let jwt = issuer.token("alice").claim("client_id", "web").claim("jti", "j").sign();
    assert_eq!(both.with_key("/", &jwt).await.status, 200);
    store.off.store(false, Ordering::Relaxed);
    assert_eq!(both.with_key("/", text).await.status, 200);
    println!("summary: API keys: {} requests to axum and actix-web, the same bytes", both.requests);
}
