//! Key sets that have not changed are not sent again.

use auth_core::VerifyError;
use auth_oidc::Health;
use auth_testing::Endpoint;
use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};

use crate::service::{Service, minutes};

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
const LATER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

/// What the last request for the keys said of those that are known.
fn validators(service: &Service) -> [Option<String>; 2] {
    let request = service.provider.last_request(Endpoint::Keys).unwrap();
    let field = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    [field(IF_NONE_MATCH), field(IF_MODIFIED_SINCE)]
}

/// Confirms the keys by 304 for an hour.
async fn are_confirmed(service: &Service) {
    let not_modified = service.provider.not_modified(Endpoint::Keys);
    let (stats, fetches) = (service.verifier.stats(), service.fetches());
    for _ in 0..60 {
        service.pass(minutes(1)).await;
        service.accepts(&service.token()).await;
        assert!(matches!(service.verifier.health(), Health::Ready { age } if age <= minutes(9)));
    }
    let fetches = service.fetches() - fetches;
    assert!(fetches >= 6, "{fetches}");
    assert_eq!(service.provider.not_modified(Endpoint::Keys) - not_modified, fetches);
    let now = service.verifier.stats();
    assert_eq!(now.not_modified - stats.not_modified, fetches as u64);
    assert_eq!((now.key_changes, now.failures), (stats.key_changes, 0));
}

/// The keys are replaced as soon as they are others.
async fn are_replaced(service: &Service) {
    let old = service.token();
    service.accepts(&old).await;
    service.provider.rotate_at_once();
    service.pass(minutes(9)).await;
    service.accepts(&service.token()).await;
    assert_eq!(service.verdict(&old).await, Err(VerifyError::UnknownKey));
}

#[tokio::test]
async fn by_their_tag() {
    let service = Service::start().await;
    are_confirmed(&service).await;
    assert!(matches!(validators(&service), [Some(_), None]));
    are_replaced(&service).await;
    are_confirmed(&service).await;
}

#[tokio::test]
async fn by_their_date() {
    let service = Service::start().await;
    service.provider.without_validators();
    service.provider.set_header(Endpoint::Keys, "Last-Modified", DATE);
    // Those that are known have a tag still.
    service.pass(minutes(9)).await;
    are_confirmed(&service).await;
    assert_eq!(validators(&service), [None, Some(DATE.to_owned())]);
    service.provider.set_header(Endpoint::Keys, "Last-Modified", LATER);
    are_replaced(&service).await;
    are_confirmed(&service).await;
    assert_eq!(validators(&service), [None, Some(LATER.to_owned())]);
}

#[tokio::test]
async fn by_their_tag_if_they_have_both() {
    let service = Service::start().await;
    service.provider.set_header(Endpoint::Keys, "Last-Modified", DATE);
    service.provider.rotate();
    service.pass(minutes(9)).await;
    are_confirmed(&service).await;
    assert!(matches!(validators(&service), [Some(_), None]));
    // The date is still the same.
    are_replaced(&service).await;
}

/// Neither is sent by a provider that sent neither.
#[tokio::test]
async fn not_at_all() {
    let service = Service::start().await;
    service.provider.without_validators();
    service.pass(minutes(9)).await;
    let stats = service.verifier.stats();
    for _ in 0..60 {
        service.pass(minutes(1)).await;
    }
    assert_eq!(validators(&service), [None, None]);
    let now = service.verifier.stats();
    assert!(now.attempts >= stats.attempts + 6);
    assert_eq!((now.not_modified, now.key_changes), (stats.not_modified, 1), "the same keys are no change");
}
