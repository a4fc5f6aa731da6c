//! A token before it is signed.

use std::fmt;

use auth_core::Authenticator;
use serde_json::{Map, Value};

use crate::base64url::{decode, encode};
use crate::issuer::TestIssuer;

/// How long tokens live, in seconds.
const LIFETIME: u64 = 300;

/// Past every leeway that a verifier may be configured with, in seconds.
const LONG: i64 = 3600;

/// A token before it is signed: good unless something is changed.
#[derive(Clone)]
pub struct TokenDraft<'a> {
    issuer: &'a TestIssuer,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl TestIssuer {
    /// A good token about this subject, to be changed or signed: header `alg`, `kid` and `typ`, claims
    /// `iss`, `aud`, `sub`, `iat` and `exp`.
    #[must_use]
    pub fn token(&self, subject: &str) -> TokenDraft<'_> {
        let now = self.now();
        let header = [
            ("alg", self.algorithm.name().into()),
            ("kid", self.kid.as_str().into()),
            ("typ", "at+jwt".into()),
        ];
        let claims = [
            ("iss", self.issuer.as_str().into()),
            ("aud", self.audience.as_str().into()),
            ("sub", subject.into()),
            ("iat", now.into()),
            ("exp", (now + LIFETIME).into()),
        ];
        let object = |members: Vec<(&str, Value)>| -> Map<String, Value> {
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        TokenDraft { issuer: self, header: object(header.into()), claims: object(claims.into()) }
    }

    /// A good token.
    #[must_use]
    pub fn good(&self, subject: &str) -> String {
        self.token(subject).sign()
    }

    /// A token that expired an hour ago.
    #[must_use]
    pub fn expired(&self, subject: &str) -> String {
        self.token(subject).claim_at("exp", -LONG).sign()
    }

    /// A token that is valid from an hour from now on.
    #[must_use]
    pub fn not_yet_valid(&self, subject: &str) -> String {
        self.token(subject).claim_at("nbf", LONG).claim_at("exp", 2 * LONG).sign()
    }

    /// A token for another service.
    #[must_use]
    pub fn wrong_audience(&self, subject: &str) -> String {
        self.token(subject).claim("aud", "https://other.example").sign()
    }

    /// A token that says it is from another issuer, signed with this one's key.
    #[must_use]
    pub fn wrong_issuer(&self, subject: &str) -> String {
        self.token(subject).claim("iss", "https://evil.example").sign()
    }

    /// A good token, but for one bit of its signature.
    #[must_use]
    pub fn bad_signature(&self, subject: &str) -> String {
        let token = self.good(subject);
        let (signing_input, signature) = token.rsplit_once('.').expect("a token has dots");
        let mut signature = decode(signature);
        if let Some(first) = signature.first_mut() {
            *first ^= 1;
        }
        format!("{signing_input}.{}", encode(signature))
    }
}

impl TokenDraft<'_> {
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
