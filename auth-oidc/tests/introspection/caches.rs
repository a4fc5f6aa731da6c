//! How often the issuer is asked.

use std::pin::pin;
use std::time::Duration;

use auth_core::{TokenVerifier as _, VerifyError};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::json;

use crate::fake::{Act, pass, seconds, verdict};
use crate::{NOW, Provider, alice, basic, good, is_unavailable, with, without};

#[tokio::test(start_paused = true)]
async fn an_accepted_token_counts_for_a_minute() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic()).await;
    assert!(verifier.verify_now("opaque").is_none());
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    provider.saying_now(&json!({"active": false}));
    pass(seconds(60) - Duration::from_millis(1)).await;
    assert_eq!(verifier.verify_now("opaque").unwrap().unwrap().subject(), "alice");
    assert_eq!(provider.asked(), 1);
    pass(Duration::from_millis(1)).await;
    assert!(verifier.verify_now("opaque").is_none());
    assert_eq!(verdict(&verifier, "opaque").await, Err(VerifyError::UnknownToken), "it was revoked");
    assert_eq!(provider.asked(), 2);
}

/// So that a revocation is seen within that time, however slow the answer is.
#[tokio::test(start_paused = true)]
async fn the_minute_begins_when_the_issuer_is_asked() {
    let provider = Provider::new(|_| Act::Slowly(seconds(4), Box::new(Act::ok(good().to_string()))));
    let verifier = provider.verifier(basic()).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    pass(seconds(55)).await;
    assert!(verifier.verify_now("opaque").is_some());
    pass(seconds(1)).await;
    assert!(verifier.verify_now("opaque").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_time_can_be_set_from_none_to_five_minutes() {
    for (time, asked_after) in [(0, None), (1, Some(1)), (300, Some(300))] {
        let provider = Provider::saying(&good());
        let verifier = provider.verifier(basic().cache_for(seconds(time))).await;
        assert_eq!(verdict(&verifier, "opaque").await, alice());
        match asked_after {
            None => {
                assert_eq!(verdict(&verifier, "opaque").await, alice());
                assert_eq!(provider.asked(), 2);
            }
            Some(time) => {
                pass(seconds(time) - Duration::from_millis(1)).await;
                assert!(verifier.verify_now("opaque").is_some(), "{time}");
                pass(Duration::from_millis(1)).await;
                assert!(verifier.verify_now("opaque").is_none(), "{time}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_accepted_token_does_not_count_after_its_expiry() {
    let provider = Provider::saying(&with("exp", NOW + 10));
    let verifier = provider.verifier(basic()).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    pass(seconds(9)).await;
    assert!(verifier.verify_now("opaque").is_some());
    // The clock of the wall jumps: what is remembered is looked at again (catalogue case 86).
    provider.clock.set(NOW + 70);
    assert_eq!(verdict(&verifier, "opaque").await, Err(VerifyError::Expired));
    assert_eq!(provider.asked(), 1);
    provider.clock.set(NOW + 10);
    pass(seconds(1)).await;
    assert!(verifier.verify_now("opaque").is_none(), "within the leeway, the issuer is asked each time");
    let verifier = provider.verifier(basic()).await;
    for asked in 2..5 {
        assert_eq!(verdict(&verifier, "opaque").await, alice());
        assert_eq!(provider.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_never_expires_counts_for_a_minute() {
    let provider = Provider::saying(&without("exp"));
    let verifier = provider.verifier(basic().accept_missing_expiry()).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    pass(seconds(59)).await;
    assert!(verifier.verify_now("opaque").is_some());
    pass(seconds(1)).await;
    assert!(verifier.verify_now("opaque").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_refused_for_ten_seconds() {
    for (answer, error) in [
        (json!({"active": false}), VerifyError::UnknownToken),
        (with("aud", "other"), VerifyError::WrongAudience),
        (with("exp", 0), VerifyError::Expired),
    ] {
        let provider = Provider::saying(&answer);
        let verifier = provider.verifier(basic()).await;
        assert_eq!(verdict(&verifier, "opaque").await, Err(error.clone()));
        provider.saying_now(&good());
        pass(seconds(10) - Duration::from_millis(1)).await;
        assert_eq!(verdict(&verifier, "opaque").await, Err(error));
        assert_eq!(provider.asked(), 1);
        pass(Duration::from_millis(1)).await;
        assert_eq!(verdict(&verifier, "opaque").await, alice());
    }
}

/// Catalogue case 85: an answer counts for the policy of one verifier.
#[tokio::test(start_paused = true)]
async fn verifiers_share_no_answers() {
    let provider = Provider::saying(&good());
    let ours = provider.verifier(basic()).await;
    let other = provider.oidc(basic()).verifier(|verifier| verifier.require_claim("tenant", "t1"));
    let other = other.connect().await.unwrap();
    assert_eq!(verdict(&ours, "opaque").await, alice());
    assert_eq!(verdict(&other, "opaque").await, Err(VerifyError::UnmetClaim));
    assert_eq!(verdict(&ours, "opaque").await, alice());
    assert_eq!(provider.asked(), 2);
}

/// Catalogue cases 84 and 88: tokens are told apart by all of their bytes, and bad ones evict no good one.
#[tokio::test(start_paused = true)]
async fn a_flood_of_bad_tokens_evicts_no_good_one() {
    let provider = Provider::new(|token| match token {
        "opaque" => Act::ok(good().to_string()),
        _ => Act::ok(r#"{"active":false}"#),
    });
    let verifier = provider.verifier(basic()).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    for number in 0..30_000 {
        let token = format!("opaque{number}");
        assert_eq!(verdict(&verifier, &token).await, Err(VerifyError::UnknownToken));
    }
    assert_eq!(provider.asked(), 30_001);
    assert_eq!(verifier.verify_now("opaque").unwrap().unwrap().subject(), "alice");
}

#[tokio::test(start_paused = true)]
async fn requests_with_one_token_share_one_question() {
    let provider = Provider::new(|_| Act::Slowly(seconds(1), Box::new(Act::ok(good().to_string()))));
    let verifier = provider.verifier(basic().cache_for(Duration::ZERO)).await;
    let verdicts = join_all((0..1000).map(|_| verdict(&verifier, "opaque"))).await;
    assert!(verdicts.iter().all(|verdict| *verdict == alice()));
    assert_eq!(provider.asked(), 1);
    let verdicts =
        join_all((0..10).map(|number| verdict(&verifier, if number < 5 { "a" } else { "b" }))).await;
    assert!(verdicts.iter().all(|verdict| *verdict == alice()));
    assert_eq!(provider.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_ends_nothing_for_the_others() {
    let provider = Provider::new(|_| Act::Slowly(seconds(2), Box::new(Act::ok(good().to_string()))));
    let verifier = provider.verifier(basic()).await;
    let mut first = Box::pin(verifier.verify("opaque"));
    assert!(first.as_mut().now_or_never().is_none(), "it has begun to ask");
    let mut second = pin!(verifier.verify("opaque"));
    assert!(second.as_mut().now_or_never().is_none());
    pass(seconds(1)).await;
    drop(first);
    assert_eq!(second.await.unwrap().subject(), "alice");
    assert_eq!(provider.asked(), 1);
    // If all of them are dropped, the question ends, and the next request asks again.
    let mut all: Vec<_> = (0..3).map(|_| Box::pin(verifier.verify("other"))).collect();
    for request in &mut all {
        assert!(request.as_mut().now_or_never().is_none());
    }
    drop(all);
    assert_eq!(verdict(&verifier, "other").await, alice());
    assert_eq!(provider.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn at_most_64_questions_are_under_way() {
    let provider = Provider::new(|_| Act::Slowly(seconds(2), Box::new(Act::ok(good().to_string()))));
    let verifier = provider.verifier(basic()).await;
    let tokens: Vec<_> = (0..200).map(|number| format!("token{number}")).collect();
    let verdicts = join_all(tokens.iter().map(|token| verdict(&verifier, token))).await;
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == alice()).count(), 64);
    let busy = Err(VerifyError::Unavailable { retry_after: Some(seconds(1)) });
    assert_eq!(verdicts.iter().filter(|verdict| **verdict == busy).count(), 136);
    assert_eq!(provider.asked(), 64);
    assert_eq!(verdict(&verifier, "token199").await, alice(), "there is room again");
    // Those that were dropped make room, too.
    let mut dropped: Vec<_> = tokens[64..128].iter().map(|token| Box::pin(verifier.verify(token))).collect();
    for request in &mut dropped {
        assert!(request.as_mut().now_or_never().is_none());
    }
    assert!(is_unavailable(&verdict(&verifier, "token150").await));
    drop(dropped);
    assert_eq!(verdict(&verifier, "token150").await, alice());
}
