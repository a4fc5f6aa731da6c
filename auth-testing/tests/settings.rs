//! Tests of an application judge as production does.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::time::Duration;

use auth_core::adapter::Guard;
use auth_core::jwt::JwtVerifierBuilder;
use auth_core::{Algorithm, Authenticator, ClaimPath, JwtVerifier, Policy, Reason};
use auth_testing::{TestClock, TestIssuer, TestRequest, TokenDraft};
use futures_executor::block_on;
use serde_json::json;

const SECRET: &[u8] = b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA";
const ISSUER: &str = "https://login.example";
const AUDIENCE: &str = "orders";

/// What production and tests share.
fn settings(verifier: JwtVerifierBuilder) -> JwtVerifierBuilder {
    verifier
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .roles(ClaimPath::realm_access_roles())
        .require_access_token_type()
        .max_lifetime(Duration::from_secs(600))
}

fn production() -> Authenticator {
    let verifier = settings(JwtVerifier::builder()).secret(Algorithm::Hs256, SECRET).build();
    Authenticator::new(verifier.unwrap())
}

fn identity_provider() -> TestIssuer {
    TestIssuer::with_secret(Algorithm::Hs256, SECRET).issuer(ISSUER).audience(AUDIENCE)
}

/// How a route that demands the role `admin` refuses, if it does.
fn admin_route(authenticator: Authenticator, token: Option<&str>) -> Option<Reason> {
    let mut request = TestRequest::get("/admin");
    if let Some(token) = token {
        request = request.bearer(token);
    }
    let guard = Guard::new(authenticator).require(Policy::role("admin"));
    block_on(guard.check(&mut request)).err().map(|rejection| rejection.reason())
}

/// Tokens by what production says to them.
fn drafts(issuer: &TestIssuer) -> Vec<(&'static str, TokenDraft<'_>, Option<Reason>)> {
    let realm = || json!({ "roles": ["admin"] });
    let admin = || issuer.token("alice").claim("realm_access", realm());
    vec![
        ("roles of the realm", admin(), None),
        ("roles at the top", issuer.token("alice").claim("roles", vec!["admin"]), Some(Reason::Insufficient)),
        ("no roles", issuer.token("alice"), Some(Reason::Insufficient)),
        ("another type", admin().header("typ", "JWT"), Some(Reason::Invalid)),
        ("a long life", admin().lifetime(Duration::from_secs(3600)), Some(Reason::Invalid)),
        ("a life that is long enough", admin().lifetime(Duration::from_secs(600)), None),
        ("another audience", admin().claim("aud", "https://api.example"), Some(Reason::Invalid)),
        ("another issuer", admin().claim("iss", "https://issuer.example"), Some(Reason::Invalid)),
    ]
}

#[test]
fn a_route_is_judged_as_in_production() {
    let minted_for_production = identity_provider();
    let in_test = TestIssuer::default().issuer(ISSUER).audience(AUDIENCE).settings(settings);
    for (case, draft, expected) in drafts(&minted_for_production) {
        assert_eq!(admin_route(production(), Some(&draft.sign())), expected, "{case}: production");
    }
    for (case, draft, expected) in drafts(&in_test) {
        let token = draft.clone().sign();
        assert_eq!(admin_route(in_test.authenticator(), Some(&token)), expected, "{case}: authenticator");
        assert_eq!(admin_route(draft.override_authentication(), None), expected, "{case}: override");
    }
}

/// Why the settings are needed: what this shows is not wanted, but told in the docs.
#[test]
fn without_the_settings_a_test_judges_otherwise_in_both_directions() {
    let issuer = TestIssuer::default().issuer(ISSUER).audience(AUDIENCE);
    let verdict = |wanted: &str| {
        let mut drafts = drafts(&issuer).into_iter();
        let (_, draft, expected) = drafts.find(|(case, ..)| *case == wanted).unwrap();
        (admin_route(draft.override_authentication(), None), expected)
    };
    assert_eq!(verdict("roles of the realm"), (Some(Reason::Insufficient), None));
    assert_eq!(verdict("roles at the top"), (None, Some(Reason::Insufficient)));
}

#[test]
fn issuer_and_audience_that_the_settings_leave_out_are_those_of_the_test() {
    let issuer = TestIssuer::default()
        .issuer("a")
        .audience("b")
        .settings(|verifier| verifier.roles(ClaimPath::realm_access_roles()));
    let verifier = issuer.verifier().build().unwrap();
    assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
    assert!(verifier.verify_jwt(&issuer.wrong_issuer("alice")).is_err());
    assert!(verifier.verify_jwt(&issuer.wrong_audience("alice")).is_err());
}

#[test]
fn issuer_and_audience_of_the_settings_are_not_loosened_by_the_test() {
    let issuer = TestIssuer::default().settings(settings);
    let verifier = issuer.verifier().build().unwrap();
    let of_production = || issuer.token("alice").claim("iss", ISSUER).claim("aud", AUDIENCE);
    assert!(verifier.verify_jwt(&of_production().sign()).is_ok());
    for name in ["iss", "aud"] {
        let of_test = format!("https://{}.example", if name == "iss" { "issuer" } else { "api" });
        assert!(verifier.verify_jwt(&of_production().claim(name, of_test).sign()).is_err(), "{name}");
    }
    let any = TestIssuer::default()
        .settings(|verifier| verifier.dangerously_accept_any_issuer().dangerously_accept_any_audience());
    let verifier = any.verifier().build().unwrap();
    assert!(verifier.verify_jwt(&any.wrong_issuer("alice")).is_ok());
    assert!(verifier.verify_jwt(&any.wrong_audience("alice")).is_ok());
}

#[test]
fn clock_and_key_are_those_of_the_test() {
    let clock = TestClock::default();
    let issuer =
        TestIssuer::default().clock(clock.clone()).settings(|verifier| verifier.clock(TestClock::at(0)));
    let verifier = issuer.verifier().build().unwrap();
    let token = issuer.good("alice");
    assert!(verifier.verify_jwt(&token).is_ok());
    clock.advance(Duration::from_secs(361));
    assert!(verifier.verify_jwt(&token).is_err());
    assert!(verifier.verify_jwt(&TestIssuer::default().good("alice")).is_err());
}

#[test]
#[should_panic = "this TestIssuer signs HS256: if the settings allow other algorithms, make it with one of them"]
fn an_algorithm_that_the_settings_do_not_allow_is_told() {
    let issuer = TestIssuer::default().settings(|verifier| verifier.algorithms([Algorithm::Rs256]));
    let _ = issuer.authenticator();
}
