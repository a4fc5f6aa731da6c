//! Why a token tells nothing about roles.

use std::fmt;

use super::claim_path::{ClaimPath, Shape};

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
            let shape = match path.shape() {
                Shape::Array => "an array of strings",
                Shape::Single => "one string",
                Shape::SingleOrArray => "one string or an array of them",
                Shape::Keys => "an object whose keys are the roles",
            };
            write!(f, "claim `{path}` is there, and is not {shape}, so no role was found in it")?;
        } else {
            write!(f, "the token has no claim `{path}`, so no role was found")?;
        }
        f.write_str(": `.roles(..)` at the verifier says which claim the issuer writes roles into, and in which shape")
    }
}
