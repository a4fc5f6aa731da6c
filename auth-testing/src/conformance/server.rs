//! The server under test.

use std::net::SocketAddr;

use super::case::{Case, Outcome};
use super::client::{Answer, Failure, try_to_send};

/// The server under test. Once it hangs, nothing more is sent to it.
pub(super) struct Server {
    address: SocketAddr,
    send: Send,
    hangs: bool,
}

/// How a request, given as the bytes of one of HTTP/1.1, gets to the server.
pub(super) type Send = fn(SocketAddr, &[u8]) -> Result<Answer, Failure>;

impl Server {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self { address, send: try_to_send, hangs: false }
    }

    /// One that is reached in another way.
    #[cfg(feature = "grpc")]
    pub(super) fn reached_by(send: Send, address: SocketAddr) -> Self {
        Self { address, send, hangs: false }
    }

    pub(super) fn run(&mut self, case: &Case) -> Outcome {
        if self.hangs {
            return case.outcome(Err("not tried, because the server hangs".to_owned()));
        }
        let answer = (self.send)(self.address, &case.request);
        self.hangs = matches!(answer, Err(Failure::Hangs));
        case.outcome(answer.map_err(|failure| failure.to_string()))
    }
}
