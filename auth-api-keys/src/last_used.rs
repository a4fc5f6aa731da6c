//! When the last use of a key is written down.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::key::ApiKey;

/// So many keys are remembered. Once there are more, uses may be written down more often.
const MAX_REMEMBERED: usize = 10_000;

/// Lets the last use of a key be written down at most once within the interval.
pub(crate) struct LastUsed {
    interval: u64,
    /// When a write was last tried for which key. Not every write succeeds, and a row may be older than the last one.
    tried: Mutex<HashMap<String, u64>>,
}

impl LastUsed {
    pub(crate) fn every(interval: Duration) -> Self {
        Self { interval: interval.as_secs(), tried: Mutex::default() }
    }

    /// Whether to write down now that the key was used. Whoever is told so writes, and nobody else.
    pub(crate) fn is_due(&self, key: &ApiKey, now: u64) -> bool {
        // In either direction, since the clocks of two servers differ.
        let is_recent = |at: u64| now.abs_diff(at) < self.interval;
        if key.last_used_at.is_some_and(is_recent) {
            return false;
        }
        // Reached once within the interval for each key, not by each request.
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.get(&key.id).copied().is_some_and(is_recent) {
            return false;
        }
        if tried.len() >= MAX_REMEMBERED {
            tried.retain(|_, at| is_recent(*at));
            if tried.len() >= MAX_REMEMBERED {
                tried.clear();
            }
        }
        tried.insert(key.id.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn key(id: &str, last_used_at: Option<u64>) -> ApiKey {
        let text = String::new;
        let (label, not_before, expires_at, revoked_at) = (None, None, None, None);
        let (id, client_id, subject, scope) = (id.to_owned(), text(), text(), text());
        ApiKey {
            id,
            label,
            client_id,
            subject,
            scope,
            created_at: 0,
            not_before,
            expires_at,
            last_used_at,
            revoked_at,
        }
    }

    #[test]
    fn at_most_once_within_the_interval() {
        let last_used = LastUsed::every(Duration::from_secs(300));
        let old = |id| key(id, None);
        assert!(last_used.is_due(&old("a"), 1000));
        for now in [1000, 1001, 1299, 999] {
            assert!(!last_used.is_due(&old("a"), now), "the row may be old: {now}");
        }
        assert!(last_used.is_due(&old("b"), 1000), "each key has its own");
        assert!(last_used.is_due(&old("a"), 1300));
        // What the row says, written by another process.
        for (last_used_at, due) in [(2000, false), (2299, false), (1701, false), (1700, true), (9000, true)] {
            let id = last_used_at.to_string();
            assert_eq!(last_used.is_due(&key(&id, Some(last_used_at)), 2000), due, "{last_used_at}");
        }
        let always = LastUsed::every(Duration::ZERO);
        assert!(always.is_due(&key("a", Some(5)), 5) && always.is_due(&key("a", Some(5)), 5));
        let first = LastUsed::every(Duration::MAX);
        assert!(first.is_due(&key("a", None), 5) && !first.is_due(&key("a", Some(5)), u64::MAX - 1));
    }

    #[test]
    fn one_of_many_at_once_writes() {
        let last_used = Arc::new(LastUsed::every(Duration::from_secs(300)));
        let due = Arc::new(AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                let (last_used, due) = (last_used.clone(), due.clone());
                scope.spawn(move || {
                    for _ in 0..1000 {
                        due.fetch_add(usize::from(last_used.is_due(&key("a", None), 7)), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(due.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn memory_is_bounded() {
        let last_used = LastUsed::every(Duration::from_secs(300));
        for number in 0..3 * MAX_REMEMBERED {
            assert!(last_used.is_due(&key(&number.to_string(), None), 7));
            assert!(last_used.tried.lock().unwrap().len() <= MAX_REMEMBERED);
        }
        // Those that are no longer recent make room, and the others stay.
        let last_used = LastUsed::every(Duration::from_secs(300));
        for number in 0..MAX_REMEMBERED {
            assert!(last_used.is_due(&key(&number.to_string(), None), if number < 9000 { 7 } else { 1000 }));
        }
        assert!(last_used.is_due(&key("one more", None), 1000));
        assert_eq!(last_used.tried.lock().unwrap().len(), 1001);
        assert!(!last_used.is_due(&key("9000", None), 1000));
    }
}
