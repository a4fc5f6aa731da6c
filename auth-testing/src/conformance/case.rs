//! One request to a server under test, what must come back, and what did.

use std::fmt;
use std::net::SocketAddr;

use super::client::{Answer, send};

/// One request, and what must come back.
pub struct Case {
    pub(super) attack: Option<u16>,
    pub(super) name: String,
    pub(super) request: Vec<u8>,
    pub(super) expected: Expected,
}

/// What must come back.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// This, and no other header field than these, `Content-Length`, `Date` and `Connection`.
    Exactly(Answer),
    /// The same, whatever a field `Allow` says, which a framework may add to any answer where the path is known
    /// and the method is not.
    WhateverIsAllowed(Answer),
    /// A server may refuse the request before it reaches the library, in its own words.
    Status(u16),
}

impl Case {
    /// What the case is about.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the attack in the catalogue that the case belongs to.
    #[must_use]
    pub fn attack(&self) -> Option<u16> {
        self.attack
    }

    /// Whether the request must be let in.
    #[must_use]
    pub fn must_be_accepted(&self) -> bool {
        matches!(&self.expected, Expected::Exactly(answer) if answer.status == 200)
    }

    pub(super) fn run(&self, address: SocketAddr) -> Outcome {
        let answer = send(address, &self.request);
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

/// Requests hold tokens, so only the name is printed.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a server did with one case.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) attack: Option<u16>,
    pub(super) name: String,
    pub(super) answer: Option<Answer>,
    pub(super) complaint: Option<String>,
}
