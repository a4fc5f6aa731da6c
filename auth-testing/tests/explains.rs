//! A failing test shows why a request was refused, and nothing of the token.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::env;
use std::process::Command;
use std::thread;

use auth_core::adapter::Guard;
use auth_core::{Authenticated, Authenticator, NoClaims, Policy, RejectionBody, Scope};
use auth_testing::{TestIssuer, TestRequest};
use futures_executor::block_on;
use serde::Deserialize;

/// Set for the process whose one test is to fail.
const FAILING: &str = "AUTH_TESTING_FAILS_ON_PURPOSE";

const SUBJECT: &str = "alice-whom-no-log-names";

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only read")]
struct Claims {
    tenant: String,
}

fn status(authenticator: &Authenticator, mut request: TestRequest, policy: Option<Policy>) -> u16 {
    let guard = Guard::new(authenticator.clone());
    let guard = policy.into_iter().fold(guard, Guard::require);
    block_on(guard.check(&mut request)).map_or_else(|rejection| rejection.status().as_u16(), |()| 200)
}

/// Each fails as the test of an application would, by its status.
fn fail(case: &str) {
    let issuer = TestIssuer::default();
    let auth = issuer.authenticator();
    let get = || TestRequest::get("/orders?page=2");
    let status = match case {
        "missing" => status(&auth, get(), None),
        "malformed" => status(&auth, get().authorization("Bearer"), None),
        "expired" => status(&auth, get().bearer(&issuer.expired(SUBJECT)), None),
        "overridden" => {
            status(&issuer.token(SUBJECT).without_claim("exp").override_authentication(), get(), None)
        }
        "issuer" => status(&auth, get().bearer(&issuer.wrong_issuer(SUBJECT)), None),
        "audience" => {
            let settings = |verifier: auth_core::jwt::JwtVerifierBuilder| verifier.audience("orders");
            let auth = TestIssuer::default().settings(settings).token(SUBJECT).override_authentication();
            status(&auth, get(), None)
        }
        "scope" => {
            let policy = Policy::scope(Scope::from_static("orders:read"));
            status(&auth, get().bearer(&issuer.good(SUBJECT)), Some(policy))
        }
        "claims" => {
            let request = get().bearer(&issuer.good(SUBJECT));
            let user: Result<Authenticated<Claims>, _> = block_on(auth.authenticate(&request));
            user.map_or_else(|rejection| rejection.status().as_u16(), |_| 200)
        }
        "own words" => {
            let auth = auth.with_rejection_body(|_| RejectionBody::empty()).with_realm("api").unwrap();
            status(&auth, get().bearer(&issuer.expired(SUBJECT)), None)
        }
        "another thread" => {
            let token = issuer.expired(SUBJECT);
            let server = thread::spawn(move || {
                thread::spawn(move || status(&auth, get().bearer(&token), None)).join().unwrap()
            });
            server.join().unwrap()
        }
        other => panic!("{other}"),
    };
    assert_eq!(status, 200);
}

#[test]
fn fails_on_purpose() {
    if let Ok(case) = env::var(FAILING) {
        fail(&case);
    }
}

/// What somebody sees whose test fails in this way.
fn shown(case: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "fails_on_purpose"])
        .env(FAILING, case)
        .env_remove("RUST_TEST_NOCAPTURE")
        .output()
        .unwrap();
    assert!(!output.status.success(), "{case} does not fail");
    let stdout = String::from_utf8(output.stdout).unwrap();
    // All of it was captured, so that it stands with the test that failed.
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{case}");
    let (_, of_test) = stdout.split_once("---- fails_on_purpose stdout ----").unwrap();
    assert!(!stdout.contains(SUBJECT) && !stdout.contains("eyJ"), "{case}: {stdout}");
    of_test.to_owned()
}

#[test]
fn a_failing_test_shows_the_reason() {
    for (case, told) in [
        ("missing", "\"/orders\" is refused, 401 (Missing): the request has no bearer token."),
        ("malformed", "400 (Malformed): the Authorization field is not `Bearer <token>`"),
        ("expired", "\"/orders\" is refused, 401 (Invalid): the token has expired"),
        ("overridden", "401 (Invalid): claim `exp` is missing"),
        ("issuer", "401 (Invalid): the token is from another issuer"),
        ("audience", "This TestIssuer mints for audience \"https://api.example\""),
        ("scope", "403 (Insufficient): the token is good, but lacks a scope, role or claim"),
        ("claims", "its claims do not fit the type that the handler asks for"),
        ("own words", "\"/orders\" is refused, 401 (Invalid): the token has expired"),
        ("another thread", "\"/orders\" is refused, 401 (Invalid): the token has expired"),
    ] {
        let shown = shown(case);
        let lines: Vec<_> = shown.lines().filter(|line| line.starts_with("auth-testing: ")).collect();
        assert_eq!(lines.len(), 1, "{case}: {shown}");
        assert!(shown.contains(told), "{case}: {shown}");
    }
}

/// The answer is the same as without the explanation, and so is who is let in.
#[test]
fn nothing_is_changed_by_the_explanation() {
    let issuer = TestIssuer::default();
    let plain = Authenticator::new(issuer.verifier().build().unwrap());
    let explaining = issuer.authenticator();
    let tokens =
        [issuer.good("alice"), issuer.expired("alice"), issuer.bad_signature("alice"), "x".to_owned()];
    let requests = tokens.iter().map(|token| TestRequest::get("/").bearer(token));
    for request in requests.chain([TestRequest::get("/"), TestRequest::get("/").authorization("Bearer")]) {
        let answer = |authenticator: &Authenticator| {
            let verdict = block_on(authenticator.authenticate::<NoClaims>(&request));
            verdict.map(|user| user.subject().to_owned()).map_err(|rejection| {
                (rejection.status(), rejection.headers().collect::<Vec<_>>(), rejection.body())
            })
        };
        assert_eq!(answer(&explaining), answer(&plain));
    }
}
