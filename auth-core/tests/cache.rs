//! The cache of accepted tokens never changes an answer.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use auth_core::jwt::{JwtKeys, JwtVerifierBuilder, VerifierKeys};
use auth_core::{Algorithm, JwtVerifier, VerifyError};
use auth_testing::{TestClock, TestIssuer};
use proptest::prelude::*;

const START: u64 = 1_800_000_000;

static KEYS: LazyLock<[TestIssuer; 3]> = LazyLock::new(|| {
    let issuer = |kid: &str| TestIssuer::new(Algorithm::Hs256).kid(kid).clock(TestClock::at(START));
    // The second has the first one's name.
    [issuer("a"), issuer("a"), issuer("b")]
});

/// Which of the keys serve together.
const SETS: [&[usize]; 5] = [&[0], &[1], &[2], &[0, 2], &[1, 2]];

static TOKENS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut tokens = Vec::new();
    for issuer in &*KEYS {
        let draft = || issuer.token("alice");
        tokens.extend([
            draft().sign(),
            draft().without_header("kid").sign(),
            draft().header("kid", "unknown").sign(),
            draft().claim_at("exp", 5).sign(),
            draft().claim_at("nbf", 90).claim_at("exp", 200).sign(),
            draft().claim_at("iat", 70).sign(),
            draft().claim("aud", "https://other.example").sign(),
            issuer.bad_signature("alice"),
        ]);
    }
    tokens
});

fn set(number: usize) -> JwtKeys {
    let keys = SETS[number % SETS.len()].iter().map(|key| KEYS[*key].jwk().to_string());
    keys.fold(JwtKeys::new(), JwtKeys::jwk)
}

/// One configuration, with a cache and without.
struct Pair {
    cached: JwtVerifier,
    plain: JwtVerifier,
}

impl Pair {
    fn new(policy: u8, clock: &TestClock) -> Self {
        let builder = || -> JwtVerifierBuilder {
            let builder = JwtVerifier::builder().issuer("https://issuer.example").clock(clock.clone());
            let builder = builder.jwk(KEYS[0].jwk().to_string());
            match policy % 4 {
                0 => builder.audience("https://api.example"),
                1 => builder.audience("https://other.example"),
                2 => builder.audience("https://api.example").max_age(Duration::from_secs(60)),
                _ => builder.dangerously_accept_any_audience().leeway(Duration::ZERO),
            }
        };
        // Now and then so small that entries have to go.
        let cached = if policy & 4 == 0 { builder() } else { builder().cache_limits(3, 8192) };
        Self { cached: cached.build().unwrap(), plain: builder().no_cache().build().unwrap() }
    }

    fn replace(&self, number: usize) {
        for keys in [self.cached.keys(), self.plain.keys()] {
            keys.replace(set(number)).unwrap();
        }
    }
}

type Verdict = Result<String, VerifyError>;

fn verdict(verifier: &JwtVerifier, token: &str) -> Verdict {
    verifier.verify_jwt(token).map(|token| format!("{} until {:?}", token.subject(), token.expires_at()))
}

static HITS: AtomicUsize = AtomicUsize::new(0);

/// A history as bytes: what is done, and with which token, seconds or keys.
fn play(history: &[(u8, u8)]) -> Result<(), TestCaseError> {
    let clock = TestClock::at(START);
    let mut pair = Pair::new(0, &clock);
    let mut accepted = Vec::new();
    for (step, with) in history {
        let number = usize::from(*with);
        match step % 16 {
            0 => pair.replace(number),
            1 => clock.advance(Duration::from_secs(u64::from(*with))),
            2 => clock.turn_back(Duration::from_secs(u64::from(*with))),
            3 if *with < 64 => {
                pair = Pair::new(*with, &clock);
                accepted.clear();
            }
            4 if *with < 16 => {
                let token = &TOKENS[number];
                let expected = verdict(&pair.plain, token);
                let verdicts = std::thread::scope(|scope| {
                    [(); 2]
                        .map(|()| scope.spawn(|| verdict(&pair.cached, token)))
                        .map(|thread| thread.join().unwrap())
                });
                prop_assert_eq!(verdicts, [expected.clone(), expected]);
            }
            _ => {
                // Mostly one of a few, so that they come again.
                let token = &TOKENS[if number < 192 { number % 4 } else { number % TOKENS.len() }];
                let expected = verdict(&pair.plain, token);
                if expected.is_ok() {
                    HITS.fetch_add(usize::from(accepted.contains(token)), Ordering::Relaxed);
                    accepted.push(token.clone());
                }
                prop_assert_eq!(verdict(&pair.cached, token), expected);
            }
        }
    }
    Ok(())
}

const HISTORIES: u32 = 100_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    #[test]
    fn answers_are_the_same_as_without(history in prop::collection::vec(any::<(u8, u8)>(), 1..16)) {
        static PLAYED: AtomicU32 = AtomicU32::new(0);
        play(&history)?;
        if PLAYED.fetch_add(1, Ordering::Relaxed) + 1 == HISTORIES {
            let hits = HITS.load(Ordering::Relaxed);
            println!("summary: cache: {HISTORIES} histories alike, good tokens came again {hits} times");
            prop_assert!(hits > 50_000, "{hits}");
        }
    }
}

/// While other threads verify its tokens as fast as they can, a key is taken away; from then on none of them
/// is accepted, until it is given back.
#[test]
fn a_key_that_is_gone_verifies_nothing_whoever_was_verifying_meanwhile() {
    let clock = TestClock::at(START);
    let verifier = &Pair::new(0, &clock).cached;
    let keys: &VerifierKeys = &verifier.keys();
    let token = &*KEYS[0].good("alice");
    let stop = &AtomicBool::new(false);
    let accepted = &AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    accepted.fetch_add(usize::from(verifier.verify_jwt(token).is_ok()), Ordering::Relaxed);
                }
            });
        }
        // Each round is over before a busy machine lets another thread run, maybe.
        while accepted.load(Ordering::Relaxed) == 0 {
            std::thread::yield_now();
        }
        let rounds = 5_000;
        let mut wrong = 0;
        for _ in 0..rounds {
            keys.replace(set(0)).unwrap();
            wrong += usize::from(verifier.verify_jwt(token).is_err());
            keys.replace(set(1)).unwrap();
            wrong += usize::from(verifier.verify_jwt(token).is_ok());
        }
        stop.store(true, Ordering::Relaxed);
        assert_eq!(wrong, 0);
        let accepted = accepted.load(Ordering::Relaxed);
        println!("summary: cache: {rounds} replacements while {accepted} verifications were accepted");
    });
    assert!(accepted.load(Ordering::Relaxed) > 0);
}

#[test]
fn every_replacement_counts_from_the_first_on() {
    let clock = TestClock::at(START);
    let pair = Pair::new(0, &clock);
    let token = KEYS[0].good("alice");
    for _ in 0..3 {
        assert!(pair.cached.verify_jwt(&token).is_ok());
        pair.replace(2);
        assert_eq!(pair.cached.verify_jwt(&token).unwrap_err(), VerifyError::UnknownKey);
        pair.replace(0);
    }
}

/// That a token was found in the cache shows in its claims, which are the very same then.
#[test]
fn a_set_of_the_same_keys_keeps_the_cache() {
    let clock = TestClock::at(START);
    let issuers =
        ["a", "b"].map(|kid| TestIssuer::new(Algorithm::Es256).kid(kid).clock(TestClock::at(START)));
    let jwk = |index: usize| issuers[index].jwk();
    let set =
        |keys: &[serde_json::Value]| JwtKeys::new().jwks(serde_json::json!({ "keys": keys }).to_string());
    let verifier = JwtVerifier::builder()
        .issuer("https://issuer.example")
        .audience("https://api.example")
        .clock(clock)
        .jwks(serde_json::json!({"keys": [jwk(0), jwk(1)]}).to_string())
        .build()
        .unwrap();
    let keys = verifier.keys();
    let token = issuers[0].good("alice");
    let claims = || verifier.verify_jwt(&token).unwrap().shared_claims::<serde_json::Value>().unwrap();
    let mut seen = claims();
    let with = |mut key: serde_json::Value, name: &str, value: &str| {
        key[name] = value.into();
        key
    };

    let ed25519 = |kid: &str| TestIssuer::new(Algorithm::EdDsa).kid(kid).jwk();
    for (same, replacement) in [
        (true, set(&[jwk(0), jwk(1)])),
        (true, set(&[jwk(1), jwk(0)])),
        (true, set(&[with(jwk(0), "x5t", "unknown"), jwk(1)])),
        (true, set(&[jwk(0), jwk(1), with(ed25519("enc"), "use", "enc")])),
        (false, set(&[jwk(0)])),
        (false, set(&[jwk(0), jwk(1)])),
        (false, set(&[jwk(0), jwk(1), ed25519("new")])),
        (false, set(&[jwk(0), ed25519("new")])),
        (false, set(&[jwk(0), ed25519("new")])),
        (false, set(&[jwk(0), with(jwk(1), "kid", "other")])),
        (false, set(&[with(jwk(0), "issuer", "https://issuer.example"), with(jwk(1), "kid", "other")])),
    ] {
        keys.replace(replacement).unwrap();
        let again = claims();
        assert_eq!(Arc::ptr_eq(&seen, &again), same);
        seen = again;
    }
    // What the cache holds for keys that are gone does not come back with them.
    keys.replace(set(&[jwk(1)])).unwrap();
    assert!(verifier.verify_jwt(&token).is_err());
    keys.replace(set(&[jwk(0), jwk(1)])).unwrap();
    assert!(!Arc::ptr_eq(&seen, &claims()));
}

#[test]
fn a_set_that_cannot_be_used_leaves_the_keys_as_they_are() {
    let clock = TestClock::at(START);
    let verifier = Pair::new(0, &clock).cached;
    let token = KEYS[0].good("alice");
    let keys = verifier.keys();
    let none = r#"{"keys":[]}"#;
    for bad in
        [JwtKeys::new(), JwtKeys::new().jwks(none), set(0).jwks(none), set(0).jwk(KEYS[1].jwk().to_string())]
    {
        assert!(keys.replace(bad).is_err());
        assert!(verifier.verify_jwt(&token).is_ok());
    }
    let restricted = JwtVerifier::builder()
        .issuer("https://issuer.example")
        .audience("https://api.example")
        .algorithms([Algorithm::Hs256])
        .jwk(KEYS[0].jwk().to_string())
        .build()
        .unwrap();
    let other = TestIssuer::new(Algorithm::Es256).jwk().to_string();
    assert!(
        restricted.keys().replace(JwtKeys::new().jwk(other)).is_err(),
        "an algorithm that is not allowed"
    );
}

#[test]
fn typed_claims_are_decoded_once_for_each_type() {
    static DECODED: AtomicUsize = AtomicUsize::new(0);
    #[derive(Debug)]
    struct Counted;
    impl<'de> serde::Deserialize<'de> for Counted {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            DECODED.fetch_add(1, Ordering::Relaxed);
            serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
        }
    }
    let clock = TestClock::at(START);
    let pair = Pair::new(0, &clock);
    let token = KEYS[0].good("alice");
    for _ in 0..3 {
        let verified = pair.cached.verify_jwt(&token).unwrap();
        let value = verified.shared_claims::<serde_json::Value>().unwrap();
        assert_eq!(value["sub"], "alice");
        verified.shared_claims::<Counted>().unwrap();
        assert!(verified.shared_claims::<u8>().is_err());
    }
    assert_eq!(DECODED.load(Ordering::Relaxed), 1);
    for decoded in 2..4 {
        pair.plain.verify_jwt(&token).unwrap().shared_claims::<Counted>().unwrap();
        assert_eq!(DECODED.load(Ordering::Relaxed), decoded, "without a cache");
    }
}

/// That a token was found in the cache shows in its claims, which are the very same then.
#[test]
fn a_flood_of_bad_tokens_displaces_no_good_one() {
    let clock = TestClock::at(START);
    let builder = JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example");
    let verifier =
        builder.jwk(KEYS[0].jwk().to_string()).clock(clock).cache_limits(64, 1 << 20).build().unwrap();
    let token = KEYS[0].good("alice");
    let claims = || verifier.verify_jwt(&token).unwrap().shared_claims::<serde_json::Value>().unwrap();
    let first = claims();
    for index in 0..10_000 {
        let bad = format!("{}{}", KEYS[0].bad_signature("alice"), index);
        assert!(verifier.verify_jwt(&bad).is_err());
    }
    assert!(Arc::ptr_eq(&first, &claims()), "displaced by bad tokens");
    // Good ones that come once each do not displace what comes often.
    for index in 0..1_000 {
        assert!(verifier.verify_jwt(&KEYS[0].good(&format!("user {index}"))).is_ok());
        assert!(Arc::ptr_eq(&first, &claims()), "displaced after {index} good tokens");
    }
}
