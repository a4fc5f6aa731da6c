//! How keys are kept fresh.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod fake;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{Clock, SystemClock, TokenVerifier as _, VerifyError};
use auth_oidc::{FetchErrorKind, Health, OidcVerifier, Timer, TokioTimer};
use auth_testing::TestIssuer;
use futures_util::future::join_all;
use serde_json::json;

use crate::fake::{Act, Fake, ISSUER, KEYS, minutes, pass, seconds, signer, verdict};

const METADATA: &str = "https://id.example/realms/shop/.well-known/openid-configuration";

fn is_unavailable(verdict: &Result<String, VerifyError>) -> bool {
    matches!(verdict, Err(VerifyError::Unavailable { retry_after: Some(_) }))
}

#[tokio::test(start_paused = true)]
async fn one_url_is_enough() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().connect().await.unwrap();
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
    assert_eq!(provider.asked(), [METADATA, KEYS]);
    let headers = provider.last_headers();
    assert_eq!(headers["accept"], "application/json");
    assert_eq!(headers["accept-encoding"], "identity");
    assert_eq!(verdict(&verifier, &signer.bad_signature("alice")).await, Err(VerifyError::InvalidSignature));
    assert_eq!(verdict(&verifier, &signer.wrong_audience("alice")).await, Err(VerifyError::WrongAudience));
    assert_eq!(provider.key_requests(), 1, "neither brings about a fetch");
    assert!(matches!(verifier.health(), Health::Ready { .. }));
}

#[tokio::test(start_paused = true)]
async fn keys_are_fetched_again_before_they_are_stale() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    provider.keys(Act::ok(signer.jwks()).header("cache-control", "max-age=1000").header("etag", "\"1\""));
    let verifier = provider.oidc().connect().await.unwrap();
    pass(seconds(719)).await;
    assert_eq!(provider.key_requests(), 1, "at 0.8 of 1,000 s, a tenth less at the earliest");
    provider.keys(Act::status(304).header("cache-control", "max-age=1000"));
    pass(seconds(162)).await;
    assert_eq!(provider.key_requests(), 2);
    assert_eq!(provider.last_headers()["if-none-match"], "\"1\"");
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
    let stats = verifier.stats();
    assert_eq!((stats.attempts, stats.failures, stats.not_modified, stats.key_changes), (2, 0, 1, 1));
    assert_eq!(provider.requests(METADATA), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_304_that_was_not_asked_for_is_no_key_set() {
    let provider = Fake::new(|_| Act::Never);
    provider.keys(Act::status(304));
    let error = provider.oidc().connect().await.unwrap_err();
    assert!(error.to_string().contains("answered 304"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_by_the_first_token_that_names_it() {
    let (old, new) = (signer(), signer());
    let provider = Fake::with_keys(&old);
    let verifier = provider.oidc().connect().await.unwrap();
    pass(seconds(30)).await;
    provider.keys(Act::Slowly(seconds(1), Box::new(Act::ok(new.jwks()))));
    let token = new.good("alice");
    let verdicts = join_all((0..1000).map(|_| verdict(&verifier, &token))).await;
    assert!(verdicts.iter().all(|verdict| *verdict == Ok("alice".to_owned())), "{verdicts:?}");
    assert_eq!(provider.key_requests(), 2, "one fetch for all");
    assert_eq!(verdict(&verifier, &old.good("alice")).await, Err(VerifyError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn within_the_cooldown_a_new_key_is_found_at_its_end() {
    let (old, new) = (signer(), signer());
    let provider = Fake::with_keys(&old);
    let verifier = provider.oidc().connect().await.unwrap();
    provider.keys(Act::ok(new.jwks()));
    pass(seconds(5)).await;
    assert_eq!(verdict(&verifier, &new.good("alice")).await, Err(VerifyError::UnknownKey), "at once");
    pass(seconds(24)).await;
    assert_eq!(provider.key_requests(), 1);
    pass(seconds(2)).await;
    assert_eq!(provider.key_requests(), 2, "30 s after the first");
    assert_eq!(verdict(&verifier, &new.good("alice")).await, Ok("alice".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_costs_two_fetches_a_minute() {
    let (signer, next) = (signer(), signer());
    let provider = Fake::with_keys(&signer);
    provider.keys(Act::ok(signer.jwks()).header("cache-control", "max-age=3600"));
    let verifier = provider.oidc().connect().await.unwrap();
    let start = tokio::time::Instant::now();
    let forged: Vec<_> =
        (0..100).map(|kid| signer.token("x").header("kid", kid.to_string()).sign()).collect();
    for round in 0..600 {
        for token in &forged {
            let verdict = verdict(&verifier, token).await;
            assert_eq!(verdict, Err(VerifyError::UnknownKey), "{round}");
        }
        assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
        pass(seconds(1)).await;
    }
    let times = provider.times(KEYS);
    for minute in 0..10 {
        let of_minute = times.iter().filter(|time| (**time - start).as_secs() / 60 == minute).count();
        assert!(of_minute <= 3, "{of_minute} in minute {minute}");
    }
    // Nor does the flood hide a real rotation.
    let rotated_at = tokio::time::Instant::now();
    provider.keys(Act::ok(next.jwks()));
    while verdict(&verifier, &next.good("alice")).await.is_err() {
        let _ = verdict(&verifier, &forged[0]).await;
        pass(seconds(1)).await;
    }
    assert!(rotated_at.elapsed() <= seconds(31), "{:?}", rotated_at.elapsed());
}

/// Counts how often somebody has begun to wait.
#[derive(Clone, Debug)]
struct CountingTimer(TokioTimer, Arc<AtomicUsize>);

#[async_trait]
impl Timer for CountingTimer {
    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep_until(&self, elapsed: Duration) {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.sleep_until(elapsed).await;
    }
}

impl Clock for CountingTimer {
    fn now(&self) -> Option<u64> {
        SystemClock.now()
    }
}

/// Else a flood keeps a core busy, and in the end the task from its fetch.
#[tokio::test(start_paused = true)]
async fn a_flood_of_unknown_keys_wakes_the_task_once_until_its_next_attempt() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let waits = Arc::new(AtomicUsize::new(0));
    let timer = CountingTimer(TokioTimer::new(), waits.clone());
    let verifier = provider.oidc().clock(timer).connect().await.unwrap();
    let flood = async |verifier: &OidcVerifier| {
        let before = waits.load(Ordering::Relaxed);
        for number in 0..1_000 {
            let token = signer.token("x").header("kid", number.to_string()).sign();
            let _ = verifier.verify_now(&token);
            tokio::task::yield_now().await;
        }
        waits.load(Ordering::Relaxed) - before
    };
    assert_eq!(flood(&verifier).await, 1, "to wait less");
    pass(seconds(31)).await;
    assert_eq!(provider.key_requests(), 2);
    // Nor while it fetches; and those who have asked by then are answered by that.
    pass(seconds(31)).await;
    provider.keys(Act::Slowly(seconds(1), Box::new(Act::ok(signer.jwks()))));
    let unknown = signer.token("x").header("kid", "unknown").sign();
    let (first, waits_meanwhile) = tokio::join!(verdict(&verifier, &unknown), async {
        pass(Duration::from_millis(500)).await;
        flood(&verifier).await
    });
    assert_eq!((first, waits_meanwhile), (Err(VerifyError::UnknownKey), 0));
    assert_eq!(provider.key_requests(), 3);
    pass(minutes(2)).await;
    assert_eq!(provider.key_requests(), 3, "nobody has asked since");
    // It notices that nobody needs it, also if it was asked.
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let _ = verdict(&verifier, &unknown).await;
    let _ = verdict(&verifier, &unknown).await;
    drop(verifier);
    pass(seconds(1)).await;
    assert_eq!(tasks(), before - 1);
}

#[tokio::test(start_paused = true)]
async fn known_keys_outlive_an_outage_of_a_day_and_no_more() {
    let (signer, other) = (signer(), signer());
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().connect().await.unwrap();
    provider.all(Act::Fail(FetchErrorKind::Unreachable));
    for minute in 0..24 * 60 {
        let verdict = verdict(&verifier, &signer.good("alice")).await;
        assert_eq!(verdict, Ok("alice".to_owned()), "{minute}");
        pass(minutes(1)).await;
        if minute == 60 {
            assert!(matches!(verifier.health(), Health::Stale { .. }));
            assert!(
                is_unavailable(&verdict_of(&verifier, &other.good("alice")).await),
                "never 401 in an outage"
            );
        }
    }
    pass(seconds(1)).await;
    let after = verdict(&verifier, &signer.good("alice")).await;
    assert!(is_unavailable(&after), "{after:?}");
    assert!(matches!(verifier.health(), Health::NoKeys { .. }));
    let attempts = verifier.stats().attempts;
    assert!(
        (1440..3000).contains(&attempts),
        "{attempts}: at most a minute from one to the next, half of it on average"
    );

    provider.keys(Act::ok(signer.jwks()));
    pass(minutes(1)).await;
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
    assert!(matches!(verifier.health(), Health::Ready { .. }));
}

async fn verdict_of(verifier: &OidcVerifier, token: &str) -> Result<String, VerifyError> {
    verdict(verifier, token).await
}

#[tokio::test(start_paused = true)]
async fn what_is_no_key_set_replaces_nothing() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().connect().await.unwrap();
    for body in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#, "<html>", "null"] {
        provider.keys(Act::ok(body));
        pass(minutes(11)).await;
        assert!(matches!(verifier.health(), Health::Stale { .. }), "{body}");
        assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()), "{body}");
        provider.keys(Act::ok(signer.jwks()));
        pass(minutes(2)).await;
        assert!(matches!(verifier.health(), Health::Ready { .. }), "{body}");
    }
    assert_eq!(verifier.stats().key_changes, 1);
}

/// Keys for something else do not count, however many.
#[tokio::test(start_paused = true)]
async fn a_set_of_more_than_a_hundred_usable_keys_replaces_nothing() {
    let signers: Vec<_> = (0..101).map(|_| signer()).collect();
    let for_encryption = (0..50).map(|kid| json!({"kty": "RSA", "use": "enc", "kid": kid.to_string()}));
    let set = |count: usize| {
        let keys: Vec<_> =
            for_encryption.clone().chain(signers[..count].iter().map(TestIssuer::jwk)).collect();
        Act::ok(json!({ "keys": keys }).to_string())
    };
    let provider = Fake::with_keys(&signers[0]);
    let verifier = provider.oidc().connect().await.unwrap();
    provider.keys(set(101));
    pass(minutes(11)).await;
    assert!(matches!(verifier.health(), Health::Stale { .. }));
    assert_eq!(
        verdict(&verifier, &signers[0].good("alice")).await,
        Ok("alice".to_owned()),
        "the old key stays"
    );
    assert!(
        is_unavailable(&verdict(&verifier, &signers[1].good("alice")).await),
        "none of the others is taken"
    );

    let error = provider.oidc().connect().await.unwrap_err().to_string();
    assert!(
        error.contains(KEYS) && error.contains("101 usable keys, and 100 at most are accepted"),
        "{error}"
    );

    provider.keys(set(100));
    pass(minutes(2)).await;
    assert!(matches!(verifier.health(), Health::Ready { .. }));
    assert_eq!(verdict(&verifier, &signers[99].good("alice")).await, Ok("alice".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_at_the_start_is_waited_for() {
    let signer = signer();
    let provider = Fake::new(|_| Act::Fail(FetchErrorKind::Unreachable));
    let start = tokio::time::Instant::now();
    let verifier = provider.oidc().connect().await.unwrap();
    assert_eq!(start.elapsed(), seconds(10));
    assert!(matches!(verifier.health(), Health::NoKeys { .. }));
    assert!(is_unavailable(&verdict(&verifier, &signer.good("alice")).await));
    provider.keys(Act::ok(signer.jwks()));
    verifier.ready().await;
    assert!(start.elapsed() < seconds(41), "{:?}", start.elapsed());
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));

    let down = Fake::new(|_| Act::status(503));
    let error = down.oidc().require_keys_at_start().connect().await.unwrap_err();
    assert!(error.to_string().contains("answered 503"), "{error}");
    let mute = Fake::new(|_| Act::Never);
    let error = mute.oidc().require_keys_at_start().connect().await.unwrap_err();
    assert!(error.to_string().contains("did not answer within 5 s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_somebody_has_to_change_ends_the_start_at_once() {
    let metadata = |issuer: &str| Act::ok(format!(r#"{{"issuer":{issuer:?},"jwks_uri":{KEYS:?}}}"#));
    let redirect = Act::status(301).header("location", "https://new.example/x");
    for (provider, told) in [
        (Fake::new(|_| Act::status(404)), "no metadata: "),
        (Fake::new(|_| Act::ok("<html>")), "no metadata: "),
        (
            Fake::new(move |_| redirect.clone()),
            "answered 301 Moved Permanently to \"https://new.example/x\": configure",
        ),
        (Fake::new(|_| Act::status(403)), "answered 403 Forbidden: is it the right address?"),
        (Fake::new(|_| Act::Fail(FetchErrorKind::Untrusted)), "cannot be fetched"),
        (Fake::new(|_| Act::Panic), "panicked"),
    ] {
        let start = tokio::time::Instant::now();
        let error = provider.oidc().connect().await.unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(start.elapsed(), Duration::ZERO, "{error}");
    }
    let differs = Fake::new(move |_| metadata(&format!("{ISSUER}/")));
    let error = differs.oidc().connect().await.unwrap_err().to_string();
    assert!(
        error.contains("differ only by a final slash") && error.contains(&format!("{ISSUER:?}")),
        "{error}"
    );
    let empty = Fake::new(|_| Act::Never);
    empty.keys(Act::ok("{}"));
    let error = empty.oidc().connect().await.unwrap_err().to_string();
    assert!(error.contains(KEYS) && error.contains("it is `{}`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_five_seconds_at_most_and_only_so_many_wait() {
    let (signer, other) = (signer(), signer());
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().attempt_timeout(seconds(60)).connect().await.unwrap();
    pass(seconds(31)).await;
    provider.keys(Act::Never);
    let start = tokio::time::Instant::now();
    let token = other.good("alice");
    let verdicts = join_all((0..1500).map(|_| async {
        let verdict = verdict(&verifier, &token).await;
        (start.elapsed(), verdict)
    }))
    .await;
    assert!(verdicts.iter().all(|(_, verdict)| is_unavailable(verdict)), "{verdicts:?}");
    let at_once = verdicts.iter().filter(|(time, _)| time.is_zero()).count();
    assert_eq!(at_once, 1500 - 1024);
    assert!(verdicts.iter().all(|(time, _)| time.is_zero() || *time == seconds(5)));
    assert_eq!(provider.key_requests(), 2);
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()), "meanwhile");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_the_provider_demands_is_kept() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().connect().await.unwrap();
    provider.all(Act::status(429).header("retry-after", "300"));
    pass(minutes(10)).await;
    let failed = provider.asked().len();
    assert_eq!(failed, 3, "metadata, keys, and one that failed");
    // Not even for tokens with unknown keys, which are answered at once.
    let other = TestIssuer::default().issuer(ISSUER).audience("api");
    let start = tokio::time::Instant::now();
    for _ in 0..10 {
        pass(seconds(10)).await;
        assert!(is_unavailable(&verdict(&verifier, &other.good("alice")).await));
    }
    assert_eq!((provider.asked().len(), start.elapsed()), (failed, seconds(100)));
    pass(seconds(210)).await;
    assert_eq!(provider.asked().len(), failed + 1);
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn code_that_panics_ends_nothing() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().connect().await.unwrap();
    provider.all(Act::Panic);
    pass(minutes(11)).await;
    assert!(matches!(verifier.health(), Health::Stale { .. }));
    provider.keys(Act::ok(signer.jwks()));
    pass(minutes(2)).await;
    assert!(matches!(verifier.health(), Health::Ready { .. }));
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_verifier() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for round in 0..1000 {
        // While it waits, while it fetches, and before it has begun.
        if round % 3 == 1 {
            provider.keys(Act::Never);
            let (verifier, driver) = provider.oidc().connect_with_driver().unwrap();
            let driver = tokio::spawn(driver);
            tokio::task::yield_now().await;
            drop(verifier);
            let start = tokio::time::Instant::now();
            driver.await.unwrap();
            assert_eq!(start.elapsed(), Duration::ZERO, "it waits for no answer");
        } else {
            provider.keys(Act::ok(signer.jwks()));
            let verifier = provider.oidc().connect().await.unwrap();
            drop(verifier.clone());
            assert_eq!(tasks(), before + 1);
            drop(verifier);
            pass(seconds(1)).await;
        }
        assert_eq!(tasks(), before, "{round}");
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_nobody_looks_after_count_for_a_day() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let (verifier, driver) = provider.oidc().connect_with_driver().unwrap();
    let driver = tokio::spawn(driver);
    verifier.ready().await;
    driver.abort();
    pass(minutes(24 * 60 - 1)).await;
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
    pass(minutes(2)).await;
    assert!(is_unavailable(&verdict(&verifier, &signer.good("alice")).await));
    let (cold, driver) = provider.oidc().connect_with_driver().unwrap();
    drop(driver);
    let verdict = tokio::time::timeout(minutes(1), verdict(&cold, &signer.good("alice"))).await;
    assert!(is_unavailable(&verdict.unwrap()), "no driver and no keys");
}

#[tokio::test(start_paused = true)]
async fn metadata_are_read_again_now_and_then() {
    let signer = signer();
    let provider = Fake::with_keys(&signer);
    let verifier = provider.oidc().connect().await.unwrap();
    provider.answers({
        let jwks = signer.jwks();
        move |request| match request.uri().path() {
            "/moved" => Act::ok(jwks.clone()),
            "/keys" => Act::ok(jwks.clone()),
            _ => Act::ok(format!(r#"{{"issuer":{ISSUER:?},"jwks_uri":"https://id.example/moved"}}"#)),
        }
    });
    pass(minutes(75)).await;
    assert!(provider.requests("https://id.example/moved") >= 1, "{:?}", provider.asked());
    assert_eq!(verdict(&verifier, &signer.good("alice")).await, Ok("alice".to_owned()));
    assert_eq!(verifier.stats().key_changes, 1);
}
