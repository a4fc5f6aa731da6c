//! Ten thousand requests at once that all lack a key.

use std::cell::RefCell;
use std::rc::Rc;

use auth_axum::{Authenticated, Authenticator};
use auth_testing::{Behavior, Endpoint, TestIdentityProvider};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::future::join_all;
use http::{Request, Response};
use tower::ServiceExt as _;

use crate::service::{Service, oidc, run_others, seconds, until};

const REQUESTS: usize = 10_000;
const WAIT: usize = 1_024;

fn app(service: &Service) -> Router {
    let handler = |user: Authenticated| async move { user.subject().to_owned() };
    Router::new().route("/", get(handler)).with_state(Authenticator::new(service.verifier.clone()))
}

async fn request(app: Router, token: &str) -> Response<Body> {
    let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty());
    app.oneshot(request.unwrap()).await.unwrap()
}

/// All are sent before the provider answers. It is asked once: those for whom there is no room are told 503 at once, and
/// those who wait are let in by the answer.
async fn one_fetch_for_all(service: &Service) {
    let (app, token, fetches) = (app(service), service.token(), service.fetches());
    service.provider.behave(Endpoint::Keys, Behavior::Delay(seconds(1)));
    let responses = Rc::new(RefCell::new(Vec::new()));
    let all = tokio::task::LocalSet::new();
    all.spawn_local({
        let (responses, app) = (responses.clone(), app.clone());
        async move {
            let each = |_| async {
                let response = request(app.clone(), &token).await;
                responses.borrow_mut().push(response);
            };
            join_all((0..REQUESTS).map(each)).await;
        }
    });
    all.run_until(async {
        until(|| responses.borrow().len() >= REQUESTS - WAIT).await;
        until(|| service.fetches() > fetches).await;
        run_others().await;
        for response in responses.borrow().iter() {
            assert_eq!(response.status(), 503);
            assert!(response.headers().contains_key("retry-after"), "{response:?}");
            assert!(!response.headers().contains_key("www-authenticate"), "{response:?}");
        }
        assert_eq!(responses.borrow().len(), REQUESTS - WAIT, "the others wait");
        service.clock.advance(seconds(1));
    })
    .await;
    all.await;
    let let_in = responses.borrow().iter().filter(|response| response.status() == 200).count();
    assert_eq!((responses.borrow().len(), let_in), (REQUESTS, WAIT));
    assert_eq!(service.fetches(), fetches + 1, "one fetch for all");
    let response = request(app, &service.token()).await;
    assert_eq!((response.status().as_u16(), service.fetches()), (200, fetches + 1));
}

#[tokio::test]
async fn the_first_requests_of_a_service_without_keys() {
    let provider = TestIdentityProvider::start();
    provider.behave(Endpoint::Keys, Behavior::Delay(seconds(1)));
    let (verifier, driver) = oidc(&provider).connect_with_driver().unwrap();
    let _driver = tokio::spawn(driver);
    let service = Service::new(provider, verifier);
    one_fetch_for_all(&service).await;
    assert_eq!((service.provider.requests(Endpoint::Metadata), service.provider.connections()), (1, 2));
    println!("summary: sockets: {REQUESTS} first requests at once, 1 fetch");
}

#[tokio::test]
async fn the_first_requests_by_a_new_key() {
    let service = Service::start().await;
    service.pass(seconds(31)).await;
    service.provider.rotate_at_once();
    one_fetch_for_all(&service).await;
    println!("summary: sockets: {REQUESTS} requests at once by a new key, 1 fetch");
}
