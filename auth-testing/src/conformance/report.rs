//! The outcomes of all cases.

use std::collections::BTreeMap;
use std::fmt;

use super::case::Outcome;

/// The outcomes of all cases.
#[derive(Clone, Debug)]
pub struct Report {
    pub(super) outcomes: Vec<Outcome>,
}

impl Report {
    /// Returns how many cases were answered correctly.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.complaint.is_none()).count()
    }

    /// Returns how many cases were not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.len() - self.passed()
    }

    /// Returns the attacks of the catalogue that were tried, and for each whether all of its cases were answered
    /// correctly.
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

    /// Returns the names of the cases that another server answered differently, correctly or not. Status, body and the
    /// header fields that matter are compared by byte.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = self.outcomes.iter().zip(&other.outcomes);
        pairs
            .filter(|(ours, theirs)| ours.answer != theirs.answer)
            .map(|(ours, _)| ours.name.clone())
            .collect()
    }

    /// Asserts that every case passed.
    ///
    /// # Panics
    ///
    /// Panics with the list of failures, or if no case was run.
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
