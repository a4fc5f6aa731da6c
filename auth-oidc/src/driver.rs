//! Keeps the keys of one provider fresh, as long as a verifier needs them.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::{mpsc, watch};

use crate::backoff::{WITH_KEYS, WITHOUT_KEYS, about};
use crate::counters::count;
use crate::error::SourceError;
use crate::source::{Failure, Source};
use crate::status::{Gate, GateState, Status};

/// From one attempt to the next that an unknown key brings about.
pub(crate) const COOLDOWN: Duration = Duration::from_secs(30);

/// The part of the freshness after which keys are fetched again.
const REFRESH_AHEAD: f64 = 0.8;

/// Looks after the keys: fetches them before they are stale, when a token names an unknown key, and again after failures.
/// Nobody else fetches, so that there is one attempt at a time, which no request can cancel.
pub(crate) struct Driver {
    pub(crate) source: Source,
    /// Asks for an attempt. Closed when the last verifier is dropped.
    pub(crate) wanted: mpsc::Receiver<()>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) gate: Arc<Gate>,
    /// For how long keys are used that cannot be refreshed.
    pub(crate) max_stale: Duration,
    /// How many attempts in a row have failed.
    pub(crate) failures: u32,
}

impl Driver {
    /// Runs until the last verifier is dropped.
    pub(crate) async fn run(mut self) {
        while self.wait().await && self.attempt().await {}
    }

    /// Waits until the next attempt is due. `false` if nobody needs the keys any more.
    async fn wait(&mut self) -> bool {
        let timer = self.source.timer.clone();
        let mut is_asked = false;
        loop {
            let (due, stale_at) = (self.status.borrow().due, self.stale_at());
            let wakes_at = stale_at.map_or(due, |stale_at| due.min(stale_at));
            tokio::select! {
                biased;
                // Once is enough: it cannot begin any earlier, and a flood of requests for it would wake this task for each.
                wanted = self.wanted.recv(), if !is_asked => match wanted {
                    Some(()) => {
                        self.bring_forward();
                        is_asked = true;
                    }
                    None => return false,
                },
                () = self.status.closed(), if is_asked => return false,
                () = timer.sleep_until(wakes_at) => {
                    self.close_if_stale();
                    if self.status.borrow().due <= timer.elapsed() {
                        return true;
                    }
                }
            }
        }
    }

    /// The next attempt is due when the last one is long enough ago, whatever came of it.
    fn bring_forward(&self) {
        let now = self.source.timer.elapsed();
        self.status.send_if_modified(|status| {
            let cooled_down = status.attempted_at.map_or(now, |at| at + COOLDOWN);
            let earliest = cooled_down.max(status.not_before).max(now);
            status.due = status.due.min(earliest);
            false
        });
    }

    /// Makes one attempt. `false` if nobody needs the keys any more.
    async fn attempt(&mut self) -> bool {
        count(&self.source.counters.attempts);
        let Self { source, wanted, status, .. } = self;
        let outcome = tokio::select! {
            biased;
            outcome = AssertUnwindSafe(source.attempt()).catch_unwind() => outcome,
            () = status.closed() => return false,
        };
        // Those who have asked meanwhile are answered by this attempt.
        let _ = wanted.try_recv();
        self.note(outcome.unwrap_or_else(|_| Err(SourceError::Panicked.into())));
        true
    }

    fn note(&mut self, outcome: Result<Duration, Failure>) {
        let now = self.source.timer.elapsed();
        let mut status = self.status.borrow().clone();
        status.attempts += 1;
        status.attempted_at = Some(now);
        let (had_keys, was_failing) = (status.loaded_at.is_some(), status.failure.is_some());
        let issuer = &*self.source.issuer;
        match outcome {
            Ok(fresh_for) => {
                self.failures = 0;
                status.loaded_at = Some(now);
                status.failure = None;
                status.due = now + about(fresh_for.mul_f64(REFRESH_AHEAD));
                if was_failing || !had_keys {
                    status.since = now;
                    tracing::info!(issuer, "the provider's keys can be had");
                }
                self.gate.set(GateState::Open);
            }
            Err(Failure { error, retry_after }) => {
                self.failures = self.failures.saturating_add(1);
                count(&self.source.counters.failures);
                let backoff = if had_keys { WITH_KEYS } else { WITHOUT_KEYS };
                let demanded = retry_after.unwrap_or_default();
                status.due = now + backoff.pause(self.failures).max(demanded);
                status.not_before = now + demanded;
                if was_failing {
                    tracing::debug!(issuer, %error, "the provider's keys cannot be had");
                } else {
                    status.since = if had_keys { now } else { status.since };
                    let until =
                        if had_keys { "known keys are used meanwhile" } else { "requests are answered 503" };
                    tracing::warn!(issuer, %error, until, "the provider's keys cannot be had");
                }
                status.failure = Some(Arc::new(error));
            }
        }
        self.status.send_replace(status);
        self.close_if_stale();
    }

    fn stale_at(&self) -> Option<Duration> {
        let loaded_at = self.status.borrow().loaded_at?;
        (self.gate.state() == GateState::Open).then(|| loaded_at.saturating_add(self.max_stale))
    }

    fn close_if_stale(&self) {
        let now = self.source.timer.elapsed();
        if self.stale_at().is_some_and(|stale_at| stale_at <= now) {
            self.gate.set(GateState::Closed);
            let (issuer, max_stale) = (&*self.source.issuer, self.max_stale);
            tracing::warn!(issuer, ?max_stale, "the provider's keys are too old: requests are answered 503");
            self.status.send_modify(|status| status.since = now);
        }
    }
}

/// However the driver ends, nobody looks after the keys from then on.
impl Drop for Driver {
    fn drop(&mut self) {
        if self.gate.state() == GateState::Open {
            self.gate.set(GateState::Unattended);
        }
    }
}
