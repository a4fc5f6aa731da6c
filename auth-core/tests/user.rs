//! The application's user behind a token.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::{
    Authenticated, Authenticator, NoClaims, Reason, StoreFailure, TokenVerifier, UserLoading, UserLookup,
    UserStore, VerifiedToken, VerifyError, async_trait,
};
use auth_testing::TestRequest;
use futures_executor::block_on;
use futures_util::future::join;

/// Any token is of whom it names.
struct Names;

#[async_trait]
impl TokenVerifier for Names {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        VerifiedToken::assert_verified(serde_json::json!({ "sub": token }))
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

fn outcome<S: UserStore + ?Sized>(loading: &UserLoading<S>) -> Result<S::User, Reason> {
    block_on(loading.clone().user()).map_err(|rejection| rejection.reason())
}

#[test]
fn a_store_yields_the_user_nobody_inactive_or_a_failure() {
    let authenticator = Authenticator::new(Names);
    for store in [Arc::new(Db::default()), Arc::new(Db::default()) as Arc<Db>] {
        let store: Arc<dyn UserStore<User = String>> = store;
        let load = |token| outcome(&authenticated(&authenticator, token).load_user(&store, None));
        assert_eq!(load("alice"), Ok("user alice".to_owned()));
        assert_eq!(load("nobody"), Err(Reason::Invalid));
        assert_eq!(load("inactive"), Err(Reason::Insufficient));
        assert_eq!(load("down"), Err(Reason::Unavailable));
        assert_eq!(load("panic"), Err(Reason::Misconfigured));
    }
}

#[test]
fn a_user_is_loaded_once_for_all_who_ask() {
    let authenticator = Authenticator::new(Names);
    let store = Arc::new(Db::default());
    // As two extractors that verify for themselves, both before anything is loaded.
    let [first, second] = ["alice", "alice"].map(|token| authenticated(&authenticator, token));
    let begun = first.load_user(&store, None);
    let joined = second.load_user(&store, Some(&begun));
    let (one, other) = block_on(join(begun.user(), joined.clone().user()));
    assert_eq!((one.unwrap(), other.unwrap()), ("user alice".to_owned(), "user alice".to_owned()));
    assert!(outcome(&first.load_user(&store, Some(&joined))).is_ok(), "also after it is done");
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
}

/// A verifier may say something else each time, as when it was asked.
#[test]
fn a_user_is_loaded_once_though_the_claims_differ() {
    struct Nonce(AtomicUsize);
    #[async_trait]
    impl TokenVerifier for Nonce {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
            let nonce = self.0.fetch_add(1, Ordering::Relaxed);
            VerifiedToken::assert_verified(serde_json::json!({ "sub": token, "nonce": nonce }))
        }
    }
    let authenticator = Authenticator::new(Nonce(AtomicUsize::new(0)));
    let store = Arc::new(Db::default());
    let begun = authenticated(&authenticator, "alice").load_user(&store, None);
    let joined = authenticated(&authenticator, "alice").load_user(&store, Some(&begun));
    assert_eq!(outcome(&begun), outcome(&joined));
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
    let other = authenticated(&authenticator, "bob").load_user(&store, Some(&begun));
    assert_eq!(outcome(&other), Ok("user bob".to_owned()));
}

/// As where a key changes hands while a request is under way.
#[test]
fn a_token_that_has_become_somebody_elses_loads_that_user() {
    struct Changing(AtomicUsize);
    #[async_trait]
    impl TokenVerifier for Changing {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyError> {
            let subject = if self.0.fetch_add(1, Ordering::Relaxed) == 0 { "alice" } else { "bob" };
            VerifiedToken::assert_verified(serde_json::json!({ "sub": subject }))
        }
    }
    let authenticator = Authenticator::new(Changing(AtomicUsize::new(0)));
    let store = Arc::new(Db::default());
    let [alice, bob] = ["key", "key"].map(|token| authenticated(&authenticator, token));
    let loading = alice.load_user(&store, None);
    assert_eq!(outcome(&loading), Ok("user alice".to_owned()));
    assert_eq!(outcome(&bob.load_user(&store, Some(&loading))), Ok("user bob".to_owned()));
}

#[test]
fn a_refusal_is_found_once_too() {
    let authenticator = Authenticator::new(Names);
    let store = Arc::new(Db::default());
    let user = authenticated(&authenticator, "inactive");
    let loading = user.load_user(&store, None);
    for _ in 0..3 {
        assert_eq!(outcome(&user.load_user(&store, Some(&loading))), Err(Reason::Insufficient));
    }
    assert_eq!(store.asked.load(Ordering::Relaxed), 1);
}

#[test]
fn another_token_store_or_authenticator_is_asked_for_itself() {
    let authenticator = Authenticator::new(Names);
    let (store, other_store) = (Arc::new(Db::default()), Arc::new(Db::default()));
    let alice = authenticated(&authenticator, "alice");
    let loading = alice.load_user(&store, None);
    assert_eq!(outcome(&loading), Ok("user alice".to_owned()));

    let bob = authenticated(&authenticator, "bob");
    assert_eq!(outcome(&bob.load_user(&store, Some(&loading))), Ok("user bob".to_owned()));
    assert_eq!(outcome(&alice.load_user(&other_store, Some(&loading))), Ok("user alice".to_owned()));
    assert_eq!(other_store.asked.load(Ordering::Relaxed), 1);
    let elsewhere = authenticated(&authenticator.with_realm("r").unwrap(), "alice");
    let _ = outcome(&elsewhere.load_user(&store, Some(&loading)));
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

#[test]
fn debug_shows_no_user() {
    let store = Arc::new(Db::default());
    let loading = authenticated(&Authenticator::new(Names), "alice").load_user(&store, None);
    assert_eq!(format!("{loading:?}"), "UserLoading(<redacted>)");
}
