//! When to try again what has failed.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Pauses that grow twofold from one failure to the next, each shortened at random, so that many clients do not come
/// back together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

/// While there are keys.
pub(crate) const WITH_KEYS: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60) };

/// While there are none, and every request is answered 503.
pub(crate) const WITHOUT_KEYS: Backoff =
    Backoff { first: Duration::from_millis(250), longest: Duration::from_secs(30) };

impl Backoff {
    /// The pause after so many failures in a row, at least one.
    pub(crate) fn pause(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let most = self.first.saturating_mul(1 << doublings).min(self.longest);
        // Never none at all: a thousand failures take a while.
        most.mul_f64(between(0.1, 1.0))
    }
}

/// A length of time that differs by up to a tenth.
pub(crate) fn about(time: Duration) -> Duration {
    time.mul_f64(between(0.9, 1.1))
}

/// A random number from this range. Good enough to spread clients; nothing secret hangs on it.
fn between(least: f64, most: f64) -> f64 {
    let random = RandomState::new().hash_one(()) >> 32;
    let part = f64::from(u32::try_from(random).unwrap_or_default()) / f64::from(u32::MAX);
    least + part * (most - least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        for (failures, most) in [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (50, 60), (u32::MAX, 60)] {
            let most = Duration::from_secs(most);
            let pauses: Vec<_> = (0..200).map(|_| WITH_KEYS.pause(failures)).collect();
            assert!(pauses.iter().all(|pause| *pause <= most && *pause >= most / 11), "{failures}");
            let spread = *pauses.iter().max().unwrap() - *pauses.iter().min().unwrap();
            assert!(spread > most / 4, "{failures}: {spread:?}");
        }
    }

    #[test]
    fn a_time_differs_by_up_to_a_tenth() {
        let second = Duration::from_secs(1);
        let times: Vec<_> = (0..200).map(|_| about(second)).collect();
        let (least, most) = (second.mul_f64(0.9), second.mul_f64(1.1));
        assert!(times.iter().all(|time| (least..=most).contains(time)));
        assert!(times.iter().any(|time| *time < second) && times.iter().any(|time| *time > second));
    }
}
