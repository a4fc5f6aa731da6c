//! The same table, held against a gRPC server.

mod client;
mod table;
mod translate;

use std::net::SocketAddr;

use super::fixture::Fixture;
use super::report::Report;
use super::server::Server;
use super::suite::{Mint, PARTS};

impl Fixture {
    /// Runs all cases against the gRPC server at this address, which must have been given [`jwks`](Self::jwks), and calls
    /// of its own: streams, binary metadata, gRPC-Web, and requests that are not gRPC.
    ///
    /// Every request of the table for HTTP becomes a call of the method that stands for its route, with the same
    /// credentials. Expected is the status that stands for the HTTP status, with the table's own detail, `www-authenticate` and
    /// `retry-after`. What gRPC cannot carry is left out: `HEAD`, and bytes that HTTP/2 refuses.
    ///
    /// The server has the service `greeter.v1.Greeter`, whose messages have one field, number 1, of type `string`:
    ///
    /// | method | demands | answers |
    /// |---|---|---|
    /// | `Public` | nothing | `Hello, anyone` |
    /// | `Protected` | a good token | `Hello alice` with the subject |
    /// | `Optional` | a good token or none | `Hello alice` or `Hello, stranger` |
    /// | `Orders` | scope `orders:read` | `Orders of alice` |
    /// | `Admin` | role `admin` in claim `roles` | `Hello admin alice` |
    /// | `Download`, a stream of messages | a good token | `Hello alice`, three times |
    /// | `Upload`, from a stream of messages | a good token | `2 greetings of alice`, with their number |
    /// | `Chat`, from a stream to a stream | a good token | `Hello alice` for each message |
    ///
    /// A refusal has no message, and its status is in the header fields.
    #[must_use]
    pub fn run_grpc(&self, address: SocketAddr) -> Report {
        let of_http = PARTS.map(|part| Mint { part, adapt: translate::call });
        let of_grpc = Mint { part: |table| table.calls(), adapt: Some };
        self.run_parts(Server::reached_by(client::call, address), of_http.into_iter().chain([of_grpc]))
    }
}

impl Report {
    /// Returns the names of the cases that this gRPC server answered differently than a server of HTTP did: another
    /// status than the one that stands for the HTTP status, or another detail, challenge or `retry-after`.
    #[must_use]
    pub fn differences_from_http(&self, http: &Self) -> Vec<String> {
        let mut ours = self.outcomes.iter();
        let mut differences = Vec::new();
        for theirs in &http.outcomes {
            let mut rest = ours.clone();
            // What gRPC cannot carry is not among ours.
            let Some(same) = rest.find(|ours| ours.attack == theirs.attack && ours.name == theirs.name)
            else {
                continue;
            };
            ours = rest;
            if same.answer != theirs.answer.as_ref().map(translate::answer) {
                differences.push(theirs.name.clone());
            }
        }
        differences
    }

    /// Returns how many cases this gRPC server and a server of HTTP have in common.
    #[must_use]
    pub fn shared_with_http(&self, http: &Self) -> usize {
        let mut ours = self.outcomes.iter();
        let mut shared = 0;
        for theirs in &http.outcomes {
            let mut rest = ours.clone();
            if rest.any(|ours| ours.attack == theirs.attack && ours.name == theirs.name) {
                ours = rest;
                shared += 1;
            }
        }
        shared
    }
}
