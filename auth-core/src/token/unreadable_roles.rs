//! Why a token tells nothing about roles.

use std::fmt;

use super::claim_path::ClaimPath;

/// Roles that cannot be read, so that no rule about them holds. For the log.
pub(crate) struct UnreadableRoles {
    pub(super) path: ClaimPath,
    /// There is something where roles are to stand.
    pub(super) is_there: bool,
}

impl fmt::Display for UnreadableRoles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, is_there } = self;
        if *is_there {
            write!(f, "claim `{path}` is there, and is not an array of strings, so no role was found in it")?;
        } else {
            write!(f, "the token has no claim `{path}`, so no role was found")?;
        }
        f.write_str(": `.roles(..)` at the verifier says which claim the issuer writes roles into")
    }
}
