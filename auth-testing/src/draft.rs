//! A token before it is signed.

use std::fmt;

use auth_core::Authenticator;
use serde_json::{Map, Value};

use crate::issuer::TestIssuer;

/// A token before it is signed: good unless something is changed.
#[derive(Clone)]
pub struct TokenDraft<'a> {
    issuer: &'a TestIssuer,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl<'a> TokenDraft<'a> {
    pub(crate) fn new(
        issuer: &'a TestIssuer,
        header: Map<String, Value>,
        claims: Map<String, Value>,
    ) -> Self {
        Self { issuer, header, claims }
    }

    /// Grants scopes, separated by spaces.
    #[must_use]
    pub fn scope(self, scope: &str) -> Self {
        self.claim("scope", scope)
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Sets a time claim to so many seconds from now; negative for the past.
    #[must_use]
    pub fn claim_at(self, name: &str, seconds_from_now: i64) -> Self {
        let at = self.issuer.now().saturating_add_signed(seconds_from_now);
        self.claim(name, at)
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header parameter. `alg` is written as it is given, and the key signs as it does.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a header parameter out.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Has every request count as if it had brought this token, whatever it brings: an authenticator for tests of what
    /// is behind authentication, as `dependency_overrides` is in FastAPI.
    ///
    /// ```
    /// use auth_testing::TestIssuer;
    ///
    /// let authenticator = TestIssuer::default().token("alice").scope("items").override_authentication();
    /// // let app = app(authenticator);
    /// # use auth_core::NoClaims;
    /// # let request = auth_testing::TestRequest::get("/users/me");
    /// # let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
    /// # assert_eq!(verdict.unwrap().subject(), "alice");
    /// ```
    ///
    /// Guards, policies and users count as ever: a scope that is not granted here is answered 403.
    #[must_use]
    pub fn override_authentication(self) -> Authenticator {
        self.issuer.authenticator().overridden_by(self.sign())
    }

    /// Signs.
    #[must_use]
    pub fn sign(self) -> String {
        self.issuer.sign_raw(Value::from(self.header).to_string(), Value::from(self.claims).to_string())
    }
}

/// Never prints a claim: what a test prints ends up in logs too.
impl fmt::Debug for TokenDraft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDraft(<redacted>)")
    }
}
