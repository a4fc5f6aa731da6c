//! The memory of this process.

use std::fmt;
use std::fs;

use tokio::runtime::Runtime;

use crate::{Proof, Scale};

/// What all proofs together may need: the provider, ten thousand requests that wait, tens of thousands of tokens that are
/// sent, the cache of those that were accepted, and the parts of a key set on their way.
const BOUND_MIB: u64 = 128;

/// In KiB; zero where the system does not say.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    resident: u64,
    peak: u64,
}

impl Memory {
    pub(crate) fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let field = |name| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or_default()
        };
        Self { resident: field("VmRSS:"), peak: field("VmHWM:") }
    }

    pub(crate) fn peak_mib(self) -> u64 {
        self.peak / 1024
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "memory {} MiB, at most {} MiB so far", self.resident / 1024, self.peak_mib())
    }
}

/// The peak of all that was proved before.
pub(crate) fn bounded(_: &Runtime, _: &Scale) -> Proof {
    let peak = Memory::now().peak_mib();
    Proof { holds: peak <= BOUND_MIB, figures: format!("at most {peak} MiB, bound {BOUND_MIB} MiB") }
}
