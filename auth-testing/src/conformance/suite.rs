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
pub(super) type Part = fn(&mut Table<'_>);

pub(super) const PARTS: [Part; 16] = [
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
    PARTS.into_iter().flat_map(|part| Minted::new(fixture, unchanged(part)).cases).collect()
}

fn unchanged(part: Part) -> Mint {
    Mint { part, adapt: Some }
}

/// How cases are made: the part of the table that they are in, and what has to change about them for the server under
/// test. `None` if they cannot be sent to it.
#[derive(Clone, Copy)]
pub(super) struct Mint {
    pub(super) part: Part,
    pub(super) adapt: fn(Case) -> Option<Case>,
}

/// Cases whose tokens were made at this time.
struct Minted {
    at: u64,
    cases: Vec<Case>,
}

impl Minted {
    fn new(fixture: &Fixture, mint: Mint) -> Self {
        let at = fixture.issuer.now();
        let mut table = Table::new(fixture);
        (mint.part)(&mut table);
        Self { at, cases: table.cases.into_iter().filter_map(mint.adapt).collect() }
    }
}

impl Fixture {
    /// Runs all cases against the server at this address. The server must have been given [`jwks`](Self::jwks).
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        self.run_parts(Server::new(address), PARTS.map(unchanged))
    }

    /// Runs all cases of these parts.
    pub(super) fn run_parts(&self, mut server: Server, parts: impl IntoIterator<Item = Mint>) -> Report {
        let mut outcomes = Vec::new();
        for mint in parts {
            let mut minted = Minted::new(self, mint);
            for index in 0..minted.cases.len() {
                outcomes.extend(self.run_case(&mut server, mint, &mut minted, index));
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
        mint: Mint,
        minted: &mut Minted,
        index: usize,
    ) -> Option<Outcome> {
        for _ in 1..MOST_ATTEMPTS {
            let outcome = server.run(minted.cases.get(index)?);
            let is_fresh = self.issuer.now().saturating_sub(minted.at) < FRESH;
            if outcome.complaint.is_none() || outcome.answer.is_none() || is_fresh {
                return Some(outcome);
            }
            *minted = Minted::new(self, mint);
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
