//! What has happened, in numbers that an application can export.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what happens. Relaxed: numbers of one moment need not fit together.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) attempts: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) not_modified: AtomicU64,
    pub(crate) key_changes: AtomicU64,
    pub(crate) unknown_keys: AtomicU64,
    pub(crate) waited: AtomicU64,
    pub(crate) unavailable: AtomicU64,
    pub(crate) introspections: AtomicU64,
    pub(crate) introspection_failures: AtomicU64,
}

/// What has happened since the verifier was made. Each number only grows, as a counter of Prometheus or OpenTelemetry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Attempts to get the keys.
    pub attempts: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Requests that were sent to the provider.
    pub requests: u64,
    /// Those of them that it answered 304 Not Modified.
    pub not_modified: u64,
    /// How often the keys were others than before.
    pub key_changes: u64,
    /// Tokens that named a key that was not known.
    pub unknown_keys: u64,
    /// Those of them that waited for an attempt.
    pub waited: u64,
    /// Tokens that were answered 503 for want of keys.
    pub unavailable: u64,
    /// Requests to the introspection endpoint.
    pub introspections: u64,
    /// Questions about tokens to which no answer could be had.
    pub introspection_failures: u64,
}

/// Counts one more.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            attempts: read(&self.attempts),
            failures: read(&self.failures),
            requests: read(&self.requests),
            not_modified: read(&self.not_modified),
            key_changes: read(&self.key_changes),
            unknown_keys: read(&self.unknown_keys),
            waited: read(&self.waited),
            unavailable: read(&self.unavailable),
            introspections: read(&self.introspections),
            introspection_failures: read(&self.introspection_failures),
        }
    }
}
