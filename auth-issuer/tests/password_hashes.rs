//! Users whose hashes were made by something else log in, and get hashes of argon2id.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use auth_issuer::{
    Account, AccountStore, Algorithm, PasswordError, PasswordScheme, Passwords, SigningKey, StoreFailure,
    TokenAnswer, TokenEndpoint, TokenIssuer, async_trait,
};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().build().unwrap());

/// `old:` and the password: a kind of the application's own, which counts its work.
#[derive(Clone, Default)]
struct OldHashes {
    works: Arc<AtomicUsize>,
}

impl PasswordScheme for OldHashes {
    fn name(&self) -> &'static str {
        "old"
    }

    fn recognizes(&self, stored: &str) -> bool {
        stored.starts_with("old:")
    }

    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
        assert_ne!(password, b"panic");
        match stored.strip_prefix("old:") {
            Some("too expensive") => Err(PasswordError::TooExpensive),
            Some("malformed") | None => Err(PasswordError::NotAHash),
            Some(rest) => {
                self.decoy(password);
                Ok(rest.as_bytes() == password)
            }
        }
    }

    fn decoy(&self, _: &[u8]) {
        self.works.fetch_add(1, Ordering::Relaxed);
    }

    fn compares_all_of(&self, password: &[u8]) -> bool {
        password.len() < 20
    }
}

/// Accounts in memory, which replace a hash only if it is still the old one.
#[derive(Default)]
struct Store {
    accounts: Mutex<HashMap<String, Account>>,
    hashes: Mutex<HashMap<String, String>>,
    /// What the hash of every account becomes once it has been read.
    changed_meanwhile: Mutex<Option<String>>,
    renewed: AtomicUsize,
    renewal_fails: Mutex<bool>,
}

impl Store {
    fn put(&self, name: &str, hash: &str, account: Account) {
        self.accounts.lock().unwrap().insert(name.to_owned(), account);
        self.hashes.lock().unwrap().insert(name.to_owned(), hash.to_owned());
    }

    fn hash(&self, name: &str) -> String {
        self.hashes.lock().unwrap().get(name).unwrap().clone()
    }
}

#[async_trait]
impl AccountStore for Store {
    async fn by_username(&self, username: &str) -> Result<Option<Account>, StoreFailure> {
        let account = self.accounts.lock().unwrap().get(username).cloned();
        let mut hashes = self.hashes.lock().unwrap();
        let read = hashes.get(username).cloned();
        if let (Some(changed), Some(hash)) =
            (self.changed_meanwhile.lock().unwrap().take(), hashes.get_mut(username))
        {
            *hash = changed;
        }
        Ok(account.zip(read).map(|(account, hash)| account.password_hash(hash)))
    }

    async fn by_subject(&self, _: &str) -> Result<Option<Account>, StoreFailure> {
        Ok(None)
    }

    async fn renew_password_hash(&self, subject: &str, old: &str, new: &str) -> Result<(), StoreFailure> {
        if *self.renewal_fails.lock().unwrap() {
            return Err(io::Error::other("read only").into());
        }
        if let Some(hash) = self.hashes.lock().unwrap().get_mut(subject).filter(|hash| *hash == old) {
            new.clone_into(hash);
            self.renewed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

struct Server {
    store: Arc<Store>,
    endpoint: TokenEndpoint,
    works: Arc<AtomicUsize>,
}

impl Server {
    fn new() -> Self {
        let store = Arc::new(Store::default());
        store.put("alice", "old:secret", Account::new("alice"));
        store.put("dave", "old:secret", Account::new("dave").active(false));
        store.put("erin", "old:too expensive", Account::new("erin"));
        store.put("frank", "old:malformed", Account::new("frank"));
        store.put(
            "gina",
            "$2b$17$w3/InXAdp.wmz/y/uP6quel84rt2haz81XJ3bO6Udl0syhfPwHKZ6",
            Account::new("gina"),
        );
        let scheme = OldHashes::default();
        let works = scheme.works.clone();
        let key = SigningKey::secret(Algorithm::Hs256, "kEsZv5lcXZ1SZcsBDKHF5Ll23b_X50cR").unwrap();
        let issuer = TokenIssuer::builder("https://issuer.example", key).build().unwrap();
        let endpoint = TokenEndpoint::builder(issuer, store.clone())
            .audience("https://api.example")
            .unnamed_client("web")
            .passwords(Passwords::builder().accept(scheme).build().unwrap())
            .build()
            .unwrap();
        Self { store, endpoint, works }
    }

    async fn answer(&self, username: &str, password: &str) -> TokenAnswer {
        let headers = [("content-type", &b"application/x-www-form-urlencoded"[..])];
        let body = format!("grant_type=password&username={username}&password={password}");
        self.endpoint.answer(headers, Some(body.as_bytes()), [192, 0, 2, 1].into()).await
    }

    fn log_in(&self, username: &str, password: &str) -> u16 {
        RUNTIME.block_on(self.answer(username, password)).status().as_u16()
    }

    fn renewed(&self) -> usize {
        self.store.renewed.load(Ordering::Relaxed)
    }
}

#[test]
fn a_good_login_renews_the_hash_once() {
    let server = Server::new();
    assert_eq!(server.log_in("alice", "wrong"), 400);
    assert_eq!(server.store.hash("alice"), "old:secret", "after a bad login");
    assert_eq!(server.log_in("alice", "secret"), 200);
    let renewed = server.store.hash("alice");
    assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
    assert_eq!((server.log_in("alice", "wrong"), server.log_in("alice", "secret")), (400, 200));
    assert_eq!((server.store.hash("alice"), server.renewed()), (renewed, 1));
}

#[test]
fn a_password_that_was_changed_meanwhile_stays() {
    let server = Server::new();
    *server.store.changed_meanwhile.lock().unwrap() = Some("old:new secret".to_owned());
    assert_eq!(server.log_in("alice", "secret"), 400, "it was right when it was read, and is not any more");
    assert_eq!((&*server.store.hash("alice"), server.renewed()), ("old:new secret", 0));
    assert_eq!(server.log_in("alice", "secret"), 400);
    assert_eq!(server.log_in("alice", "new+secret"), 200);
}

#[test]
fn two_logins_at_once_renew_once() {
    let server = Arc::new(Server::new());
    let logins = [(); 2].map(|()| {
        let server = server.clone();
        RUNTIME.spawn(async move { server.answer("alice", "secret").await.status().as_u16() })
    });
    for login in logins {
        assert_eq!(RUNTIME.block_on(login).unwrap(), 200);
    }
    assert_eq!(server.renewed(), 1);
    assert_eq!(server.log_in("alice", "secret"), 200);
}

#[test]
fn a_renewal_that_fails_fails_no_login() {
    let server = Server::new();
    *server.store.renewal_fails.lock().unwrap() = true;
    assert_eq!(server.log_in("alice", "secret"), 200);
    assert_eq!(server.store.hash("alice"), "old:secret");
    *server.store.renewal_fails.lock().unwrap() = false;
    assert_eq!((server.log_in("alice", "secret"), server.renewed()), (200, 1), "it is tried again");
}

#[test]
fn only_what_was_verified_is_renewed() {
    let server = Server::new();
    let long = "a-password-of-20-bytes-or-more";
    server.store.put("alice", &format!("old:{long}"), Account::new("alice"));
    assert_eq!((server.log_in("alice", long), server.renewed()), (200, 0), "not all of it was compared");
    assert_eq!((server.log_in("dave", "secret"), server.renewed()), (400, 0), "the account is not active");
}

/// The work of each kind, which takes the time: once at each login, whoever logs in.
#[test]
fn every_login_does_the_same_work() {
    let server = Server::new();
    let wrong = RUNTIME.block_on(server.answer("alice", "wrong"));
    for (username, password) in [
        ("nobody", "secret"),
        ("dave", "secret"),
        ("dave", "wrong"),
        ("erin", "secret"),
        ("frank", "secret"),
        ("gina", "secret"),
        ("alice", "wrong"),
    ] {
        server.works.store(0, Ordering::Relaxed);
        assert_eq!(RUNTIME.block_on(server.answer(username, password)), wrong, "{username}");
        assert_eq!(server.works.load(Ordering::Relaxed), 1, "{username}");
    }
    for _ in 0..2 {
        server.works.store(0, Ordering::Relaxed);
        assert_eq!(server.log_in("alice", "secret"), 200);
        assert_eq!(server.works.load(Ordering::Relaxed), 1, "before and after the hash was renewed");
    }
}

#[test]
fn a_scheme_that_panics_lets_nobody_in() {
    let server = Server::new();
    assert_eq!(server.log_in("alice", "panic"), 503);
    assert_eq!(server.log_in("alice", "secret"), 200, "and nothing is used up");
}
