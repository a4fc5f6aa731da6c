//! Policies over how and when the user has logged in, and what a refused client is told (RFC 9470).

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::sync::LazyLock;
use std::time::Duration;

use auth_core::adapter::Guard;
use auth_core::policy::InvalidAcr;
use auth_core::{
    Algorithm, Authenticator, Clock, CredentialSource, Policy, ProtectedResource, Reason, Rejection, Scope,
    VerifiedToken,
};
use auth_testing::{TestClock, TestIssuer, TestRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_executor::block_on;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;

fn acr(values: &[&str]) -> Policy {
    Policy::acr(values.iter().copied()).unwrap()
}

fn within(seconds: u64) -> Policy {
    Policy::authenticated_within_by(Duration::from_secs(seconds), TestClock::at(NOW))
}

fn scope(name: &'static str) -> Policy {
    Policy::scope(Scope::from_static(name))
}

fn token(claims: &Value) -> VerifiedToken {
    let mut all = json!({"sub": "alice"});
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    VerifiedToken::assert_verified(all).unwrap()
}

#[test]
fn a_login_must_be_one_of_those_named() {
    let policy = acr(&["phrh", "phr"]);
    for value in ["phrh", "phr"] {
        assert!(policy.allows(&token(&json!({"acr": value}))), "{value}");
        assert!(!(!policy.clone()).allows(&token(&json!({"acr": value}))), "{value}");
    }
    for value in ["PHR", "ph", "phr ", "phrh phr", "0", ""] {
        assert!(!policy.allows(&token(&json!({"acr": value}))), "{value}");
        assert!((!policy.clone()).allows(&token(&json!({"acr": value}))), "known to be another: {value}");
    }
}

/// Neither yes nor no: it refuses, also if the policy is negated.
#[test]
fn a_login_that_is_not_told_refuses_either_way() {
    let no_acr =
        [json!({}), json!({"acr": null}), json!({"acr": ["phr"]}), json!({"acr": 1}), json!({"acr": true})];
    let no_time = [
        json!({}),
        json!({"auth_time": null}),
        json!({"auth_time": NOW.to_string()}),
        json!({"auth_time": [NOW]}),
        json!({"auth_time": {"seconds": NOW}}),
        json!({"auth_time": true}),
        json!({"auth_time": -1}),
        json!({"auth_time": 253_402_300_800_u64}),
        json!({"auth_time": NOW + 61}),
        json!({"auth_time": u64::MAX}),
    ];
    let asked = no_acr
        .map(|claims| (acr(&["phr"]), claims))
        .into_iter()
        .chain(no_time.map(|claims| (within(300), claims)));
    for (policy, claims) in asked {
        let token = token(&claims);
        for refused in [policy.clone(), !policy.clone(), policy.clone().or(!policy.clone())] {
            assert!(!refused.allows(&token), "{refused:?} {claims}");
            assert!(refused.clone().or(!scope("z")).allows(&token), "{refused:?} {claims}");
            assert!(!refused.and(!scope("z")).allows(&token), "{policy:?} {claims}");
        }
    }
}

#[test]
fn a_login_may_be_so_old_to_the_second() {
    for (age, max_age, expected) in [
        (0_i64, 300, true),
        (299, 300, true),
        (300, 300, true),
        (301, 300, false),
        (0, 0, true),
        (1, 0, false),
        // The clock of the authorization server may be a minute ahead.
        (-1, 300, true),
        (-60, 0, true),
        (-61, 300, false),
    ] {
        let token = token(&json!({"auth_time": NOW.checked_add_signed(-age).unwrap()}));
        assert_eq!(within(max_age).allows(&token), expected, "{age} of {max_age}");
        // Of a login to come nothing is known.
        assert_eq!((!within(max_age)).allows(&token), !expected && age >= 0, "not: {age} of {max_age}");
    }
    // A fraction counts as the older second, and as the later one for a login to come.
    let at = |seconds: f64| token(&json!({"auth_time": seconds}));
    assert!(within(300).allows(&at(1_799_999_700.5)), "299.5 seconds ago");
    assert!(!within(300).allows(&at(1_799_999_699.5)), "300.5 seconds ago");
    assert!(!within(300).allows(&at(1_800_000_060.5)), "in 60.5 seconds");
    // A fraction of the bound counts as nothing.
    let bound = Policy::authenticated_within_by(Duration::from_millis(300_999), TestClock::at(NOW));
    assert!(bound.allows(&at(1_799_999_700.0)) && !bound.allows(&at(1_799_999_699.9)));
}

#[test]
fn the_clock_is_asked_each_time() {
    let clock = TestClock::at(NOW);
    let policy = Policy::authenticated_within_by(Duration::from_secs(300), clock.clone());
    let token = token(&json!({"auth_time": NOW}));
    clock.advance(Duration::from_secs(300));
    assert!(policy.allows(&token));
    clock.advance(Duration::from_secs(1));
    assert!(!policy.allows(&token));

    #[derive(Debug)]
    struct Broken;
    impl Clock for Broken {
        fn now(&self) -> Option<u64> {
            None
        }
    }
    let unknown = Policy::authenticated_within_by(Duration::from_secs(300), Broken);
    assert!(!unknown.allows(&token) && !(!unknown).allows(&token));
    // The system's clock is the default.
    let now = auth_core::SystemClock.now().unwrap();
    let policy = Policy::authenticated_within(Duration::from_secs(3600));
    assert!(policy.allows(&self::token(&json!({"auth_time": now}))));
    assert!(!policy.allows(&self::token(&json!({"auth_time": now - 7200}))));
}

#[test]
fn values_that_cannot_be_asked_for_are_refused_when_built() {
    assert_eq!(Policy::acr([""; 0]).unwrap_err(), InvalidAcr::NoValue);
    for value in ["", "two words", "a\"b", "a\\b", "a\r\nb", "\u{e9}"] {
        assert_eq!(Policy::acr(["phr", value]).unwrap_err(), InvalidAcr::Value(value.to_owned()));
    }
    let text = Policy::acr(["a b"]).unwrap_err().to_string();
    assert!(text.contains("\"a b\"") && text.contains("without space"), "{text}");
    assert!(Policy::acr(["urn:mace:incommon:iap:silver", "https://refeds.org/profile/mfa"]).is_ok());
}

/// An issuer whose clock stands still, as the policies' does.
static ISSUER: LazyLock<TestIssuer> =
    LazyLock::new(|| TestIssuer::new(Algorithm::Hs256).clock(TestClock::at(NOW)));

#[track_caller]
fn refused(authenticator: &Authenticator, policies: &[Policy], claims: &Value) -> Rejection {
    let mut draft = ISSUER.token("alice");
    for (name, value) in claims.as_object().unwrap() {
        draft = draft.claim(name, value.clone());
    }
    let mut request = TestRequest::get("/").bearer(&draft.sign());
    let mut verdict = Ok(());
    for policy in policies {
        assert!(verdict.is_ok(), "an outer guard has refused");
        verdict = block_on(Guard::new(authenticator.clone()).require(policy.clone()).check(&mut request));
    }
    verdict.unwrap_err()
}

fn challenge(rejection: &Rejection) -> String {
    let mut fields = rejection.headers().filter(|(name, _)| name == "www-authenticate");
    let (_, challenge) = fields.next().unwrap();
    assert!(fields.next().is_none());
    challenge.to_str().unwrap().to_owned()
}

#[track_caller]
fn told(policies: &[Policy], claims: &Value) -> String {
    let rejection = refused(&ISSUER.authenticator(), policies, claims);
    let challenge = challenge(&rejection);
    let (status, reason) = match challenge.strip_prefix("Bearer error=\"insufficient_scope\"") {
        Some(_) => (403, Reason::Insufficient),
        None => (401, Reason::InsufficientUserAuthentication),
    };
    assert_eq!((rejection.status().as_u16(), rejection.reason()), (status, reason), "{challenge}");
    challenge.strip_prefix("Bearer error=").unwrap().to_owned()
}

#[test]
fn the_challenge_asks_for_the_login_that_would_do() {
    const LOGIN: &str = "\"insufficient_user_authentication\"";
    let old = NOW - 301;
    for (policy, claims, expected) in [
        (acr(&["phrh", "phr"]), json!({}), r#", acr_values="phrh phr""#),
        (acr(&["phr"]), json!({"acr": "pwd"}), r#", acr_values="phr""#),
        (acr(&["phr", "phr"]), json!({}), r#", acr_values="phr""#),
        (within(300), json!({"auth_time": old}), r#", max_age="300""#),
        (within(0), json!({"auth_time": old}), r#", max_age="0""#),
        (acr(&["phr"]).and(within(300)), json!({}), r#", acr_values="phr", max_age="300""#),
        // A new login must not be weaker than the old one.
        (
            acr(&["phr"]).and(within(300)),
            json!({"acr": "phr", "auth_time": old}),
            r#", acr_values="phr", max_age="300""#,
        ),
        (
            acr(&["phr"]).and(within(300)),
            json!({"acr": "pwd", "auth_time": NOW}),
            r#", acr_values="phr", max_age="300""#,
        ),
        (within(300).and(within(60)), json!({"auth_time": NOW - 100}), r#", max_age="60""#),
        (acr(&["a", "b", "c"]).and(acr(&["c", "b"])), json!({"acr": "a"}), r#", acr_values="b c""#),
        // One of the ways to be let in.
        (acr(&["a"]).or(acr(&["b", "a"])), json!({}), r#", acr_values="a b""#),
        (acr(&["a"]).or(within(60)), json!({}), r#", acr_values="a""#),
        (Policy::role("admin").or(acr(&["a"])), json!({"roles": []}), r#", acr_values="a""#),
        (Policy::role("admin").and(acr(&["a"])), json!({"roles": ["admin"]}), r#", acr_values="a""#),
        (acr(&["a"]).and(scope("s")).or(within(60)), json!({"scope": "s"}), r#", acr_values="a""#),
        // Negated twice, and into the parts.
        (!!acr(&["a"]), json!({}), r#", acr_values="a""#),
        (!((!acr(&["a"])).or(!within(60))), json!({}), r#", acr_values="a", max_age="60""#),
        // Scopes too if one is missing: all of them at once.
        (scope("s").and(acr(&["a"])), json!({}), r#", scope="s", acr_values="a""#),
        (
            scope("s").and(scope("t")).and(acr(&["a"])),
            json!({"scope": "t"}),
            r#", scope="s t", acr_values="a""#,
        ),
        (scope("s").and(acr(&["a"])), json!({"scope": "s"}), r#", acr_values="a""#),
    ] {
        assert_eq!(told(std::slice::from_ref(&policy), &claims), format!("{LOGIN}{expected}"), "{policy:?}");
    }
}

#[test]
fn no_login_is_asked_for_that_would_not_help() {
    const SCOPE: &str = "\"insufficient_scope\"";
    for (policy, claims, expected) in [
        // Scopes are enough.
        (scope("s").and(acr(&["a"])), json!({"acr": "a"}), r#", scope="s""#),
        (scope("s").or(acr(&["a"])), json!({}), r#", scope="s""#),
        (scope("s").and(within(300)), json!({"auth_time": NOW}), r#", scope="s""#),
        // A role is missing, whatever the login is.
        (Policy::role("admin").and(acr(&["a"])), json!({"roles": []}), ""),
        (Policy::role("admin").and(within(60)), json!({}), ""),
        (Policy::predicate("never", |_| false).and(acr(&["a"])), json!({}), ""),
        // No login is both, and none is asked for that is not something.
        (acr(&["a"]).and(acr(&["b"])), json!({}), ""),
        (acr(&["a"]).and(!acr(&["a"])), json!({}), ""),
        (!acr(&["a"]), json!({"acr": "a"}), ""),
        (!within(300), json!({"auth_time": NOW}), ""),
        // Claims that another login may change.
        (acr(&["a"]).and(Policy::claim("amr").contains("pwd")), json!({"amr": ["pwd"]}), ""),
        (acr(&["a"]).and(Policy::claim("acr").equals("b")), json!({"acr": "b"}), ""),
    ] {
        assert_eq!(told(std::slice::from_ref(&policy), &claims), format!("{SCOPE}{expected}"), "{policy:?}");
    }
}

#[test]
fn guards_within_guards_ask_for_one_login() {
    let claims = || json!({"scope": "s", "acr": "b", "auth_time": NOW - 100});
    let outer = scope("s").and(acr(&["a", "b"])).and(within(300));
    assert_eq!(
        told(&[outer.clone(), within(60)], &claims()),
        r#""insufficient_user_authentication", acr_values="a b", max_age="60""#
    );
    assert_eq!(
        told(&[outer.clone(), scope("t").and(acr(&["a"]))], &claims()),
        r#""insufficient_user_authentication", scope="s t", acr_values="a", max_age="300""#
    );
    assert_eq!(told(&[outer.clone(), acr(&["c"])], &claims()), "\"insufficient_scope\"", "no login is both");
    assert_eq!(told(&[outer, scope("t")], &claims()), r#""insufficient_scope", scope="s t""#);
}

#[test]
fn the_refusal_has_its_own_words_and_the_resource() {
    let resource =
        ProtectedResource::builder("https://api.example").authorization_server("https://issuer.example");
    let authenticator = ISSUER.authenticator().with_realm("api").unwrap();
    let authenticator = authenticator.with_protected_resource(&resource.build().unwrap());
    let policy = scope("s").and(acr(&["a"])).and(within(60));
    let rejection = refused(&authenticator, std::slice::from_ref(&policy), &json!({}));
    let expected = concat!(
        r#"Bearer realm="api", error="insufficient_user_authentication", scope="s", acr_values="a", max_age="60", "#,
        r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource""#
    );
    assert_eq!(challenge(&rejection), expected);
    assert_eq!(
        rejection.body(),
        r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"A stronger or more recent login is required"}"#
    );
    // What documents show is what is sent.
    assert_eq!(authenticator.example_of_insufficient(&policy), rejection);
    let role = Policy::role("admin").and(acr(&["a"]));
    let example = challenge(&authenticator.example_of_insufficient(&role));
    assert!(example.contains("acr_values=\"a\""), "whose other claims suit: {example}");
    let scopes = authenticator.example_of_insufficient(&scope("s"));
    assert_eq!(scopes, authenticator.example_rejection(Reason::Insufficient, &[Scope::from_static("s")]));
    // Before there is a token, there is no login that could be too old.
    let missing = Guard::new(authenticator).require(policy);
    let missing = block_on(missing.check(&mut TestRequest::get("/"))).unwrap_err();
    assert!(challenge(&missing).starts_with(r#"Bearer realm="api", scope="s", resource_metadata="#));
    let plain = ISSUER.authenticator().example_rejection(Reason::InsufficientUserAuthentication, &[]);
    assert_eq!(challenge(&plain), r#"Bearer error="insufficient_user_authentication""#);
}

/// A browser that is asked for a password again has the same one.
#[test]
fn a_password_is_no_login_that_could_be_better() {
    let basic = ISSUER.authenticator().with_credential_sources([CredentialSource::Basic]).unwrap();
    let password = format!(":{}", ISSUER.good("alice"));
    let encoded = STANDARD.encode(password);
    let mut request = TestRequest::get("/").authorization(format!("Basic {encoded}"));
    let guard = Guard::new(basic).require(acr(&["a"]));
    let rejection = block_on(guard.check(&mut request)).unwrap_err();
    assert_eq!((rejection.status().as_u16(), rejection.reason()), (403, Reason::Insufficient));
    assert!(rejection.headers().all(|(name, _)| name != "www-authenticate"));
}
