//! The keys of a provider: one signs, several are published.

use auth_core::{Algorithm, Clock};
use serde_json::json;

use crate::clock::TestClock;
use crate::issuer::TestIssuer;

#[derive(Debug)]
pub(crate) struct KeyRing {
    algorithm: Algorithm,
    clock: TestClock,
    pub(crate) issuer: String,
    /// It signs, also if it is not published.
    signing: TestIssuer,
    published: Vec<TestIssuer>,
    /// Published already, and not signing yet.
    next: Option<TestIssuer>,
}

impl KeyRing {
    pub(crate) fn new(algorithm: Algorithm, clock: TestClock, issuer: String) -> Self {
        let is_secret = algorithm.min_secret_bytes().is_some();
        assert!(!is_secret, "{algorithm} has no public key: choose another algorithm");
        let signing = TestIssuer::new(algorithm).clock(clock.clone());
        Self { algorithm, clock, issuer, published: vec![signing.clone()], signing, next: None }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn signing(&self) -> TestIssuer {
        self.signing.clone().issuer(&*self.issuer)
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.now().unwrap_or_default()
    }

    pub(crate) fn kid(&self) -> String {
        self.signing.kid.clone()
    }

    pub(crate) fn publish_next(&mut self) -> String {
        let next = TestIssuer::new(self.algorithm).clock(self.clock.clone());
        self.published.push(next.clone());
        self.next.insert(next).kid.clone()
    }

    pub(crate) fn rotate(&mut self) -> String {
        if self.next.is_none() {
            self.publish_next();
        }
        if let Some(next) = self.next.take() {
            self.signing = next;
        }
        self.kid()
    }

    /// Does not touch the key that `publish_next` announced, since `rotate` has just taken it.
    pub(crate) fn rotate_at_once(&mut self) -> String {
        let kid = self.rotate();
        self.published.retain(|key| key.kid == kid);
        kid
    }

    pub(crate) fn withdraw(&mut self, kid: &str) {
        let before = self.published.len();
        self.published.retain(|key| key.kid != kid);
        assert!(self.published.len() < before, "no published key is named {kid:?}");
        // A key that was announced and withdrawn never signs.
        self.next.take_if(|next| next.kid == kid);
    }

    pub(crate) fn jwks(&self) -> String {
        let keys: Vec<_> = self.published.iter().map(TestIssuer::jwk).collect();
        json!({ "keys": keys }).to_string()
    }
}
