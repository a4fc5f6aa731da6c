//! The server under test.

use std::net::SocketAddr;

use super::case::{Case, Outcome};
use super::client::{Failure, try_to_send};

/// The server under test. Once it hangs, nothing more is sent to it.
pub(super) struct Server {
    address: SocketAddr,
    hangs: bool,
}

impl Server {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, hangs: false }
    }

    pub(super) fn run(&mut self, case: &Case) -> Outcome {
        if self.hangs {
            return case.outcome(Err("not tried, because the server hangs".to_owned()));
        }
        let answer = try_to_send(self.address, &case.request);
        self.hangs = matches!(answer, Err(Failure::Hangs));
        case.outcome(answer.map_err(|failure| failure.to_string()))
    }
}
