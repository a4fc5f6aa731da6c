//! Three-valued logic.

use std::ops::Not;

/// What claims say to a question: yes, no, or nothing that would be an answer.
///
/// Unknown stays unknown when it is negated, so that missing information never grants access.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Truth {
    Yes,
    No,
    /// The claim is absent, or has another type than the question is about.
    Unknown,
}

impl From<bool> for Truth {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}
