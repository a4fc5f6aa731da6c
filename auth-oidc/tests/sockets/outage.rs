//! Outages, with requests all along.

use auth_core::VerifyError;
use auth_oidc::Health;
use auth_testing::TestIdentityProvider;

use crate::service::{Service, minutes, oidc, seconds};

#[tokio::test]
async fn half_an_hour_of_outage_fails_no_request_with_a_known_key() {
    let service = Service::start().await;
    let other = service.provider.signer();
    service.provider.rotate();
    service.pass(seconds(31)).await;
    service.accepts(&service.token()).await;
    let seen_before = service.provider.token("alice").lifetime(minutes(60)).sign();
    service.accepts(&seen_before).await;

    service.provider.outage();
    let (attempts, connections) = (service.verifier.stats().attempts, service.provider.connections());
    let requests = 3 * 30 * 60;
    for second in 0..requests / 3 {
        service.accepts(&service.token()).await;
        service.accepts(&other.good("alice")).await;
        service.accepts(&seen_before).await;
        if second % 60 == 0 && second > 0 {
            let is_unavailable = service.is_unavailable(&service.unknown(second.to_string())).await;
            let has_failed = service.verifier.stats().failures > 0;
            assert!(is_unavailable || !has_failed, "never 401 once the provider does not answer");
        }
        service.pass(seconds(1)).await;
    }
    assert!(matches!(service.verifier.health(), Health::Stale { .. }), "{:?}", service.verifier.health());
    let stats = service.verifier.stats();
    assert!(stats.failures >= 20, "it was tried all along: {stats:?}");
    assert_eq!(stats.failures, stats.attempts - attempts);
    assert!(service.provider.connections() >= connections + 20, "over sockets");

    // What was changed meanwhile is known within a minute, without a token that asks for it.
    service.provider.recover();
    service.provider.rotate_at_once();
    let waited = service.pass_until(Service::is_ready).await;
    assert!(waited <= minutes(1), "{waited:?}");
    service.accepts(&service.token()).await;
    assert_eq!(service.verdict(&seen_before).await, Err(VerifyError::UnknownKey));
    println!("summary: sockets: {requests} requests in 30 minutes of outage, 0 failed");
}

#[tokio::test]
async fn an_outage_at_the_start_is_over_within_half_a_minute_of_its_end() {
    let provider = TestIdentityProvider::start();
    provider.outage();
    let (verifier, driver) = oidc(&provider).connect_with_driver().unwrap();
    let _driver = tokio::spawn(driver);
    let service = Service::new(provider, verifier);
    for _ in 0..120 {
        service.pass(seconds(1)).await;
        assert!(service.is_unavailable(&service.token()).await);
        assert!(service.is_unavailable(&service.unknown("unknown")).await);
    }
    assert!(matches!(service.verifier.health(), Health::NoKeys { .. }));
    // Nor does it take a request to ask again.
    for _ in 0..20 * 60 {
        service.pass(seconds(1)).await;
    }
    service.provider.recover();
    let waited = service.pass_until(Service::is_ready).await;
    assert!(waited <= seconds(30), "{waited:?}");
    service.accepts(&service.token()).await;
}
