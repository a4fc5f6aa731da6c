//! How often one may guess.

use super::*;
use auth_testing::TestClock;
use std::net::Ipv6Addr;
use std::sync::atomic::{AtomicU32, Ordering};

const MINUTE: Duration = Duration::from_secs(60);

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn fails(limits: &GuessLimits, account: &str, from: IpAddr) -> Result<(), u64> {
    limits.attempt(account, from).map(drop).map_err(|refused| refused.retry_after)
}

#[test]
fn an_account_has_so_many_attempts_and_one_more_each_period() {
    let clock = TestClock::at(1_000);
    let limits = GuessLimits::new().per_account(3, MINUTE).unwrap().clock(clock.clone());
    for last in 0..3 {
        assert_eq!(fails(&limits, "alice", address(last)), Ok(()));
    }
    assert_eq!(fails(&limits, "alice", address(9)), Err(60));
    assert_eq!(fails(&limits, "bob", address(9)), Ok(()), "another account");
    clock.advance(Duration::from_secs(59));
    assert_eq!(fails(&limits, "alice", address(9)), Err(1));
    clock.advance(Duration::from_secs(1));
    assert_eq!(fails(&limits, "alice", address(9)), Ok(()));
    assert_eq!(fails(&limits, "alice", address(9)), Err(60));
    clock.advance(100 * MINUTE);
    for _ in 0..3 {
        assert_eq!(fails(&limits, "alice", address(9)), Ok(()), "no more than three are saved up");
    }
    assert_eq!(fails(&limits, "alice", address(9)), Err(60));
}

#[test]
fn an_address_has_so_many_attempts_whatever_the_account() {
    let limits = GuessLimits::new().per_address(3, MINUTE).unwrap().clock(TestClock::default());
    for account in ["a", "b", "c"] {
        assert_eq!(fails(&limits, account, address(1)), Ok(()));
    }
    for _ in 0..100 {
        assert_eq!(fails(&limits, "alice", address(1)), Err(60));
    }
    assert_eq!(fails(&limits, "alice", address(2)), Ok(()), "an account is not used up by who may not ask");
}

#[test]
fn a_login_that_succeeds_does_not_count() {
    let limits = GuessLimits::new().per_account(2, MINUTE).unwrap().per_address(2, MINUTE).unwrap();
    let limits = limits.clock(TestClock::default());
    for _ in 0..100 {
        limits.attempt("alice", address(1)).unwrap().forget();
    }
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    limits.attempt("alice", address(1)).unwrap().forget();
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()), "nor does it make failures forgotten");
    assert!(fails(&limits, "alice", address(1)).is_err());
}

#[test]
fn attempts_at_the_same_moment_count() {
    let limits = GuessLimits::new().per_account(2, MINUTE).unwrap().clock(TestClock::default());
    let begun = [limits.attempt("alice", address(1)), limits.attempt("alice", address(1))];
    assert!(begun.iter().all(Result::is_ok));
    assert!(limits.attempt("alice", address(1)).is_err());
}

#[test]
fn of_ipv6_the_network_counts() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let limits = || GuessLimits::new().per_address(1, MINUTE).unwrap().clock(TestClock::default());
    for (one, other, same) in [
        ("2001:db8::1", "2001:db8::ffff:1", true),
        ("2001:db8::1", "2001:db8:0:ff::1", true),
        ("2001:db8::1", "2001:db8:0:100::1", false),
        ("64:ff9b::192.0.2.1", "192.0.2.1", true),
        ("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false),
        ("192.0.2.1", "::ffff:192.0.2.1", true),
        ("192.0.2.1", "::ffff:192.0.2.2", false),
        ("192.0.2.1", "192.0.2.2", false),
    ] {
        let limits = limits();
        assert_eq!(fails(&limits, "a", ip(one)), Ok(()));
        assert_eq!(fails(&limits, "b", ip(other)).is_err(), same, "{one} {other}");
    }
}

/// However many others are asked for, and whether they are forgotten again.
#[test]
fn memory_is_bounded_and_keeps_what_is_guessed_at() {
    let limits = GuessLimits::new().per_account(3, MINUTE).unwrap().clock(TestClock::at(0));
    let mut let_in = 0;
    for number in 0..200_000_u32 {
        let [a, b, c, d] = number.to_be_bytes();
        for _ in 0..2 {
            let attempt = limits.attempt(&format!("user {number}"), IpAddr::from([a, b, c, d]));
            attempt.map(Attempt::forget).unwrap_or_default();
        }
        if number % 1_000 == 0 {
            let_in += usize::from(fails(&limits, "alice", IpAddr::from([10, b, c, d])).is_ok());
        }
    }
    assert_eq!(let_in, 3);
    assert_eq!(limits.inner.names.states.0.len(), 131_072);
}

#[test]
fn one_address_has_sixteen_under_way() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let under_way: Vec<_> =
        (0..16).map(|number| limits.attempt(&number.to_string(), address(1)).unwrap()).collect();
    assert_eq!(fails(&limits, "alice", address(1)), Err(1));
    assert_eq!(fails(&limits, "alice", address(2)), Ok(()));
    under_way.into_iter().for_each(Attempt::forget);
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    for limit in [&limits.inner.names, &limits.inner.addresses] {
        assert!(limit.under_way.iter().all(|count| count.load(Ordering::Relaxed) == 0));
    }
}

#[test]
fn an_account_that_others_have_used_up_does_not_use_up_an_address() {
    let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().per_address(2, MINUTE).unwrap();
    let limits = limits.clock(TestClock::default());
    assert_eq!(fails(&limits, "alice", address(9)), Ok(()));
    for _ in 0..100 {
        assert_eq!(fails(&limits, "alice", address(1)), Err(60));
    }
    assert_eq!(fails(&limits, "bob", address(1)), Ok(()));
    assert_eq!(fails(&limits, "carol", address(1)), Ok(()));
    assert_eq!(fails(&limits, "dave", address(1)), Err(60));
}

/// However long they take, and however many there are.
#[test]
fn logins_that_succeed_use_nothing_up() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().clock(clock.clone());
    for second in 0..10_000 {
        let overlapping: Vec<_> = (0..8).map(|_| limits.attempt("alice", address(1)).unwrap()).collect();
        clock.advance(Duration::from_secs(second % 3));
        overlapping.into_iter().for_each(Attempt::forget);
    }
    for _ in 0..10 {
        assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    }
    assert_eq!(fails(&limits, "alice", address(1)), Err(60));
}

/// Attempts that take long have no more than the others.
#[test]
fn what_is_forgotten_late_gains_nothing() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().per_account(2, MINUTE).unwrap().clock(clock.clone());
    let slow = [(); 2].map(|()| limits.attempt("alice", address(1)).unwrap());
    clock.advance(2 * MINUTE);
    assert_eq!(fails(&limits, "alice", address(1)), Err(1), "two are under way");
    slow.into_iter().for_each(Attempt::forget);
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    assert_eq!(fails(&limits, "alice", address(1)), Err(60));
}

/// Many threads, and no more guesses than one would have.
#[test]
fn threads_have_no_more_guesses_than_one() {
    let limits = GuessLimits::new().per_account(10, MINUTE).unwrap().clock(TestClock::default());
    let judged = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for last in 0..4 {
            let (limits, judged) = (&limits, &judged);
            scope.spawn(move || {
                for _ in 0..10_000 {
                    if fails(limits, "alice", address(last)).is_ok() {
                        judged.fetch_add(1, Ordering::Relaxed);
                    }
                    let _ = limits.attempt("bob", address(last)).map(Attempt::forget);
                }
            });
        }
    });
    assert_eq!(judged.into_inner(), 10);
}

/// Logs in by a name of an account. `Ok` tells whether the attempt may succeed.
fn log_in<'a>(
    limits: &'a GuessLimits,
    (name, subject): (&str, Option<&str>),
    from: IpAddr,
    end: impl FnOnce(Attempt<'a>),
) -> Result<bool, u64> {
    let attempt = limits.login(name, from).and_then(|login| login.for_subject(subject));
    let attempt = attempt.map_err(|refused| refused.retry_after)?;
    let may_succeed = attempt.may_succeed();
    end(attempt);
    Ok(may_succeed)
}

fn guesses(limits: &GuessLimits, names: (&str, Option<&str>), from: IpAddr) -> Result<bool, u64> {
    log_in(limits, names, from, drop)
}

#[test]
fn all_names_of_an_account_share_its_limit() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().clock(clock.clone());
    let alice = Some("17");
    let mut judged = 0;
    for number in 0..20_u8 {
        for _ in 0..10 {
            let name = format!("alice{}", "\u{301}".repeat(number.into()));
            judged += usize::from(guesses(&limits, (&name, alice), address(number)) == Ok(true));
        }
    }
    assert_eq!(judged, 10);
    clock.advance(MINUTE);
    assert_eq!(guesses(&limits, ("another", alice), address(99)), Ok(true));
    assert_eq!(guesses(&limits, ("another", alice), address(99)), Ok(false));
    assert_eq!(guesses(&limits, ("bob", Some("18")), address(99)), Ok(true));
}

/// Whoever asks sees the same of a second name as of a name that nobody has.
#[test]
fn what_is_answered_does_not_tell_which_names_belong_to_one_account() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let series = |names| (0..13).map(|_| guesses(&limits, names, address(1)).map(drop)).collect::<Vec<_>>();
    let known = series(("alice", Some("17")));
    assert_eq!(known.iter().filter(|answer| answer.is_ok()).count(), 10);
    assert_eq!(series(("alice@example.com", Some("17"))), known);
    assert_eq!(series(("nobody", None)), known);
}

#[test]
fn a_login_that_may_not_succeed_does_not() {
    let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(TestClock::default());
    assert_eq!(guesses(&limits, ("a", Some("17")), address(1)), Ok(true));
    assert_eq!(log_in(&limits, ("b", Some("17")), address(2), Attempt::succeed), Ok(false));
    assert_eq!(
        guesses(&limits, ("b", Some("17")), address(2)),
        Err(60),
        "it has counted, and is not remembered"
    );
}

/// A guesser with ten thousand addresses against an owner at home: ten guesses at once and one more each minute, as
/// without the owner, who is never refused.
#[test]
fn a_guesser_does_not_lock_the_owner_out() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().clock(clock.clone());
    let (alice, home) = (("alice", Some("17")), address(1));
    assert_eq!(log_in(&limits, alice, home, Attempt::succeed), Ok(true));
    let (mut judged, mut owner_judged) = (0, 0);
    for minute in 0..100_u8 {
        for number in 0..100 {
            let from = IpAddr::from([198, 51, minute, number]);
            judged += usize::from(guesses(&limits, alice, from).is_ok());
        }
        for name in ["alice", "alice@example.com"] {
            let logged_in = log_in(&limits, (name, alice.1), home, Attempt::succeed);
            owner_judged += usize::from(logged_in == Ok(true));
        }
        assert!(guesses(&limits, alice, address(2)).is_err(), "the owner himself, where he is not known");
        clock.advance(MINUTE);
    }
    assert_eq!((judged, owner_judged), (10 + 99, 200));
}

#[test]
fn a_familiar_network_has_as_many_attempts_as_strangers_have_together() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().clock(clock.clone());
    let alice = ("alice", Some("17"));
    let judged = |from| (0..30).filter(|_| guesses(&limits, alice, from) == Ok(true)).count();
    let _ = log_in(&limits, alice, address(1), Attempt::succeed);
    assert_eq!(judged(address(2)), 10, "strangers");
    assert_eq!(judged(address(1)), 10);
    assert_eq!(guesses(&limits, alice, address(1)), Err(60));
    clock.advance(MINUTE);
    assert_eq!(judged(address(2)), 1);
    assert_eq!(judged(address(1)), 1);
    // Not of other accounts, although somebody has logged in from there.
    for _ in 0..10 {
        let _ = guesses(&limits, ("bob", Some("18")), address(3));
    }
    assert_eq!(guesses(&limits, ("bob", Some("18")), address(1)), Err(60));
    assert_eq!(guesses(&limits, ("bob", None), address(1)), Err(60));
    clock.advance(30 * 24 * 60 * MINUTE);
    assert_eq!(judged(address(2)), 10);
    assert_eq!(judged(address(1)), 0, "thirty days are over");
}

#[test]
fn a_network_that_is_remembered_is_familiar() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let alice = ("alice", Some("17"));
    limits.remember("17", "2001:db8::1".parse().unwrap());
    for _ in 0..10 {
        assert_eq!(guesses(&limits, alice, address(2)), Ok(true));
    }
    assert_eq!(guesses(&limits, alice, address(2)), Err(60));
    assert_eq!(guesses(&limits, alice, "2001:db8::2".parse().unwrap()), Ok(true));
    assert_eq!(guesses(&limits, alice, "2001:db8:0:100::2".parse().unwrap()), Err(60), "another /56");
}

/// Somebody with a /32 of IPv6 logs in to an account of his own from two million of its networks.
#[test]
fn one_account_makes_no_networks_of_others_forgotten() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().clock(clock.clone());
    let (alice, home) = (("alice", Some("17")), address(1));
    limits.remember("17", home);
    clock.advance(MINUTE);
    let bucket = |subject: &str| limits.inner.hasher.hash_one(subject) % 65_536;
    let others = (18..).map(|subject| subject.to_string());
    let mallory = others.into_iter().find(|subject| bucket(subject) != bucket("17")).unwrap();
    for number in 0..2_000_000_u32 {
        limits.remember(&mallory, Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(number) << 72).into());
    }
    for _ in 0..10 {
        assert_eq!(guesses(&limits, alice, address(2)), Ok(true));
    }
    assert_eq!(guesses(&limits, alice, address(2)), Err(60));
    assert_eq!(log_in(&limits, alice, home, Attempt::succeed), Ok(true));
}

/// Such as at a form to change the password.
#[test]
fn a_subject_that_is_known_has_no_more_attempts_than_by_its_names() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let fails =
        |subject, from| limits.attempt_for_subject(subject, from).map(drop).map_err(|e| e.retry_after);
    for number in 0..5 {
        assert_eq!(fails("17", address(number)), Ok(()));
        assert_eq!(guesses(&limits, ("alice", Some("17")), address(number)), Ok(true));
    }
    assert_eq!(fails("17", address(9)), Err(60));
    assert_eq!(guesses(&limits, ("alice@example.com", Some("17")), address(9)), Ok(false));
    assert_eq!(fails("18", address(9)), Ok(()), "another account");
    for _ in 0..100 {
        limits.attempt_for_subject("19", address(1)).unwrap().succeed();
    }
    assert_eq!(fails("17", address(1)), Err(60), "no login has made the network familiar");
}

/// Neither by the name, nor by the subject.
#[test]
fn strangers_use_up_no_attempts_of_a_subject_where_it_is_known() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let judged = |from| (0..30).filter(|_| limits.attempt_for_subject("17", from).is_ok()).count();
    limits.remember("17", address(1));
    for _ in 0..10 {
        drop(limits.attempt("17", address(2)).unwrap());
    }
    assert_eq!(judged(address(2)), 10);
    assert_eq!((judged(address(3)), judged(address(1))), (0, 10));
    for limit in [&limits.inner.names, &limits.inner.subjects, &limits.inner.addresses, &limits.inner.wider] {
        assert!(limit.under_way.iter().all(|count| count.load(Ordering::Relaxed) == 0));
    }
}

/// As every other guess does.
#[test]
fn attempts_of_a_subject_count_for_the_address_and_the_wider_network() {
    let limits = GuessLimits::new().per_address(3, MINUTE).unwrap().clock(TestClock::default());
    let judged = |from: IpAddr| {
        (0..9).filter(|number| limits.attempt_for_subject(&format!("{number}"), from).is_ok()).count()
    };
    assert_eq!(judged(address(1)), 3);
    let customers = (0..100_u16).map(|customer| IpAddr::from([0x2001, 0xdb8, 1, customer << 8, 0, 0, 0, 1]));
    assert_eq!(customers.map(judged).sum::<usize>(), 12);
}

#[test]
fn a_network_that_is_forgotten_is_that_of_a_stranger() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let alice = ("alice", Some("17"));
    limits.remember("17", address(1));
    limits.remember("18", address(3));
    limits.forget("17");
    for (name, subject) in [("alice", "17"), ("bob", "18")] {
        for _ in 0..10 {
            assert_eq!(guesses(&limits, (name, Some(subject)), address(2)), Ok(true));
        }
    }
    assert_eq!(guesses(&limits, alice, address(1)), Err(60));
    assert_eq!(guesses(&limits, ("bob", Some("18")), address(3)), Ok(true), "another account");
}

/// A /48 has as many as four of its /56, and one of them does not use it up.
#[test]
fn a_wider_network_has_a_limit_of_its_own() {
    let clock = TestClock::default();
    let limits = GuessLimits::new().per_address(3, MINUTE).unwrap().clock(clock.clone());
    let from = |site: u16, customer: u16| IpAddr::from([0x2001, 0xdb8, site, customer << 8, 0, 0, 0, 1]);
    let guess_from = |from| fails(&limits, &from_name(from), from);
    let judged = |customers: std::ops::Range<u16>| {
        customers
            .map(|customer| (0..9).filter(|_| guess_from(from(1, customer)).is_ok()).count())
            .sum::<usize>()
    };
    assert_eq!(judged(0..1), 3, "one customer");
    assert_eq!(judged(1..100), 9, "all others together");
    assert_eq!(guess_from(from(1, 200)), Err(15));
    assert_eq!(guess_from(from(0, 200)), Ok(()), "another /48");
    clock.advance(MINUTE);
    assert_eq!(judged(0..100), 4);
    let others = GuessLimits::new().per_address(3, MINUTE).unwrap().clock(TestClock::default());
    for last in 0..100 {
        let from = IpAddr::from([198, 51, 100, last]);
        assert_eq!(fails(&others, &from_name(from), from), Ok(()), "of IPv4 the address counts");
    }
    // The owner of an account is let in for all that.
    let alice = ("alice", Some("17"));
    assert_eq!(guesses(&limits, alice, from(1, 200)), Err(15));
    limits.remember("17", from(1, 200));
    assert_eq!(guesses(&limits, alice, from(1, 200)), Ok(true));
    assert_eq!(guesses(&limits, alice, from(1, 201)), Err(15));
    assert_eq!(guesses(&limits, ("nobody", None), from(1, 200)), Err(15));
}

/// A name of which no other address has made use.
fn from_name(from: IpAddr) -> String {
    format!("somebody at {from}")
}

#[test]
fn one_wider_network_has_thirty_two_under_way() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let from = |customer: u16| IpAddr::from([0x2001, 0xdb8, 0, customer << 8, 0, 0, 0, 1]);
    let begin = |number: u16| limits.attempt(&number.to_string(), from(number % 16));
    let under_way: Vec<_> = (0..32).map(|number| begin(number).unwrap()).collect();
    assert!(begin(32).is_err());
    drop(under_way);
    assert!(begin(32).is_ok());
}

#[test]
fn a_login_whose_account_was_not_looked_up_does_not_count() {
    let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(TestClock::default());
    for _ in 0..100 {
        drop(limits.login("alice", address(1)).unwrap());
    }
    let held = limits.login("alice", address(1)).unwrap();
    assert!(limits.login("alice", address(1)).is_err(), "it is under way");
    drop(held);
    assert_eq!(guesses(&limits, ("alice", Some("17")), address(1)), Ok(true));
    limits.remember("17", address(1));
    let _ = guesses(&limits, ("alice", Some("17")), address(1));
    let _ = guesses(&limits, ("other", Some("17")), address(1));
    let inner = &*limits.inner;
    for limit in [&inner.names, &inner.subjects, &inner.addresses, &inner.wider] {
        assert!(limit.under_way.iter().all(|count| count.load(Ordering::Relaxed) == 0));
    }
}

#[test]
fn threads_with_many_names_have_no_more_guesses_than_one() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let judged = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for last in 0..4 {
            let (limits, judged) = (&limits, &judged);
            scope.spawn(move || {
                for number in 0..2_000_u16 {
                    let name = format!("alice {last} {number}");
                    let [high, low] = number.to_be_bytes();
                    let from = IpAddr::from([10, last, high, low]);
                    if guesses(limits, (&name, Some("17")), from) == Ok(true) {
                        judged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(judged.into_inner(), 10);
}

#[test]
fn clones_share_their_counts() {
    let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(TestClock::default());
    let clone = limits.clone();
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    assert_eq!(fails(&clone, "alice", address(1)), Err(60));
    assert_eq!(guesses(&clone, ("alice", Some("17")), address(1)), Err(60), "a form and the login, too");
    clone.remember("18", address(1));
    assert_eq!(
        guesses(&limits, ("alice", Some("17")), address(1)),
        Err(60),
        "somebody else is familiar there"
    );
}

#[test]
fn nothing_is_printed_of_whom() {
    let limits = GuessLimits::new();
    let login = limits.login("canary", address(1)).unwrap();
    let printed = format!("{limits:?} {login:?}");
    let attempt = login.for_subject(Some("canary")).unwrap();
    let printed = format!("{printed} {attempt:?}");
    assert!(!printed.contains("canary") && !printed.contains("192"), "{printed}");
}

#[test]
fn how_long_to_wait_is_rounded_up() {
    let limits = GuessLimits::new().per_account(1, Duration::from_millis(1900)).unwrap();
    let limits = limits.clock(TestClock::default());
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    assert_eq!(fails(&limits, "alice", address(1)), Err(2));
}

#[test]
fn a_login_is_renewed_so_often_and_no_more() {
    let limits = GuessLimits::new().clock(TestClock::default());
    let renewed = (0..100).filter(|_| limits.refresh("family").is_ok()).count();
    assert_eq!(renewed, 30);
    assert!(limits.refresh("another").is_ok());
}

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Option<u64> {
        None
    }
}

#[test]
fn a_clock_that_knows_no_time_lets_nobody_guess_on() {
    let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(Stopped);
    assert_eq!(fails(&limits, "alice", address(1)), Ok(()));
    assert_eq!(fails(&limits, "alice", address(1)), Err(60));
}

#[test]
fn a_clock_that_jumps_is_borne() {
    let clock = TestClock::at(0);
    let limits = GuessLimits::new().per_account(1, MINUTE).unwrap().clock(clock.clone());
    for now in [0, u64::MAX, u64::MAX] {
        clock.set(now);
        let _ = fails(&limits, "alice", address(1));
    }
    assert_eq!(fails(&limits, "alice", address(1)), Err(60));
    clock.set(0);
    assert!(
        fails(&limits, "alice", address(1)).is_err(),
        "a clock that was turned back lets nobody guess on"
    );
}

#[test]
fn a_limit_that_cannot_be_kept_is_told() {
    let limits = |at_once, seconds| GuessLimits::new().per_account(at_once, Duration::from_secs(seconds));
    assert!(limits(1, 1).is_ok() && limits(10_000, 24 * 60 * 60).is_ok());
    assert!(limits(10_001, 60).is_err());
    assert!(limits(0, 60).is_err() && limits(1, 0).is_err() && limits(1, 24 * 60 * 60 + 1).is_err());
    assert!(GuessLimits::new().per_address(0, MINUTE).is_err());
    assert_eq!(
        InvalidLimit.to_string(),
        "a limit allows 1 to 10000 attempts at once, and another one each second to 24 hours"
    );
}
