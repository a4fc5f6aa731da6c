//! Floods of tokens that name keys which there are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_core::{TokenVerifier as _, VerifyError};
use auth_testing::Endpoint;

use crate::service::{Service, minutes, seconds, until};

#[tokio::test]
async fn thirty_thousand_unknown_keys_cost_three_fetches_a_minute_at_most() {
    const MINUTES: u64 = 10;
    const PER_SECOND: u64 = 50;
    let service = Service::start().await;
    // So that nothing but the flood brings about a fetch.
    service.provider.set_header(Endpoint::Keys, "Cache-Control", "max-age=3600");
    service.pass(minutes(10)).await;
    let (mut fetches, mut times) = (service.fetches(), Vec::new());
    for second in 0..MINUTES * 60 {
        for number in 0..PER_SECOND {
            let token = service.unknown(format!("unknown-{second}-{number}"));
            assert_eq!(service.verdict(&token).await, Err(VerifyError::UnknownKey), "{second}, {number}");
        }
        service.accepts(&service.token()).await;
        let now = service.fetches();
        times.extend((fetches..now).map(|_| service.clock.elapsed()));
        fetches = now;
        service.pass(seconds(1)).await;
    }
    let busiest = times
        .iter()
        .map(|start| times.iter().filter(|time| (*start..*start + minutes(1)).contains(time)).count());
    let busiest = busiest.max().unwrap();
    assert!(busiest <= 3, "{busiest} in a minute: {times:?}");
    assert_eq!(service.verifier.stats().unknown_keys, MINUTES * 60 * PER_SECOND);

    // Nor does the flood hide a real rotation.
    service.provider.rotate_at_once();
    let token = service.token();
    let rotated_at = service.clock.elapsed();
    while service.verdict(&token).await.is_err() {
        let _ = service.verdict(&service.unknown("unknown")).await;
        service.pass(seconds(1)).await;
    }
    let found_after = service.clock.elapsed() - rotated_at;
    assert!(found_after <= seconds(31), "{found_after:?}");
    println!(
        "summary: sockets: {} unknown keys in {MINUTES} minutes, at most {busiest} fetches in any minute",
        MINUTES * 60 * PER_SECOND
    );
}

/// Threads ask for a fetch as fast as they can, as a server's workers do. They cannot keep the task from it that fetches.
#[tokio::test]
async fn a_flood_at_full_speed_does_not_delay_a_fetch() {
    let service = Service::start().await;
    service.provider.set_header(Endpoint::Keys, "Cache-Control", "max-age=3600");
    service.pass(minutes(10)).await;
    let has_ended = Arc::new(AtomicBool::new(false));
    let flood = || {
        let (verifier, has_ended) = (service.verifier.clone(), has_ended.clone());
        let unknown = service.unknown("unknown");
        move || {
            while !has_ended.load(Ordering::Relaxed) {
                let _ = verifier.verify_now(&unknown);
            }
        }
    };
    let threads = [(); 4].map(|()| std::thread::spawn(flood()));
    for _ in 0..20 {
        let asked = service.verifier.stats().unknown_keys;
        until(|| service.verifier.stats().unknown_keys > asked + 1_000).await;
        let fetches = service.fetches();
        service.pass(seconds(29)).await;
        assert_eq!(service.fetches(), fetches);
        service.pass(seconds(1)).await;
        assert_eq!(service.fetches(), fetches + 1, "30 seconds after the last one");
    }
    has_ended.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Whoever can sign nothing cannot have keys fetched by it.
#[tokio::test]
async fn bad_signatures_under_a_known_key_never_bring_about_a_fetch() {
    let service = Service::start().await;
    service.provider.set_header(Endpoint::Keys, "Cache-Control", "max-age=3600");
    service.pass(minutes(10)).await;
    let fetches = service.fetches();
    let signer = service.provider.signer();
    for _ in 0..40 * 60 {
        let verdict = service.verdict(&signer.bad_signature("mallory")).await;
        assert_eq!(verdict, Err(VerifyError::InvalidSignature));
        service.pass(seconds(1)).await;
    }
    assert_eq!(service.fetches(), fetches);
}
