//! A token before it is signed.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use auth_core::Authenticator;
use serde_json::{Map, Value};

use crate::base64url::{decode, encode};
use crate::issuer::TestIssuer;

/// How long tokens live unless a test says otherwise, in seconds.
const LIFETIME: u64 = 300;

/// Longer than every leeway that a verifier may be configured with, in seconds.
const LONG: i64 = 3600;

/// A token before it is signed. It is good unless a method changes it.
#[derive(Clone)]
pub struct TokenDraft<'a> {
    issuer: Cow<'a, TestIssuer>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl TestIssuer {
    /// Starts a good token for this subject: header `alg`, `kid` and `typ`, claims `iss`, `aud`, `sub`, `iat` and
    /// `exp`. It lives for 300 seconds, see [`TokenDraft::lifetime`].
    #[must_use]
    pub fn token(&self, subject: &str) -> TokenDraft<'_> {
        TokenDraft::new(Cow::Borrowed(self), subject)
    }

    /// Returns a good token. It lives for 300 seconds.
    #[must_use]
    pub fn good(&self, subject: &str) -> String {
        self.token(subject).sign()
    }

    /// Returns a token that expired an hour ago.
    #[must_use]
    pub fn expired(&self, subject: &str) -> String {
        self.token(subject).claim_at("exp", -LONG).sign()
    }

    /// Returns a token that becomes valid in an hour.
    #[must_use]
    pub fn not_yet_valid(&self, subject: &str) -> String {
        self.token(subject).claim_at("nbf", LONG).claim_at("exp", 2 * LONG).sign()
    }

    /// Returns a token for another service.
    #[must_use]
    pub fn wrong_audience(&self, subject: &str) -> String {
        self.token(subject).claim("aud", "https://other.example").sign()
    }

    /// Returns a token that names another issuer, signed with the key of this one.
    #[must_use]
    pub fn wrong_issuer(&self, subject: &str) -> String {
        self.token(subject).claim("iss", "https://evil.example").sign()
    }

    /// Returns a good token with one bit of its signature flipped.
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

impl<'a> TokenDraft<'a> {
    pub(crate) fn new(issuer: Cow<'a, TestIssuer>, subject: &str) -> Self {
        let now = issuer.now();
        let header = [
            ("alg", issuer.algorithm.name().into()),
            ("kid", issuer.kid.as_str().into()),
            ("typ", "at+jwt".into()),
        ];
        let claims = [
            ("iss", issuer.issuer.as_str().into()),
            ("aud", issuer.audience.as_str().into()),
            ("sub", subject.into()),
            ("iat", now.into()),
            ("exp", (now + LIFETIME).into()),
        ];
        let object = |members: Vec<(&str, Value)>| -> Map<String, Value> {
            members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let (header, claims) = (object(header.into()), object(claims.into()));
        Self { issuer, header, claims }
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

    /// Sets a time claim to this many seconds from now; negative for the past.
    #[must_use]
    pub fn claim_at(self, name: &str, seconds_from_now: i64) -> Self {
        let at = self.issuer.now().saturating_add_signed(seconds_from_now);
        self.claim(name, at)
    }

    /// Sets how long the token lives from now. The default is 300 seconds. Whole seconds count.
    ///
    /// ```
    /// use auth_testing::TestIssuer;
    /// use std::time::Duration;
    ///
    /// let issuer = TestIssuer::default();
    /// let for_a_day = issuer.token("alice").lifetime(Duration::from_secs(24 * 60 * 60)).sign();
    /// # let verified = issuer.verifier().build()?.verify_jwt(&for_a_day).unwrap();
    /// # assert_eq!(verified.expires_at().unwrap() - verified.issued_at().unwrap(), 86_400);
    /// # Ok::<(), auth_core::jwt::BuildError>(())
    /// ```
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        let expiry = self.issuer.now().saturating_add(lifetime.as_secs());
        self.claim("exp", expiry)
    }

    /// Removes a claim.
    #[must_use]
    pub fn without_claim(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Sets a header parameter. `alg` is written as given, but the key signs by its own algorithm.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a header parameter.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Returns an authenticator that treats every request as if it carried this token. It is for tests of what is
    /// behind authentication, like `dependency_overrides` in FastAPI.
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
    /// Guards, policies and user lookups still apply: a scope that is not granted here is answered 403. Give the issuer
    /// the [`settings`](TestIssuer::settings) of the application, or its routes are judged by other rules than in
    /// production. Why a request is refused is printed, see [`TestIssuer::authenticator`].
    #[must_use]
    pub fn override_authentication(self) -> Authenticator {
        self.issuer.authenticator().dangerously_assume_token(self.sign())
    }

    /// Signs the token.
    #[must_use]
    pub fn sign(self) -> String {
        self.issuer.sign_raw(Value::from(self.header).to_string(), Value::from(self.claims).to_string())
    }
}

/// Never prints a claim, since the output of tests ends up in logs too.
impl fmt::Debug for TokenDraft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDraft(<redacted>)")
    }
}
