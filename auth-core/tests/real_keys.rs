//! Keys and secrets as they come in real life: what is meant well is read, what is mistaken is named.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use auth_core::jwt::{JwtVerifierBuilder, KeyError, Problem};
use auth_core::{Algorithm, JwtVerifier};
use auth_testing::TestIssuer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn expecting() -> JwtVerifierBuilder {
    JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example")
}

#[track_caller]
fn problem(builder: JwtVerifierBuilder) -> Problem {
    let error = builder.build().unwrap_err();
    let [problem] = error.problems() else { panic!("{error}") };
    problem.clone()
}

#[track_caller]
fn key_error(builder: JwtVerifierBuilder) -> KeyError {
    match problem(builder) {
        Problem::Key { error, .. } => error,
        other => panic!("{other}"),
    }
}

fn with(mut jwk: Value, name: &str, value: impl Into<Value>) -> Value {
    jwk.as_object_mut().unwrap().insert(name.to_owned(), value.into());
    jwk
}

const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

#[test]
fn null_in_a_key_is_absence() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let rsa = json!({"kty": "RSA", "n": URL_SAFE_NO_PAD.encode([0xff; 256]), "e": "AQAB"});
    let unused = |jwk: &Value| {
        let names = ["use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e", "k", "x5c", "issuer", "keys"];
        let names = names.into_iter().chain(PRIVATE).filter(|name| jwk.get(name).is_none());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    for jwk in [issuer.jwk(), rsa] {
        let mut all = jwk.clone();
        for name in unused(&jwk) {
            let one = with(jwk.clone(), &name, Value::Null).to_string();
            assert!(expecting().jwk(&*one).build().is_ok(), "{one}");
            all = with(all, &name, Value::Null);
        }
        let set = json!({"keys": [all]}).to_string();
        assert!(expecting().jwk(all.to_string()).build().is_ok(), "{all}");
        assert!(expecting().jwks(set).build().unwrap().skipped_keys().is_empty());
        // What has to be there is missing then.
        for required in ["kty", "crv", "x", "y", "n", "e"].into_iter().filter(|name| jwk.get(name).is_some())
        {
            let error = key_error(expecting().jwk(with(jwk.clone(), required, Value::Null).to_string()));
            assert_eq!(error, KeyError::JwkMember(required));
        }
        // The twins: a private member with any other value, and null twice.
        for private in PRIVATE {
            for value in [json!("AAAA"), json!(""), json!(0), json!(false), json!([]), json!({})] {
                let error = key_error(expecting().jwk(with(jwk.clone(), private, value).to_string()));
                assert_eq!(error, KeyError::PrivateJwk(private));
            }
            let twice = jwk.to_string().replacen('{', &format!(r#"{{"{private}":null,"{private}":null,"#), 1);
            assert!(matches!(key_error(expecting().jwk(twice)), KeyError::Jwk(_)));
        }
    }
    let secret = json!({"kty": "oct", "k": null}).to_string();
    assert_eq!(key_error(expecting().jwk(secret)), KeyError::JwkMember("k"));
}

#[test]
fn a_key_for_another_use_is_in_no_ones_way() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let enc = json!({"kty": "RSA", "use": "enc", "alg": "RSA-OAEP", "n": "AAAA", "e": "AQAB"});
    let set = json!({"keys": [enc, issuer.jwk()]}).to_string();
    let verifier = expecting().jwks(set).build().unwrap();
    assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
    let [skipped] = &verifier.skipped_keys()[..] else { panic!("one is skipped") };
    assert_eq!(skipped.error, KeyError::WrongUse("use"));

    let alone = problem(expecting().jwks(json!({"keys": [enc]}).to_string())).to_string();
    assert!(alone.contains("no usable key") && alone.contains("its `use`"), "{alone}");
}
