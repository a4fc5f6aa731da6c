//! The keys of one provider, as requests see them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{JwtVerifier, VerifyError, VerifyFailure};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::counters::{Counters, count};
use crate::driver::COOLDOWN;
use crate::error::SourceError;
use crate::status::{Gate, GateState, Status};
use crate::timer::Timer;

/// How long a request waits for an attempt to get the key that its token names.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How many requests wait at a time. Others are answered at once.
pub(crate) const MAX_WAITING: usize = 1024;

/// The keys of one provider, and what is said of a token while one is missing.
pub(crate) struct Keys {
    pub(crate) jwt: JwtVerifier,
    pub(crate) issuer: String,
    /// Asks for an attempt. Dropped with the last verifier, which ends the driver.
    pub(crate) want: mpsc::Sender<()>,
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) waiting: Semaphore,
    pub(crate) max_stale: Duration,
    pub(crate) counters: Arc<Counters>,
}

impl Keys {
    /// Whether the keys are of an age at which they count.
    pub(crate) fn may_judge(&self) -> bool {
        match self.gate.state() {
            GateState::Open => true,
            GateState::Closed => false,
            GateState::Unattended => {
                let loaded_at = self.status.borrow().loaded_at;
                loaded_at.is_some_and(|at| self.timer.elapsed().saturating_sub(at) < self.max_stale)
            }
        }
    }

    /// No verdict can be had now.
    pub(crate) fn unavailable(&self) -> VerifyFailure {
        count(&self.counters.unavailable);
        let status = self.status.borrow();
        let pause = status.due.saturating_sub(self.timer.elapsed());
        let retry_after = Some(pause.max(Duration::from_secs(1)));
        let failure = VerifyFailure::from(VerifyError::Unavailable { retry_after });
        match &status.failure {
            Some(error) => failure.with_hint(KeysMissing(error.clone())),
            None => failure,
        }
    }

    /// What is said of a token whose key is unknown after the last attempt.
    pub(crate) fn verdict_of_unknown(&self, failure: VerifyFailure) -> VerifyFailure {
        let has_succeeded = {
            let status = self.status.borrow();
            status.attempted_at.is_some() && status.failure.is_none()
        };
        let is_unknown = *failure.error() == VerifyError::UnknownKey;
        if has_succeeded && is_unknown { failure } else { self.unavailable() }
    }

    /// Whether an attempt has ended so lately that the next one has to wait, or the provider demands a pause.
    pub(crate) fn cools_down(&self) -> bool {
        let now = self.timer.elapsed();
        let status = self.status.borrow();
        status.attempted_at.is_some_and(|at| now < at + COOLDOWN) || now < status.not_before
    }

    /// Asks for an attempt. One request for it is as good as many.
    pub(crate) fn ask(&self) {
        let _ = self.want.try_send(());
    }

    /// Waits until an attempt ends that is under way or begins now. `false` if that takes too long.
    pub(crate) async fn next_attempt(&self) -> bool {
        let Ok(_place) = self.waiting.try_acquire() else { return false };
        count(&self.counters.waited);
        let mut status = self.status.clone();
        let seen = status.borrow_and_update().attempts;
        if !self.cools_down() {
            self.ask();
            let end = self.timer.elapsed() + PATIENCE;
            return tokio::select! {
                biased;
                changed = status.wait_for(|status| status.attempts > seen) => changed.is_ok(),
                () = self.timer.sleep_until(end) => false,
            };
        }
        // One has ended in the meantime.
        true
    }
}

/// Why there are no keys, for the log.
struct KeysMissing(Arc<SourceError>);

impl fmt::Display for KeysMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the provider's keys cannot be had: {}", self.0)
    }
}
