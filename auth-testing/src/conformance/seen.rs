//! Attacks on what a server remembers of the tokens that it has seen.

use std::net::SocketAddr;
use std::time::Duration;

use auth_core::jwt::{JwtKeys, VerifierKeys};
use auth_core::{Algorithm, Authenticator};

use super::case::{Case, Expected, Outcome};
use super::report::Report;
use super::server::Server;
use super::table::{invalid, ok};
use crate::clock::TestClock;
use crate::issuer::TestIssuer;

const START: u64 = 1_800_000_000;
const LEEWAY: u64 = 60;
const LIFETIME: u64 = 300;

/// A server's clock and keys in the hands of the test, for attacks that take several requests: 84, 86, 87 and
/// 88 of the catalogue.
///
/// The server under test is given the [authenticator](Self::authenticator), so it runs in the process of the
/// test. Of the suite's routes it needs `/protected`.
///
/// ```no_run
/// use auth_testing::conformance::SeenTokens;
///
/// let fixture = SeenTokens::new();
/// let address = "127.0.0.1:3000".parse()?; // where a server with `fixture.authenticator()` listens
/// fixture.run(address).assert_passed();
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug)]
pub struct SeenTokens {
    issuer: TestIssuer,
    successor: TestIssuer,
    clock: TestClock,
    keys: VerifierKeys,
    authenticator: Authenticator,
}

impl SeenTokens {
    /// The attacks of the catalogue that are tried.
    pub const ATTACKS: [u16; 4] = [84, 86, 87, 88];

    /// Makes the keys and the authenticator.
    ///
    /// # Panics
    ///
    /// Never: its own keys can be used.
    #[must_use]
    pub fn new() -> Self {
        let clock = TestClock::at(START);
        let issuer = || TestIssuer::new(Algorithm::Es256).kid("k").clock(clock.clone());
        let (issuer, successor) = (issuer(), issuer());
        let verifier = issuer.verifier().build().expect("the issuer's own key can be used");
        let keys = verifier.keys();
        Self { issuer, successor, clock, keys, authenticator: Authenticator::new(verifier) }
    }

    /// What the server under test authenticates with.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        self.authenticator.clone()
    }

    /// Runs all steps against the server at this address.
    ///
    /// # Panics
    ///
    /// If the authenticator's keys cannot be replaced.
    #[must_use]
    pub fn run(&self, address: SocketAddr) -> Report {
        let mut steps = Steps { server: Server::new(address), attack: 0, outcomes: Vec::new() };
        self.likenesses(&mut steps);
        self.times(&mut steps);
        self.rotation(&mut steps);
        self.floods(&mut steps);
        Report { outcomes: steps.outcomes }
    }

    /// 84: a token that is only like one that was seen.
    fn likenesses(&self, steps: &mut Steps) {
        steps.attack = 84;
        let good = self.issuer.good("alice");
        let other = self.issuer.good("bob");
        steps.accepts("a good token, first seen", &good);
        steps.accepts("seen again", &good);
        let parts: Vec<_> = good.split('.').collect();
        let others: Vec<_> = other.split('.').collect();
        let ([header, payload, signature], [_, other_payload, other_signature]) =
            (parts.as_slice(), others.as_slice())
        else {
            return;
        };
        steps.refuses("its signature under other claims", &format!("{header}.{other_payload}.{signature}"));
        steps.refuses("its claims under another signature", &format!("{header}.{payload}.{other_signature}"));
        let (start, end) = signature.split_at(signature.len() / 2);
        let first = if start.starts_with('A') { "B" } else { "A" };
        let changed = format!("{first}{}", start.get(1..).unwrap_or_default());
        steps.refuses("the end of its signature", &format!("{header}.{payload}.{changed}{end}"));
        steps.refuses("without its first byte", good.get(1..).unwrap_or_default());
        steps.refuses("without its last byte", good.get(..good.len() - 1).unwrap_or_default());
        steps.refuses("with a byte more", &format!("{good}A"));
        steps.accepts("itself, after all these", &good);
    }

    /// 86: the clock moves forward, or back, after a token was seen.
    fn times(&self, steps: &mut Steps) {
        steps.attack = 86;
        let token = self.issuer.token("alice").claim_at("nbf", -100).sign();
        let to = |seconds: u64| self.clock.set(seconds);
        steps.accepts("first seen", &token);
        to(START + LIFETIME + LEEWAY - 1);
        steps.accepts("in its last second", &token);
        to(START + LIFETIME + LEEWAY);
        steps.refuses("from the second on in which it ends", &token);
        to(START);
        steps.accepts("when the clock was put right", &token);
        to(START - 100 - LEEWAY - 1);
        steps.refuses("when the clock shows a time before it begins", &token);
        to(START);
        steps.accepts("and again", &token);
    }

    /// 87: its key is taken away after a token was seen.
    fn rotation(&self, steps: &mut Steps) {
        steps.attack = 87;
        let (old, new) = (self.issuer.good("alice"), self.successor.good("alice"));
        let replace = |issuer: &TestIssuer| {
            self.keys.replace(JwtKeys::new().jwk(issuer.jwk().to_string())).expect("its own key can be used");
        };
        steps.accepts("first seen", &old);
        steps.refuses("of the key to come", &new);
        replace(&self.successor);
        steps.refuses("of a key that is gone", &old);
        steps.accepts("of the new key", &new);
        replace(&self.issuer);
        steps.accepts("of a key that is back", &old);
        steps.refuses("of a key that is gone again", &new);
    }

    /// 88: many bad tokens.
    fn floods(&self, steps: &mut Steps) {
        steps.attack = 88;
        let good = self.issuer.good("alice");
        steps.accepts("first seen", &good);
        for round in 0..200 {
            let bad = self.successor.good(&format!("user {round}"));
            steps.refuses(&format!("bad token {round}"), &bad);
        }
        steps.accepts("after a flood of bad ones", &good);
        self.clock.advance(Duration::from_secs(LIFETIME + LEEWAY));
        steps.refuses("and not after its end", &good);
        self.clock.set(START);
    }
}

impl Default for SeenTokens {
    fn default() -> Self {
        Self::new()
    }
}

/// Requests one after the other, and what came back.
struct Steps {
    server: Server,
    attack: u16,
    outcomes: Vec<Outcome>,
}

impl Steps {
    fn accepts(&mut self, name: &str, token: &str) {
        self.step(name, token, ok("Hello alice"));
    }

    fn refuses(&mut self, name: &str, token: &str) {
        self.step(name, token, invalid());
    }

    fn step(&mut self, name: &str, token: &str, expected: Expected) {
        let request = format!(
            "GET /protected HTTP/1.1\r\nHost: conformance\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        let case = Case {
            attack: Some(self.attack),
            name: name.to_owned(),
            request: request.into_bytes(),
            expected,
        };
        self.outcomes.push(self.server.run(&case));
    }
}
