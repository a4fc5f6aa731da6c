//! `JwtVerifier` from outside: every algorithm, every source of keys, every rule at its edge.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use auth_core::jwt::JwtVerifierBuilder;
use auth_core::{
    Algorithm, ClaimPath, Clock, JwtVerifier, Policy, TokenKind, TokenVerifier, VerifierChain, VerifyError,
    VerifyFailure,
};
use auth_testing::{TestClock, TestIssuer, TokenDraft};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// What the crypto backend under test can verify.
fn algorithms() -> impl Iterator<Item = Algorithm> {
    let everything = cfg!(feature = "aws-lc-rs");
    Algorithm::ALL
        .into_iter()
        .filter(move |algorithm| everything || !matches!(algorithm, Algorithm::Es512 | Algorithm::Es256k))
}

#[test]
fn every_algorithm_verifies_what_it_signed_and_nothing_else() {
    for algorithm in algorithms() {
        let issuer = TestIssuer::new(algorithm).kid("k");
        let verifier = issuer.verifier().build().unwrap();
        let verdict = |token: &str| verifier.verify_jwt(token).map(|token| token.subject().to_owned());
        assert_eq!(verdict(&issuer.good("alice")), Ok("alice".to_owned()), "{algorithm}");
        assert_eq!(
            verdict(&issuer.bad_signature("alice")),
            Err(VerifyError::InvalidSignature),
            "{algorithm}"
        );
        assert_eq!(verdict(&issuer.expired("alice")), Err(VerifyError::Expired), "{algorithm}");
        assert_eq!(verdict(&issuer.not_yet_valid("alice")), Err(VerifyError::NotYetValid), "{algorithm}");
        assert_eq!(verdict(&issuer.wrong_issuer("alice")), Err(VerifyError::WrongIssuer), "{algorithm}");
        assert_eq!(verdict(&issuer.wrong_audience("alice")), Err(VerifyError::WrongAudience), "{algorithm}");
        let stranger = TestIssuer::new(algorithm).kid("k");
        assert_eq!(verdict(&stranger.good("alice")), Err(VerifyError::InvalidSignature), "{algorithm}");
        let stranger = stranger.kid("other");
        assert_eq!(verdict(&stranger.good("alice")), Err(VerifyError::UnknownKey), "{algorithm}");
    }
}

#[test]
fn a_jwt_is_known_as_one_also_when_it_is_seen_again() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let verifier = issuer.verifier().build().unwrap();
    let token = issuer.good("alice");
    for _ in 0..2 {
        assert_eq!(verifier.verify_jwt(&token).unwrap().kind(), TokenKind::Jwt);
    }
}

#[test]
fn a_jwt_is_judged_at_once_and_alike_however_it_is_asked() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let verifier = Arc::new(issuer.verifier().build().unwrap());
    let boxed: Box<dyn TokenVerifier> = Box::new(verifier.clone());
    for token in [issuer.good("alice"), issuer.expired("alice"), issuer.bad_signature("alice"), String::new()]
    {
        let subject = |verdict: Result<auth_core::VerifiedToken, VerifyError>| {
            verdict.map(|token| token.subject().to_owned())
        };
        let verdict = subject(verifier.verify_jwt(&token));
        for verifier in [&boxed as &dyn TokenVerifier, &verifier] {
            let at_once = verifier.verify_now(&token).expect("there is nothing to wait for");
            let waited = futures_executor::block_on(verifier.verify(&token));
            for asked in [at_once, waited] {
                assert_eq!(subject(asked.map_err(VerifyFailure::into_error)), verdict);
            }
        }
    }
}

#[test]
fn ed25519_is_known_by_both_names() {
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    let verifier = issuer.verifier().build().unwrap();
    for alg in ["EdDSA", "Ed25519"] {
        assert!(verifier.verify_jwt(&issuer.token("alice").header("alg", alg).sign()).is_ok(), "{alg}");
    }
    let mut jwk = issuer.jwk();
    jwk.as_object_mut().unwrap().insert("alg".to_owned(), "Ed25519".into());
    let verifier = expecting().jwk(jwk.to_string()).build().unwrap();
    assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
}

#[test]
fn a_pem_serves_like_a_jwk() {
    for algorithm in algorithms().filter(|algorithm| algorithm.min_secret_bytes().is_none()) {
        let issuer = TestIssuer::new(algorithm);
        let verifier = expecting().public_key_pem(issuer.public_key_pem()).build().unwrap();
        assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok(), "{algorithm}");
        let bad = issuer.bad_signature("alice");
        assert_eq!(verifier.verify_jwt(&bad).unwrap_err(), VerifyError::InvalidSignature, "{algorithm}");
    }
}

#[test]
fn a_key_set_of_mixed_families_just_works() {
    let issuers: Vec<_> = algorithms()
        .filter(|algorithm| algorithm.min_secret_bytes().is_none())
        .map(TestIssuer::new)
        .collect();
    let keys: Vec<_> = issuers.iter().map(TestIssuer::jwk).collect();
    let verifier = expecting().jwks(json!({ "keys": keys }).to_string()).build().unwrap();
    assert_eq!(verifier.skipped_keys(), []);
    for issuer in &issuers {
        assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok(), "{issuer:?}");
        assert!(
            verifier.verify_jwt(&issuer.token("alice").without_header("kid").sign()).is_ok(),
            "{issuer:?}"
        );
    }
}

/// A builder that expects what a `TestIssuer` issues, without a key.
fn expecting() -> JwtVerifierBuilder {
    JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example")
}

#[test]
fn kid_chooses_the_key() {
    let [one, two] = ["1", "2"].map(|kid| TestIssuer::new(Algorithm::Es256).kid(kid));
    let verifier = expecting().jwks(json!({ "keys": [one.jwk(), two.jwk()] }).to_string()).build().unwrap();
    let refusal = |token: String| verifier.verify_jwt(&token).err();
    assert_eq!(refusal(two.good("alice")), None);
    assert_eq!(refusal(two.token("alice").without_header("kid").sign()), None);
    assert_eq!(refusal(two.token("alice").header("kid", "1").sign()), Some(VerifyError::InvalidSignature));
    assert_eq!(refusal(two.token("alice").header("kid", "3").sign()), Some(VerifyError::UnknownKey));
    assert_eq!(refusal(two.token("alice").header("kid", "").sign()), Some(VerifyError::UnknownKey));
    assert_eq!(refusal(two.token("alice").header("alg", "ES384").sign()), Some(VerifyError::UnknownKey));
}

#[test]
fn a_key_without_kid_serves_tokens_whose_kid_no_key_has() {
    let [named, unnamed] = ["named", "x"].map(|kid| TestIssuer::new(Algorithm::Es256).kid(kid));
    let verifier =
        expecting().jwk(named.jwk().to_string()).public_key_pem(unnamed.public_key_pem()).build().unwrap();
    let refusal = |token: String| verifier.verify_jwt(&token).err();
    assert_eq!(refusal(unnamed.good("alice")), None);
    assert_eq!(refusal(named.good("alice")), None);
    assert_eq!(
        refusal(unnamed.token("alice").header("kid", "named").sign()),
        Some(VerifyError::InvalidSignature)
    );
}

#[test]
fn without_kid_only_so_many_keys_are_tried() {
    let issuers: Vec<_> = (0..9).map(|n| TestIssuer::new(Algorithm::EdDsa).kid(n.to_string())).collect();
    let keys: Vec<_> = issuers.iter().map(TestIssuer::jwk).collect();
    let verifier = expecting().jwks(json!({ "keys": keys }).to_string()).build().unwrap();
    let verdict = |index: usize| {
        let token = issuers.get(index).unwrap().token("alice").without_header("kid").sign();
        verifier.verify_jwt(&token).map(|_| ())
    };
    assert_eq!(verdict(7), Ok(()), "the eighth");
    assert_eq!(verdict(8), Err(VerifyError::InvalidSignature), "the ninth");
    assert!(verifier.verify_jwt(&issuers.last().unwrap().good("alice")).is_ok(), "the ninth, by kid");
}

#[test]
fn an_rsa_key_serves_its_declared_algorithm_only() {
    let issuer = TestIssuer::new(Algorithm::Ps512);
    let with_alg = issuer.verifier().build().unwrap();
    let without_alg = expecting().public_key_pem(issuer.public_key_pem()).build().unwrap();
    let restricted =
        expecting().public_key_pem(issuer.public_key_pem()).algorithms([Algorithm::Rs256]).build().unwrap();
    let good = issuer.good("alice");
    assert!(with_alg.verify_jwt(&good).is_ok());
    assert!(without_alg.verify_jwt(&good).is_ok());
    assert_eq!(restricted.verify_jwt(&good).unwrap_err(), VerifyError::UnknownKey);
    let confused = issuer.token("alice").header("alg", "RS256").sign();
    assert_eq!(
        with_alg.verify_jwt(&confused).unwrap_err(),
        VerifyError::UnknownKey,
        "no signature is computed"
    );
    assert_eq!(without_alg.verify_jwt(&confused).unwrap_err(), VerifyError::InvalidSignature);
}

/// A signature is a number below the modulus (RFC 8017 sections 8.1.2 and 8.2.2): with the modulus added
/// it is the same number in the ring, and another text.
#[test]
fn an_rsa_signature_has_no_twin() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
        let issuer = TestIssuer::new(algorithm);
        let verifier = issuer.verifier().build().unwrap();
        let modulus = decode(issuer.jwk().get("n").and_then(|n| n.as_str()).unwrap());
        // Not every sum has room in the length of the modulus.
        let (token, twin) = (0..1000)
            .find_map(|attempt| {
                let token = issuer.token("alice").claim("jti", attempt.to_string()).sign();
                let (input, signature) = token.rsplit_once('.').unwrap();
                let twin = sum(&decode(signature), &modulus)?;
                let twin = format!("{input}.{}", URL_SAFE_NO_PAD.encode(twin));
                Some((token, twin))
            })
            .unwrap();
        assert!(verifier.verify_jwt(&token).is_ok(), "{algorithm}");
        assert_eq!(verifier.verify_jwt(&twin).unwrap_err(), VerifyError::InvalidSignature, "{algorithm}");
    }
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// `a + b` for big-endian numbers of one length, if it has that length too.
fn sum(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut sum: Vec<_> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let total = u16::from(*a) + u16::from(*b) + carry;
            carry = total >> 8;
            total.to_le_bytes()[0]
        })
        .collect();
    sum.reverse();
    (carry == 0).then_some(sum)
}

#[test]
fn time_is_judged_by_the_injected_clock_to_the_second() {
    let clock = TestClock::default();
    let issuer = TestIssuer::new(Algorithm::EdDsa).clock(clock.clone());
    let verifier = issuer.verifier().build().unwrap();
    let token = issuer.token("alice").claim_at("nbf", 100).claim_at("exp", 200).sign();
    let start = clock.now().unwrap();
    let at = |offset: u64| {
        clock.set(start + offset);
        verifier.verify_jwt(&token).map(|_| ())
    };
    assert_eq!(at(39), Err(VerifyError::NotYetValid));
    assert_eq!(at(40), Ok(()));
    assert_eq!(at(259), Ok(()));
    assert_eq!(at(260), Err(VerifyError::Expired));
}

#[test]
fn leeway_can_be_nothing() {
    let issuer = TestIssuer::new(Algorithm::EdDsa).clock(TestClock::default());
    let verifier = issuer.verifier().leeway(Duration::ZERO).build().unwrap();
    assert!(verifier.verify_jwt(&issuer.token("alice").claim_at("exp", 1).sign()).is_ok());
    let token = issuer.token("alice").claim_at("exp", 0).sign();
    assert_eq!(verifier.verify_jwt(&token).unwrap_err(), VerifyError::Expired);
}

#[test]
fn age_and_lifetime_can_be_bounded() {
    let issuer = TestIssuer::new(Algorithm::EdDsa).clock(TestClock::default());
    let refusal = |verifier: &JwtVerifier, token: String| verifier.verify_jwt(&token).err();

    let aging = issuer.verifier().max_age(Duration::from_secs(600)).build().unwrap();
    assert_eq!(refusal(&aging, issuer.token("alice").claim_at("iat", -659).sign()), None);
    assert_eq!(
        refusal(&aging, issuer.token("alice").claim_at("iat", -660).sign()),
        Some(VerifyError::TooOld)
    );
    assert_eq!(
        refusal(&aging, issuer.token("alice").without_claim("iat").sign()),
        Some(VerifyError::MissingClaim("iat"))
    );

    let short = issuer.verifier().max_lifetime(Duration::from_secs(300)).build().unwrap();
    assert_eq!(refusal(&short, issuer.good("alice")), None);
    assert_eq!(
        refusal(&short, issuer.token("alice").claim_at("exp", 301).sign()),
        Some(VerifyError::LifetimeTooLong)
    );
    assert_eq!(
        refusal(&short, issuer.token("alice").without_claim("iat").sign()),
        Some(VerifyError::MissingClaim("iat"))
    );
}

#[test]
fn a_clock_that_does_not_know_the_time_accepts_nothing() {
    #[derive(Debug)]
    struct Stopped;
    impl Clock for Stopped {
        fn now(&self) -> Option<u64> {
            None
        }
    }
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    let verifier = issuer.verifier().clock(Stopped).build().unwrap();
    let error = verifier.verify_jwt(&issuer.good("alice")).unwrap_err();
    assert_eq!(error, VerifyError::Unavailable { retry_after: None });
}

#[test]
fn issuer_and_audience_go_unchecked_only_when_asked() {
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    let key = issuer.jwk().to_string();
    let stray = issuer.token("alice").without_claim("iss").without_claim("aud").sign();

    let any_issuer = JwtVerifier::builder()
        .dangerously_accept_any_issuer()
        .audience("https://api.example")
        .jwk(&*key)
        .build()
        .unwrap();
    assert!(any_issuer.verify_jwt(&issuer.wrong_issuer("alice")).is_ok());
    assert_eq!(
        any_issuer.verify_jwt(&issuer.wrong_audience("alice")).unwrap_err(),
        VerifyError::WrongAudience
    );
    assert_eq!(any_issuer.verify_jwt(&stray).unwrap_err(), VerifyError::MissingClaim("aud"));

    let any_audience = JwtVerifier::builder()
        .issuer("https://issuer.example")
        .dangerously_accept_any_audience()
        .jwk(key)
        .build()
        .unwrap();
    assert!(any_audience.verify_jwt(&issuer.wrong_audience("alice")).is_ok());
    assert_eq!(any_audience.verify_jwt(&issuer.wrong_issuer("alice")).unwrap_err(), VerifyError::WrongIssuer);
    assert_eq!(any_audience.verify_jwt(&stray).unwrap_err(), VerifyError::MissingClaim("iss"));
}

#[test]
fn several_audiences_of_ones_own() {
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    let verifier = issuer.verifier().audience("https://alias.example").build().unwrap();
    for audience in ["https://api.example", "https://alias.example"] {
        assert!(
            verifier.verify_jwt(&issuer.token("alice").claim("aud", audience).sign()).is_ok(),
            "{audience}"
        );
    }
    assert_eq!(verifier.verify_jwt(&issuer.wrong_audience("alice")).unwrap_err(), VerifyError::WrongAudience);
}

#[test]
fn access_token_type_can_be_demanded() {
    let issuer = TestIssuer::new(Algorithm::EdDsa);
    let verifier = issuer.verifier().require_access_token_type().build().unwrap();
    assert!(verifier.verify_jwt(&issuer.token("alice").header("typ", "at+jwt").sign()).is_ok());
    let drafts = [issuer.token("alice").header("typ", "JWT"), issuer.token("alice").without_header("typ")];
    for token in drafts.map(TokenDraft::sign) {
        assert_eq!(verifier.verify_jwt(&token).unwrap_err(), VerifyError::InvalidHeader("typ"));
    }
}

#[test]
fn in_a_chain_no_issuer_speaks_for_another() {
    let (ours, theirs) = ("https://ours.example", "https://theirs.example");
    let [own, partner] = [ours, theirs].map(|iss| TestIssuer::new(Algorithm::Es256).issuer(iss).kid("same"));
    let chain = VerifierChain::new(own.verifier().build().unwrap()).or(partner.verifier().build().unwrap());
    let refusal =
        |token: String| futures_executor::block_on(chain.verify(&token)).err().map(VerifyFailure::into_error);
    assert_eq!(refusal(own.good("alice")), None);
    assert_eq!(refusal(partner.good("alice")), None);
    assert_eq!(refusal(partner.token("alice").claim("iss", ours).sign()), Some(VerifyError::WrongIssuer));
    assert_eq!(refusal(own.expired("alice")), Some(VerifyError::Expired));
}

#[test]
fn debug_shows_no_key() {
    let secret = "canary-g0uKY65Pi2uge_vi_b-pxmXV3gGuWLlZ-canary";
    let builder = expecting().secret(Algorithm::Hs256, secret);
    assert!(!format!("{builder:?}").contains("canary"));
    let shown = format!("{:?}", builder.build().unwrap());
    assert!(!shown.contains("canary"));
    // What it does show is of use.
    assert!(shown.contains("https://issuer.example") && shown.contains("HS256"), "{shown}");
}

/// The header of an accepted token is not read again when it comes with another: the verdicts are those of a
/// verifier that has seen nothing.
#[test]
fn a_header_seen_before_is_judged_as_at_first() {
    let issuer = TestIssuer::new(Algorithm::Es256).kid("k");
    let other = TestIssuer::new(Algorithm::Es256).kid("other");
    let without_kid = TestIssuer::new(Algorithm::Es256).kid("x");
    let build = || {
        let builder = expecting().jwk(issuer.jwk().to_string()).jwk(other.jwk().to_string());
        builder.public_key_pem(without_kid.public_key_pem()).no_cache().build().unwrap()
    };
    let seasoned = build();
    let spaced = |spaces: usize, issuer: &TestIssuer, kid: &str| {
        let header = format!("{{\"alg\":\"ES256\",{}\"kid\":\"{kid}\"}}", " ".repeat(spaces));
        let good = issuer.good("alice");
        let payload = URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap();
        issuer.sign_raw(header, payload)
    };
    let mut tokens = Vec::new();
    // One header, which any of the keys may have signed.
    for signer in [&issuer, &other, &without_kid] {
        tokens.push(signer.token("alice").without_header("kid").sign());
    }
    // More headers than are remembered, of all keys, and each more than once.
    for spaces in 0..4 {
        for (signer, kid) in [
            (&issuer, "k"),
            (&other, "k"),
            (&other, "other"),
            (&without_kid, "unknown"),
            (&issuer, "unknown"),
        ] {
            tokens.push(spaced(spaces, signer, kid));
        }
    }
    tokens.extend([issuer.bad_signature("alice"), issuer.expired("alice"), issuer.wrong_audience("alice")]);
    tokens.extend([issuer.good("alice"), issuer.good("bob")]);
    let verdict = |verifier: &JwtVerifier, token: &str| {
        verifier.verify_jwt(token).map(|token| token.subject().to_owned())
    };
    let mut accepted = 0;
    for _ in 0..3 {
        for token in &tokens {
            let expected = verdict(&build(), token);
            accepted += usize::from(expected.is_ok());
            assert_eq!(verdict(&seasoned, token), expected);
            // The same header and claims with the signature of another token.
            let (message, _) = token.rsplit_once('.').unwrap();
            let forged = format!("{message}.{}", tokens[0].rsplit_once('.').unwrap().1);
            assert_eq!(verdict(&seasoned, &forged).is_ok(), tokens[0].starts_with(&format!("{message}.")));
            assert_eq!(verdict(&seasoned, &format!("{message}.?")), Err(VerifyError::MalformedToken));
        }
    }
    assert_eq!(accepted, 3 * 17);
}

#[test]
fn roles_are_read_where_the_verifier_says() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let claims = json!({"roles": ["admin"]});
    let token = issuer.token("alice").claim("realm_access", claims).claim("roles", json!(["reader"])).sign();
    let allows = |builder: JwtVerifierBuilder, role| {
        Policy::role(role).allows(&builder.build().unwrap().verify_jwt(&token).unwrap())
    };
    assert!(allows(issuer.verifier(), "reader") && !allows(issuer.verifier(), "admin"));
    let keycloak = || issuer.verifier().roles(ClaimPath::realm_access_roles());
    assert!(allows(keycloak(), "admin") && !allows(keycloak(), "reader"));
}
