//! What a server did with all cases.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Outcome;

/// What a server did with all cases.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) outcomes: Vec<Outcome>,
}

impl Report {
    /// How many cases were answered as they must be.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.complaint.is_none()).count()
    }

    /// How many were not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.len() - self.passed()
    }

    /// For each attack of the catalogue that was tried, whether every one of its cases was answered as it
    /// must be.
    #[must_use]
    pub fn attacks(&self) -> BTreeMap<u16, bool> {
        let mut held = BTreeMap::new();
        for outcome in &self.outcomes {
            if let Some(attack) = outcome.attack {
                *held.entry(attack).or_insert(true) &= outcome.complaint.is_none();
            }
        }
        held
    }

    /// The names of the cases that another server answered differently in any byte of status, body or
    /// the header fields that matter, whether either is right or not.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = self.outcomes.iter().zip(&other.outcomes);
        pairs
            .filter(|(ours, theirs)| ours.answer != theirs.answer)
            .map(|(ours, _)| ours.name.clone())
            .collect()
    }

    /// Panics with all that went wrong, if anything did.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(!self.outcomes.is_empty(), "no case was run");
        assert_eq!(self.failed(), 0, "\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            if let Some(complaint) = &outcome.complaint {
                let attack = outcome.attack.map(|number| format!("attack {number}, ")).unwrap_or_default();
                writeln!(f, "{attack}{}: {complaint}", outcome.name)?;
            }
        }
        let attacks = self.attacks();
        let held = attacks.values().filter(|held| **held).count();
        write!(f, "conformance: {} passed, {} failed; ", self.passed(), self.failed())?;
        write!(f, "{held} of {} attacks refused", attacks.len())
    }
}
