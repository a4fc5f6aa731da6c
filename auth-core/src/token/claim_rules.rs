//! How claims are read where an issuer deviates from the specifications.

/// How claims are read. Strict, unless the configuration names a deviation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClaimRules {
    pub(crate) scopes: ScopeSpelling,
    pub(crate) nulls: Nulls,
    pub(crate) empty_audience: EmptyAudience,
    /// The most members that claims may have, all levels together.
    pub(crate) max_members: usize,
}

/// How granted scopes may be written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ScopeSpelling {
    /// `scope` is a string of distinct names with single spaces between; `scp` such a string, or an array.
    Strict,
    /// Either may be an array too; a name twice counts once, and any number of spaces may stand around names.
    Lenient,
}

/// What `null` means as `nbf`, `jti`, `client_id` and `scope`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Nulls {
    Refused,
    Absent,
}

/// What to do with an `aud` that names nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum EmptyAudience {
    Refused,
    Accepted,
}

impl ClaimRules {
    /// No deviation.
    pub(crate) const STRICT: Self = Self {
        scopes: ScopeSpelling::Strict,
        nulls: Nulls::Refused,
        empty_audience: EmptyAudience::Refused,
        max_members: 256,
    };
}
