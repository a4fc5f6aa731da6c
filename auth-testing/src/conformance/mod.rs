//! The conformance suite: one table of requests and exact answers, held against a server over a
//! socket.
//!
//! It does not care which framework or language the server is written in. The server under test
//!
//! 1. accepts the tokens of a [`TestIssuer`] with a public-key algorithm ([`TestIssuer::authenticator`], or its
//!    [`jwks`](TestIssuer::jwks), issuer and audience by any other way), with no realm configured and
//!    a leeway of 60 seconds,
//! 2. serves these routes with `GET`:
//!
//! | route | demands | answers |
//! |---|---|---|
//! | `/public` | nothing | `{"message":"Hello, anyone"}` |
//! | `/protected` | a good token | `{"message":"Hello alice"}` with the subject |
//! | `/optional` | a good token or none | `Hello alice` or `{"message":"Hello, stranger"}` |
//! | `/orders` | scope `orders:read` | `{"message":"Orders of alice"}` |
//! | `/admin` | role `admin` in claim `roles` | `{"message":"Hello admin alice"}` |
//!
//! ```no_run
//! use auth_core::Algorithm;
//! use auth_testing::{TestIssuer, conformance};
//!
//! let issuer = TestIssuer::new(Algorithm::Es256);
//! let address = "127.0.0.1:3000".parse()?; // where a server that trusts `issuer` listens
//! conformance::run(address, &issuer).assert_passed();
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod cases;
mod client;

use std::fmt;
use std::net::SocketAddr;

pub use self::cases::cases;
pub use self::client::{Answer, send};
use crate::issuer::TestIssuer;

/// One request, and what must come back.
pub struct Case {
    name: String,
    request: Vec<u8>,
    expected: Expected,
}

/// What must come back.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// This, and no other header field than these, `Content-Length`, `Date` and `Connection`.
    Exactly(Answer),
    /// A server may refuse the request before it reaches the library, in its own words.
    Status(u16),
}

impl Case {
    /// What the case is about.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, address: SocketAddr) -> Outcome {
        let answer = send(address, &self.request);
        let complaint = match (&answer, &self.expected) {
            (Err(error), _) => Some(error.clone()),
            (Ok(answer), Expected::Exactly(expected)) if answer != expected => {
                Some(format!("expected {expected:#?}\ngot {answer:#?}"))
            }
            (Ok(answer), Expected::Status(status)) if answer.status != *status => {
                Some(format!("expected status {status}\ngot {answer:#?}"))
            }
            (Ok(_), _) => None,
        };
        Outcome { name: self.name.clone(), answer: answer.ok(), complaint }
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
                writeln!(f, "{}: {complaint}", outcome.name)?;
            }
        }
        write!(f, "conformance: {} passed, {} failed", self.passed(), self.failed())
    }
}

/// Runs every case against the server at this address, which must accept the tokens of `issuer`.
#[must_use]
pub fn run(address: SocketAddr, issuer: &TestIssuer) -> Report {
    Report { outcomes: cases(issuer).iter().map(|case| case.run(address)).collect() }
}
