//! Mistakes in the configuration: each is told clearly, all at once, and nothing panics.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use auth_core::jwt::{BuildError, JwtVerifierBuilder, KeyError, Problem};
use auth_core::{Algorithm, JwtVerifier};
use auth_testing::TestIssuer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// Random bytes, as a secret has to be.
fn secret(length: usize) -> &'static [u8] {
    b"FKcWxGc3HSbrZBYcbYBrs+TXD5417cmkg7Dt/P+l/fKznkLHAfKCAWNNswnP5jww".get(..length).unwrap()
}

/// 2048 bits, odd; nobody knows its factors.
fn modulus() -> String {
    URL_SAFE_NO_PAD.encode([0xff; 256])
}

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

fn without(mut jwk: Value, name: &str) -> Value {
    jwk.as_object_mut().unwrap().remove(name);
    jwk
}

#[test]
fn all_mistakes_are_told_at_once() {
    let error: BuildError = JwtVerifier::builder()
        .audience("")
        .secret(Algorithm::Hs256, "short")
        .public_key_pem("not a pem")
        .jwks("{}")
        .leeway(Duration::from_secs(301))
        .build()
        .unwrap_err();
    insta::assert_snapshot!(error.to_string().replace("; ", "\n"));
    assert_eq!(error.problems().len(), 6);
}

#[test]
fn nothing_is_expected_by_default() {
    let error = JwtVerifier::builder().build().unwrap_err();
    assert_eq!(error.problems(), [Problem::NoIssuer, Problem::NoAudience, Problem::NoKeys]);
    assert_eq!(problem(expecting().issuer("").secret(Algorithm::Hs256, secret(32))), Problem::EmptyIssuer);
}

#[test]
fn leeway_is_300_seconds_at_most() {
    let builder =
        |seconds| expecting().secret(Algorithm::Hs256, secret(32)).leeway(Duration::from_secs(seconds));
    assert!(builder(300).build().is_ok());
    let leeway = Duration::from_secs(301);
    assert_eq!(problem(builder(301)), Problem::LeewayTooLong { leeway });
}

#[test]
fn secrets_have_the_length_of_their_hash() {
    for (algorithm, required) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        assert!(expecting().secret(algorithm, secret(required)).build().is_ok(), "{algorithm}");
        for actual in [0, 1, required - 1] {
            let error = KeyError::SecretTooShort { algorithm, actual, required };
            assert_eq!(key_error(expecting().secret(algorithm, secret(actual))), error);
            let jwk =
                json!({"kty": "oct", "alg": algorithm.name(), "k": URL_SAFE_NO_PAD.encode(secret(actual))});
            assert_eq!(key_error(expecting().jwk(jwk.to_string())), error);
        }
    }
    let jwk = json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret(31))});
    let error = KeyError::SecretTooShort { algorithm: Algorithm::Hs256, actual: 31, required: 32 };
    assert_eq!(key_error(expecting().jwk(jwk.to_string())), error);
}

#[test]
fn the_text_of_a_key_is_no_secret() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let pem = issuer.public_key_pem();
    let lines: Vec<_> = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(lines.concat()).unwrap();
    assert_eq!(key_error(expecting().secret(Algorithm::Hs256, der)), KeyError::SecretIsKey);
    for text in [format!("\n  {pem}"), lines.join("\n"), pem, issuer.jwk().to_string()] {
        assert_eq!(key_error(expecting().secret(Algorithm::Hs256, text)), KeyError::SecretIsKey);
    }
    let algorithm = Algorithm::Rs256;
    assert_eq!(key_error(expecting().secret(algorithm, secret(32))), KeyError::NotHmac { algorithm });
}

#[test]
fn pem_that_is_no_public_key_is_refused_by_name() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
    for label in
        ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"]
    {
        let error = key_error(expecting().public_key_pem(block(label)));
        let cure = if label.starts_with("OPENSSH") { "`ssh-keygen -e" } else { " -pubout`" };
        assert!(matches!(error, KeyError::PrivateKey(found) if found == label), "{error}");
        assert!(error.to_string().contains(label) && error.to_string().contains(cure), "{error}");
        let mixed = format!("{}{}", TestIssuer::new(Algorithm::EdDsa).public_key_pem(), block(label));
        assert!(matches!(key_error(expecting().public_key_pem(mixed)), KeyError::PrivateKey(_)));
    }
    assert_eq!(key_error(expecting().public_key_pem(block("CERTIFICATE"))), KeyError::Certificate);
    for text in ["", "x", "-----BEGIN PUBLIC KEY-----", &block("DH PARAMETERS"), &block("SSH2 PUBLIC KEY")] {
        assert!(matches!(key_error(expecting().public_key_pem(text)), KeyError::Pem(_)), "{text}");
    }
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        assert!(
            matches!(key_error(expecting().public_key_pem(block(label))), KeyError::InvalidKey(_)),
            "{label}"
        );
    }
    let two = TestIssuer::new(Algorithm::EdDsa).public_key_pem().repeat(2);
    assert!(matches!(key_error(expecting().public_key_pem(two)), KeyError::Pem(_)));
}

#[test]
fn pem_with_broken_contents_does_not_panic() {
    let pem = TestIssuer::new(Algorithm::Es256).public_key_pem();
    let lines: Vec<_> = pem.lines().collect();
    for cut in 1..60 {
        let body: String = lines.get(1).unwrap().chars().take(cut).collect();
        let text = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
        assert!(expecting().public_key_pem(text).build().is_err(), "{cut}");
    }
}

#[test]
fn a_key_that_is_not_for_verifying_is_refused() {
    let ec = TestIssuer::new(Algorithm::Es256).jwk();
    let rsa = json!({"kty": "RSA", "n": modulus(), "e": "AQAB"});
    let okp = TestIssuer::new(Algorithm::EdDsa).jwk();
    let broken: Vec<(Value, KeyError)> = vec![
        (with(ec.clone(), "use", "enc"), KeyError::WrongUse("use")),
        (with(ec.clone(), "use", 5), KeyError::JwkMember("use")),
        (with(ec.clone(), "key_ops", json!(["sign"])), KeyError::WrongUse("key_ops")),
        (with(ec.clone(), "key_ops", json!([])), KeyError::WrongUse("key_ops")),
        (with(ec.clone(), "key_ops", "verify"), KeyError::JwkMember("key_ops")),
        (with(ec.clone(), "alg", "ES384"), KeyError::AlgorithmMismatch { algorithm: Algorithm::Es384 }),
        (with(ec.clone(), "alg", "RS256"), KeyError::AlgorithmMismatch { algorithm: Algorithm::Rs256 }),
        (with(ec.clone(), "alg", "HS256"), KeyError::AlgorithmMismatch { algorithm: Algorithm::Hs256 }),
        (with(ec.clone(), "alg", "none"), KeyError::JwkMember("alg")),
        (with(ec.clone(), "alg", "ECDH-ES"), KeyError::JwkMember("alg")),
        (with(ec.clone(), "kid", 7), KeyError::JwkMember("kid")),
        (with(ec.clone(), "kty", "OKP"), KeyError::UnsupportedType),
        (with(ec.clone(), "kty", "RSA"), KeyError::JwkMember("n")),
        (with(ec.clone(), "kty", "ec"), KeyError::UnsupportedType),
        (with(ec.clone(), "crv", "P-224"), KeyError::UnsupportedType),
        (with(ec.clone(), "x", URL_SAFE_NO_PAD.encode([1; 33])), KeyError::JwkMember("x")),
        (with(ec.clone(), "x", ""), KeyError::JwkMember("x")),
        (with(ec.clone(), "x", "=="), KeyError::JwkMember("x")),
        (with(ec.clone(), "d", "AAAA"), KeyError::PrivateJwk("d")),
        (without(ec.clone(), "y"), KeyError::JwkMember("y")),
        (without(ec.clone(), "crv"), KeyError::JwkMember("crv")),
        (without(ec.clone(), "kty"), KeyError::JwkMember("kty")),
        (with(rsa.clone(), "n", URL_SAFE_NO_PAD.encode([0xff; 255])), KeyError::RsaSize { bits: 2040 }),
        (with(rsa.clone(), "n", ""), KeyError::RsaSize { bits: 0 }),
        (with(rsa.clone(), "e", "AQ"), KeyError::RsaExponent),
        (with(rsa.clone(), "e", "Ag"), KeyError::RsaExponent),
        (with(rsa.clone(), "q", "AAAA"), KeyError::PrivateJwk("q")),
        (with(okp.clone(), "crv", "P-256"), KeyError::UnsupportedType),
        (with(okp.clone(), "crv", "X25519"), KeyError::UnsupportedType),
        (with(okp.clone(), "crv", "Ed448"), KeyError::UnsupportedType),
        (with(okp.clone(), "x", URL_SAFE_NO_PAD.encode([0; 32])), KeyError::Ed25519Point),
        (with(okp.clone(), "d", "AAAA"), KeyError::PrivateJwk("d")),
    ];
    for (jwk, expected) in broken {
        assert_eq!(key_error(expecting().jwk(jwk.to_string())), expected, "{jwk}");
        // In a set the same key is skipped, and the others serve.
        let good = with(TestIssuer::new(Algorithm::Es256).jwk(), "kid", "good");
        let verifier = expecting().jwks(json!({"keys": [jwk, good]}).to_string()).build().unwrap();
        let [skipped] = &verifier.skipped_keys()[..] else { panic!("{jwk}") };
        assert_eq!((skipped.index, &skipped.error), (0, &expected), "{jwk}");
    }
    for x in [vec![], vec![9; 31], vec![9; 33]] {
        let jwk = with(okp.clone(), "x", URL_SAFE_NO_PAD.encode(x));
        assert!(matches!(key_error(expecting().jwk(jwk.to_string())), KeyError::InvalidKey(_)), "{jwk}");
    }
    for off_the_curve in [
        with(ec.clone(), "x", ec.get("y").unwrap().clone()),
        with(ec.clone(), "x", "AAAA"),
        with(without(ec.clone(), "alg"), "crv", "P-384"),
    ] {
        assert!(matches!(key_error(expecting().jwk(off_the_curve.to_string())), KeyError::InvalidKey(_)));
    }
    for sound in [with(ec.clone(), "use", "sig"), with(ec, "key_ops", json!(["verify", "sign"])), rsa, okp] {
        assert!(expecting().jwk(sound.to_string()).build().is_ok(), "{sound}");
    }
}

/// Glewlwyd and Keycloak 19 publish coordinates without their leading zeros. Others write one zero more.
#[test]
fn a_coordinate_is_a_number_however_many_zeros_it_begins_with() {
    let bytes = |jwk: &Value, name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    for (algorithm, name) in [(Algorithm::Es256, "x"), (Algorithm::Es384, "y"), (Algorithm::Es512, "x")] {
        if algorithm == Algorithm::Es512 && !cfg!(feature = "aws-lc-rs") {
            continue;
        }
        // One of 256 keys, but for ES512 every second.
        let issuer = std::iter::repeat_with(|| TestIssuer::new(algorithm))
            .find(|issuer| bytes(&issuer.jwk(), name).first() == Some(&0))
            .unwrap();
        let (jwk, token) = (issuer.jwk(), issuer.good("alice"));
        let full = bytes(&jwk, name);
        let shorter = full.strip_prefix(&[0]).unwrap();
        let longer = [&[0], full.as_slice()].concat();
        let written = |number: &[u8]| with(jwk.clone(), name, URL_SAFE_NO_PAD.encode(number)).to_string();
        for number in [shorter, &longer, &full] {
            let verifier = expecting().jwk(written(number)).build().unwrap();
            assert!(verifier.verify_jwt(&token).is_ok(), "{algorithm} {}", number.len());
            assert!(verifier.verify_jwt(&TestIssuer::new(algorithm).good("alice")).is_err());
        }
        // Other numbers.
        let cut = full.get(..full.len() - 1).unwrap();
        let larger = [&[1], full.as_slice()].concat();
        assert!(matches!(key_error(expecting().jwk(written(cut))), KeyError::InvalidKey(_)), "{algorithm}");
        assert_eq!(key_error(expecting().jwk(written(&larger))), KeyError::JwkMember(name));
    }
}

#[test]
fn a_jwk_is_strict_json() {
    let good = TestIssuer::new(Algorithm::Es256).jwk().to_string();
    assert!(expecting().jwk(&*good).build().is_ok());
    for text in [
        good.replacen('{', r#"{"kty":"EC","#, 1),
        good.replacen('{', r#"{"k\u0074y":"oct","#, 1),
        good.replacen('{', r#"{"x5t":{"a":1,"a":2},"#, 1),
        format!("{good}x"),
        format!("[{good}]"),
        String::new(),
    ] {
        assert!(matches!(key_error(expecting().jwk(&*text)), KeyError::Jwk(_)), "{text}");
    }
}

#[test]
fn a_set_keeps_what_is_good() {
    let good = TestIssuer::new(Algorithm::Es256).kid("good");
    let secret = json!({"kty": "oct", "kid": "s", "k": URL_SAFE_NO_PAD.encode(secret(64))});
    let keys = json!([
        1,
        "x",
        null,
        [],
        {},
        secret,
        with(good.jwk(), "d", "AAAA"),
        good.jwk(),
        TestIssuer::new(Algorithm::Es256).kid("good").jwk(), // ambiguous
        TestIssuer::new(Algorithm::EdDsa).kid("good").jwk(), // another family may share the kid
    ]);
    let set = json!({"keys": keys, "more": {"is": "passed over"}}).to_string();
    let verifier = expecting().jwks(set).build().unwrap();
    assert!(verifier.verify_jwt(&good.good("alice")).is_ok());
    let skipped = verifier.skipped_keys();
    let skipped: Vec<_> = skipped.iter().map(|key| (key.index, key.kid.as_deref())).collect();
    let anonymous = (0..5).map(|index| (index, None));
    let named = [(5, Some("s")), (6, Some("good")), (8, Some("good"))];
    assert_eq!(skipped, anonymous.chain(named).collect::<Vec<_>>());
    let errors: Vec<_> = verifier.skipped_keys().iter().skip(5).map(|key| key.error.clone()).collect();
    assert_eq!(errors, [KeyError::SecretInSet, KeyError::PrivateJwk("d"), KeyError::AmbiguousKid]);
}

#[test]
fn a_set_with_one_lone_surrogate_loses_one_key() {
    let good = TestIssuer::new(Algorithm::Es256).jwk().to_string();
    let set = format!(r#"{{"keys":[{{"kty":"EC","kid":"\ud800"}},{good}]}}"#);
    let verifier = expecting().jwks(set).build().unwrap();
    assert_eq!(verifier.skipped_keys().len(), 1);
}

#[test]
fn a_text_that_is_no_set_is_refused() {
    let good = TestIssuer::new(Algorithm::Es256).jwks();
    for text in [
        "",
        "[]",
        "x",
        "{",
        "null",
        r#"{"keys":{}}"#,
        r#"{"keys":null}"#,
        "{}",
        r#"{"keys":[],"keys":[]}"#,
        &format!("\u{feff}{good}"),
    ] {
        let found = problem(expecting().jwks(text));
        assert!(matches!(found, Problem::JwkSet { path: None, .. }), "{text}: {found}");
    }
    let full = format!("{good}{}", " ".repeat(256 * 1024 - good.len()));
    assert!(expecting().jwks(&*full).build().is_ok());
    assert!(problem(expecting().jwks(full + " ")).to_string().contains("256 KiB"));
    let unused = "x".repeat(256 * 1024);
    let too_large = good.replacen('{', &format!(r#"{{"unused":"{unused}","#), 1);
    assert!(problem(expecting().jwks(too_large)).to_string().contains("256 KiB"));
}

#[test]
fn a_set_without_a_usable_key_says_why() {
    let empty = problem(expecting().jwks(r#"{"keys":[]}"#)).to_string();
    assert!(empty.starts_with("the JWK Set holds no usable key: its array `keys` is empty."), "{empty}");
    let symmetric = json!({"keys": [{"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret(64))}]}).to_string();
    let text = problem(expecting().jwks(symmetric)).to_string();
    assert!(text.contains("key 0: it is a shared secret"), "{text}");
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let text = problem(expecting().jwks_file("/does/not/exist.json")).to_string();
    assert!(text.contains("/does/not/exist.json") && text.contains("no such file"), "{text}");

    let folder = std::env::temp_dir().join(format!("auth-core-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("jwks.json");
    std::fs::write(&path, "<html>").unwrap();
    let text = problem(expecting().jwks_file(&path)).to_string();
    assert!(text.contains("jwks.json") && text.contains("not one sound JSON object"), "{text}");

    let issuer = TestIssuer::new(Algorithm::Es256);
    std::fs::write(&path, issuer.jwks() + &" ".repeat(256 * 1024)).unwrap();
    let text = problem(expecting().jwks_file(&path)).to_string();
    assert!(text.contains("jwks.json") && text.contains("256 KiB"), "{text}");

    let spaces = " ".repeat(256 * 1024 - issuer.jwks().len());
    for text in [issuer.jwks(), issuer.jwks() + &spaces] {
        std::fs::write(&path, text).unwrap();
        let verifier = expecting().jwks_file(&path).build().unwrap();
        assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// The portable backend takes no larger ones.
#[test]
fn an_rsa_key_of_4096_bits_serves_on_every_backend() {
    let n = URL_SAFE_NO_PAD.encode([0xff; 512]);
    assert!(expecting().jwk(json!({"kty": "RSA", "n": n, "e": "AQAB"}).to_string()).build().is_ok());
    let n = URL_SAFE_NO_PAD.encode([&[1][..], &[0xff; 512]].concat());
    let larger = expecting().jwk(json!({"kty": "RSA", "n": n, "e": "AQAB"}).to_string()).build();
    assert_eq!(larger.is_ok(), cfg!(feature = "aws-lc-rs"));
}

/// A key that verifies nothing must not stand in the way of one that does, whichever crypto backend is asked.
#[test]
fn an_ed25519_key_that_is_no_point_displaces_no_other() {
    let issuer = TestIssuer::new(Algorithm::EdDsa).kid("k");
    let mut no_point = issuer.jwk();
    no_point["x"] = URL_SAFE_NO_PAD.encode([&[2][..], &[0; 31]].concat()).into();
    assert_eq!(
        key_error(expecting().jwk(no_point.to_string())),
        KeyError::InvalidKey("the point is not on the curve")
    );
    let set = json!({"keys": [no_point, issuer.jwk()]}).to_string();
    let verifier = expecting().jwks(set).build().unwrap();
    assert_eq!(verifier.skipped_keys().len(), 1);
    assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
}

/// RFC 8017 section 8.1.2: there the encoded message is a byte shorter than the modulus, which the portable
/// backend overlooks.
#[test]
fn an_rsa_key_of_an_uneven_size_serves_pss_only_where_it_is_sound() {
    let n = URL_SAFE_NO_PAD.encode([&[1][..], &[0xff; 256]].concat());
    for (alg, serves) in [("RS256", true), ("PS256", cfg!(feature = "aws-lc-rs"))] {
        let jwk = json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": alg}).to_string();
        assert_eq!(expecting().jwk(jwk).build().is_ok(), serves, "{alg}");
    }
}

#[test]
fn algorithms_restrict_what_keys_are_good_for() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let builder = || expecting().jwk(issuer.jwk().to_string());
    assert!(builder().algorithms([Algorithm::Es256, Algorithm::Rs256]).build().is_ok());
    assert_eq!(key_error(builder().algorithms([Algorithm::Rs256])), KeyError::NoAllowedAlgorithm);
    assert!(
        matches!(builder().algorithms([]).build(), Err(error) if error.problems().contains(&Problem::NoAlgorithms))
    );
}

#[test]
fn two_keys_that_a_token_could_mean_are_refused() {
    let [one, two] = [(); 2].map(|()| TestIssuer::new(Algorithm::Es256).kid("same").jwk().to_string());
    assert_eq!(problem(expecting().jwk(one).jwk(two)), Problem::AmbiguousKid);
}

/// Over all sources, and none that cannot be used.
#[test]
fn more_keys_than_are_accepted_replace_none() {
    let issuers = [(); 4].map(|()| TestIssuer::new(Algorithm::Es256));
    let verifier = expecting().jwk(issuers[0].jwk().to_string()).build().unwrap();
    let keys = |count: usize| {
        let set = json!({"keys": [issuers[1].jwk(), {"kty": "unheard-of"}]}).to_string();
        let keys = auth_core::jwt::JwtKeys::new().jwks(set).max_keys(2);
        issuers.iter().skip(2).take(count - 1).fold(keys, |keys, issuer| keys.jwk(issuer.jwk().to_string()))
    };
    let error = verifier.keys().replace(keys(3)).unwrap_err();
    assert_eq!(error.problems(), [Problem::TooManyKeys { keys: 3, at_most: 2 }]);
    assert!(verifier.verify_jwt(&issuers[0].good("alice")).is_ok());
    verifier.keys().replace(keys(2)).unwrap();
    assert!(verifier.verify_jwt(&issuers[2].good("alice")).is_ok());
}

#[test]
fn debug_counts_the_sources_of_keys() {
    let keys = auth_core::jwt::JwtKeys::new().secret(Algorithm::Hs256, "canary".repeat(6)).jwk("canary");
    assert_eq!(format!("{keys:?}"), "JwtKeys(<2 sources redacted>)");
}

#[test]
fn errors_hold_no_secret() {
    let error = expecting().secret(Algorithm::Hs256, "canary").build().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
    let jwk = json!({"kty": "oct", "k": "Y2FuYXJ5", "use": "canary"}).to_string();
    let error = expecting().jwk(jwk).build().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("Y2FuYXJ5"));
}

#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn what_the_portable_backend_cannot_do_is_told_when_the_key_is_loaded() {
    for algorithm in [Algorithm::Es512, Algorithm::Es256k] {
        let jwk = TestIssuer::new(algorithm).jwk().to_string();
        assert_eq!(key_error(expecting().jwk(jwk)), KeyError::UnsupportedByBackend { algorithm });
    }
    let large = json!({"kty": "RSA", "alg": "RS256", "n": URL_SAFE_NO_PAD.encode([0xff; 1024]), "e": "AQAB"});
    let algorithm = Algorithm::Rs256;
    assert_eq!(key_error(expecting().jwk(large.to_string())), KeyError::UnsupportedByBackend { algorithm });
}

#[test]
fn what_was_mistaken_for_something_else_is_told() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let text = |builder: JwtVerifierBuilder| builder.build().unwrap_err().to_string();
    for (error, word) in [
        (text(expecting().jwk(issuer.jwks())), "it is a JWK Set"),
        (text(expecting().jwks(issuer.jwk().to_string())), "it is a single key"),
        (text(expecting().jwks(r#"{"issuer":"a","jwks_uri":"b"}"#)), "`jwks_uri`"),
        (text(expecting().jwks("keys/jwks.json")), "`jwks_file` a path"),
        (text(expecting().jwks(issuer.jwks().split_at(40).0)), "not one sound JSON object"),
        (text(expecting().public_key_pem("keys/public.pem")), "not the path"),
        (
            text(expecting().public_key_pem(issuer.public_key_pem().replace('\n', "\\\\n"))),
            "instead of line ends",
        ),
        (
            text(expecting().public_key_pem(issuer.public_key_pem().split("-----END").next().unwrap())),
            "-----END",
        ),
        (text(expecting().jwk(with(issuer.jwk(), "d", "AAAA").to_string())), "leave out the members"),
        (text(expecting().jwk(with(issuer.jwk(), "x", "a/b=").to_string())), "base64url without padding"),
        (
            text(expecting().jwk(issuer.jwk().to_string()).secret(Algorithm::Hs256, "x")),
            "key source 2, `.secret(...)`",
        ),
    ] {
        assert!(error.contains(word), "{word}: {error}");
    }
}

#[test]
fn an_error_looks_the_same_to_main_as_to_a_reader() {
    let error = expecting().build().unwrap_err();
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn what_serializers_in_the_field_write_is_read() {
    let ec = TestIssuer::new(Algorithm::Es256).jwk();
    let mut null = ec;
    for name in ["use", "key_ops", "alg", "kid"] {
        null = with(null, name, Value::Null);
    }
    assert!(expecting().jwk(null.to_string()).build().is_ok());

    let zero_first = |bytes: &[u8]| URL_SAFE_NO_PAD.encode([&[0], bytes].concat());
    let rsa = json!({"kty": "RSA", "n": zero_first(&[0xff; 256]), "e": zero_first(&[1, 0, 1])});
    assert!(expecting().jwk(rsa.to_string()).build().is_ok());
}

#[test]
fn sets_are_bounded() {
    let good = TestIssuer::new(Algorithm::Es256).kid("good").jwk();
    let set = |others: usize| {
        let keys: Vec<_> = (0..others).map(|_| json!(0)).chain([good.clone()]).collect();
        json!({ "keys": keys }).to_string()
    };
    assert_eq!(expecting().jwks(set(255)).build().unwrap().skipped_keys().len(), 255);
    assert!(problem(expecting().jwks(set(256))).to_string().contains("256 keys"));

    let members = |count: usize| (0..count).map(|n| format!("\"{n}\":0,")).collect::<String>();
    let beside = |count: usize| set(0).replacen('{', &format!("{{{}", members(count)), 1);
    assert!(expecting().jwks(beside(63)).build().is_ok());
    assert!(problem(expecting().jwks(beside(64))).to_string().contains("too many members"));

    let own = good.as_object().unwrap().len();
    let with_members = |count: usize| good.to_string().replacen('{', &format!("{{{}", members(count)), 1);
    assert!(expecting().jwk(with_members(64 - own)).build().is_ok());
    assert!(matches!(key_error(expecting().jwk(with_members(65 - own))), KeyError::Jwk(_)));

    assert!(expecting().jwk(with(good.clone(), "kid", "k".repeat(256)).to_string()).build().is_ok());
    assert_eq!(
        key_error(expecting().jwk(with(good.clone(), "kid", "k".repeat(257)).to_string())),
        KeyError::KidTooLong
    );

    let useless = json!({"keys": vec![json!(0); 200]}).to_string();
    let text = problem(expecting().jwks(useless)).to_string();
    assert!(text.contains("and 192 more") && text.len() < 2000, "{text}");
}
