//! What is signed, who accepts it, and what cannot be signed.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use auth_core::{JwtVerifier, VerifyError};
use auth_issuer::{Algorithm, IssuerError, Scope, SignError, SigningKey, SigningKeyError, TokenIssuer};
use auth_testing::TestClock;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const SECRET: [u8; 64] = *b"a secret of sixty-four bytes, which is enough for HS512 as well!";
const ORDERS_READ: Scope = Scope::from_static("orders:read");
const NOW: u64 = 1_800_000_000;

fn to_pem(der: &[u8]) -> String {
    pem::encode(&pem::Pem::new("PRIVATE KEY", der))
}

/// A new private key in PKCS#8, as `openssl genpkey` writes it.
fn private_key(algorithm: Algorithm) -> String {
    use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair};
    let ec = |algorithm| EcdsaKeyPair::generate(algorithm).unwrap().to_pkcs8v1().unwrap().as_ref().to_vec();
    let der = match algorithm {
        Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::EdDsa => Ed25519KeyPair::generate().unwrap().to_pkcs8v1().unwrap().as_ref().to_vec(),
        _ => KeyPair::generate(KeySize::Rsa2048).unwrap().as_der().unwrap().as_ref().to_vec(),
    };
    to_pem(&der)
}

/// A public key in PEM.
fn public_key(algorithm: Algorithm) -> String {
    use aws_lc_rs::encoding::PublicKeyX509Der;
    use aws_lc_rs::signature::{EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair};
    let ec = |algorithm| {
        let pair = EcdsaKeyPair::generate(algorithm).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        der.as_ref().to_vec()
    };
    let der = match algorithm {
        Algorithm::Es256 => ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Algorithm::Es384 => ec(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Algorithm::EdDsa => {
            let der: PublicKeyX509Der<'_> =
                Ed25519KeyPair::generate().unwrap().public_key().as_der().unwrap();
            der.as_ref().to_vec()
        }
        _ => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
            let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
            der.as_ref().to_vec()
        }
    };
    pem::encode(&pem::Pem::new("PUBLIC KEY", der))
}

fn key(algorithm: Algorithm) -> SigningKey {
    match algorithm.min_secret_bytes() {
        Some(_) => SigningKey::secret(algorithm, SECRET).unwrap(),
        None => SigningKey::pem(algorithm, private_key(algorithm)).unwrap(),
    }
}

fn issuer(key: SigningKey) -> TokenIssuer {
    let builder = TokenIssuer::builder("https://issuer.example", key);
    builder.clock(TestClock::at(NOW)).build().unwrap()
}

fn sign(issuer: &TokenIssuer) -> String {
    let token = issuer.access_token("alice").audience("https://api.example").client_id("web");
    token.scope(ORDERS_READ).sign().unwrap().token
}

fn expecting() -> auth_core::jwt::JwtVerifierBuilder {
    let builder = JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example");
    builder.require_access_token_type().clock(TestClock::at(NOW))
}

fn part(token: &str, place: usize) -> Value {
    let part = token.split('.').nth(place).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

const SECRETS: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
const PRIVATE: [Algorithm; 9] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

#[test]
fn what_is_signed_is_accepted_with_what_is_published() {
    for algorithm in PRIVATE {
        let issuer = issuer(key(algorithm));
        let verifier = expecting().jwks(issuer.jwks()).build().unwrap();
        assert!(verifier.skipped_keys().is_empty(), "{algorithm}");
        let token = sign(&issuer);
        assert_eq!(verifier.verify_jwt(&token).unwrap().subject(), "alice", "{algorithm}");
        assert_eq!(part(&token, 0).get("alg").unwrap(), algorithm.name());
        let other = self::issuer(key(algorithm));
        assert!(verifier.verify_jwt(&sign(&other)).is_err(), "{algorithm}: of another key");
    }
    println!("summary: issuer: tokens of {} algorithms accepted with what is published", PRIVATE.len());
    for algorithm in SECRETS {
        let issuer = issuer(key(algorithm));
        let verifier = expecting().secret(algorithm, SECRET).build().unwrap();
        assert_eq!(verifier.verify_jwt(&sign(&issuer)).unwrap().subject(), "alice", "{algorithm}");
        assert_eq!(issuer.jwks(), r#"{"keys":[]}"#, "a secret is not published");
    }
}

#[test]
fn a_token_says_what_rfc_9068_requires_and_no_more() {
    let issuer = issuer(key(Algorithm::Es256));
    let signed = issuer
        .access_token("alice")
        .audience("https://api.example")
        .client_id("web")
        .scopes([ORDERS_READ, Scope::from_static("profile"), ORDERS_READ])
        .claim("roles", ["admin"])
        .sign()
        .unwrap();
    let claims = part(&signed.token, 1);
    let expected = json!({
        "iss": "https://issuer.example", "sub": "alice", "aud": "https://api.example", "exp": NOW + 900,
        "iat": NOW, "jti": signed.token_id, "client_id": "web", "scope": "orders:read profile",
        "roles": ["admin"],
    });
    assert_eq!(claims, expected);
    assert_eq!(signed.expires_in, 900);
    let header = part(&signed.token, 0);
    let names: BTreeSet<_> = header.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["alg", "kid", "typ"]));
    assert_eq!(header.get("typ").unwrap(), "at+jwt");

    let plain = issuer.access_token("alice").audience("a").audience("b").client_id("web");
    let signed = plain.lifetime(Duration::from_secs(5)).sign().unwrap();
    let claims = part(&signed.token, 1);
    assert_eq!(claims.get("aud").unwrap(), &json!(["a", "b"]));
    assert_eq!((claims.get("scope"), claims.get("exp").unwrap()), (None, &json!(NOW + 5)));
    assert_eq!(signed.expires_in, 5);
}

#[test]
fn no_two_tokens_have_the_same_id() {
    let issuer = issuer(key(Algorithm::Hs256));
    let id = |_| part(&sign(&issuer), 1).get("jti").unwrap().as_str().unwrap().to_owned();
    let ids: BTreeSet<_> = (0..1000).map(id).collect();
    assert_eq!(ids.len(), 1000);
    assert!(ids.iter().all(|id| id.len() == 22), "128 bits");
}

#[test]
fn a_token_without_what_is_required_is_not_signed() {
    let issuer = issuer(key(Algorithm::Hs256));
    let token = |subject: &str| issuer.access_token(subject);
    let full = || token("alice").audience("a").client_id("web");
    assert_eq!(token("").audience("a").client_id("web").sign(), Err(SignError::Missing("sub")));
    assert_eq!(token("alice").client_id("web").sign(), Err(SignError::Missing("aud")));
    assert_eq!(full().audience("").sign(), Err(SignError::Missing("aud")));
    assert_eq!(token("alice").audience("a").sign(), Err(SignError::Missing("client_id")));
    assert_eq!(token("alice").audience("a").client_id("").sign(), Err(SignError::Missing("client_id")));
    for reserved in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "scp", "cnf"] {
        let refused = full().claim(reserved, "x").claim("other", 1).sign();
        assert_eq!(refused, Err(SignError::Claim(reserved.to_owned())));
    }
    let unwritable = std::collections::BTreeMap::from([((), 1)]);
    assert_eq!(full().claim("map", unwritable).sign(), Err(SignError::Claim("map".to_owned())));
    for seconds in [0, 24 * 60 * 60 + 1] {
        let refused = full().lifetime(Duration::from_secs(seconds)).sign();
        assert_eq!(refused, Err(SignError::Lifetime(IssuerError::Lifetime)));
    }
    assert!(matches!(full().claim("x", "x".repeat(7000)).sign(), Err(SignError::TooLong { bytes: 8193.. })));
    assert!(full().claim("x", "x".repeat(5000)).sign().is_ok());
    let stopped = TokenIssuer::builder("i", key(Algorithm::Hs256)).clock(NoClock).build().unwrap();
    let refused = stopped.access_token("alice").audience("a").client_id("web").sign();
    assert!(matches!(refused, Err(SignError::Unavailable(_))));
}

/// Up to the very bounds of a verifier without options, and no further.
#[test]
fn what_no_verifier_would_read_is_not_signed() {
    let issuer = issuer(key(Algorithm::Hs256));
    let verifier = expecting().secret(Algorithm::Hs256, SECRET).build().unwrap();
    let full = || issuer.access_token("alice").audience("https://api.example").client_id("web");
    let members = |count: u32| (0..count).map(|number| (number.to_string(), json!(0))).collect::<Value>();
    let nested = |levels: u32| (0..levels).fold(json!(0), |inner, _| json!([inner]));
    let signs = |value: Value| {
        let signed = full().claim("x", &value).sign();
        if let Ok(signed) = &signed {
            assert!(verifier.verify_jwt(&signed.token).is_ok(), "{value}");
        }
        signed.map(drop)
    };
    let unreadable = Err(SignError::Unreadable(VerifyError::MalformedClaims));
    assert_eq!(signs(members(256 - 8)), Ok(()), "seven registered ones, and the claim itself");
    assert_eq!(signs(members(256 - 7)), unreadable);
    assert_eq!(signs(nested(15)), Ok(()));
    assert_eq!(signs(nested(16)), unreadable);
    for name in ["Number", "RawValue"].map(|name| format!("$serde_json::private::{name}")) {
        for value in [json!({ &name: "1" }), json!([{ "a": { &name: {} } }]), json!({ "b": 1, &name: 1 })] {
            assert_eq!(signs(value), unreadable, "{name}");
        }
        assert_eq!(full().claim(&name, "1").sign().map(drop), unreadable, "{name}");
    }
    assert_eq!(signs(json!({ "": null, "sub": 1, "exp": "x", "huge": u64::MAX, "tiny": 1e-300 })), Ok(()));
    let milliseconds = TestClock::at(1_800_000_000_000);
    let issuer = TokenIssuer::builder("i", key(Algorithm::Hs256)).clock(milliseconds).build().unwrap();
    let refused = issuer.access_token("alice").audience("a").client_id("web").sign();
    let refused = refused.map(drop).unwrap_err();
    assert!(matches!(refused, SignError::Unreadable(VerifyError::InvalidClaim(_))));
    assert!(refused.to_string().contains("dates in seconds"));
}

#[derive(Debug)]
struct NoClock;

impl auth_core::Clock for NoClock {
    fn now(&self) -> Option<u64> {
        None
    }
}

#[test]
fn keys_are_changed_with_two_published_at_once() {
    let (old, new) = (key(Algorithm::Es256), key(Algorithm::EdDsa));
    let build = |signs: &SigningKey, publishes: &SigningKey| {
        let builder = TokenIssuer::builder("https://issuer.example", signs.clone());
        builder.publish(publishes.clone()).clock(TestClock::at(NOW)).build().unwrap()
    };
    let (before, after) = (build(&old, &new), build(&new, &old));
    let tokens = [sign(&before), sign(&after)];
    for issuer in [&before, &after] {
        let verifier = expecting().jwks(issuer.jwks()).build().unwrap();
        for token in &tokens {
            assert!(verifier.verify_jwt(token).is_ok());
        }
    }
    let done = expecting().jwks(issuer(new).jwks()).build().unwrap();
    assert_eq!(done.verify_jwt(&tokens[0]).unwrap_err(), VerifyError::UnknownKey);
    assert!(done.verify_jwt(&tokens[1]).is_ok());
}

#[test]
fn an_issuer_that_verifiers_would_not_understand_is_not_built() {
    let build = |issuer: &str| TokenIssuer::builder(issuer, key(Algorithm::Hs256)).build().map(drop);
    assert_eq!(build(""), Err(IssuerError::EmptyIssuer));
    for template in ["https://login.example/{tenantid}/v2.0", "}"] {
        assert_eq!(build(template), Err(IssuerError::TemplateIssuer));
        let verifier = JwtVerifier::builder().issuer(template).audience("a").secret(Algorithm::Hs256, SECRET);
        assert!(verifier.build().is_err(), "no verifier is built with it either");
    }
    let old = key(Algorithm::Es256);
    let twice = TokenIssuer::builder("i", old.clone()).publish(old.clone()).build();
    assert_eq!(twice.unwrap_err(), IssuerError::AmbiguousKid);
    let nameless = TokenIssuer::builder("i", old).publish(key(Algorithm::Hs256)).build();
    assert_eq!(nameless.unwrap_err(), IssuerError::AmbiguousKid);
    for lifetime in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(86_401)] {
        let builder = TokenIssuer::builder("i", key(Algorithm::Hs256)).lifetime(lifetime);
        assert_eq!(builder.build().unwrap_err(), IssuerError::Lifetime);
    }
}

#[test]
fn a_key_that_no_verifier_would_take_does_not_sign() {
    let complaint = |key: Result<SigningKey, SigningKeyError>| key.unwrap_err().to_string();
    assert!(complaint(SigningKey::secret(Algorithm::Hs256, "short")).contains("32 or more"));
    assert!(complaint(SigningKey::secret(Algorithm::Hs512, &SECRET[..63])).contains("64 or more"));
    assert!(complaint(SigningKey::secret(Algorithm::Rs256, SECRET)).contains("use HS256, HS384 or HS512"));
    assert!(complaint(SigningKey::pem(Algorithm::Hs256, "x")).contains("`SigningKey::secret`"));

    let small = rsa_1024();
    assert!(!complaint(SigningKey::pem(Algorithm::Rs256, small)).is_empty());
    let keys = [Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa];
    for (place, algorithm) in keys.into_iter().enumerate() {
        let own = private_key(algorithm);
        for (other_place, other) in keys.into_iter().enumerate() {
            let accepted = SigningKey::pem(other, &own).is_ok();
            assert_eq!(accepted, place == other_place, "{algorithm} key for {other}");
        }
        let public = public_key(algorithm);
        assert!(complaint(SigningKey::pem(algorithm, public)).contains("openssl genpkey"));
        assert!(complaint(SigningKey::pem(algorithm, "no PEM")).contains("-----BEGIN PRIVATE KEY-----"));
    }
    for algorithm in [Algorithm::Es512, Algorithm::Es256k] {
        assert!(SigningKey::pem(algorithm, private_key(Algorithm::Es256)).is_err(), "{algorithm}");
    }
}

/// Of 1024 bits, made once: aws-lc makes none so small.
fn rsa_1024() -> &'static str {
    include_str!("rsa-1024.pem")
}

#[test]
fn kids_are_thumbprints_or_what_is_said() {
    let key = key(Algorithm::Es256);
    assert_eq!(key.kid().unwrap().len(), 43, "SHA-256 in base64url");
    let named = key.clone().with_kid("2026-11").unwrap();
    assert_eq!(named.kid(), Some("2026-11"));
    let token = sign(&issuer(named.clone()));
    assert_eq!(part(&token, 0).get("kid").unwrap(), "2026-11");
    let jwks: Value = serde_json::from_str(issuer(named).jwks()).unwrap();
    let jwk = jwks.pointer("/keys/0").unwrap().as_object().unwrap();
    let names: BTreeSet<_> = jwk.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["alg", "crv", "kid", "kty", "use", "x", "y"]), "nothing private");
    for kid in [String::new(), "k".repeat(257)] {
        assert!(matches!(key.clone().with_kid(kid), Err(SigningKeyError::InvalidKid)));
    }
    assert!(key.with_kid("k".repeat(256)).is_ok());
}

/// The example of RFC 8037, appendix A.1 to A.3: key and thumbprint.
#[test]
fn rfc_8037_a_3_thumbprint() {
    let seed = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
    let header =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let key = SigningKey::pem(Algorithm::EdDsa, to_pem(&[&header[..], &seed].concat())).unwrap();
    assert_eq!(key.kid(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    assert!(issuer(key).jwks().contains(r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#));
}

#[test]
fn nothing_secret_is_printed() {
    let key =
        SigningKey::secret(Algorithm::Hs256, b"canary Cr2odgG-KNj9NgyJJ11QgGvF4gNJZc1E canary").unwrap();
    let builder = TokenIssuer::builder("https://issuer.example", key.clone());
    let printed = format!("{key:?} {builder:?}");
    let issuer = builder.build().unwrap();
    let token =
        issuer.access_token("canary").audience("canary").client_id("canary").claim("canary", "canary");
    let printed = format!("{printed} {issuer:?} {token:?}");
    let signed = token.sign().unwrap();
    let printed = format!("{printed} {signed:?}");
    assert!(!printed.contains("canary") && !printed.contains(&signed.token), "{printed}");
    assert!(printed.contains("expires_in: 900"));
}
