//! Assertions by which a client authenticates (RFC 7523 section 3).

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::collections::HashSet;

use auth_core::JwtVerifier;
use auth_issuer::{Algorithm, ClientAssertions, SignError, SigningKey};
use auth_testing::TestClock;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::Value;

const ISSUER: &str = "https://id.example";
const NOW: u64 = 2_000_000_000;

fn key() -> SigningKey {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let pkcs8 = pair.to_pkcs8v1().unwrap();
    let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", pkcs8.as_ref()));
    SigningKey::pem(Algorithm::Es256, pem).unwrap()
}

#[test]
fn an_assertion_is_what_the_rfc_demands() {
    let assertions = ClientAssertions::new("orders-api", key()).clock(TestClock::at(NOW));
    let verifier = JwtVerifier::builder()
        .issuer("orders-api")
        .audience(ISSUER)
        .jwks(assertions.jwks())
        .clock(TestClock::at(NOW))
        .build()
        .unwrap();
    let verified = verifier.verify_jwt(&assertions.sign(ISSUER).unwrap()).unwrap();
    let claims: Value = verified.claims().unwrap();
    assert_eq!(claims["iss"], "orders-api");
    assert_eq!(claims["sub"], "orders-api");
    assert_eq!(claims["aud"], ISSUER);
    assert_eq!((claims["exp"].as_u64(), claims["iat"].as_u64()), (Some(NOW + 60), Some(NOW)));
    assert_eq!(claims.as_object().unwrap().len(), 6);
}

#[test]
fn no_two_are_alike() {
    let assertions = ClientAssertions::new("orders-api", key());
    let verifier = JwtVerifier::builder().issuer("orders-api").audience(ISSUER).jwks(assertions.jwks());
    let verifier = verifier.build().unwrap();
    let id = |_| {
        let verified = verifier.verify_jwt(&assertions.sign(ISSUER).unwrap()).unwrap();
        verified.token_id().unwrap().to_owned()
    };
    assert_eq!((0..100).map(id).collect::<HashSet<_>>().len(), 100);
}

#[test]
fn neither_client_nor_audience_is_empty() {
    let assertions = ClientAssertions::new("orders-api", key());
    assert_eq!(assertions.sign(""), Err(SignError::Missing("aud")));
    assert_eq!(ClientAssertions::new("", key()).sign(ISSUER), Err(SignError::Missing("sub")));
}

#[test]
fn the_key_is_printed_nowhere() {
    let secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
    let key = SigningKey::secret(Algorithm::Hs256, secret).unwrap();
    let assertions = ClientAssertions::new("orders-api", key);
    assert!(!format!("{assertions:?}").contains(secret));
    assert_eq!(assertions.jwks(), r#"{"keys":[]}"#, "a secret is not published");
}
