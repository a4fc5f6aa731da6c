use auth_core::JwtVerifier;
use auth_core::jwt::{KeyError, Problem};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::jwk;

/// Loads the input as a JWK Set. Its keys are judged as each is alone, but for secrets and for those that
/// could be taken for an earlier one.
pub fn jwk_set(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let verifier = match JwtVerifier::builder().issuer("i").audience("a").jwks(&*text).build() {
        Ok(verifier) => verifier,
        Err(error)
            if error.problems().iter().any(|problem| matches!(problem, Problem::NoUsableKey { .. })) =>
        {
            for (index, key) in keys(&text).iter().enumerate() {
                assert!(jwk::load(key.get()).is_err() || is_secret(key), "key {index} would serve alone");
            }
            return if jwk::depends_on_the_backend(&text) {
                "depends on the backend".to_owned()
            } else {
                error.to_string()
            };
        }
        Err(_) if jwk::depends_on_the_backend(&text) => {
            return "depends on the backend".to_owned();
        }
        Err(error) => return error.to_string(),
    };
    let keys = keys(&text);
    let skipped = verifier.skipped_keys();
    assert!(skipped.len() < keys.len(), "accepted, but no key is left");
    for (index, key) in keys.iter().enumerate() {
        let verdict = skipped.iter().find(|skipped| skipped.index == index).map(|skipped| &skipped.error);
        match verdict {
            None => {
                assert!(jwk::load(key.get()).is_ok() && !is_secret(key), "key {index} would not serve alone");
            }
            Some(KeyError::AmbiguousKid) => {
                assert!(jwk::load(key.get()).is_ok(), "key {index}");
                let mut earlier = keys.iter().take(index);
                assert!(earlier.any(|earlier| kid(earlier) == kid(key)), "key {index} has a kid of its own");
            }
            Some(KeyError::SecretInSet) => assert!(is_secret(key), "key {index}"),
            Some(_) => assert!(jwk::load(key.get()).is_err(), "key {index} would serve alone"),
        }
    }
    if keys.iter().any(|key| jwk::depends_on_the_backend(key.get())) {
        return "depends on the backend".to_owned();
    }
    format!("{} of {} keys", keys.len() - skipped.len(), keys.len())
}

fn keys(text: &str) -> Vec<Box<RawValue>> {
    let mut members: std::collections::BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).unwrap();
    serde_json::from_str(members.remove("keys").unwrap().get()).unwrap()
}

fn kid(key: &RawValue) -> Option<Value> {
    let key: Value = serde_json::from_str(key.get()).ok()?;
    key.get("kid").cloned()
}

fn is_secret(key: &RawValue) -> bool {
    let key: Value = serde_json::from_str(key.get()).unwrap();
    key.get("kty").is_some_and(|kty| kty == "oct")
}
