//! The conformance suite: one table of requests and exact answers, held against a server over a
//! socket.
//!
//! It does not care which framework or language the server is written in. The server under test
//!
//! 1. is given the key set of a [`Fixture`] ([`Fixture::jwks`], with good keys and bad ones), or whole
//!    [`Fixture::authenticator`]; it expects `iss` `https://issuer.example` and `aud`
//!    `https://api.example`, with a leeway of 60 seconds and no realm,
//! 2. serves these routes with `GET`, and `/protected` with `HEAD`:
//!
//! | route | demands | answers |
//! |---|---|---|
//! | `/public` | nothing | `{"message":"Hello, anyone"}` |
//! | `/protected` | a good token | `{"message":"Hello alice"}` with the subject |
//! | `/optional` | a good token or none | `Hello alice` or `{"message":"Hello, stranger"}` |
//! | `/orders` | scope `orders:read` | `{"message":"Orders of alice"}` |
//! | `/admin` | role `admin` in claim `roles` | `{"message":"Hello admin alice"}` |
//!
//! [`AccessRules`] tries guards, policies and users, and [`SeenTokens`] what a server remembers; both on servers of
//! this process.
//!
//! ```no_run
//! use auth_core::Algorithm;
//! use auth_testing::conformance::Fixture;
//!
//! let fixture = Fixture::new(Algorithm::Es256);
//! let address = "127.0.0.1:3000".parse()?; // where a server with `fixture.authenticator()` listens
//! fixture.run(address).assert_passed();
//! # Ok::<(), std::net::AddrParseError>(())
//! ```
//!
#![doc = include_str!("catalogue.md")]

mod access;
mod attacks;
mod client;
mod fixture;
mod seen;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

pub use self::access::AccessRules;
pub use self::client::{Answer, send};
pub(crate) use self::client::{Head, send_for_head};
pub use self::fixture::Fixture;
pub use self::seen::SeenTokens;
use self::table::Table;

/// One request, and what must come back.
pub struct Case {
    attack: Option<u16>,
    name: String,
    request: Vec<u8>,
    expected: Expected,
}

/// All cases, with tokens minted for now. A refusal stands near a twin that is accepted, so that refusing
/// everything cannot pass.
#[must_use]
pub fn cases(fixture: &Fixture) -> Vec<Case> {
    let mut table = Table::new(fixture);
    table.routes();
    table.policies();
    table.transport();
    table.algorithms();
    table.ecdsa();
    table.key_choice();
    table.bad_keys();
    table.other_objects();
    table.header_parameters();
    table.json();
    table.base64();
    table.unicode();
    table.time();
    table.parties();
    table.kinds_of_token();
    table.indistinguishable();
    table.cases
}

/// What must come back.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
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

    fn run(&self, address: SocketAddr) -> Outcome {
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
struct Outcome {
    attack: Option<u16>,
    name: String,
    answer: Option<Answer>,
    complaint: Option<String>,
}

/// What a server did with all cases.
#[derive(Clone, Debug)]
pub struct Report {
    outcomes: Vec<Outcome>,
}

impl Report {
    /// How many cases were answered as they must be.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.complaint.is_none()).count()
    }

    /// How many were not.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.outcomes.len() - self.passed()
    }

    /// For each attack of the catalogue that was tried, whether every one of its cases was answered as it
    /// must be.
    #[must_use]
    pub fn attacks(&self) -> BTreeMap<u16, bool> {
        let mut held = BTreeMap::new();
        for outcome in &self.outcomes {
            if let Some(attack) = outcome.attack {
                *held.entry(attack).or_insert(true) &= outcome.complaint.is_none();
            }
        }
        held
    }

    /// The names of the cases that another server answered differently in any byte of status, body or
    /// the header fields that matter, whether either is right or not.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = self.outcomes.iter().zip(&other.outcomes);
        pairs
            .filter(|(ours, theirs)| ours.answer != theirs.answer)
            .map(|(ours, _)| ours.name.clone())
            .collect()
    }

    /// Panics with all that went wrong, if anything did.
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(!self.outcomes.is_empty(), "no case was run");
        assert_eq!(self.failed(), 0, "\n{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for outcome in &self.outcomes {
            if let Some(complaint) = &outcome.complaint {
                let attack = outcome.attack.map(|number| format!("attack {number}, ")).unwrap_or_default();
                writeln!(f, "{attack}{}: {complaint}", outcome.name)?;
            }
        }
        let attacks = self.attacks();
        let held = attacks.values().filter(|held| **held).count();
        write!(f, "conformance: {} passed, {} failed; ", self.passed(), self.failed())?;
        write!(f, "{held} of {} attacks refused", attacks.len())
    }
}
