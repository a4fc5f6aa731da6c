//! The line that the log has of a refusal.
//!
//! 1. Where DEBUG is enabled, each refusal has its line there.
//! 2. Elsewhere the first of each kind is told where people look without configuring anything: at WARN what looks like
//!    a mistake, at INFO what happens every day. From then on one line a minute at most tells of a kind, and of how many
//!    had none, so that whoever sends bad requests cannot fill a disk with them.
//!
//! What has no line takes no memory and no lock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tracing::{Level, enabled};

use super::refusal_kind::{Cause, Kind};
use crate::http::reason::Reason;
use crate::policy::policy::Policy;
use crate::token::error::VerifyError;

/// For how long after a line there is no other one of its kind.
const PAUSE: Duration = Duration::from_secs(60);

/// What a line tells, beside a hint.
#[derive(Clone, Copy)]
pub(crate) struct Refusal<'a> {
    pub(crate) kind: Kind,
    pub(crate) reason: Reason,
    pub(crate) error: Option<&'a VerifyError>,
    pub(crate) policy: Option<&'a Policy>,
    pub(crate) key_id: Option<&'a str>,
    /// The place of the verifier in a chain.
    pub(crate) issuer: Option<u32>,
    pub(crate) message: &'static str,
}

impl Refusal<'_> {
    pub(crate) fn new(kind: Kind, reason: Reason) -> Self {
        let message = "request refused";
        Self { kind, reason, error: None, policy: None, key_id: None, issuer: None, message }
    }
}

/// Writes a line at a level that has to be known when this is compiled.
macro_rules! line {
    ($level:expr, $refusal:expr, $hint:expr, $more:expr, $message:expr $(, $words:expr)*) => {
        tracing::event!(
            $level,
            reason = ?$refusal.reason,
            error = $refusal.error.map(tracing::field::display),
            hint = $hint().map(tracing::field::display),
            policy = $refusal.policy.map(tracing::field::debug),
            key_id = $refusal.key_id,
            issuer = $refusal.issuer,
            more = $more,
            $message,
            $refusal.message
            $(, $words)*
        )
    };
}

/// Tells of refusals. All clones of an authenticator have one.
pub(crate) struct RefusalLog {
    slots: [Slot; Kind::COUNT],
    /// Time since some moment; never turned back.
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

impl RefusalLog {
    pub(crate) fn new() -> Self {
        let start = Instant::now();
        Self::with_clock(move || start.elapsed())
    }

    pub(crate) fn with_clock(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { slots: std::array::from_fn(|_| Slot::default()), clock: Box::new(clock) }
    }

    /// Tells of a refusal, or not. The hint is asked for only if it is written.
    pub(crate) fn tell<H: fmt::Display>(&self, refusal: &Refusal<'_>, hint: impl Fn() -> Option<H>) {
        const NONE: Option<u64> = None;
        let is_seen = match refusal.kind.cause {
            Cause::Mistake | Cause::OwnMistake => enabled!(Level::WARN),
            Cause::Routine => enabled!(Level::INFO),
        };
        // If nobody sees it anyhow, there may still be the crate `log` behind tracing, which `enabled!` knows nothing of.
        if !is_seen || enabled!(Level::DEBUG) {
            match refusal.kind.cause {
                Cause::OwnMistake => line!(Level::WARN, refusal, hint, NONE, "{}"),
                Cause::Mistake | Cause::Routine => line!(Level::DEBUG, refusal, hint, NONE, "{}"),
            }
            return;
        }
        match (self.turn(refusal.kind), refusal.kind.cause) {
            (Turn::None, _) => {}
            (Turn::First, Cause::Mistake | Cause::OwnMistake) => {
                line!(Level::WARN, refusal, hint, NONE, "{} {}", FIRST);
            }
            (Turn::First, Cause::Routine) => line!(Level::INFO, refusal, hint, NONE, "{} {}", FIRST),
            (Turn::Next { more }, Cause::Mistake | Cause::OwnMistake) => {
                line!(Level::WARN, refusal, hint, more, "{} {}", NEXT);
            }
            (Turn::Next { more }, Cause::Routine) => line!(Level::INFO, refusal, hint, more, "{} {}", NEXT),
        }
    }

    fn turn(&self, kind: Kind) -> Turn {
        match self.slots.get(kind.place) {
            Some(slot) => slot.turn((self.clock)()),
            None => Turn::None,
        }
    }
}

const FIRST: &str = "(the first of its kind; set auth_core=debug to see all)";
const NEXT: &str = "(`more` of its kind since the last such line; set auth_core=debug to see all)";

/// Whether a refusal has a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Turn {
    First,
    Next {
        /// How many since the last line had none.
        more: u64,
    },
    None,
}

/// What was told of one kind.
#[derive(Default)]
struct Slot {
    /// When there was a line, in milliseconds and one more; 0 if there was none.
    told: AtomicU64,
    /// How many since then had none.
    more: AtomicU64,
}

impl Slot {
    fn turn(&self, now: Duration) -> Turn {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let now = millis(now).saturating_add(1);
        let told = self.told.load(Ordering::Relaxed);
        let is_due = told == 0 || now.saturating_sub(told) >= millis(PAUSE);
        // Of several at once one succeeds, and the others count as those that have no line.
        if is_due && self.told.compare_exchange(told, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            return if told == 0 {
                Turn::First
            } else {
                Turn::Next { more: self.more.swap(0, Ordering::Relaxed) }
            };
        }
        self.more.fetch_add(1, Ordering::Relaxed);
        Turn::None
    }
}

impl fmt::Debug for RefusalLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefusalLog")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn the_first_and_then_one_a_minute() {
        let slot = Slot::default();
        let at = |millis: u64| slot.turn(Duration::from_millis(millis));
        assert_eq!(at(0), Turn::First, "at the very beginning, too");
        for millis in [0, 1, 30_000, 59_999] {
            assert_eq!(at(millis), Turn::None, "{millis}");
        }
        assert_eq!(at(60_000), Turn::Next { more: 4 });
        assert_eq!(at(60_001), Turn::None);
        assert_eq!(at(119_999), Turn::None);
        assert_eq!(at(500_000), Turn::Next { more: 2 });
        assert_eq!(at(560_000), Turn::Next { more: 0 });
        assert_eq!(at(0), Turn::None, "no overflow, should a clock turn back");
        assert_eq!(slot.turn(Duration::MAX), Turn::Next { more: 1 });
    }

    #[test]
    fn one_of_several_at_once_has_the_line_and_none_is_lost() {
        let slot = Arc::new(Slot::default());
        let lines_at = |now: Duration| {
            let all_there = Arc::new(Barrier::new(8));
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    let (slot, all_there) = (slot.clone(), all_there.clone());
                    std::thread::spawn(move || {
                        all_there.wait();
                        let turns = (0..1000).map(|_| slot.turn(now));
                        turns.filter(|turn| *turn != Turn::None).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(lines_at(Duration::ZERO), [Turn::First]);
        assert_eq!(slot.more.load(Ordering::Relaxed), 7999);
        let [Turn::Next { more }] = *lines_at(PAUSE) else { panic!("not one line") };
        let left = slot.more.load(Ordering::Relaxed);
        assert_eq!(more + left, 7999 + 7999);
    }

    thread_local! {
        static SEEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }

    struct Seen;

    impl std::io::Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            SEEN.with_borrow_mut(|seen| seen.write(bytes))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_next_minute_has_a_line_that_counts_those_without() {
        // For the whole process, since tracing remembers across threads which lines nobody wants.
        let subscriber = tracing_subscriber::fmt().with_max_level(Level::INFO).with_ansi(false);
        subscriber.with_writer(|| Seen).init();
        let time = Arc::new(AtomicU64::new(0));
        let clock = time.clone();
        let log = RefusalLog::with_clock(move || Duration::from_secs(clock.load(Ordering::Relaxed)));
        let lines_at = |seconds: u64, error: &VerifyError| {
            time.store(seconds, Ordering::Relaxed);
            let kind = Kind::of_token(error).unwrap();
            let refusal = Refusal { error: Some(error), ..Refusal::new(kind, Reason::Invalid) };
            for _ in 0..3 {
                log.tell(&refusal, || Some("what to do"));
            }
            String::from_utf8(SEEN.take()).unwrap()
        };
        for (error, level) in [(VerifyError::WrongIssuer, "WARN"), (VerifyError::Expired, "INFO")] {
            let first = lines_at(100, &error);
            assert!(first.contains("(the first of its kind; set auth_core=debug to see all)"), "{first}");
            assert_eq!(lines_at(159, &error), "");
            let next = lines_at(160, &error);
            assert!(next.contains("more=5") && next.contains("since the last such line"), "{next}");
            for line in [first, next] {
                assert!(line.lines().count() == 1 && line.contains(level), "{line}");
                assert!(line.contains(&error.to_string()) && line.contains("hint=what to do"), "{line}");
                assert!(line.contains("reason=Invalid") && line.contains("set auth_core=debug"), "{line}");
            }
        }
    }
}
