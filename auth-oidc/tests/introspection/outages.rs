//! An issuer that does not answer, or not so.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::VerifyError;
use auth_oidc::FetchErrorKind;
use serde_json::json;
use tokio::time::Instant;

use crate::fake::{Act, minutes, pass, seconds, verdict};
use crate::{NOW, Provider, alice, basic, good, is_unavailable, with};

/// What an issuer in trouble does, and how often it is asked about one token then.
fn troubles() -> Vec<(Act, usize)> {
    vec![
        (Act::status(500), 1),
        (Act::status(501), 1),
        (Act::status(502), 2),
        (Act::status(503), 2),
        (Act::status(504), 2),
        (Act::status(404), 1),
        (Act::status(429), 1),
        (Act::status(301).header("location", "https://evil.example/"), 1),
        (Act::status(204), 1),
        (Act::Fail(FetchErrorKind::Unreachable), 2),
        (Act::Fail(FetchErrorKind::Untrusted), 1),
        (Act::Fail(FetchErrorKind::TooLarge), 1),
        (Act::Never, 1),
        (Act::ok("<html>"), 1),
        (Act::ok(format!("{}{}", good(), " ".repeat(64 * 1024))), 1),
        (Act::ok(with("active", "true").to_string()), 1),
        (Act::Panic, 1),
    ]
}

/// Catalogue case 90. A known token is served while its entry counts.
#[tokio::test(start_paused = true)]
async fn trouble_says_nothing_about_a_token() {
    for (act, times) in troubles() {
        let provider = Provider::saying(&good());
        let verifier = provider.verifier(basic()).await;
        assert_eq!(verdict(&verifier, "known").await, alice());
        let before = provider.asked();
        let then = act.clone();
        provider.about(move |_| then.clone());
        let start = Instant::now();
        let unknown = verdict(&verifier, "opaque").await;
        assert!(is_unavailable(&unknown), "{act:?}: {unknown:?}");
        assert!(start.elapsed() <= seconds(5), "{act:?}");
        assert_eq!(provider.asked() - before, times, "{act:?}");
        assert_eq!(verdict(&verifier, "known").await, alice(), "{act:?}");
        pass(seconds(60)).await;
        let known = verdict(&verifier, "known").await;
        assert!(is_unavailable(&known), "{act:?}: {known:?}");
        provider.saying_now(&good());
        assert_eq!(verdict(&verifier, "opaque").await, alice(), "trouble is not remembered: {act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_may_succeed() {
    for act in [Act::status(502), Act::status(503), Act::status(504), Act::Fail(FetchErrorKind::Unreachable)]
    {
        let count = Arc::new(AtomicUsize::new(0));
        let provider = Provider::new(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => act.clone(),
            _ => Act::ok(good().to_string()),
        });
        let verifier = provider.verifier(basic()).await;
        assert_eq!(verdict(&verifier, "opaque").await, alice());
        assert_eq!(provider.asked(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn five_seconds_are_for_both_attempts() {
    let provider = Provider::new(|_| Act::Slowly(seconds(3), Box::new(Act::status(503))));
    let verifier = provider.verifier(basic()).await;
    let start = Instant::now();
    assert!(is_unavailable(&verdict(&verifier, "opaque").await));
    assert_eq!((start.elapsed(), provider.asked()), (seconds(5), 2));
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_the_issuer_demands_is_passed_on() {
    for (value, expected) in [("20", 20), ("0", 1), ("99999", 600)] {
        let provider = Provider::new(move |_| Act::status(503).header("retry-after", value));
        let verifier = provider.verifier(basic()).await;
        let unavailable = Err(VerifyError::Unavailable { retry_after: Some(seconds(expected)) });
        assert_eq!(verdict(&verifier, "opaque").await, unavailable);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_of_ours_are_an_outage() {
    for act in [
        Act::status(401),
        Act::status(403),
        Act::Answer(400, Vec::new(), r#"{"error":"invalid_client"}"#.to_owned()),
    ] {
        let provider = Provider::new(move |_| act.clone());
        let verifier = provider.verifier(basic().stale_if_error(minutes(10))).await;
        assert!(is_unavailable(&verdict(&verifier, "opaque").await));
        assert_eq!(provider.asked(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_entry_may_stand_in_if_it_is_young_enough() {
    for (act, _) in troubles() {
        let may_stand_in = !matches!(act, Act::Panic);
        let provider = Provider::saying(&good());
        let verifier = provider.verifier(basic().stale_if_error(seconds(600))).await;
        assert_eq!(verdict(&verifier, "opaque").await, alice());
        let then = act.clone();
        provider.about(move |_| then.clone());
        pass(seconds(500)).await;
        let stale = verdict(&verifier, "opaque").await;
        assert!(if may_stand_in { stale == alice() } else { is_unavailable(&stale) }, "{act:?}: {stale:?}");
        assert!(is_unavailable(&verdict(&verifier, "unknown").await), "{act:?}");
        pass(seconds(100)).await;
        assert!(is_unavailable(&verdict(&verifier, "opaque").await), "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_revoked_or_has_expired_never_stands_in() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic().stale_if_error(seconds(600))).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    pass(seconds(60)).await;
    provider.saying_now(&json!({"active": false}));
    assert_eq!(verdict(&verifier, "opaque").await, Err(VerifyError::UnknownToken));
    provider.about(|_| Act::status(500));
    pass(seconds(10)).await;
    assert!(is_unavailable(&verdict(&verifier, "opaque").await), "what was said before is forgotten");
    // Nor for a client that is refused.
    provider.saying_now(&with("exp", NOW + 100));
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    pass(seconds(60)).await;
    provider.about(|_| Act::status(401));
    assert!(is_unavailable(&verdict(&verifier, "opaque").await));
    provider.about(|_| Act::status(500));
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    provider.clock.set(NOW + 160);
    assert_eq!(verdict(&verifier, "opaque").await, Err(VerifyError::Expired));
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_is_found_once_the_provider_is_up() {
    let provider = Provider::saying(&good());
    provider.fake.all(Act::status(503));
    let verifier = provider.verifier(basic().introspect_everything()).await;
    assert!(is_unavailable(&verdict(&verifier, "opaque").await));
    provider.saying_now(&good());
    pass(seconds(60)).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    assert_eq!(provider.fake.key_requests(), 0, "no keys are needed");
}
