//! The way of a request through the core: every step has its answer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::pin::Pin;

use auth_core::{
    Authenticator, NoClaims, Policy, Reason, Scope, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure,
    async_trait,
};
use auth_testing::TestRequest;

/// Accepts `good`, panics at `panic` and `later`, is down for `down`.
struct Table;

#[async_trait]
impl TokenVerifier for Table {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "good" => Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": "alice", "scope": "a"}))?),
            "panic" => panic!("canary"),
            "down" => Err(VerifyError::Unavailable { retry_after: None }.into()),
            _ => Err(VerifyError::UnknownToken.into()),
        }
    }
}

/// Panics before there is a future to poll.
struct PanicsAtOnce;

impl TokenVerifier for PanicsAtOnce {
    fn verify<'a: 'c, 'b: 'c, 'c>(
        &'a self,
        _: &'b str,
    ) -> Pin<Box<dyn Future<Output = Result<VerifiedToken, VerifyFailure>> + Send + 'c>>
    where
        Self: 'c,
    {
        panic!("canary")
    }
}

fn request(target: &str, values: &[&str]) -> TestRequest {
    values.iter().fold(TestRequest::get(target), |request, value| request.authorization(*value))
}

fn answer(target: &str, values: &[&str]) -> Result<String, Reason> {
    let request = request(target, values);
    let authenticator = Authenticator::new(Table);
    let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
    verdict.map(|caller| caller.subject().to_owned()).map_err(|rejection| rejection.reason())
}

fn optional(values: &[&str]) -> Result<Option<String>, Reason> {
    let request = request("/", values);
    let authenticator = Authenticator::new(Table);
    let verdict = futures_executor::block_on(authenticator.authenticate_optional::<NoClaims>(&request));
    verdict
        .map(|caller| caller.map(|caller| caller.subject().to_owned()))
        .map_err(|rejection| rejection.reason())
}

#[test]
fn every_step_has_its_answer() {
    assert_eq!(answer("/", &["Bearer good"]), Ok("alice".to_owned()));
    assert_eq!(answer("/", &[]), Err(Reason::Missing));
    assert_eq!(answer("/", &["Basic good"]), Err(Reason::Missing));
    assert_eq!(answer("/", &["Bearer"]), Err(Reason::Malformed));
    assert_eq!(answer("/", &["Bearer good", "Bearer good"]), Err(Reason::Malformed));
    assert_eq!(answer("/", &["Bearer bad"]), Err(Reason::Invalid));
    assert_eq!(answer("/", &["Bearer down"]), Err(Reason::Unavailable));
}

#[test]
fn optional_means_absent_is_anonymous_and_bad_is_refused() {
    assert_eq!(optional(&["Bearer good"]), Ok(Some("alice".to_owned())));
    assert_eq!(optional(&[]), Ok(None));
    assert_eq!(optional(&["Basic good"]), Ok(None));
    assert_eq!(optional(&["Bearer bad"]), Err(Reason::Invalid));
    assert_eq!(optional(&["Bearer"]), Err(Reason::Malformed));
    assert_eq!(optional(&["Bearer down"]), Err(Reason::Unavailable));
}

#[test]
fn a_verifier_that_panics_has_not_accepted() {
    assert_eq!(answer("/", &["Bearer panic"]), Err(Reason::Misconfigured));
    assert_eq!(optional(&["Bearer panic"]), Err(Reason::Misconfigured));

    let request = request("/", &["Bearer good"]);
    let authenticator = Authenticator::new(PanicsAtOnce);
    let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
    assert_eq!(verdict.unwrap_err().reason(), Reason::Misconfigured);
}

#[test]
fn claims_whose_reading_panics_are_not_accepted() {
    struct Panics;
    impl<'de> serde::Deserialize<'de> for Panics {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            panic!("canary")
        }
    }
    let request = request("/", &["Bearer good"]);
    let verdict = futures_executor::block_on(Authenticator::new(Table).authenticate::<Panics>(&request));
    assert_eq!(verdict.unwrap_err().reason(), Reason::Misconfigured);
}

#[test]
fn claims_that_do_not_fit_are_a_fault_of_the_token() {
    #[derive(serde::Deserialize)]
    struct Tenant {
        #[allow(dead_code)]
        tenant: String,
    }
    let request = request("/", &["Bearer good"]);
    let authenticator = Authenticator::new(Table);
    let verdict = futures_executor::block_on(authenticator.authenticate::<Tenant>(&request));
    assert_eq!(verdict.unwrap_err().reason(), Reason::Invalid);
}

#[test]
fn a_token_also_in_the_query_is_a_malformed_request() {
    for target in ["/?access_token=x", "/?a=1&access_token", "/?access%5Ftoken=x", "/?%61ccess_token=good"] {
        assert_eq!(answer(target, &["Bearer good"]), Err(Reason::Malformed), "{target}");
        assert_eq!(answer(target, &[]), Err(Reason::Missing), "{target}: never read from there");
    }
    for target in [
        "/access_token=x",
        "/?xaccess_token=1",
        "/?access_tokens=1",
        "/?a=access_token",
        "/?access%5token=x",
        "/?",
    ] {
        assert_eq!(answer(target, &["Bearer good"]), Ok("alice".to_owned()), "{target}");
    }
}

#[test]
fn require_asks_the_policy() {
    let request = request("/", &["Bearer good"]);
    let authenticator = Authenticator::new(Table).with_realm("r").unwrap();
    let caller = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
    let scope = |name| Policy::scope(Scope::from_static(name));
    assert_eq!(caller.require(&scope("a")), Ok(()));
    let rejection = caller.require(&scope("b")).unwrap_err();
    assert_eq!(rejection.reason(), Reason::Insufficient);
    let challenge = rejection.headers().find(|(name, _)| name == "www-authenticate").unwrap().1;
    assert_eq!(challenge, r#"Bearer realm="r", error="insufficient_scope", scope="b""#);
}

#[test]
fn debug_shows_no_claim() {
    let request = request("/", &["Bearer good"]);
    let authenticator = Authenticator::new(Table);
    let caller = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
    assert_eq!(format!("{caller:?}"), "Authenticated(<redacted>)");
    let token = authenticator.bearer_token(&request).unwrap();
    assert_eq!(token.as_str(), "good");
    assert_eq!(format!("{token:?}"), "BearerToken(<redacted>)");
    assert!(format!("{authenticator:?}").starts_with("Authenticator"));
}
