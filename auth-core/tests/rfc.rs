//! The examples of the RFCs. Those of RFC 7520 are among Wycheproof's vectors.
//!
//! Most are no access tokens: they lack a subject, or have no claims for a payload. Being refused for that,
//! which is judged last or after the signature, is how they show that all before it is sound.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use auth_core::jwt::{KeyError, Problem};
use auth_core::{Algorithm, JwtVerifier, VerifyError};
use auth_testing::{TestClock, TestIssuer};
use serde_json::{Value, json};

/// The claims of RFC 7515 appendices A.1 to A.3, with CR and LF as they stand there.
const CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
/// Of appendices A.3, A.6 and A.7.
const ES256: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const EXP: u64 = 1_300_819_380;

fn verdict(jwk: &Value, token: &str, now: u64) -> VerifyError {
    let verifier = JwtVerifier::builder()
        .issuer("joe")
        .dangerously_accept_any_audience()
        .jwk(jwk.to_string())
        .clock(TestClock::at(now))
        .build()
        .unwrap();
    verifier.verify_jwt(token).unwrap_err()
}

/// Sound before it expires but for its missing subject; expired later; refused with one letter changed.
#[track_caller]
fn holds(jwk: &Value, header: &str, signature: &str) {
    let token = format!("{header}.{CLAIMS}.{signature}");
    assert_eq!(verdict(jwk, &token, EXP - 1), VerifyError::MissingClaim("sub"));
    assert_eq!(verdict(jwk, &token, EXP + 60), VerifyError::Expired);
    let other = CLAIMS.replacen("eyJp", "eyJq", 1);
    assert_eq!(
        verdict(jwk, &format!("{header}.{other}.{signature}"), EXP - 1),
        VerifyError::InvalidSignature
    );
}

#[test]
fn rfc_7515_a_1_hs256() {
    let jwk = json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    });
    // Everybody knows it. That its signature verifies is tried beside the code, in `jwt/vectors.rs`.
    let error = JwtVerifier::builder().issuer("joe").audience("a").jwk(jwk.to_string()).build().unwrap_err();
    assert!(matches!(error.problems(), [Problem::Key { error: KeyError::SecretIsPublished, .. }]), "{error}");
}

#[test]
fn rfc_7515_a_2_rs256() {
    let jwk = json!({
        "kty": "RSA",
        "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        "e": "AQAB",
    });
    holds(
        &jwk,
        "eyJhbGciOiJSUzI1NiJ9",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    );
}

#[test]
fn rfc_7515_a_3_es256() {
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    holds(&jwk, "eyJhbGciOiJFUzI1NiJ9", ES256);
}

#[cfg(feature = "aws-lc-rs")]
#[test]
fn rfc_7515_a_4_es512() {
    let jwk = json!({
        "kty": "EC",
        "crv": "P-521",
        "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
        "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
    });
    let signature = "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
    // The payload is the word "Payload".
    let token = |payload: &str| format!("eyJhbGciOiJFUzUxMiJ9.{payload}.{signature}");
    assert_eq!(verdict(&jwk, &token("UGF5bG9hZA"), EXP), VerifyError::MalformedClaims);
    assert_eq!(verdict(&jwk, &token("UGF5bG9hZB"), EXP), VerifyError::InvalidSignature);
}

/// The signatures of A.2 and A.3 over the same claims, in JSON. JWTs have the compact form only (RFC 7519
/// section 1).
#[test]
fn rfc_7515_a_6_and_a_7_json_serialization() {
    let jwk = TestIssuer::new(Algorithm::Es256).jwk();
    let header = json!({"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"});
    let signature = json!({"protected": "eyJhbGciOiJFUzI1NiJ9", "header": header, "signature": ES256});
    let mut flattened = signature.clone();
    flattened["payload"] = CLAIMS.into();
    for token in [json!({"payload": CLAIMS, "signatures": [signature]}), flattened] {
        assert_eq!(verdict(&jwk, &token.to_string(), EXP - 1), VerifyError::MalformedToken);
    }
}

#[test]
fn rfc_7515_a_5_and_rfc_7519_6_1_unsecured() {
    let jwk = TestIssuer::new(Algorithm::EdDsa).jwk();
    let token = format!("eyJhbGciOiJub25lIn0.{CLAIMS}.");
    assert_eq!(verdict(&jwk, &token, EXP - 1), VerifyError::MalformedToken);
}

#[test]
fn rfc_8037_a_4_and_a_5_ed25519() {
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let token = |payload: &str| format!("eyJhbGciOiJFZERTQSJ9.{payload}.{signature}");
    let payload = "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    assert_eq!(verdict(&jwk, &token(payload), EXP), VerifyError::MalformedClaims);
    let other = "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmg";
    assert_eq!(verdict(&jwk, &token(other), EXP), VerifyError::InvalidSignature);
}

/// The key of the example serves. (Its thumbprint is computed by the test kit.)
#[test]
fn rfc_7638_3_1_key() {
    let jwk = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    });
    let verifier = JwtVerifier::builder().issuer("joe").audience("me").jwk(jwk.to_string()).build().unwrap();
    assert!(format!("{verifier:?}").contains("2011-04-29"));
    let mut twice = jwk;
    twice["kid"] = json!(["2011-04-29"]);
    assert!(JwtVerifier::builder().issuer("joe").audience("me").jwk(twice.to_string()).build().is_err());
}

/// The header and the claims of the example, signed with a key of our own: the RFC gives no signature.
#[test]
fn rfc_9068_2_2_access_token() {
    let issuer = TestIssuer::new(Algorithm::Rs256).clock(TestClock::at(1_618_354_090));
    let header = json!({"typ": "at+JWT", "alg": "RS256", "kid": "RjEwOwOA"});
    let claims = json!({
        "iss": "https://authorization-server.example.com/",
        "sub": "5ba552d67",
        "aud": "https://rs.example.com/",
        "exp": 1_639_528_912,
        "iat": 1_618_354_090,
        "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
        "client_id": "s6BhdRkqt3",
        "scope": "openid profile reademail",
    });
    let verifier = JwtVerifier::builder()
        .issuer("https://authorization-server.example.com/")
        .audience("https://rs.example.com/")
        .public_key_pem(issuer.public_key_pem())
        .clock(TestClock::at(1_618_354_090))
        .require_access_token_type()
        .build()
        .unwrap();
    let token = verifier.verify_jwt(&issuer.sign_raw(header.to_string(), claims.to_string())).unwrap();
    assert_eq!(token.subject(), "5ba552d67");
    assert_eq!(token.client_id(), Some("s6BhdRkqt3"));
    assert_eq!(token.token_id(), Some("dbe39bf3a3ba4238a513f51d6e1691c4"));
    assert_eq!(token.scopes().iter().collect::<Vec<_>>(), ["openid", "profile", "reademail"]);
    assert_eq!((token.issued_at(), token.expires_at()), (Some(1_618_354_090), Some(1_639_528_912)));
}
