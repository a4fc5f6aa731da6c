//! Keys go through everything that prints: no secret may come out.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

mod common;

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_api_keys::{
    ApiKey, ApiKeyRecord, ApiKeyStore, ApiKeys, KeyOwner, MemoryApiKeys, NewApiKey, Scope, StoreFailure,
    async_trait,
};
use auth_core::{Authenticator, NoClaims, TokenVerifier as _};
use auth_testing::{TestClock, TestRequest};
use futures_executor::block_on;

use self::common::with_checksum;

/// Stands wherever a key has room for something personal.
const CANARY: &str = "canary";

/// All that is printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Printed {
    fn debug(&self, value: &impl Debug) {
        let mut text = String::new();
        write!(text, "{value:?}\n{value:#?}\n").unwrap();
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn error(&self, error: &impl std::error::Error) {
        self.debug(&format_args!("{error} {error:?} {error:#?}"));
    }
}

/// Cannot write down the last use.
#[derive(Default)]
struct ReadOnly(MemoryApiKeys);

#[async_trait]
impl ApiKeyStore for ReadOnly {
    async fn insert(&self, record: ApiKeyRecord) -> Result<bool, StoreFailure> {
        self.0.insert(record).await
    }

    async fn find(&self, id: &str) -> Result<Option<ApiKeyRecord>, StoreFailure> {
        self.0.find(id).await
    }

    async fn keys(&self, owner: KeyOwner<'_>) -> Result<Vec<ApiKey>, StoreFailure> {
        self.0.keys(owner).await
    }

    async fn revoke(&self, id: &str, at: u64) -> Result<bool, StoreFailure> {
        self.0.revoke(id, at).await
    }

    async fn revoke_all(&self, owner: KeyOwner<'_>, at: u64) -> Result<u64, StoreFailure> {
        self.0.revoke_all(owner, at).await
    }

    async fn touch(&self, _: &str, _: u64) -> Result<(), StoreFailure> {
        Err(io::Error::other("read-only").into())
    }
}

#[test]
fn no_key_shows_anywhere() {
    let printed = Printed::default();
    let log = printed.clone();
    // For the whole process, since tracing remembers across threads which lines nobody wants.
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || log.clone())
        .init();
    let (store, clock) = (Arc::new(ReadOnly::default()), TestClock::default());
    let keys = ApiKeys::new("acme", store.clone()).unwrap().clock(clock.clone()).issuer(CANARY);
    let new = || {
        let scope = Scope::from_static(CANARY);
        NewApiKey::for_client(CANARY).label(CANARY).scopes([scope]).lifetime(Duration::from_secs(60))
    };
    let minted: Vec<_> = (0..4)
        .map(|_| {
            printed.debug(&new());
            block_on(keys.mint(new())).unwrap()
        })
        .collect();
    let [good, revoked, expired, other] = &*minted else { unreachable!() };
    block_on(keys.revoke(&revoked.details().id)).unwrap();
    let (text, id) = (good.as_str(), &good.details().id);
    printed.debug(&keys);
    printed.debug(&store.0);
    printed.debug(&good);
    printed.debug(&block_on(store.find(id)).unwrap());
    printed.debug(&block_on(keys.list(KeyOwner::Client(CANARY))).unwrap());
    printed.debug(&[KeyOwner::Client(CANARY), KeyOwner::Subject(CANARY)]);
    for new in [
        NewApiKey::for_client(CANARY),
        new().label(format!("{CANARY}\n")),
        new().on_behalf_of(format!("{CANARY}\n")),
        NewApiKey::for_client(format!("{CANARY}\n")),
        new().scopes([Scope::from_static(CANARY)]),
        new().lifetime(Duration::ZERO),
    ] {
        printed.error(&block_on(keys.mint(new)).unwrap_err());
    }
    let authenticator = Authenticator::new(keys.clone());
    let mut presented = vec![
        text.to_owned(),
        revoked.as_str().to_owned(),
        text[..58].to_owned(),
        format!("{text}0"),
        format!("{text}{text}"),
        text.to_lowercase(),
        text.replacen("acme_", "other_", 1),
        with_checksum(&format!("acme_{id}{}", &other.as_str()[21..53])),
        with_checksum(&format!("acme_{}{}", &expired.as_str()[21..37], &text[21..53])),
        format!("{}.{}", &text[..40], &text[40..]),
    ];
    let mut accepted = 0;
    for round in 0..2 {
        if round == 1 {
            clock.advance(Duration::from_secs(60));
            presented.push(expired.as_str().to_owned());
        }
        for key in &presented {
            match block_on(keys.verify(key)) {
                Ok(token) => printed.debug(&token),
                Err(failure) => {
                    printed.error(&failure);
                    printed.debug(&failure.hint());
                }
            }
            for request in [
                TestRequest::get("/").bearer(key),
                TestRequest::get("/").bearer(key).authorization(key),
                TestRequest::get("/").authorization(key),
                TestRequest::get(format!("/?access_token={key}")),
                TestRequest::get("/").authorization(format!("Bearer {key} {key}")),
            ] {
                match block_on(authenticator.authenticate::<NoClaims>(&request)) {
                    Ok(user) => {
                        accepted += 1;
                        printed.debug(&user);
                    }
                    Err(rejection) => {
                        printed.error(&rejection);
                        printed.debug(&rejection.headers().collect::<Vec<_>>());
                        printed.debug(&rejection.body());
                    }
                }
            }
        }
    }
    let printed = String::from_utf8(printed.0.lock().unwrap().clone()).unwrap();
    assert_eq!(accepted, 1, "something was accepted");
    for said in ["request refused", "token accepted", "last use of an API key was not stored", "was revoked"]
    {
        assert!(printed.contains(said), "{said}");
    }
    assert!(printed.contains(&**id), "the log names the key by its id");
    println!(
        "summary: API keys: {} bytes of Debug output, errors, answers and log lines printed",
        printed.len()
    );
    for key in &minted {
        // Any eight characters in a row of the secret, in any case; and the hash.
        let secret = key.as_str()[21..].to_lowercase();
        let lower = printed.to_lowercase();
        let leak = (0..=secret.len() - 8).find(|start| lower.contains(&secret[*start..start + 8]));
        assert_eq!(leak, None);
        let hash = block_on(store.find(&key.details().id)).unwrap().unwrap().hash;
        assert!(!printed.contains(&hash) && hash.len() == 64);
    }
    assert!(!printed.contains(CANARY));
}
