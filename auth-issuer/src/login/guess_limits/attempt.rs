//! Attempts, which count until they are forgotten.

use std::fmt;
use std::net::IpAddr;

use super::familiar::Sight;
use super::limit::{Limit, Place};
use super::{Inner, TooManyAttempts};

/// A login whose account is not known yet. Returned by [`GuessLimits::login`](super::GuessLimits::login).
///
/// It does not count if it is dropped, since nothing was guessed.
#[must_use = "look the account up, and call `for_subject`"]
pub struct LoginAttempt<'a> {
    pub(super) limits: &'a Inner,
    pub(super) address: Counted<'a>,
    /// What strangers share.
    pub(super) shared: Counted<'a>,
    pub(super) network: IpAddr,
    /// Why strangers may not try now.
    pub(super) refused: Option<TooManyAttempts>,
}

/// An attempt that may be judged. It counts as failed unless it [succeeds](Self::succeed) or is
/// [forgotten](Self::forget).
#[must_use = "call `succeed` or `forget` unless it has failed"]
pub struct Attempt<'a> {
    counted: [Counted<'a>; 2],
    may_succeed: bool,
    /// What to remember if it succeeds.
    login: Option<(&'a Inner, Sight, IpAddr)>,
}

impl<'a> LoginAttempt<'a> {
    /// Counts the attempt for the account too. `subject` identifies the account that the name belongs to; `None` if
    /// there is none.
    ///
    /// # Errors
    ///
    /// Returns [`TooManyAttempts`] if the limit is reached for the name, and this network has no attempt of its own
    /// left. Judge nothing then.
    pub fn for_subject(mut self, subject: Option<&str>) -> Result<Attempt<'a>, TooManyAttempts> {
        let Self { limits, network, refused, .. } = self;
        let counted = match subject {
            Some(subject) => self.count_for(subject),
            None => refused.map_or(Ok(()), Err),
        };
        let login = subject.map(|subject| (limits, limits.sight(subject, network), network));
        match (counted, refused) {
            (Ok(()), _) => Ok(Attempt { login, ..Attempt::new([self.address, self.shared], true) }),
            // 429 would tell that this name belongs to the account whose other names have used up the limit.
            (Err(_), None) => Ok(Attempt::new([self.address, self.shared], false)),
            (Err(_), Some(refused)) => Err(refused),
        }
    }

    /// Counts among the attempts of strangers at the account. If they have none left, counts among those of a network
    /// that the account was used from.
    pub(super) fn count_for(&mut self, subject: &str) -> Result<(), TooManyAttempts> {
        let (limits, network) = (self.limits, self.network);
        let strangers = limits.place(("subject", subject));
        let refused = match self.refused {
            Some(refused) => refused,
            None => match self.shared.begin(&limits.subjects, strangers) {
                Ok(()) => return Ok(()),
                Err(refused) => refused,
            },
        };
        let mut own = Counted::default();
        if !limits.familiar.knows(limits.sight(subject, network), limits.now()) {
            return Err(refused);
        }
        own.begin(&limits.subjects, limits.place(("network", subject, network))).map_err(|_| refused)?;
        self.shared = own;
        Ok(())
    }
}

impl<'a> Attempt<'a> {
    pub(super) fn new(mut counted: [Counted<'a>; 2], may_succeed: bool) -> Self {
        counted.iter_mut().for_each(|counted| counted.has_failed = true);
        Self { counted, may_succeed, login: None }
    }

    /// Returns whether the attempt may be judged. If not, the password counts as wrong even if it is right, since other
    /// names of the account have used up its limit. Answer exactly as for an unknown user, and take as long.
    #[must_use]
    pub fn may_succeed(&self) -> bool {
        self.may_succeed
    }

    /// Ends an attempt whose password was right. It does not count. If it is a [login](super::GuessLimits::login), the
    /// network is [remembered](super::GuessLimits::remember).
    pub fn succeed(mut self) {
        if !self.may_succeed {
            return;
        }
        if let Some((limits, sight, network)) = self.login.take() {
            limits.remember(sight, network);
        }
        self.forget();
    }

    /// Makes the attempt not count, because it could not be judged, as if a store had failed.
    pub fn forget(mut self) {
        self.counted.iter_mut().for_each(|counted| counted.has_failed = false);
    }
}

/// Places in which an attempt is in progress, until this is dropped.
#[derive(Default)]
pub(super) struct Counted<'a> {
    places: Vec<(&'a Limit, Place)>,
    has_failed: bool,
}

impl<'a> Counted<'a> {
    pub(super) fn begin(&mut self, limit: &'a Limit, place: Place) -> Result<(), TooManyAttempts> {
        limit.begin(place)?;
        self.places.push((limit, place));
        Ok(())
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        for (limit, place) in &self.places {
            // Counted before it is no longer under way, so that nobody comes in between.
            if self.has_failed {
                let _ = limit.take(*place);
            }
            limit.end(*place);
        }
    }
}

impl fmt::Debug for LoginAttempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginAttempt").finish_non_exhaustive()
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("may_succeed", &self.may_succeed).finish_non_exhaustive()
    }
}
