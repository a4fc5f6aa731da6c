use auth_core::JwtVerifier;
use auth_core::jwt::BuildError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Loads the input as one JWK.
pub fn jwk(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let outcome = load(&text);
    if outcome.is_ok() {
        may_verify(&text);
    }
    match outcome {
        _ if depends_on_the_backend(&text) => "depends on the backend".to_owned(),
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// Whether it may be a key that the portable backend does not have, as for ES512, ES256K, and RSA over 4096
/// bits.
pub(crate) fn depends_on_the_backend(text: &str) -> bool {
    text.len() > 4096 / 6
        || ["P-521", "secp256k1", "ES5", "ES256K", "\\u"].iter().any(|sign| text.contains(sign))
}

pub(crate) fn load(jwk: &str) -> Result<JwtVerifier, BuildError> {
    JwtVerifier::builder().issuer("i").audience("a").jwk(jwk).build()
}

/// What RFC 7517 section 4 and RFC 7518 section 6 say of a key that may verify, by another reading.
fn may_verify(text: &str) {
    let Ok(Value::Object(jwk)) = serde_json::from_str(text) else { panic!("accepted, but no object") };
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        assert!(jwk.get(private).is_none_or(Value::is_null), "{private}");
    }
    assert!(jwk.get("use").is_none_or(|usage| usage.is_null() || usage == "sig"));
    match jwk.get("key_ops") {
        Some(Value::Array(operations)) => assert!(operations.contains(&"verify".into())),
        other => assert!(other.is_none_or(Value::is_null)),
    }
    let length = |name| bytes(&jwk, name).len();
    let alg = jwk.get("alg").and_then(Value::as_str);
    let (key, algorithms): (_, &[&str]) = match (jwk.get("kty").unwrap().as_str().unwrap(), jwk.get("crv")) {
        ("oct", _) => {
            let least = match alg {
                Some("HS512") => 64,
                Some("HS384") => 48,
                _ => 32,
            };
            assert!(length("k") >= least);
            ("oct", &["HS256", "HS384", "HS512"])
        }
        ("RSA", _) => {
            let n = bytes(&jwk, "n");
            let n = without_zeros(&n);
            let bits = n.len() * 8 - n.first().unwrap().leading_zeros() as usize;
            assert!((2048..=8192).contains(&bits), "{bits}");
            let e = bytes(&jwk, "e");
            let e = without_zeros(&e).iter().fold(0_u64, |e, byte| e << 8 | u64::from(*byte));
            assert!(n.last().unwrap() % 2 == 1 && e % 2 == 1 && (3..1 << 33).contains(&e));
            ("RSA", &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
        }
        ("EC", Some(curve)) => {
            let (field, algorithm): (_, &[&str]) = match curve.as_str().unwrap() {
                "P-256" => (32, &["ES256"]),
                "P-384" => (48, &["ES384"]),
                "P-521" => (66, &["ES512", "ES521"]),
                "secp256k1" => (32, &["ES256K"]),
                other => panic!("{other}"),
            };
            // Zeros before a number are read over, as those of an RSA key.
            for number in [bytes(&jwk, "x"), bytes(&jwk, "y")] {
                assert!(!number.is_empty() && without_zeros(&number).len() <= field);
            }
            ("EC", algorithm)
        }
        ("OKP", Some(curve)) => {
            assert!(curve == "Ed25519" && length("x") == 32);
            ("OKP", &["EdDSA", "Ed25519"])
        }
        other => panic!("{other:?}"),
    };
    assert!(alg.is_none_or(|alg| algorithms.contains(&alg)), "{key} key for {alg:?}");
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(jwk.get(name).unwrap().as_str().unwrap()).unwrap()
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap()
}
