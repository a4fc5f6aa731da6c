//! The guard as a tower layer: around services that are not axum's, and with verdicts that take their time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use auth_axum::{
    AuthLayer, Authenticated, Authenticator, CurrentUser, MaybeAuthenticated, Policy, Scope, StoreFailure,
    UserLookup, UserStore,
};
use auth_core::{TokenVerifier, VerifiedToken, VerifyError, async_trait};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::FromRef;
use axum::http::{Request, Response, StatusCode};
use axum::routing::get;
use tower_layer::Layer as _;
use tower_service::Service;

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

    fn judge(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match token {
            "good" => VerifiedToken::assert_verified(serde_json::json!({"sub": "alice", "scope": "a"})),
            _ => Err(VerifyError::UnknownToken),
        }
    }
}

#[async_trait]
impl TokenVerifier for Introspection {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        tokio::task::yield_now().await;
        self.judge(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyError>> {
        self.at_once.then(|| self.judge(token))
    }
}

/// The body of another framework.
#[derive(Debug, PartialEq)]
struct Bytewise(Bytes);

impl From<Bytes> for Bytewise {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

/// A service that is no router. It has to be ready before it is called, as tower says.
#[derive(Debug, Default)]
struct Plain {
    ready: bool,
}

/// A clone has not been asked yet whether it is ready.
impl Clone for Plain {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl Service<Request<NeverRead>> for Plain {
    type Response = Response<Bytewise>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<NeverRead>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        ready(Ok(Response::new(Bytewise("inside".into()))))
    }
}

/// A body that is neither `Sync` nor read.
struct NeverRead(#[allow(dead_code, reason = "only there to not be Sync")] Pin<Box<dyn Send>>);

async fn call(
    service: &mut impl Service<Request<NeverRead>, Response = Response<Bytewise>, Error = Infallible>,
    token: &str,
) -> Response<Bytewise> {
    std::future::poll_fn(|context| service.poll_ready(context)).await.unwrap();
    let request = Request::builder().header("authorization", format!("Bearer {token}"));
    service.call(request.body(NeverRead(Box::pin(()))).unwrap()).await.unwrap()
}

#[tokio::test]
async fn any_tower_service_can_be_guarded() {
    for at_once in [true, false] {
        let verifier = Introspection::new(at_once);
        let layer =
            AuthLayer::new(Authenticator::new(verifier)).require(Policy::scope(Scope::from_static("a")));
        let mut service = layer.layer(Plain::default());
        for _ in 0..2 {
            let answer = call(&mut service, "good").await;
            assert_eq!((answer.status(), answer.body()), (StatusCode::OK, &Bytewise("inside".into())));
            let answer = call(&mut service, "bad").await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(answer.headers().get("www-authenticate").unwrap(), r#"Bearer error="invalid_token""#);
            assert!(answer.body().0.starts_with(b"{"));
        }
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
