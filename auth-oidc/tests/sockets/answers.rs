//! Answers that are no key set: none of them replaces the keys.

use auth_core::{TokenVerifier as _, VerifyError};
use auth_oidc::Health;
use auth_testing::{Behavior, Endpoint};

use crate::service::{Service, minutes, seconds};

/// Each in turn, for as long as it takes to notice it. Then all is well again, and soon.
async fn changes_nothing(service: &Service, endpoint: Endpoint, behavior: Behavior) {
    let told = format!("{endpoint:?}: {behavior:?}").chars().take(100).collect::<String>();
    let seen_before = service.provider.token("alice").lifetime(minutes(24 * 60)).sign();
    service.accepts(&seen_before).await;
    service.provider.behave(endpoint, behavior);
    let failures = service.verifier.stats().failures;
    let waited = service.pass_until(|service| service.verifier.stats().failures > failures).await;
    assert!(waited <= minutes(75), "{told}: {waited:?}");
    for _ in 0..3 {
        assert!(matches!(service.verifier.health(), Health::Stale { .. }), "{told}");
        service.accepts(&service.token()).await;
        service.accepts(&seen_before).await;
        assert!(service.is_unavailable(&service.unknown("unknown")).await, "{told}: not 401");
        service.pass(seconds(10)).await;
    }
    service.provider.behave(endpoint, Behavior::Normal);
    let waited = service.pass_until(Service::is_ready).await;
    assert!(waited <= seconds(60), "{told}: {waited:?}");
    let verdict = service.verdict(&service.unknown("unknown")).await;
    assert_eq!(verdict, Err(VerifyError::UnknownKey), "{told}: the provider has spoken");
    service.accepts(&seen_before).await;
    assert_eq!(service.verifier.stats().key_changes, 1, "{told}");
}

fn body(text: &str) -> Behavior {
    Behavior::Body(text.to_owned())
}

#[tokio::test]
async fn what_is_no_key_set_replaces_no_key() {
    let service = Service::start().await;
    let statuses = [204, 400, 401, 403, 404, 408, 429, 500, 502, 503].map(Behavior::Status);
    let bodies = ["", "{}", "[]", "null", "<html></html>", r#"{"keys":{}}"#, r#"{"keys":[]}"#].map(body);
    let others = [
        Behavior::Garbage,
        Behavior::EmptySet,
        Behavior::NoUsableKey,
        Behavior::Truncated,
        Behavior::CloseAtOnce,
        Behavior::Huge(1 << 20),
        Behavior::Redirect("http://169.254.169.254/latest/meta-data".to_owned()),
        Behavior::Redirect(service.provider.jwks_uri()),
    ];
    let mut count = 0;
    for behavior in statuses.into_iter().chain(bodies).chain(others) {
        changes_nothing(&service, Endpoint::Keys, behavior).await;
        count += 1;
    }
    println!("summary: sockets: {count} answers that are no key set, the keys stayed");
}

#[tokio::test]
async fn what_is_no_metadata_replaces_no_key() {
    let service = Service::start().await;
    let foreign =
        format!(r#"{{"issuer":{:?},"jwks_uri":"http://[fe80::1]/keys"}}"#, service.provider.issuer());
    for behavior in [
        Behavior::Garbage,
        Behavior::Status(404),
        Behavior::Redirect("https://evil.example".to_owned()),
        Behavior::WrongIssuer("https://evil.example".to_owned()),
        body("{}"),
        body(&foreign),
    ] {
        changes_nothing(&service, Endpoint::Metadata, behavior).await;
    }
}

/// What passes does not make us forget where the keys are.
#[tokio::test]
async fn without_its_metadata_a_provider_is_still_asked_for_its_keys() {
    let service = Service::start().await;
    service.provider.behave(Endpoint::Metadata, Behavior::Status(500));
    let fetches = service.fetches();
    for _ in 0..3 * 60 {
        service.pass(minutes(1)).await;
        service.accepts(&service.token()).await;
        assert!(service.is_ready());
    }
    assert!(service.provider.requests(Endpoint::Metadata) > 2);
    assert!(service.fetches() >= fetches + 18);
    service.provider.rotate_at_once();
    service.pass(minutes(10)).await;
    service.accepts(&service.token()).await;
}

#[tokio::test]
async fn a_pause_that_the_provider_demands_is_kept() {
    let service = Service::start().await;
    for status in [429, 503] {
        service.provider.behave(Endpoint::Keys, Behavior::Status(status));
        service.provider.set_header(Endpoint::Keys, "Retry-After", "300");
        let failures = service.verifier.stats().failures;
        service.pass_until(|service| service.verifier.stats().failures > failures).await;
        service.provider.behave(Endpoint::Keys, Behavior::Normal);
        service.provider.clear_headers(Endpoint::Keys);
        let (start, connections) = (service.clock.elapsed(), service.provider.connections());
        while service.clock.elapsed() < start + seconds(299) {
            service.accepts(&service.token()).await;
            let token = service.unknown("unknown");
            assert!(service.verifier.verify_now(&token).is_some(), "nobody waits");
            assert!(service.is_unavailable(&token).await);
            service.pass(seconds(1)).await;
        }
        assert_eq!(
            service.provider.connections(),
            connections,
            "{status}: nothing was asked for 299 seconds"
        );
        let waited = service.pass_until(Service::is_ready).await;
        assert!(waited <= seconds(2), "{status}: {waited:?}");
    }
}
