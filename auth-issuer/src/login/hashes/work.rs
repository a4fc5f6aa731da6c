//! What verifying costs, in units of each kind, so that tests count work and not time.

/// Returns how much of the work for `most` a hash of this cost leaves to do. Logs a hash that leaves less than nothing.
pub(super) fn rest(kind: &'static str, most: u64, cost: u64) -> u64 {
    if cost > most {
        tracing::warn!(
            kind,
            "a stored hash costs more than its scheme was told, and its logins take longer than all others: raise the \
             cost that the scheme accepts hashes up to"
        );
    }
    most.saturating_sub(cost)
}

#[cfg(not(test))]
#[inline]
pub(super) fn count(_kind: &'static str, _units: u64) {}

#[cfg(test)]
pub(super) fn count(kind: &'static str, units: u64) {
    DONE.with_borrow_mut(|done| *done.entry(kind).or_default() += units);
}

#[cfg(test)]
thread_local! {
    static DONE: std::cell::RefCell<Done> = std::cell::RefCell::default();
}

/// The units that were done, by kind.
#[cfg(test)]
pub(in crate::login) type Done = std::collections::BTreeMap<&'static str, u64>;

/// Returns what this thread has done since it was last asked.
#[cfg(test)]
pub(in crate::login) fn take() -> Done {
    DONE.take()
}
