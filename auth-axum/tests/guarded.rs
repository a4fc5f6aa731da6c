//! Extractors that need no state: what the guard around has found.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_axum::{
    AuthLayer, AuthRejection, Authenticated, Authenticator, BearerToken, CurrentUser, Guarded,
    MaybeAuthenticated, Policy, RejectionBody, RequiredScopes, Scope, Scoped, StoreFailure, TokenVerifier,
    UserLookup, UserStore, VerifiedToken, VerifyError, VerifyFailure, async_trait,
};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use tower_service::Service as _;

/// Accepts what begins with `good`; counts.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

#[async_trait]
impl TokenVerifier for Counting {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if !token.starts_with("good") {
            return Err(VerifyError::UnknownToken.into());
        }
        Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": token, "scope": "a"}))?)
    }
}

struct A;

impl RequiredScopes for A {
    const SCOPES: &'static [Scope] = &[Scope::from_static("a")];
}

struct B;

impl RequiredScopes for B {
    const SCOPES: &'static [Scope] = &[Scope::from_static("b")];
}

struct Db;

#[async_trait]
impl UserStore for Db {
    type User = String;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<String>, StoreFailure> {
        Ok(UserLookup::Active(format!("user {}", token.subject())))
    }
}

/// A state that knows nothing of authentication.
#[derive(Clone)]
struct Foreign;

fn routes() -> Router<Foreign> {
    Router::new()
        .route("/user", get(async |Guarded(user): Guarded<Authenticated>| user.subject().to_owned()))
        .route(
            "/maybe",
            get(async |Guarded(MaybeAuthenticated(user)): Guarded<MaybeAuthenticated>| {
                user.map_or("nobody".to_owned(), |user| user.subject().to_owned())
            }),
        )
        .route("/a", get(async |Guarded(user): Guarded<Scoped<A>>| user.subject().to_owned()))
        .route("/b", get(async |Guarded(user): Guarded<Scoped<B>>| user.subject().to_owned()))
        .route("/token", get(async |Guarded(token): Guarded<BearerToken>| token.as_str().to_owned()))
        .route("/db", get(async |Guarded(CurrentUser(user)): Guarded<CurrentUser<Db>>| user))
        .route(
            "/require",
            get(async |Guarded(user): Guarded<Authenticated>| {
                user.require(&Policy::scope(Scope::from_static("b")))?;
                Ok::<_, AuthRejection>("in")
            }),
        )
}

async fn answer(app: &Router, path: &str, token: Option<&str>) -> (StatusCode, String, Bytes) {
    let mut request = Request::get(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = app.clone().call(request.body(Body::empty()).unwrap()).await.unwrap();
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
    let status = answer.status();
    (status, challenge.unwrap_or_default(), to_bytes(answer.into_body(), 4096).await.unwrap())
}

const PATHS: [&str; 7] = ["/user", "/maybe", "/a", "/b", "/token", "/db", "/require"];

#[tokio::test]
async fn a_guard_is_all_that_they_need() {
    let verifier = Counting::default();
    let asked = verifier.0.clone();
    let auth = Authenticator::new(verifier);
    let app = routes().layer(Extension(Arc::new(Db))).layer(AuthLayer::new(auth.clone())).with_state(Foreign);
    for (path, body) in
        [("/user", "good1"), ("/maybe", "good1"), ("/a", "good1"), ("/token", "good1"), ("/db", "user good1")]
    {
        assert_eq!(answer(&app, path, Some("good1")).await, (StatusCode::OK, String::new(), body.into()));
        assert_eq!(asked.swap(0, Ordering::Relaxed), 1, "{path}: verified once");
    }
    for path in ["/b", "/require"] {
        let (status, challenge, _) = answer(&app, path, Some("good1")).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(challenge, r#"Bearer error="insufficient_scope", scope="b""#, "{path}");
    }
    for path in PATHS {
        assert_eq!(answer(&app, path, Some("bad")).await.0, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer(&app, path, None).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }

    let app = routes().layer(AuthLayer::new(auth).optional()).with_state(Foreign);
    assert_eq!(answer(&app, "/maybe", None).await.2, "nobody");
    let (status, challenge, _) = answer(&app, "/user", None).await;
    assert_eq!((status, challenge.as_str()), (StatusCode::UNAUTHORIZED, "Bearer"));
    assert_eq!(answer(&app, "/db", Some("good1")).await.0, StatusCode::INTERNAL_SERVER_ERROR, "no store");
}

#[tokio::test]
async fn without_a_guard_nobody_is_let_in() {
    let auth = Authenticator::new(Counting::default());
    let unguarded = routes().with_state(Foreign);
    // A layer inside of the guard that puts another token in.
    let swap = from_fn(async |mut request: axum::extract::Request, next: Next| -> Response {
        request.headers_mut().insert("authorization", HeaderValue::from_static("Bearer good2"));
        next.run(request).await
    });
    let swapped = routes().layer(swap.clone()).layer(AuthLayer::new(auth.clone())).with_state(Foreign);
    let brought = routes().layer(swap).layer(AuthLayer::new(auth).optional()).with_state(Foreign);
    for path in PATHS {
        for (app, token) in [(&unguarded, Some("good1")), (&unguarded, None), (&swapped, Some("good1"))] {
            let (status, challenge, body) = answer(app, path, token).await;
            assert_eq!((status, challenge.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, ""), "{path}");
            assert!(!body.starts_with(b"good"), "{path}");
        }
        assert_eq!(answer(&brought, path, None).await.0, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
    }
}

/// The same bytes as in the test of this name for actix-web.
#[tokio::test]
async fn a_body_can_name_the_path() {
    let auth = Authenticator::new(Counting::default()).with_rejection_body(|refusal| {
        RejectionBody::json(&serde_json::json!({"detail": refusal.detail(), "instance": refusal.path()}))
    });
    let app = Router::new().route("/orders/{id}", get(async |_: Authenticated| "in")).with_state(auth);
    let (_, _, body) = answer(&app, "/orders/a%20b?page=2", None).await;
    assert_eq!(body, r#"{"detail":"Not authenticated","instance":"/orders/a%20b"}"#);
    let (_, _, body) = answer(&app, "/orders/7", Some("bad")).await;
    assert_eq!(body, r#"{"detail":"Could not validate credentials","instance":"/orders/7"}"#);
}
