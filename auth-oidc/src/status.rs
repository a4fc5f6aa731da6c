//! How it stands with the keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crate::error::SourceError;

/// What is known of the keys. Times are those of the timer.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// When the keys were last had, or confirmed.
    pub(crate) loaded_at: Option<Duration>,
    /// When the last attempt to get them ended.
    pub(crate) attempted_at: Option<Duration>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<Arc<SourceError>>,
    /// When the next attempt begins at the latest.
    pub(crate) due: Duration,
    /// The provider has demanded that nobody asks before (RFC 9110 section 10.2.3).
    pub(crate) not_before: Duration,
    /// How many attempts have ended.
    pub(crate) attempts: u64,
    /// Since when it is as it is: keys or none, failing or not.
    pub(crate) since: Duration,
}

impl Status {
    pub(crate) fn at_start(now: Duration) -> Self {
        Self {
            loaded_at: None,
            attempted_at: None,
            failure: None,
            due: now,
            not_before: now,
            attempts: 0,
            since: now,
        }
    }

    /// How it stands now.
    pub(crate) fn health(&self, now: Duration, max_stale: Duration) -> Health {
        let since = now.saturating_sub(self.since);
        match self.loaded_at {
            Some(loaded_at) if now.saturating_sub(loaded_at) >= max_stale => Health::NoKeys { since },
            Some(_) if self.failure.is_some() => Health::Stale { since },
            Some(loaded_at) => Health::Ready { age: now.saturating_sub(loaded_at) },
            None => Health::NoKeys { since },
        }
    }
}

/// How it stands with the keys of a provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Health {
    /// There are keys, and the last attempt to get them has succeeded.
    Ready {
        /// The time since the provider last sent or confirmed them.
        age: Duration,
    },
    /// There are keys, and they cannot be refreshed. Tokens signed by them are still accepted.
    Stale {
        /// The time since the first attempt that failed.
        since: Duration,
    },
    /// There are no keys: every request is answered 503.
    NoKeys {
        /// For how long.
        since: Duration,
    },
}

/// Whether tokens may be judged, so that every request can ask without a lock.
#[derive(Debug)]
pub(crate) struct Gate(AtomicU8);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum GateState {
    /// Somebody looks after the keys, and they are not too old.
    Open,
    /// The keys are too old.
    Closed,
    /// Nobody looks after the keys any more: each request has to see for itself how old they are.
    Unattended,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    pub(crate) fn set(&self, state: GateState) {
        let state = match state {
            GateState::Open => 0,
            GateState::Closed => 1,
            GateState::Unattended => 2,
        };
        self.0.store(state, Ordering::Release);
    }

    pub(crate) fn state(&self) -> GateState {
        match self.0.load(Ordering::Acquire) {
            0 => GateState::Open,
            1 => GateState::Closed,
            _ => GateState::Unattended,
        }
    }
}
