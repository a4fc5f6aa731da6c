//! The suite: the cases for a fixture, run one after the other.

use std::io;
use std::net::SocketAddr;

use super::case::{Case, Outcome};
use super::client::Answer;
use super::fixture::Fixture;
use super::report::Report;
use super::server::Server;
use super::table::Table;

/// For how many seconds every token of the table is what its case says. The shortest is accepted for 30.
const FRESH: u64 = 25;

/// How often a case is run whose token was not fresh any more.
const MOST_ATTEMPTS: usize = 10;

/// A part of the table, whose tokens are made together.
type Part = fn(&mut Table<'_>);

const PARTS: [Part; 16] = [
    |table| table.routes(),
    |table| table.policies(),
    |table| table.transport(),
    |table| table.algorithms(),
    |table| table.ecdsa(),
    |table| table.key_choice(),
    |table| table.bad_keys(),
    |table| table.other_objects(),
    |table| table.header_parameters(),
    |table| table.json(),
    |table| table.base64(),
    |table| table.unicode(),
    |table| table.time(),
    |table| table.parties(),
    |table| table.kinds_of_token(),
    |table| table.indistinguishable(),
];

/// Returns all cases, with tokens minted for now. Each refusal stands near a twin that is accepted, so that a server
/// that refuses everything fails.
#[must_use]
pub fn cases(fixture: &Fixture) -> Vec<Case> {
    PARTS.into_iter().flat_map(|part| Minted::new(fixture, part).cases).collect()
}

/// Cases whose tokens were made at this time.
struct Minted {
    at: u64,
    cases: Vec<Case>,
}

impl Minted {
    fn new(fixture: &Fixture, part: Part) -> Self {
        let at = fixture.issuer.now();
        let mut table = Table::new(fixture);
        part(&mut table);
        Self { at, cases: table.cases }
    }
}

impl Fixture {
    /// Runs all cases against the server at this address. The server must have been given [`jwks`](Self::jwks).
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        let mut server = Server::new(address);
        let mut outcomes = Vec::new();
        for part in PARTS {
            let mut minted = Minted::new(self, part);
            for index in 0..minted.cases.len() {
                outcomes.extend(self.run_case(&mut server, part, &mut minted, index));
            }
        }
        outcomes.push(self.nothing_was_fetched());
        Report { outcomes }
    }

    /// Runs one case. On a busy machine, a token that is accepted for its last seconds only may end on its way to the
    /// server. If it had the time to, its refusal says nothing, and another token is sent.
    fn run_case(
        &self,
        server: &mut Server,
        part: Part,
        minted: &mut Minted,
        index: usize,
    ) -> Option<Outcome> {
        for _ in 1..MOST_ATTEMPTS {
            let outcome = server.run(minted.cases.get(index)?);
            let is_fresh = self.issuer.now().saturating_sub(minted.at) < FRESH;
            if outcome.complaint.is_none() || outcome.answer.is_none() || is_fresh {
                return Some(outcome);
            }
            *minted = Minted::new(self, part);
        }
        Some(server.run(minted.cases.get(index)?))
    }

    /// Checks that nobody has followed a URL in a token by now.
    fn nothing_was_fetched(&self) -> Outcome {
        let complaint = match self.trap.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            _ => Some("somebody followed a URL in a token".to_owned()),
        };
        let answer = Answer { status: 0, headers: Vec::new(), body: String::new() };
        Outcome { attack: Some(24), name: "nothing is fetched".to_owned(), answer: Some(answer), complaint }
    }
}
