//! The suite: the cases for a fixture, run one after the other.

use std::io;
use std::net::SocketAddr;

use super::case::{Case, Outcome};
use super::client::Answer;
use super::fixture::Fixture;
use super::report::Report;
use super::table::Table;

/// Returns all cases, with tokens minted for now. Each refusal stands near a twin that is accepted, so that a server
/// that refuses everything fails.
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

impl Fixture {
    /// Runs all cases against the server at this address. The server must have been given [`jwks`](Self::jwks).
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        let mut outcomes: Vec<_> = cases(self).iter().map(|case| case.run(address)).collect();
        outcomes.push(self.nothing_was_fetched());
        Report { outcomes }
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
