//! What turns a refusal into something else. None of it may stand around an extractor that is to protect a route; the
//! docs of `Authenticated` say so.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use auth_axum::{AuthLayer, Authenticated, Authenticator, CurrentUser, Scoped};
use auth_axum::{
    AuthRejection, RequiredScopes, Scope, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait,
};
use auth_core::Algorithm;
use auth_testing::TestIssuer;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRef, Request};
use axum::routing::get;
use axum_extra::either::Either;
use axum_extra::handler::HandlerCallWithExtractors as _;
use std::sync::Arc;
use tower::ServiceExt as _;

struct Read;

impl RequiredScopes for Read {
    const SCOPES: &'static [Scope] = &[Scope::from_static("read")];
}

/// Nobody is active.
struct Users;

#[async_trait]
impl UserStore for Users {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        Ok(UserLookup::Inactive)
    }
}

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    users: Arc<Users>,
}

async fn user(_: Authenticated) -> &'static str {
    "user"
}

async fn anybody() -> &'static str {
    "anybody"
}

fn routes() -> Router<AppState> {
    Router::new()
        .route("/plain", get(user))
        .route(
            "/result",
            get(
                async |user: Result<Authenticated, AuthRejection>| {
                    if user.is_ok() { "user" } else { "anybody" }
                },
            ),
        )
        .route("/either", get(async |user: Either<Authenticated, ()>| is_first(&user)))
        .route("/scoped", get(async |user: Either<Scoped<Read>, ()>| is_first(&user)))
        .route("/current", get(async |user: Either<CurrentUser<Users>, ()>| is_first(&user)))
        .route("/or", get(user.or(anybody)))
}

fn is_first<A, B>(either: &Either<A, B>) -> &'static str {
    if matches!(either, Either::E1(_)) { "user" } else { "anybody" }
}

async fn ask(app: &Router, path: &str, token: &str) -> (u16, String) {
    let request = Request::get(path).header("authorization", format!("Bearer {token}"));
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn these_combinators_serve_a_bad_token_as_something_else() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let auth = issuer.authenticator();
    let app = routes().with_state(AppState { auth: auth.clone(), users: Arc::new(Users) });
    let (good, expired) =
        (issuer.token("alice").scope("read").sign(), issuer.token("alice").claim_at("exp", -3600).sign());
    assert_eq!(ask(&app, "/plain", &expired).await.0, 401);
    for path in ["/result", "/either", "/scoped", "/current", "/or"] {
        for bad in [&*expired, "not.a.token"] {
            assert_eq!(ask(&app, path, bad).await, (200, "anybody".to_owned()), "{path}");
        }
        let expected = if path == "/current" { "anybody" } else { "user" };
        assert_eq!(ask(&app, path, &good).await, (200, expected.to_owned()), "{path}");
    }
    let narrow = issuer.token("alice").sign();
    assert_eq!(ask(&app, "/scoped", &narrow).await, (200, "anybody".to_owned()), "not 403");
}

/// A guard refuses before any extractor is asked.
#[tokio::test]
async fn within_a_guard_they_do_not() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let auth = issuer.authenticator();
    let state = AppState { auth: auth.clone(), users: Arc::new(Users) };
    let app = routes().layer(AuthLayer::new(auth)).with_state(state);
    let expired = issuer.token("alice").claim_at("exp", -3600).sign();
    for path in ["/plain", "/result", "/either", "/scoped", "/current", "/or"] {
        assert_eq!(ask(&app, path, &expired).await.0, 401, "{path}");
    }
}
