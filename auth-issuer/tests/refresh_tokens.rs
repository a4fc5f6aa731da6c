//! Refresh tokens: good once, and never after they were stolen; and the logins that they belong to.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod memory;

use std::num::NonZeroUsize;
use std::time::Duration;

use auth_core::Scope;
use auth_issuer::{RefreshError, RefreshTokens, Refreshed, TokenError};
use auth_testing::TestClock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_executor::block_on;

use self::memory::Memory;

const READ: Scope = Scope::from_static("orders:read");
const DAY: u64 = 24 * 60 * 60;
const REUSE_INTERVAL: Duration = Duration::from_secs(10);

fn tokens(clock: &TestClock) -> RefreshTokens<Memory> {
    RefreshTokens::new(Memory::default()).clock(clock.clone())
}

fn issue(tokens: &RefreshTokens<Memory>) -> String {
    issue_to(tokens, "alice")
}

fn issue_to(tokens: &RefreshTokens<Memory>, subject: &str) -> String {
    block_on(tokens.issue(subject, "web", [READ], None)).unwrap()
}

fn exchange(tokens: &RefreshTokens<Memory>, token: &str) -> Result<Refreshed, RefreshError> {
    block_on(tokens.exchange(token, "web"))
}

fn next(tokens: &RefreshTokens<Memory>, token: &str) -> String {
    exchange(tokens, token).unwrap().refresh_token
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
        assert_eq!((&*refreshed.login.subject, &*refreshed.login.client_id), ("alice", "web"));
        assert_eq!(refreshed.login.scopes, [READ]);
        assert_ne!(refreshed.refresh_token, token);
        assert_eq!(refreshed.refresh_token.len(), 64, "384 bits");
        token = refreshed.refresh_token;
    }
    assert_eq!(tokens.store().state().records.len(), 1, "one row, however often it is renewed");
}

#[test]
fn looking_a_token_up_does_not_spend_it() {
    let clock = TestClock::default();
    let tokens = tokens(&clock);
    let token = issue(&tokens);
    let look_up = |token: &str, client: &str| block_on(tokens.look_up(token, client));
    for _ in 0..2 {
        let login = look_up(&token, "web").unwrap();
        assert_eq!((&*login.subject, login.scopes), ("alice", vec![READ]));
    }
    assert!(look_up("invented", "web").is_err());
    let next = next(&tokens, &token);
    assert!(look_up(&next, "web").is_ok());
    clock.advance(REUSE_INTERVAL);
    assert!(look_up(&token, "web").is_err(), "it was spent before");
    assert!(look_up(&next, "web").is_err(), "so the login has ended");
    let token = issue(&tokens);
    assert!(look_up(&token, "other").is_err());
    is_refused(exchange(&tokens, &token));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let with = |lifetime| RefreshTokens::new(Memory::default()).lifetime(lifetime);
    assert!(with(Duration::from_secs(1)).is_ok() && with(Duration::from_secs(365 * DAY)).is_ok());
    for lifetime in [Duration::ZERO, Duration::from_millis(900), Duration::MAX] {
        assert_eq!(with(lifetime).unwrap_err().to_string(), "refresh tokens live 1 second to 365 days");
    }
    let with = |interval| RefreshTokens::new(Memory::default()).reuse_interval(interval);
    assert!(with(Duration::ZERO).is_ok() && with(Duration::from_secs(60)).is_ok());
    for interval in [Duration::from_millis(60_001), Duration::MAX] {
        let error = with(interval).unwrap_err().to_string();
        assert_eq!(error, "a spent refresh token may be presented again for at most 60 seconds");
    }
}

#[test]
fn reuse_is_detected_and_ends_the_login() {
    let clock = TestClock::default();
    let tokens = tokens(&clock);
    let (stolen, other_login) = (issue(&tokens), issue(&tokens));
    let next = next(&tokens, &stolen);
    clock.advance(REUSE_INTERVAL);
    is_refused(exchange(&tokens, &stolen));
    is_refused(exchange(&tokens, &next));
    is_refused(exchange(&tokens, &stolen));
    assert!(exchange(&tokens, &other_login).is_ok(), "another login of the same user goes on");
}

/// Two tabs refresh at the same moment, or an answer is lost on its way.
#[test]
fn the_token_that_was_spent_last_yields_the_same_successor_for_ten_seconds() {
    let clock = TestClock::at(1_000);
    let tokens = tokens(&clock);
    let first = issue(&tokens);
    let second = next(&tokens, &first);
    for second_of_interval in 0..10 {
        clock.set(1_000 + second_of_interval);
        assert_eq!(next(&tokens, &first), second, "no second branch of the login");
        assert!(block_on(tokens.look_up(&first, "web")).is_ok());
    }
    let third = next(&tokens, &second);
    clock.set(1_000 + 18);
    assert_eq!(next(&tokens, &second), third, "counted from when it was spent");
    clock.set(1_000 + 19);
    is_refused(exchange(&tokens, &second));
    is_refused(exchange(&tokens, &third));
}

#[test]
fn only_the_token_that_was_spent_last_may_come_again() {
    let tokens = tokens(&TestClock::default());
    let first = issue(&tokens);
    let second = next(&tokens, &first);
    let third = next(&tokens, &second);
    is_refused(exchange(&tokens, &first));
    is_refused(exchange(&tokens, &third));
}

#[test]
fn the_reuse_interval_is_for_the_same_client_only_and_not_after_the_login() {
    let clock = TestClock::at(1_000);
    let tokens = tokens(&clock).lifetime(Duration::from_secs(5)).unwrap();
    let first = issue(&tokens);
    let second = next(&tokens, &first);
    clock.set(1_005);
    is_refused(exchange(&tokens, &first));
    clock.set(1_000);
    is_refused(block_on(tokens.exchange(&first, "other")));
    is_refused(exchange(&tokens, &second));
}

/// A store that has mixed up what it holds.
#[test]
fn a_successor_that_cannot_be_read_is_not_handed_out() {
    for sealed in ["", "not base64url!", &"A".repeat(43)] {
        let tokens = tokens(&TestClock::default());
        let first = issue(&tokens);
        next(&tokens, &first);
        for record in tokens.store().state().records.values_mut() {
            record.previous.as_mut().unwrap().sealed_successor = sealed.to_owned();
        }
        is_refused(exchange(&tokens, &first));
    }
}

#[test]
fn without_a_reuse_interval_a_token_that_comes_again_ends_the_login_at_once() {
    let tokens = tokens(&TestClock::default()).reuse_interval(Duration::ZERO).unwrap();
    let first = issue(&tokens);
    let second = next(&tokens, &first);
    is_refused(exchange(&tokens, &first));
    is_refused(exchange(&tokens, &second));
}

/// Both have read the token before either has spent it.
#[test]
fn two_exchanges_that_overlap_get_the_same_token() {
    for (interval, good) in [(10, true), (0, false)] {
        let clock = TestClock::default();
        let tokens = tokens(&clock).reuse_interval(Duration::from_secs(interval)).unwrap();
        let token = issue(&tokens);
        let faster = RefreshTokens::new(tokens.store().clone()).clock(clock.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        let (memory, copy) = (tokens.store().clone(), token.clone());
        tokens.store().state().before_rotation = Some(Box::new(move |state| {
            // The store is locked: the other request runs on a copy of it.
            let other = Memory::default();
            other.state().records = state.records.clone();
            let faster = RefreshTokens::new(other.clone()).clock(clock);
            // On a thread of its own, since this one is blocked.
            std::thread::spawn(move || sender.send(next(&faster, &copy)).unwrap()).join().unwrap();
            state.records = other.state().records.clone();
        }));
        let outcome = exchange(&tokens, &token);
        let first = receiver.recv().unwrap();
        if good {
            assert_eq!(outcome.unwrap().refresh_token, first);
            assert!(exchange(&faster, &first).is_ok());
        } else {
            is_refused(outcome);
            assert!(memory.state().records.is_empty(), "the login has ended");
        }
    }
}

#[test]
fn many_threads_with_one_token_get_one_successor() {
    let tokens = tokens(&TestClock::default());
    for _ in 0..50 {
        let token = issue(&tokens);
        let successors: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| next(&tokens, &token))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(successors.windows(2).all(|pair| pair[0] == pair[1]), "the login does not fork");
    }
}

#[test]
fn a_login_that_ends_during_an_exchange_has_ended() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    tokens.store().state().before_rotation = Some(Box::new(|state| state.records.clear()));
    is_refused(exchange(&tokens, &token));
    assert!(tokens.store().state().records.is_empty(), "no token has survived");
}

#[test]
fn a_token_that_was_never_issued_is_refused() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let record = tokens.store().state().records.values().next().unwrap().clone();
    for unknown in ["", "x", &token[1..], &format!("{token}A"), &record.login.id, &record.current] {
        is_refused(exchange(&tokens, unknown));
    }
    // What the store holds is no token.
    let id = URL_SAFE_NO_PAD.decode(&record.login.id).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(&record.current).unwrap();
    is_refused(exchange(&tokens, &URL_SAFE_NO_PAD.encode([&id[..16], &secret].concat())));
    assert!(exchange(&tokens, &token).is_ok(), "and the login goes on");
}

/// Whoever knows the first part of a token has seen one.
#[test]
fn a_token_of_a_login_with_an_invented_secret_ends_it() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let invented = URL_SAFE_NO_PAD.decode(&token).unwrap()[..16].to_vec();
    is_refused(exchange(&tokens, &URL_SAFE_NO_PAD.encode([&invented[..], &[7; 32]].concat())));
    is_refused(exchange(&tokens, &token));
}

#[test]
fn a_token_is_good_for_its_client_only() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    is_refused(block_on(tokens.exchange(&token, "other")));
    is_refused(exchange(&tokens, &token));
}

#[test]
fn a_login_ends_some_time_after_it_began() {
    let clock = TestClock::at(1_000);
    let tokens = tokens(&clock).lifetime(Duration::from_secs(14 * DAY)).unwrap();
    let mut token = issue(&tokens);
    clock.set(1_000 + 7 * DAY);
    token = next(&tokens, &token);
    clock.set(1_000 + 14 * DAY - 1);
    token = next(&tokens, &token);
    assert_eq!(block_on(tokens.logins("alice")).unwrap().len(), 1);
    clock.set(1_000 + 14 * DAY);
    is_refused(exchange(&tokens, &token));
    assert_eq!(block_on(tokens.logins("alice")).unwrap(), []);
}

#[test]
fn a_login_is_ended_by_any_of_its_tokens() {
    let clock = TestClock::default();
    let tokens = tokens(&clock);
    let other = issue(&tokens);
    for number_of_exchanges in 0..3 {
        let first = issue(&tokens);
        let last = (0..number_of_exchanges).fold(first.clone(), |token, _| next(&tokens, &token));
        block_on(tokens.end_login(&first)).unwrap();
        is_refused(exchange(&tokens, &last));
    }
    for unknown in ["", "invented", &"A".repeat(64)] {
        block_on(tokens.end_login(unknown)).unwrap();
    }
    assert!(exchange(&tokens, &other).is_ok());
}

#[test]
fn all_logins_of_a_subject_end_and_no_others() {
    let tokens = tokens(&TestClock::default());
    let alice = [issue(&tokens), issue(&tokens), issue(&tokens)];
    let (bob, next_of_alice) = (issue_to(&tokens, "bob"), next(&tokens, &alice[2]));
    block_on(tokens.end_all_logins("alice")).unwrap();
    for token in alice.iter().chain([&next_of_alice]) {
        is_refused(exchange(&tokens, token));
    }
    assert!(exchange(&tokens, &bob).is_ok());
    assert!(exchange(&tokens, &issue(&tokens)).is_ok(), "she may log in again");
}

#[test]
fn the_logins_of_a_subject_are_listed_with_when_they_began_and_a_label() {
    let clock = TestClock::at(1_000);
    let tokens = tokens(&clock);
    let log_in =
        |subject: &str, label: Option<&str>| block_on(tokens.issue(subject, "web", [READ], label)).unwrap();
    log_in("alice", Some("Firefox on Linux"));
    log_in("bob", None);
    clock.set(2_000);
    log_in("alice", Some(&format!("\u{1b}[31m\r\n<b>Fir\u{e9}fox {}", "x".repeat(300))));
    clock.set(3_000);
    let token = log_in("alice", Some("\u{0}\u{202e}"));
    let logins = || block_on(tokens.logins("alice")).unwrap();
    let listed: Vec<_> = logins().into_iter().map(|login| (login.began_at, login.label)).collect();
    let printable = format!("[31m<b>Firfox {}", "x".repeat(200 - 14));
    assert_eq!(
        listed,
        [(1_000, Some("Firefox on Linux".to_owned())), (2_000, Some(printable)), (3_000, None)]
    );
    assert!(logins().iter().all(|login| login.expires_at == login.began_at + 14 * DAY));

    let next = next(&tokens, &token);
    let [first, _, third] = logins().try_into().unwrap();
    assert_eq!(third.began_at, 3_000, "it is the same login");
    let end = |subject: &str, id: &str| block_on(tokens.end_login_by_id(subject, id)).unwrap();
    assert!(!end("bob", &third.id), "bob does not end alice's");
    assert!(!end("alice", "invented"));
    assert_eq!(logins().len(), 3);
    assert!(end("alice", &third.id));
    is_refused(exchange(&tokens, &next));
    assert!(end("alice", &first.id));
    assert_eq!(logins().len(), 1);
}

#[test]
fn a_subject_has_so_many_logins_and_the_oldest_ends() {
    let clock = TestClock::at(1_000);
    let tokens = tokens(&clock).max_logins(NonZeroUsize::new(3).unwrap());
    let bob = issue_to(&tokens, "bob");
    // Some begin in the same second.
    let mut alice = Vec::new();
    for number in 0..10 {
        clock.set(1_000 + number / 4);
        alice.push(issue(&tokens));
        assert!(block_on(tokens.look_up(&alice[alice.len() - 1], "web")).is_ok(), "never the newest");
        assert!(block_on(tokens.logins("alice")).unwrap().len() <= 3);
    }
    let (ended, left) = alice.split_at(7);
    assert!(exchange(&tokens, &left[1]).is_ok() && exchange(&tokens, &left[2]).is_ok());
    let good = alice.iter().filter(|token| block_on(tokens.look_up(token, "web")).is_ok());
    assert_eq!(good.count(), 3);
    is_refused(exchange(&tokens, &ended[0]));
    assert!(exchange(&tokens, &bob).is_ok());

    let one = RefreshTokens::new(Memory::default()).clock(clock.clone()).max_logins(NonZeroUsize::MIN);
    for _ in 0..30 {
        assert!(exchange(&one, &issue(&one)).is_ok(), "never the newest, though all begin in one second");
    }
    let by_default = RefreshTokens::new(Memory::default()).clock(clock);
    for _ in 0..60 {
        issue(&by_default);
    }
    assert_eq!(by_default.store().state().records.len(), 50);
}

#[test]
fn a_store_that_fails_is_no_fault_of_the_client() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let set = |fails, writing_fails| {
        let mut state = tokens.store().state();
        (state.fails, state.writing_fails) = (fails, writing_fails);
    };
    for (fails, writing_fails) in [(true, false), (false, true)] {
        set(fails, writing_fails);
        let failure = exchange(&tokens, &token).unwrap_err();
        assert!(failure.token_error().is_none(), "{failure}");
        assert!(failure.to_string().contains("down") || failure.to_string().contains("full"), "{failure}");
        assert!(block_on(tokens.issue("alice", "web", [], None)).is_err());
        assert!(block_on(tokens.end_login(&token)).is_err());
        assert!(block_on(tokens.end_all_logins("alice")).is_err());
        set(false, false);
    }
    assert!(exchange(&tokens, &token).is_ok(), "it was not spent");
}

#[test]
fn the_store_has_no_token_and_nothing_prints_one() {
    let tokens = tokens(&TestClock::default());
    let token = issue(&tokens);
    let refreshed = exchange(&tokens, &token).unwrap();
    let record = tokens.store().state().records.values().next().unwrap().clone();
    let spent = record.previous.clone().unwrap();
    let printed = format!("{record:?} {refreshed:?} {tokens:?} {spent:?} {:?}", record.login);
    let stored = [&record.login.id, &record.current, &spent.token_hash, &spent.sealed_successor];
    for secret in stored.into_iter().chain([&token, &refreshed.refresh_token, &"alice".to_owned()]) {
        assert!(!printed.contains(secret), "{printed}");
    }
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    for token in [&token, &refreshed.refresh_token].map(|token| decoded(token)) {
        for stored in stored.map(|stored| decoded(stored)) {
            assert_ne!(stored, token[16..]);
            assert_ne!(stored[..16], token[..16]);
        }
        // Nothing in the store decrypts the successor.
        for key in stored.map(|stored| decoded(stored)) {
            let sealed = decoded(&spent.sealed_successor);
            let opened: Vec<_> = sealed.iter().zip(key).map(|(sealed, key)| sealed ^ key).collect();
            assert_ne!(opened, token[16..]);
        }
    }
}
