//! The application's user behind a token.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::adapter::{RequestHead, extract_user};
use auth_core::{
    Authenticated, Authenticator, NoClaims, Reason, StoreFailure, TokenVerifier, UserLookup, UserStore,
    VerifiedToken, VerifyFailure, async_trait,
};
use auth_testing::TestRequest;
use futures_executor::block_on;
use futures_util::future::join;

/// Any token is of whom it names.
struct Names;

#[async_trait]
impl TokenVerifier for Names {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": token }))?)
    }
}

#[derive(Debug)]
struct Down;

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection")
    }
}

impl std::error::Error for Down {}

#[derive(Default)]
struct Db {
    asked: AtomicUsize,
}

#[async_trait]
impl UserStore for Db {
    type User = String;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<String>, StoreFailure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(match token.subject() {
            "alice" | "bob" => UserLookup::Active(format!("user {}", token.subject())),
            "inactive" => UserLookup::Inactive,
            "down" => return Err(Down.into()),
            "panic" => panic!("canary"),
            _ => UserLookup::Unknown,
        })
    }
}

fn authenticated(authenticator: &Authenticator, token: &str) -> Authenticated {
    let request = TestRequest::get("/").bearer(token);
    block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap()
}

/// Loads the user of a caller within this request.
fn load<S: UserStore + ?Sized>(
    user: &Authenticated,
    request: &mut TestRequest,
    store: &Arc<S>,
) -> Result<S::User, Reason> {
    block_on(extract_user(user, request, store)).map_err(|rejection| rejection.reason())
}

fn request() -> TestRequest {
    TestRequest::get("/")
}

#[test]
fn a_store_yields_the_user_nobody_inactive_or_a_failure() {
    let authenticator = Authenticator::new(Names);
    for store in [Arc::new(Db::default()), Arc::new(Db::default()) as Arc<Db>] {
        let store: Arc<dyn UserStore<User = String>> = store;
        let load = |token| load(&authenticated(&authenticator, token), &mut request(), &store);
        assert_eq!(load("alice"), Ok("user alice".to_owned()));
        assert_eq!(load("nobody"), Err(Reason::Invalid));
        assert_eq!(load("inactive"), Err(Reason::Insufficient));
        assert_eq!(load("down"), Err(Reason::Unavailable));
        assert_eq!(load("panic"), Err(Reason::Misconfigured));
    }
}

/// One request, as extractors that run at the same time see it.
#[derive(Clone, Default)]
struct SharedRequest(Rc<RefCell<http::Extensions>>);

impl RequestHead for SharedRequest {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> &str {
        "/"
    }

    fn header_values<'a>(&'a self, _: &str) -> impl Iterator<Item = &'a [u8]> {
        std::iter::empty()
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        self.0.borrow().get().cloned()
    }

    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.0.borrow_mut().insert(value);
    }
}

#[test]
fn a_user_is_loaded_once_for_all_who_ask() {
    let authenticator = Authenticator::new(Names);
    let store = Arc::new(Db::default());
    // As two extractors that verify for themselves, both before anything is loaded.
    let [first, second] = ["alice", "alice"].map(|token| authenticated(&authenticator, token));
    let (mut one, mut other) = (SharedRequest::default(), SharedRequest::default());
    other.0 = one.0.clone();
    let both = join(extract_user(&first, &mut one, &store), extract_user(&second, &mut other, &store));
    let (user, same) = block_on(both);
    assert_eq!((user.unwrap(), same.unwrap()), ("user alice".to_owned(), "user alice".to_owned()));
    assert!(block_on(extract_user(&first, &mut one, &store)).is_ok(), "also after it is done");
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
}

/// A verifier may say something else each time, such as when it was asked.
#[test]
fn a_user_is_loaded_once_though_the_claims_differ() {
    struct Nonce(AtomicUsize);
    #[async_trait]
    impl TokenVerifier for Nonce {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
            let nonce = self.0.fetch_add(1, Ordering::Relaxed);
            Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": token, "nonce": nonce }))?)
        }
    }
    let authenticator = Authenticator::new(Nonce(AtomicUsize::new(0)));
    let store = Arc::new(Db::default());
    let mut request = request();
    let [begun, joined] =
        ["alice", "alice"].map(|token| load(&authenticated(&authenticator, token), &mut request, &store));
    assert_eq!(begun, joined);
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
    let other = load(&authenticated(&authenticator, "bob"), &mut request, &store);
    assert_eq!(other, Ok("user bob".to_owned()));
}

/// As where a key changes hands while a request is under way.
#[test]
fn a_token_that_has_become_somebody_elses_loads_that_user() {
    struct Changing(AtomicUsize);
    #[async_trait]
    impl TokenVerifier for Changing {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
            let subject = if self.0.fetch_add(1, Ordering::Relaxed) == 0 { "alice" } else { "bob" };
            Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": subject }))?)
        }
    }
    let authenticator = Authenticator::new(Changing(AtomicUsize::new(0)));
    let store = Arc::new(Db::default());
    let [alice, bob] = ["key", "key"].map(|token| authenticated(&authenticator, token));
    let mut request = request();
    assert_eq!(load(&alice, &mut request, &store), Ok("user alice".to_owned()));
    assert_eq!(load(&bob, &mut request, &store), Ok("user bob".to_owned()));
}

#[test]
fn a_refusal_is_found_once_too() {
    let authenticator = Authenticator::new(Names);
    let store = Arc::new(Db::default());
    let user = authenticated(&authenticator, "inactive");
    let mut request = request();
    for _ in 0..4 {
        assert_eq!(load(&user, &mut request, &store), Err(Reason::Insufficient));
    }
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn another_token_store_or_authenticator_is_asked_for_itself() {
    let authenticator = Authenticator::new(Names);
    let (store, other_store) = (Arc::new(Db::default()), Arc::new(Db::default()));
    let alice = authenticated(&authenticator, "alice");
    let mut begun = request();
    assert_eq!(load(&alice, &mut begun, &store), Ok("user alice".to_owned()));

    let bob = authenticated(&authenticator, "bob");
    assert_eq!(load(&bob, &mut begun.clone(), &store), Ok("user bob".to_owned()));
    assert_eq!(load(&alice, &mut begun.clone(), &other_store), Ok("user alice".to_owned()));
    assert_eq!(other_store.asked.load(Ordering::Relaxed), 1);
    let elsewhere = authenticated(&authenticator.with_realm("r").unwrap(), "alice");
    let _ = load(&elsewhere, &mut begun, &store);
    assert_eq!(store.asked.load(Ordering::Relaxed), 3);
}

#[test]
fn a_failure_tells_what_it_comes_from() {
    #[derive(Debug)]
    struct Query(Down);
    impl fmt::Display for Query {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the query failed")
        }
    }
    impl std::error::Error for Query {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    assert_eq!(StoreFailure::from(Query(Down)).to_string(), "the query failed: no connection");
}

/// Two keys of one user, or the same key of another issuer's user.
#[test]
fn a_user_is_loaded_for_each_token_and_issuer() {
    struct Keys(AtomicUsize);
    #[async_trait]
    impl TokenVerifier for Keys {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
            let issuer = format!("issuer {}", self.0.load(Ordering::Relaxed));
            Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": "alice", "iss": issuer }))?)
        }
    }
    let store = Arc::new(Db::default());
    let verifier = Arc::new(Keys(AtomicUsize::new(0)));
    let authenticator = Authenticator::new(verifier.clone());
    let mut request = request();
    for (asked, token, issuer) in [(1, "k1", 0), (1, "k1", 0), (2, "k2", 0), (3, "k2", 1)] {
        verifier.0.store(issuer, Ordering::Relaxed);
        let user = authenticated(&authenticator, token);
        assert!(load(&user, &mut request, &store).is_ok());
        assert_eq!(store.asked.load(Ordering::Relaxed), asked, "{token} of issuer {issuer}");
    }
}
