//! Guards, policies and users on axum, over a socket.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use auth_axum::{
    AuthLayer, AuthRejection, Authenticated, Authenticator, CurrentUser, MaybeAuthenticated, Policy,
    RequiredScopes, Scope, Scoped, UserStore,
};
use auth_testing::conformance::AccessRules;
use axum::extract::FromRef;
use axum::http::StatusCode;
use axum::routing::{get, options};
use axum::{Json, Router};
use serde_json::Value;

use self::common::{message, serving};

const ORDERS_READ: Scope = Scope::from_static("orders:read");
const ORDERS_WRITE: Scope = Scope::from_static("orders:write");
const ORDERS_DELETE: Scope = Scope::from_static("orders:delete");

struct ManageOrders;

impl RequiredScopes for ManageOrders {
    const SCOPES: &'static [Scope] = &[ORDERS_READ, ORDERS_WRITE];
}

type Users = dyn UserStore<User = String>;

#[derive(Clone, FromRef)]
struct AppState {
    authenticator: Authenticator,
    users: Arc<Users>,
}

fn app(rules: &AccessRules) -> Router {
    let auth = rules.authenticator();
    let guard = || AuthLayer::new(auth.clone());
    let reading = guard().require(Policy::scope(ORDERS_READ));
    let writing = guard().require(Policy::scope(ORDERS_WRITE));
    let orders = || get(async || message("Orders"));

    let guarded = Router::new()
        .route("/write", get(async || message("Written")).layer(writing))
        .route("/read", orders().post(async |_: String| message("Orders")))
        .route("/hello", get(hello))
        .route("/delete", get(delete))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(reading.clone());
    let policies = AccessRules::policies().into_iter().fold(Router::new(), |router, (path, policy)| {
        router.route(path, get(async || message("Allowed")).layer(guard().require(policy)))
    });
    let own = rules.in_own_words();
    let own = Router::new()
        .route("/own/read", orders().layer(AuthLayer::new(own.clone()).require(Policy::scope(ORDERS_READ))))
        .route("/own/hello", get(admin))
        .with_state(AppState { authenticator: own, users: rules.users() });
    Router::new()
        .nest("/guarded", guarded)
        .route("/optional", get(optional).layer(guard().optional()))
        .route("/optional/required", orders().layer(reading.optional()))
        .route(
            "/preflight",
            orders().merge(options(async || message("Orders"))).layer(guard().allow_cors_preflight()),
        )
        .route(
            "/scoped",
            get(async |user: Scoped<ManageOrders>| message(&format!("Hello {}", user.subject()))),
        )
        .route("/me", get(me))
        .route("/me/guarded", get(me).layer(guard()))
        .merge(policies)
        .with_state(AppState { authenticator: auth.clone(), users: rules.users() })
        .merge(own)
}

async fn hello(user: Authenticated) -> Json<Value> {
    message(&format!("Hello {}", user.subject()))
}

async fn delete(user: Authenticated) -> Result<Json<Value>, AuthRejection> {
    user.require(&Policy::scope(ORDERS_DELETE).or(Policy::role("admin")))?;
    Ok(message("Deleted"))
}

async fn admin(user: Authenticated) -> Result<Json<Value>, AuthRejection> {
    user.require(&Policy::role("admin"))?;
    Ok(message(&format!("Hello {}", user.subject())))
}

async fn optional(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Value> {
    match user {
        Some(user) => message(&format!("Hello {}", user.subject())),
        None => message("Hello, stranger"),
    }
}

async fn me(CurrentUser(one): CurrentUser<Users>, CurrentUser(other): CurrentUser<Users>) -> Json<Value> {
    assert_eq!(one, other);
    message(&format!("Hello {one}"))
}

#[tokio::test]
async fn axum_keeps_the_rules_of_access() {
    let rules = AccessRules::new();
    let app = app(&rules);
    let report = serving(app, move |address| rules.run(address)).await;
    println!("summary: access rules: axum: {report}");
    report.assert_passed();
    assert!(report.passed() >= 200, "{report}");
}
