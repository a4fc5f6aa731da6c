//! What the configuration says of keys.

use super::algorithm::Algorithm;

/// Which keys may be used, and for what. By default: those for signatures, for all of their algorithms.
#[derive(Clone, Copy, Default)]
pub(crate) struct KeyRules<'a> {
    /// Restricts the algorithms, if the configuration does.
    pub(crate) allowed: Option<&'a [Algorithm]>,
    /// Accepts `"use":"jwt-svid"` too, as the keys of a SPIFFE bundle have it ("The SPIFFE Trust Domain and
    /// Bundle", section 4.2.2).
    pub(crate) spiffe: bool,
}

impl KeyRules<'_> {
    /// Whether a key with this `use` may verify signatures.
    pub(crate) fn allow_use(self, usage: &str) -> bool {
        usage == "sig" || (self.spiffe && usage == "jwt-svid")
    }
}
