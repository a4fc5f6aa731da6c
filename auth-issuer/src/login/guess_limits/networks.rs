//! The networks that anybody has logged in from lately, in bounded memory.

use std::sync::atomic::{AtomicU32, Ordering};

use super::familiar::LATELY_MINUTES;
use super::limit::{PLACES, Place};

/// The minute of the last login for each place of a network, counted from 1. Zero stands for none.
///
/// Networks with the same place are taken for each other, so a stranger may cost a query. No login makes another one
/// forgotten, so nobody can lock others out by logging in from many networks.
pub(super) struct Networks(Box<[AtomicU32]>);

impl Networks {
    pub(super) fn new() -> Self {
        Self((0..PLACES).map(|_| AtomicU32::new(0)).collect())
    }

    pub(super) fn remember(&self, place: Place, now_seconds: u64) {
        place.of(&self.0).store(minute(now_seconds), Ordering::Relaxed);
    }

    pub(super) fn knows(&self, place: Place, now_seconds: u64) -> bool {
        let seen = place.of(&self.0).load(Ordering::Relaxed);
        seen != 0 && u64::from(minute(now_seconds).wrapping_sub(seen)) < LATELY_MINUTES
    }
}

/// Starts from 1 again after 8,000 years.
#[expect(clippy::cast_possible_truncation, reason = "it is less than 2^32")]
fn minute(seconds: u64) -> u32 {
    (seconds / 60 % u64::from(u32::MAX)) as u32 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    #[test]
    fn a_network_is_known_for_thirty_days() {
        let networks = Networks::new();
        let (one, other) = (Place(1), Place(2));
        assert!(!networks.knows(one, 0) && !networks.knows(one, u64::MAX));
        networks.remember(one, 1000 * DAY);
        for (place, seconds, known) in [
            (one, 1000 * DAY, true),
            (one, 1030 * DAY - 60, true),
            (one, 1030 * DAY, false),
            (one, 999 * DAY, false), // the clock was turned back
            (other, 1000 * DAY, false),
        ] {
            assert_eq!(networks.knows(place, seconds), known, "{place:?} at {seconds}");
        }
        networks.remember(one, 1020 * DAY);
        assert!(networks.knows(one, 1040 * DAY), "seen again");
        networks.remember(other, 0);
        assert!(networks.knows(other, 0));
        networks.remember(other, u64::MAX);
        assert!(networks.knows(other, u64::MAX));
    }
}
