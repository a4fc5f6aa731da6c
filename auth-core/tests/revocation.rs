//! Revoked tokens on the way of a request: after the verifier, after its cache, and between guard and extractor.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::time::Duration;

use auth_core::{
    Authenticator, OnOutage, RevocationView, Revocations, VerifiedToken, VerifyError, VerifyFailure, adapter,
};
use auth_testing::TestIssuer;
use futures_executor::block_on;
use http::Request;

fn revocations() -> Revocations {
    Revocations::builder(Duration::from_secs(3600), OnOutage::Refuse).build()
}

fn request(token: &str) -> Request<()> {
    Request::builder().header("authorization", format!("Bearer {token}")).body(()).unwrap()
}

/// The status of a request by an extractor, or 200.
fn status(authenticator: &Authenticator, request: &mut Request<()>) -> u16 {
    match block_on(adapter::extract::<auth_core::Authenticated>(authenticator, request)) {
        Ok(_) => 200,
        Err(rejection) => rejection.status().as_u16(),
    }
}

/// The verifier has the token in its cache then, as every token that it has accepted.
#[test]
fn a_cached_token_is_refused_once_it_is_revoked() {
    let issuer = TestIssuer::default();
    let revocations = revocations();
    let authenticator =
        Authenticator::new(issuer.verifier().build().unwrap()).with_revocations(revocations.clone());
    let (token, other) =
        (issuer.token("alice").claim("jti", "a").sign(), issuer.token("alice").claim("jti", "b").sign());
    for _ in 0..3 {
        assert_eq!(status(&authenticator, &mut request(&token)), 200);
    }
    let caller: auth_core::Authenticated = block_on(authenticator.authenticate(&request(&token))).unwrap();
    revocations.revoke_token(caller.token()).unwrap();
    for _ in 0..3 {
        assert_eq!(status(&authenticator, &mut request(&token)), 401);
        assert_eq!(status(&authenticator, &mut request(&other)), 200);
    }
    let rejection =
        block_on(authenticator.authenticate::<auth_core::NoClaims>(&request(&token))).unwrap_err();
    let forged = block_on(authenticator.authenticate::<auth_core::NoClaims>(&request("forged"))).unwrap_err();
    assert_eq!(
        (rejection.headers().collect::<Vec<_>>(), rejection.body()),
        (forged.headers().collect::<Vec<_>>(), forged.body()),
        "a client is not told why"
    );
}

#[test]
fn what_was_found_without_the_revocations_does_not_count() {
    let issuer = TestIssuer::default();
    let revocations = revocations();
    let open = Authenticator::new(issuer.verifier().build().unwrap());
    let strict = open.with_revocations(revocations.clone());
    let token = issuer.token("alice").claim("sid", "s").sign();
    revocations.revoke_session("https://issuer.example", "s").unwrap();
    let mut request = request(&token);
    assert_eq!(status(&open, &mut request), 200);
    assert_eq!(status(&strict, &mut request), 401);
    assert_eq!(status(&open, &mut request), 200);
}

/// What a view of the application's own answers.
struct Says(fn() -> Result<(), VerifyFailure>);

impl RevocationView for Says {
    fn check(&self, _: &VerifiedToken) -> Result<(), VerifyFailure> {
        (self.0)()
    }
}

#[test]
fn a_view_of_the_applications_own_is_asked() {
    let issuer = TestIssuer::default();
    let verifier = Authenticator::new(issuer.verifier().build().unwrap());
    for (says, expected) in [
        (Says(|| Ok(())), 200),
        (Says(|| Err(VerifyError::Revoked.into())), 401),
        (Says(|| Err(VerifyError::Unavailable { retry_after: None }.into())), 503),
        (Says(|| panic!("a view that panics")), 500),
    ] {
        let authenticator = verifier.with_revocations(says);
        assert_eq!(status(&authenticator, &mut request(issuer.token("alice").sign().as_str())), expected);
        assert_eq!(status(&authenticator, &mut request("forged")), 401);
    }
}
