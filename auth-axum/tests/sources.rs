//! Credentials from elsewhere than the Authorization field, over a socket: axum's extractors and guard, and the layer for
//! any tower service.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use std::convert::Infallible;

use auth_axum::{
    AuthLayer, Authenticated, Authenticator, BearerToken, CredentialSource, MaybeAuthenticated, Policy, Scope,
};
use auth_core::adapter::Extract;
use auth_testing::conformance::OtherSources;
use axum::body::Body;
use axum::http::{Request, Response};
use axum::response::IntoResponse as _;
use axum::routing::{any, get};
use axum::{Json, Router};
use serde_json::Value;
use tower::ServiceBuilder;

use self::common::{message, serving};

const ORDERS_READ: Scope = Scope::from_static("orders:read");

async fn hello(user: Authenticated) -> Json<Value> {
    message(&format!("Hello {}", user.subject()))
}

async fn optional(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Value> {
    match user {
        Some(user) => hello(user).await,
        None => message("Hello, stranger"),
    }
}

async fn raw(_: BearerToken) -> Json<Value> {
    message("A token")
}

fn app(sources: &OtherSources, change: impl Fn(Authenticator) -> Authenticator) -> Router {
    let authenticators = sources.authenticators().into_iter();
    authenticators.map(|(path, authenticator)| (path, change(authenticator))).fold(
        Router::new(),
        |app, (path, authenticator)| {
            let guard = AuthLayer::new(authenticator.clone()).require(Policy::scope(ORDERS_READ));
            let routes = Router::new()
                .route("/guarded", get(hello).post(hello))
                .layer(guard)
                .route("/hello", get(hello).post(hello))
                .route("/optional", get(optional).post(optional))
                .route("/raw", get(raw).post(raw));
            app.nest(path, routes.with_state(authenticator))
        },
    )
}

#[tokio::test]
async fn axum_takes_credentials_from_where_it_is_told() {
    let sources = OtherSources::new();
    let app = app(&sources, |authenticator| authenticator);
    let report = serving(app, move |address| sources.run(address)).await;
    println!("summary: conformance: axum, other sources: {report}");
    report.assert_passed();
    assert!(report.passed() >= 200, "{report}");
}

/// What stands inside the layer.
fn inside<T: Extract + 'static>(
    guard: auth_tower::AuthLayer,
    answer: fn(T) -> Json<Value>,
) -> axum::routing::MethodRouter {
    let service = ServiceBuilder::new().layer(guard).service_fn(move |request: Request<Body>| async move {
        let answer: Response<Body> = match auth_tower::extract_from_guard::<T>(&request) {
            Ok(extracted) => answer(extracted).into_response(),
            Err(rejection) => auth_tower::response(&rejection),
        };
        Ok::<_, Infallible>(answer)
    });
    axum::routing::any_service(service)
}

fn tower_app(sources: &OtherSources) -> Router {
    fn greet(user: &auth_core::Authenticated) -> Json<Value> {
        message(&format!("Hello {}", user.subject()))
    }
    sources.authenticators().into_iter().fold(Router::new(), |app, (path, authenticator)| {
        let guard = || auth_tower::AuthLayer::new(authenticator.clone());
        let routes = Router::new()
            .route("/hello", inside(guard(), |user: auth_core::Authenticated| greet(&user)))
            .route(
                "/guarded",
                inside(guard().require(Policy::scope(ORDERS_READ)), |user: auth_core::Authenticated| {
                    greet(&user)
                }),
            )
            .route(
                "/optional",
                inside(guard().optional(), |user: Option<auth_core::Authenticated>| {
                    user.as_ref().map_or_else(|| message("Hello, stranger"), greet)
                }),
            )
            // A layer always verifies: that a token is not is an extractor's alone.
            .route("/raw", any(raw).with_state(authenticator.clone()));
        app.nest(path, routes)
    })
}

#[tokio::test]
async fn the_tower_layer_takes_credentials_from_where_it_is_told() {
    let sources = OtherSources::new();
    let app = tower_app(&sources);
    let report = serving(app, move |address| sources.run(address)).await;
    println!("summary: conformance: tower, other sources: {report}");
    report.assert_passed();
    assert!(report.passed() >= 200, "{report}");
}

/// How many cases fail for a server like the right one, but for one thing.
async fn failures(change: impl Fn(Authenticator) -> Authenticator) -> usize {
    let sources = OtherSources::new();
    let app = app(&sources, change);
    serving(app, move |address| sources.run(address)).await.failed()
}

#[tokio::test]
async fn servers_that_look_elsewhere_do_not_conform() {
    let with = |sources: Vec<CredentialSource>| {
        failures(move |authenticator| authenticator.with_credential_sources(sources.clone()).unwrap())
    };
    assert!(with(vec![CredentialSource::Bearer]).await > 100);
    assert!(with(vec![CredentialSource::cookie("access")]).await > 100);
    let trusting = |origin: &'static str| {
        failures(move |authenticator| authenticator.with_trusted_origins([origin]).unwrap())
    };
    assert_eq!(trusting("https://app.example").await, 0);
    let evil = trusting("https://evil.example").await;
    assert!((5..50).contains(&evil), "{evil}");

    let open = Router::new().fallback(async || message("Hello alice"));
    let sources = OtherSources::new();
    let report = serving(open, move |address| sources.run(address)).await;
    assert!(report.failed() > 100, "{report}");
}
