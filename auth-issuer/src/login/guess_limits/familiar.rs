//! The networks that accounts were logged in from lately, in bounded memory.

use std::sync::atomic::{AtomicU64, Ordering};

const BUCKETS: u64 = 1 << 16;
/// The number of networks that one account has room for.
const NETWORKS: usize = 8;
/// 30 days.
pub(super) const LATELY_MINUTES: u64 = 30 * 24 * 60;
/// The low bits of an entry hold the minute of the last login, counted from 1 and again after 32 years. The other bits
/// hold a part of a hash.
const MINUTE_BITS: u64 = (1 << 24) - 1;

/// What was seen, and whose: both hashed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    pub(super) owner: u64,
    pub(super) what: u64,
}

/// Remembers sights. An owner's newest sights stay: only sights of owners with the same bucket push each other out.
///
/// Entries are written without a lock. If two threads write to a bucket at once, one entry may be lost.
pub(super) struct Familiar(Box<[[AtomicU64; NETWORKS]]>);

impl Familiar {
    pub(super) fn new() -> Self {
        Self((0..BUCKETS).map(|_| [const { AtomicU64::new(0) }; NETWORKS]).collect())
    }

    pub(super) fn remember(&self, sight: Sight, now_seconds: u64) {
        let (entry, bucket) = (entry(sight, now_seconds), self.bucket(sight));
        let same = bucket.iter().find(|seen| is_same(seen.load(Ordering::Relaxed), entry));
        let oldest = || bucket.iter().max_by_key(|seen| age(seen.load(Ordering::Relaxed), entry));
        if let Some(place) = same.or_else(oldest) {
            place.store(entry, Ordering::Relaxed);
        }
    }

    /// Forgets what was seen of an owner, and of the few owners with the same bucket.
    pub(super) fn forget(&self, owner: u64) {
        for seen in self.of_owner(owner) {
            seen.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn knows(&self, sight: Sight, now_seconds: u64) -> bool {
        let now = entry(sight, now_seconds);
        let mut seen = self.bucket(sight).iter().map(|seen| seen.load(Ordering::Relaxed));
        seen.any(|seen| is_same(seen, now) && age(seen, now) < LATELY_MINUTES)
    }

    fn bucket(&self, sight: Sight) -> &[AtomicU64; NETWORKS] {
        self.of_owner(sight.owner)
    }

    #[expect(clippy::indexing_slicing, reason = "there are as many as BUCKETS")]
    fn of_owner(&self, owner: u64) -> &[AtomicU64; NETWORKS] {
        &self.0[(owner % BUCKETS) as usize]
    }
}

fn entry(sight: Sight, now_seconds: u64) -> u64 {
    (sight.what & !MINUTE_BITS) | (now_seconds / 60 % MINUTE_BITS + 1)
}

/// Returns the age in minutes. An empty entry is the oldest.
fn age(seen: u64, now: u64) -> u64 {
    let (seen, now) = (seen & MINUTE_BITS, now & MINUTE_BITS);
    if seen == 0 { u64::MAX } else { (now + MINUTE_BITS - seen) % MINUTE_BITS }
}

/// Compares all but the minutes. An empty entry has minute 0 and is the same as none.
fn is_same(seen: u64, entry: u64) -> bool {
    seen & MINUTE_BITS != 0 && (seen ^ entry) & !MINUTE_BITS == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn sight(owner: u64, what: u64) -> Sight {
        Sight { owner, what: what << 24 }
    }

    #[test]
    fn what_was_seen_is_known_for_thirty_days() {
        let familiar = Familiar::new();
        familiar.remember(sight(1, 1), 1000 * DAY);
        for (what, owner, seconds, known) in [
            (1, 1, 1000 * DAY, true),
            (1, 1, 1030 * DAY - 60, true),
            (1, 1, 1030 * DAY, false),
            (1, 1, 999 * DAY, false), // the clock was turned back
            (2, 1, 1000 * DAY, false),
            (0, 1, 1000 * DAY, false),
            (1, 2, 1000 * DAY, false),
        ] {
            assert_eq!(familiar.knows(sight(owner, what), seconds), known, "{what} of {owner} at {seconds}");
        }
        familiar.remember(sight(1, 1), 1020 * DAY);
        assert!(familiar.knows(sight(1, 1), 1040 * DAY), "seen again");
        familiar.remember(sight(3, 0), 0);
        assert!(
            familiar.knows(sight(3, 0), 0) && !familiar.knows(sight(4, 0), 0),
            "an empty place is no sight"
        );
        familiar.remember(sight(5, 5), u64::MAX);
        assert!(familiar.knows(sight(5, 5), u64::MAX));
        let years = 60 * (MINUTE_BITS - 1);
        familiar.remember(sight(6, 6), years);
        assert!(familiar.knows(sight(6, 6), years + 60), "the minutes are counted from 1 again");
    }

    #[test]
    fn an_owner_can_be_forgotten() {
        let familiar = Familiar::new();
        for (owner, what) in [(1, 1), (1, 2), (2, 1)] {
            familiar.remember(sight(owner, what), DAY);
        }
        familiar.forget(1);
        assert!(!familiar.knows(sight(1, 1), DAY) && !familiar.knows(sight(1, 2), DAY));
        assert!(familiar.knows(sight(2, 1), DAY), "of another owner");
        familiar.remember(sight(1, 1), DAY);
        assert!(familiar.knows(sight(1, 1), DAY));
    }

    #[test]
    fn the_oldest_gives_way_to_the_newest() {
        let familiar = Familiar::new();
        for what in 0..8 {
            familiar.remember(sight(1, what), what * 60);
        }
        familiar.remember(sight(1, 0), 10 * 60);
        let known = || (0..10).filter(|what| familiar.knows(sight(1, *what), DAY)).collect::<Vec<_>>();
        assert_eq!(known(), [0, 1, 2, 3, 4, 5, 6, 7]);
        familiar.remember(sight(1, 8), 11 * 60);
        assert_eq!(known(), [0, 2, 3, 4, 5, 6, 7, 8]);
        for owner in (0..10_000).filter(|owner| owner % BUCKETS != 1) {
            familiar.remember(sight(owner, 9), 12 * 60);
        }
        assert_eq!(known(), [0, 2, 3, 4, 5, 6, 7, 8], "others push nothing out");
    }
}
