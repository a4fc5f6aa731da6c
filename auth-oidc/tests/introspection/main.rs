//! Tokens about which the issuer is asked. The issuer is one without a network; time is Tokio's, paused.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

#[path = "../fake/mod.rs"]
mod fake;

mod caches;
mod logs;
mod outages;
mod requests;
mod routing;
mod signed;
mod verdicts;

use auth_core::VerifyError;
use auth_oidc::{Introspection, Oidc, OidcVerifier};
use auth_testing::{TestClock, TestIssuer};
use serde_json::{Value, json};

use crate::fake::{Act, Fake, ISSUER, KEYS, signer};

pub(crate) const ENDPOINT: &str = "https://id.example/introspect";
pub(crate) const METADATA: &str = "https://id.example/realms/shop/.well-known/openid-configuration";

/// The time by the clock that judges claims.
pub(crate) const NOW: u64 = 2_000_000_000;

/// A provider that introspects.
pub(crate) struct Provider {
    pub(crate) fake: Fake,
    pub(crate) signer: TestIssuer,
    pub(crate) clock: TestClock,
}

impl Provider {
    /// Answers so about a token.
    pub(crate) fn new(about: impl Fn(&str) -> Act + Send + Sync + 'static) -> Self {
        let clock = TestClock::at(NOW);
        let provider = Self { fake: Fake::new(|_| Act::Never), signer: signer().clock(clock.clone()), clock };
        provider.about(about);
        provider
    }

    /// Answers this about every token.
    pub(crate) fn saying(answer: &Value) -> Self {
        let answer = answer.to_string();
        Self::new(move |_| Act::ok(answer.clone()))
    }

    pub(crate) fn about(&self, about: impl Fn(&str) -> Act + Send + Sync + 'static) {
        let keys = self.signer.jwks();
        self.fake.answers(move |request| match request.uri().to_string().as_str() {
            KEYS => Act::ok(keys.clone()),
            METADATA => Act::ok(
                json!({"issuer": ISSUER, "jwks_uri": KEYS, "introspection_endpoint": ENDPOINT}).to_string(),
            ),
            ENDPOINT => {
                let mut form = form_urlencoded::parse(request.body());
                about(&form.find(|(name, _)| name == "token").unwrap().1)
            }
            _ => Act::status(404),
        });
    }

    pub(crate) fn saying_now(&self, answer: &Value) {
        let answer = answer.to_string();
        self.about(move |_| Act::ok(answer.clone()));
    }

    pub(crate) fn oidc(&self, introspection: Introspection) -> Oidc {
        let clock = self.clock.clone();
        self.fake.oidc().verifier(|verifier| verifier.clock(clock)).introspection(introspection)
    }

    pub(crate) async fn verifier(&self, introspection: Introspection) -> OidcVerifier {
        self.oidc(introspection).connect().await.unwrap()
    }

    /// How many questions there were.
    pub(crate) fn asked(&self) -> usize {
        self.fake.requests(ENDPOINT)
    }
}

pub(crate) fn basic() -> Introspection {
    Introspection::client_secret_basic("orders-api", "s3cret")
}

/// What the issuer says of a good token of alice.
pub(crate) fn good() -> Value {
    json!({"active": true, "sub": "alice", "iss": ISSUER, "aud": "api", "exp": NOW + 3600, "scope": "orders:read"})
}

pub(crate) fn with(member: &str, value: impl Into<Value>) -> Value {
    let mut answer = good();
    answer[member] = value.into();
    answer
}

pub(crate) fn without(member: &str) -> Value {
    let mut answer = good();
    answer.as_object_mut().unwrap().remove(member);
    answer
}

pub(crate) fn alice() -> Result<String, VerifyError> {
    Ok("alice".to_owned())
}

pub(crate) fn is_unavailable(verdict: &Result<String, VerifyError>) -> bool {
    matches!(verdict, Err(VerifyError::Unavailable { retry_after: Some(pause) }) if pause.as_secs() >= 1)
}
