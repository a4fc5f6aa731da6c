//! What a server on axum tells clients about itself, over a socket.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use auth_axum::{AuthLayer, Authenticated, MetadataLayer, Policy, Scope};
use auth_testing::conformance::DescribedResource;
use axum::Router;
use axum::routing::get;

use self::common::{message, serving};

fn routes(described: &DescribedResource) -> Router {
    let auth = described.authenticator();
    let scope = |name| Policy::scope(Scope::from_static(name));
    let guard = |policy| AuthLayer::new(auth.clone()).require(policy);
    let write = Router::new()
        .route("/write", get(async || message("Written")))
        .route_layer(guard(scope("orders:write")));
    let both = described.logins().into_iter().find(|(path, _)| *path == "/login/both").unwrap().1;
    let login = move |user: Authenticated| {
        let allowed = user.require(&both);
        async move { allowed.map(|()| message("Allowed")) }
    };
    let mcp = Router::new()
        .route("/read", get(async || message("Orders")))
        .route("/login", get(login))
        .merge(write)
        .fallback(async || message("Nothing"))
        .layer(guard(scope("orders:read")));
    let both = guard(scope("orders:read")).require(scope("orders:write"));
    let logins = described.logins().into_iter().fold(Router::new(), |router, (path, policy)| {
        router.route(path, get(async || message("Allowed")).layer(guard(policy)))
    });
    Router::new()
        .merge(logins)
        .nest("/mcp", mcp)
        .route("/both", get(async || message("Both")).layer(both))
        .route("/admin", get(async || message("Administered")).layer(guard(Policy::role("admin"))))
        .route("/hello", get(async |user: Authenticated| message(&format!("Hello {}", user.subject()))))
        .with_state(auth)
}

#[tokio::test]
async fn axum_tells_clients_where_to_get_tokens() {
    let described = DescribedResource::new();
    let app = routes(&described).layer(MetadataLayer::new(&described.resource()));
    let report = serving(app, move |address| described.run(address)).await;
    println!("summary: conformance: axum, protected resource: {report}");
    report.assert_passed();
    assert!(report.passed() >= 97, "{report}");
}

/// The metadata are for those who have no token yet.
#[tokio::test]
async fn metadata_inside_a_guard_do_not_conform() {
    let described = DescribedResource::new();
    let guard = AuthLayer::new(described.authenticator());
    let app = routes(&described).layer(MetadataLayer::new(&described.resource())).layer(guard);
    let report = serving(app, move |address| described.run(address)).await;
    assert!(report.failed() >= 20, "{report}");
}
