//! How often one may guess.

use super::*;
use auth_testing::TestClock;

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
    assert_eq!(limits.accounts.states.0.len(), 131_072);
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
    for limit in [&limits.accounts, &limits.addresses] {
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
