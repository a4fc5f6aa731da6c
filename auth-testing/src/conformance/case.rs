//! One request to the server under test, and its outcome.

use std::fmt;

use super::client::Answer;

/// One request, and the answer that the server must give.
pub struct Case {
    pub(super) attack: Option<u16>,
    pub(super) name: String,
    pub(super) request: Vec<u8>,
    pub(super) expected: Expected,
}

/// The answer that the server must give.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// This answer, with no other header fields than these, `Content-Length`, `Date`, `Connection` and `Server`.
    Exactly(Answer),
    /// The same, with any field `Allow`. A framework may add one if it knows the path but not the method.
    WhateverIsAllowed(Answer),
    /// Any answer with this status. A server may refuse a request by itself, before the library sees it.
    Status(u16),
}

impl Case {
    /// Returns what the case is about.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of the attack in the catalogue that the case belongs to.
    #[must_use]
    pub fn attack(&self) -> Option<u16> {
        self.attack
    }

    /// Returns whether the server must let the request in.
    #[must_use]
    pub fn must_be_accepted(&self) -> bool {
        matches!(&self.expected, Expected::Exactly(answer) if answer.status == 200)
    }

    pub(super) fn outcome(&self, answer: Result<Answer, String>) -> Outcome {
        let complaint = match (&answer, &self.expected) {
            (Err(error), _) => Some(error.clone()),
            (Ok(answer), Expected::Exactly(expected)) if answer != expected => {
                Some(format!("expected {expected:#?}\ngot {answer:#?}"))
            }
            (Ok(answer), Expected::WhateverIsAllowed(expected)) if answer.without("allow") != *expected => {
                Some(format!("expected {expected:#?}\ngot {answer:#?}"))
            }
            (Ok(answer), Expected::Status(status)) if answer.status != *status => {
                Some(format!("expected status {status}\ngot {answer:#?}"))
            }
            (Ok(_), _) => None,
        };
        Outcome { attack: self.attack, name: self.name.clone(), answer: answer.ok(), complaint }
    }
}

/// Prints the name only, since requests hold tokens.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The answer of a server to one case.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) attack: Option<u16>,
    pub(super) name: String,
    pub(super) answer: Option<Answer>,
    pub(super) complaint: Option<String>,
}
