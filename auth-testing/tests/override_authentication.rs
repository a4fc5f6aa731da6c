//! Everybody is whom the test says, and may what the test says.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use auth_core::adapter::{Guard, extract_from_guard};
use auth_core::{Authenticated, NoClaims, Policy, Reason, Scope};
use auth_testing::{TestIssuer, TestRequest};
use futures_executor::block_on;

#[test]
fn whatever_a_request_brings_it_counts_as_having_brought_the_token() {
    let issuer = TestIssuer::default();
    let authenticator = issuer.token("alice").scope("items").override_authentication();
    for request in [
        TestRequest::get("/"),
        TestRequest::get("/").authorization("Bearer"),
        TestRequest::get("/").authorization("Basic YTpi"),
        TestRequest::get("/").bearer(&issuer.good("mallory")),
        TestRequest::get("/").bearer("a").bearer("b"),
        TestRequest::get("/?access_token=x"),
    ] {
        let user = block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
        assert_eq!(user.subject(), "alice");
        let user = block_on(authenticator.authenticate_optional::<NoClaims>(&request)).unwrap();
        assert_eq!(user.unwrap().subject(), "alice");
    }
    // The one that was taken is as it was.
    let request = TestRequest::get("/");
    let refused = block_on(issuer.authenticator().authenticate::<NoClaims>(&request)).unwrap_err();
    assert_eq!(refused.reason(), Reason::Missing);
}

#[test]
fn what_is_not_granted_is_refused_as_ever() {
    let authenticator = TestIssuer::default().token("alice").scope("items").override_authentication();
    let user = block_on(authenticator.authenticate::<NoClaims>(&TestRequest::get("/"))).unwrap();
    assert!(user.require(&Policy::scope(Scope::from_static("items"))).is_ok());
    let refused = user.require(&Policy::scope(Scope::from_static("orders"))).unwrap_err();
    assert_eq!(refused.reason(), Reason::Insufficient);
}

#[test]
fn a_token_that_is_not_good_lets_nobody_in() {
    let issuer = TestIssuer::default();
    for draft in [issuer.token("alice").claim_at("exp", -3600), issuer.token("alice").without_claim("sub")] {
        let authenticator = draft.override_authentication();
        let refused = block_on(authenticator.authenticate::<NoClaims>(&TestRequest::get("/"))).unwrap_err();
        assert_eq!(refused.reason(), Reason::Invalid);
    }
    let other = TestIssuer::default().authenticator().dangerously_assume_token(issuer.good("alice"));
    assert!(block_on(other.authenticate::<NoClaims>(&TestRequest::get("/"))).is_err());
}

/// Inside of a guard, too: what the guard has found of another token does not count.
#[test]
fn guards_and_what_they_find_are_of_the_token_that_is_assumed() {
    let issuer = TestIssuer::default();
    let real = issuer.authenticator();
    let assumed = real.dangerously_assume_token(issuer.good("alice"));
    let mut request = TestRequest::get("/").bearer(&issuer.good("mallory"));
    block_on(Guard::new(real).check(&mut request)).unwrap();
    assert_eq!(block_on(assumed.authenticate::<NoClaims>(&request)).unwrap().subject(), "alice");
    for mut request in [TestRequest::get("/"), request] {
        block_on(Guard::new(assumed.clone()).check(&mut request)).unwrap();
        assert_eq!(extract_from_guard::<Authenticated>(&request).unwrap().subject(), "alice");
    }
}
