//! Refresh tokens: good once, and never after they were stolen.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use auth_core::{Scope, StoreFailure, async_trait};
use auth_issuer::{
    Redeemed, RefreshError, RefreshRecord, RefreshTokenStore, RefreshTokens, Refreshed, TokenError,
};
use auth_testing::TestClock;
use futures_executor::block_on;

const READ: Scope = Scope::from_static("orders:read");
const DAY: u64 = 24 * 60 * 60;

#[derive(Default)]
struct Memory {
    records: Mutex<HashMap<String, (RefreshRecord, bool)>>,
    fails: Mutex<bool>,
    /// Revokes the family just before the next token is inserted, as another request may.
    revokes_first: Mutex<bool>,
}

impl Memory {
    fn works(&self) -> Result<(), StoreFailure> {
        if *self.fails.lock().unwrap() { Err(std::io::Error::other("down").into()) } else { Ok(()) }
    }
}

#[async_trait]
impl RefreshTokenStore for Memory {
    async fn insert(&self, record: RefreshRecord) -> Result<(), StoreFailure> {
        self.works()?;
        if *self.revokes_first.lock().unwrap() {
            self.revoke(&record.family).await?;
        }
        self.records.lock().unwrap().insert(record.token_hash.clone(), (record, false));
        Ok(())
    }

    async fn find(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure> {
        self.works()?;
        Ok(self.records.lock().unwrap().get(token_hash).map(|(record, redeemed)| {
            if *redeemed { Redeemed::Again(record.clone()) } else { Redeemed::First(record.clone()) }
        }))
    }

    async fn redeem(&self, token_hash: &str) -> Result<Option<Redeemed>, StoreFailure> {
        self.works()?;
        Ok(self.records.lock().unwrap().get_mut(token_hash).map(|(record, redeemed)| {
            if std::mem::replace(redeemed, true) {
                Redeemed::Again(record.clone())
            } else {
                Redeemed::First(record.clone())
            }
        }))
    }

    async fn revoke(&self, family: &str) -> Result<(), StoreFailure> {
        self.works()?;
        self.records.lock().unwrap().retain(|_, (record, _)| record.family != family);
        Ok(())
    }
}

fn tokens(clock: &TestClock) -> RefreshTokens<Memory> {
    RefreshTokens::new(Memory::default()).clock(clock.clone())
}

fn issue(tokens: &RefreshTokens<Memory>) -> String {
    block_on(tokens.issue("alice", "web", [READ])).unwrap()
}

fn exchange(tokens: &RefreshTokens<Memory>, token: &str) -> Result<Refreshed, RefreshError> {
    block_on(tokens.exchange(token, "web"))
}

#[track_caller]
fn is_refused(outcome: Result<Refreshed, RefreshError>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.token_error(), Some(TokenError::InvalidRefreshToken), "{error}");
}

#[test]
fn a_token_is_exchanged_for_the_next_one() {
    let tokens = tokens(&TestClock::default());
    let mut token = issue(&tokens);
    for _ in 0..10 {
        let refreshed = exchange(&tokens, &token).unwrap();
        assert_eq!((refreshed.subject.as_str(), refreshed.client_id.as_str()), ("alice", "web"));
        assert_eq!(refreshed.scopes, [READ]);
        assert_ne!(refreshed.refresh_token, token);
        assert_eq!(refreshed.refresh_token.len(), 43, "256 bits");
        token = refreshed.refresh_token;
    }
}

#[test]
fn looking_a_token_up_does_not_spend_it() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let look_up = |token: &str, client: &str| block_on(tokens.look_up(token, client));
    for _ in 0..2 {
        let record = look_up(&token, "web").unwrap();
        assert_eq!((&*record.subject, record.scopes), ("alice", vec![READ]));
    }
    assert!(look_up("invented", "web").is_err());
    let next = exchange(&tokens, &token).unwrap().refresh_token;
    assert!(look_up(&next, "web").is_ok());
    assert!(look_up(&token, "web").is_err(), "it was redeemed before");
    assert!(look_up(&next, "web").is_err(), "so the family has ended");
    let token = issue(&tokens);
    assert!(look_up(&token, "other").is_err());
    is_refused(exchange(&tokens, &token));
}

#[test]
fn a_lifetime_that_makes_no_sense_is_refused() {
    let with = |lifetime| RefreshTokens::new(Memory::default()).lifetime(lifetime);
    assert!(with(Duration::from_secs(1)).is_ok() && with(Duration::from_secs(365 * DAY)).is_ok());
    for lifetime in [Duration::ZERO, Duration::from_millis(900), Duration::MAX] {
        assert_eq!(with(lifetime).unwrap_err().to_string(), "refresh tokens live 1 second to 365 days");
    }
}

#[test]
fn reuse_is_detected_and_ends_the_family() {
    let tokens = tokens(&TestClock::default());
    let (stolen, other_login) = (issue(&tokens), issue(&tokens));
    let next = exchange(&tokens, &stolen).unwrap().refresh_token;
    is_refused(exchange(&tokens, &stolen));
    is_refused(exchange(&tokens, &next));
    is_refused(exchange(&tokens, &stolen));
    assert!(exchange(&tokens, &other_login).is_ok(), "another login of the same user goes on");
}

#[test]
fn a_family_that_is_revoked_during_an_exchange_has_ended() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    *tokens.store().revokes_first.lock().unwrap() = true;
    is_refused(exchange(&tokens, &token));
    assert!(tokens.store().records.lock().unwrap().is_empty(), "no token has survived");
}

#[test]
fn a_token_that_was_never_issued_is_refused() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let family = tokens.store().records.lock().unwrap().values().next().unwrap().0.family.clone();
    let hash = tokens.store().records.lock().unwrap().keys().next().unwrap().clone();
    for unknown in ["", "x", &token[1..], &format!("{token}A"), &family, &hash] {
        is_refused(exchange(&tokens, unknown));
    }
    assert!(exchange(&tokens, &token).is_ok());
}

#[test]
fn a_token_is_good_for_its_client_only() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    is_refused(block_on(tokens.exchange(&token, "other")));
    is_refused(exchange(&tokens, &token));
}

#[test]
fn a_family_ends_some_time_after_the_login() {
    let clock = TestClock::at(1_000);
    let tokens = tokens(&clock).lifetime(Duration::from_secs(14 * DAY)).unwrap();
    let mut token = issue(&tokens);
    clock.set(1_000 + 7 * DAY);
    token = exchange(&tokens, &token).unwrap().refresh_token;
    clock.set(1_000 + 14 * DAY - 1);
    token = exchange(&tokens, &token).unwrap().refresh_token;
    clock.set(1_000 + 14 * DAY);
    is_refused(exchange(&tokens, &token));
}

#[test]
fn a_store_that_fails_is_no_fault_of_the_client() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    *tokens.store().fails.lock().unwrap() = true;
    let failure = exchange(&tokens, &token).unwrap_err();
    assert!(failure.token_error().is_none() && failure.to_string().contains("down"), "{failure}");
    assert!(block_on(tokens.issue("alice", "web", [])).is_err());
    *tokens.store().fails.lock().unwrap() = false;
    assert!(exchange(&tokens, &token).is_ok(), "it was not spent");
}

#[test]
fn the_store_has_no_token_and_nothing_prints_one() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let (record, _) = tokens.store().records.lock().unwrap().values().next().unwrap().clone();
    assert_ne!(record.token_hash, token);
    let refreshed = exchange(&tokens, &token).unwrap();
    let printed = format!("{record:?} {refreshed:?} {tokens:?}");
    for secret in [&token, &refreshed.refresh_token, "alice", &record.token_hash] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
