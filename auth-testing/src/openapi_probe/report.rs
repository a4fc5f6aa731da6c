//! What a probe has found.

use std::collections::BTreeSet;
use std::fmt;

/// What a server did with the requests of an [`OpenApiProbe`](crate::OpenApiProbe).
#[derive(Clone, Debug, Default)]
pub struct ProbeReport {
    pub(super) operations: usize,
    pub(super) requests: usize,
    pub(super) gave_up: bool,
    pub(super) never_let_in: Vec<String>,
    pub(super) never_seen: BTreeSet<String>,
    pub(super) failures: Vec<String>,
}

impl ProbeReport {
    /// How many operations were probed.
    #[must_use]
    pub fn operations(&self) -> usize {
        self.operations
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// The operations that demand more than a token, or something else: that they let in whom they should was not tried.
    #[must_use]
    pub fn never_let_in(&self) -> &[String] {
        &self.never_let_in
    }

    /// The operations with parameters in the path that answered 404 or 405 where they should have let in: maybe there is
    /// nothing of that name, and maybe no such operation. See [`OpenApiProbe::path_parameter`](crate::OpenApiProbe::path_parameter).
    pub fn never_seen(&self) -> impl Iterator<Item = &str> {
        self.never_seen.iter().map(String::as_str)
    }

    /// What was answered otherwise than the document says. No token is in it.
    #[must_use]
    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Panics with all that went wrong, if anything did, or if there was no operation to probe.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert_ne!(self.operations, 0, "the document has no operation that could be probed");
        assert!(self.failures.is_empty(), "\n{self}");
    }
}

impl fmt::Display for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        for operation in &self.never_let_in {
            writeln!(f, "{operation}: demands more than a token; letting in was not tried")?;
        }
        for operation in &self.never_seen {
            writeln!(f, "{operation}: give a path_parameter for something that is there")?;
        }
        let Self { operations, requests, failures, .. } = self;
        write!(f, "{operations} operations, {requests} requests, {} not as documented", failures.len())
    }
}
