//! The guard as a layer of axum: among other layers, and with verdicts that take their time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_axum::{
    AuthLayer, Authenticated, Authenticator, CurrentUser, MaybeAuthenticated, StoreFailure, UserLookup,
    UserStore,
};
use auth_core::{TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait};
use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::trace::TraceLayer;
use tower_service::Service as _;

/// Accepts `good`, at once or after having been asked twice; counts.
#[derive(Clone)]
struct Introspection {
    asked: Arc<AtomicUsize>,
    at_once: bool,
}

impl Introspection {
    fn new(at_once: bool) -> Self {
        Self { asked: Arc::default(), at_once }
    }

    fn judge(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match token {
            "good" => Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": "alice", "scope": "a"}))?),
            _ => Err(VerifyError::UnknownToken.into()),
        }
    }
}

#[async_trait]
impl TokenVerifier for Introspection {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        tokio::task::yield_now().await;
        self.judge(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        self.at_once.then(|| self.judge(token))
    }
}

struct Db;

#[async_trait]
impl UserStore for Db {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        Ok(UserLookup::Active(()))
    }
}

#[derive(Clone, FromRef)]
struct AppState {
    authenticator: Authenticator,
    db: Arc<Db>,
}

#[tokio::test]
async fn a_verdict_is_waited_for_once_per_request() {
    let verifier = Introspection::new(false);
    let asked = verifier.asked.clone();
    let authenticator = Authenticator::new(verifier);
    let handler =
        get(async |user: Authenticated, _: MaybeAuthenticated, _: CurrentUser<Db>, _: CurrentUser<Db>| {
            user.subject().to_owned()
        });
    let guard = AuthLayer::new(authenticator.clone());
    let state = AppState { authenticator, db: Arc::new(Db) };
    let mut app = Router::new()
        .route("/guarded", handler.clone())
        .layer(guard.clone())
        .layer(guard)
        .route("/open", handler)
        .with_state(state);
    for target in ["/guarded", "/open"] {
        for (token, status) in [("good", StatusCode::OK), ("bad", StatusCode::UNAUTHORIZED)] {
            let request = Request::get(target).header("authorization", format!("Bearer {token}"));
            let answer = app.call(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status, "{target} {token}");
            assert_eq!(asked.swap(0, Ordering::Relaxed), 1, "{target} {token}");
        }
    }
}

/// Layers that change the body's type, inside and outside of the guard; the refusal's bytes are the same.
#[tokio::test]
async fn it_goes_with_other_layers_in_any_order() {
    let guard = || AuthLayer::new(Authenticator::new(Introspection::new(true)));
    let app = || Router::new().route("/", get(|| async { "inside" }));
    let mut refusals = Vec::new();
    for mut app in [
        app().layer(guard()),
        app().layer(ServiceBuilder::new().layer(guard()).layer(CompressionLayer::new())),
        app().layer(ServiceBuilder::new().layer(CompressionLayer::new()).layer(guard())),
        app().layer(ServiceBuilder::new().layer(guard()).layer(TraceLayer::new_for_http())),
        app().layer(ServiceBuilder::new().layer(TraceLayer::new_for_http()).layer(guard())),
        app().layer(ServiceBuilder::new().layer(guard()).layer(RequestBodyLimitLayer::new(4096))),
        app().layer(ServiceBuilder::new().layer(RequestBodyLimitLayer::new(4096)).layer(guard())),
        app().layer(
            ServiceBuilder::new()
                .layer(TraceLayer::new_for_http())
                .layer(guard())
                .layer(CompressionLayer::new())
                .layer(guard())
                .layer(RequestBodyLimitLayer::new(4096)),
        ),
    ] {
        for (token, status) in [("good", StatusCode::OK), ("bad", StatusCode::UNAUTHORIZED)] {
            let request = Request::get("/").header("authorization", format!("Bearer {token}"));
            let answer = app.call(request.body(Body::empty()).unwrap()).await.unwrap();
            assert_eq!(answer.status(), status);
            let challenge = answer.headers().get("www-authenticate").cloned();
            let body = axum::body::to_bytes(answer.into_body(), 4096).await.unwrap();
            match status {
                StatusCode::OK => assert_eq!(body, "inside"),
                _ => refusals.push((challenge, body)),
            }
        }
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:?}");
    assert!(refusals.len() == 8 && refusals[0].1.starts_with(b"{\"type\""));
}
