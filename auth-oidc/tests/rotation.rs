//! A hundred rotations while tokens are in use: no published key is refused after its fetch, and no withdrawn one accepted
//! after its bound.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod fake;

use auth_core::VerifyError;
use auth_testing::TestIssuer;
use serde_json::{Value, json};

use crate::fake::{Act, Fake, minutes, pass, seconds, signer, verdict};

fn set(signers: &[&TestIssuer]) -> Act {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    Act::ok(json!({ "keys": keys }).to_string())
}

/// A provider that publishes a key one period of freshness before it signs by it, and withdraws it as long after.
#[tokio::test(start_paused = true)]
async fn with_overlap_no_token_is_ever_refused() {
    let (mut current, mut next) = (signer(), signer());
    let provider = Fake::with_keys(&current);
    let verifier = provider.oidc().connect().await.unwrap();
    for round in 0..100 {
        provider.keys(set(&[&current, &next]));
        for _ in 0..11 {
            pass(minutes(1)).await;
            assert_eq!(verdict(&verifier, &current.good("a")).await, Ok("a".to_owned()), "{round}");
        }
        let withdrawn = std::mem::replace(&mut current, std::mem::replace(&mut next, signer()));
        for _ in 0..5 {
            assert_eq!(
                verdict(&verifier, &current.good("a")).await,
                Ok("a".to_owned()),
                "{round}: the new key"
            );
            assert_eq!(
                verdict(&verifier, &withdrawn.good("a")).await,
                Ok("a".to_owned()),
                "{round}: the old one"
            );
            pass(minutes(1)).await;
        }
        provider.keys(set(&[&current]));
        pass(minutes(11)).await;
        let refused = verdict(&verifier, &withdrawn.good("a")).await;
        assert_eq!(refused, Err(VerifyError::UnknownKey), "{round}: withdrawn");
    }
    assert_eq!(verifier.stats().key_changes, 201);
}

/// A provider that changes its key from one moment to the next.
#[tokio::test(start_paused = true)]
async fn without_overlap_a_new_key_is_known_within_the_cooldown() {
    let mut current = signer();
    let provider = Fake::with_keys(&current);
    let verifier = provider.oidc().connect().await.unwrap();
    for round in 0..100 {
        pass(seconds(round * 7 % 41)).await;
        let withdrawn = std::mem::replace(&mut current, signer());
        provider.keys(set(&[&current]));
        let fetched = provider.key_requests();
        for second in 0..40 {
            let by_new = verdict(&verifier, &current.good("a")).await;
            let by_withdrawn = verdict(&verifier, &withdrawn.good("a")).await;
            let is_fetched = provider.key_requests() > fetched;
            let unknown = Err(VerifyError::UnknownKey);
            assert_eq!(
                by_new,
                if is_fetched { Ok("a".to_owned()) } else { unknown.clone() },
                "{round}, {second}"
            );
            assert_eq!(
                by_withdrawn,
                if is_fetched { unknown } else { Ok("a".to_owned()) },
                "{round}, {second}"
            );
            assert!(is_fetched || second <= 30, "{round}");
            pass(seconds(1)).await;
        }
    }
    assert_eq!(verifier.stats().key_changes, 101);
}

/// What nobody asks for is noticed all the same.
#[tokio::test(start_paused = true)]
async fn a_withdrawn_key_is_accepted_for_an_hour_at_most() {
    let (withdrawn, current) = (signer(), signer());
    let provider = Fake::with_keys(&withdrawn);
    provider.keys(set(&[&withdrawn]).header("cache-control", "max-age=31536000"));
    let verifier = provider.oidc().connect().await.unwrap();
    provider.keys(set(&[&current]).header("cache-control", "max-age=31536000"));
    pass(minutes(60)).await;
    assert_eq!(verdict(&verifier, &withdrawn.good("a")).await, Err(VerifyError::UnknownKey));
}
