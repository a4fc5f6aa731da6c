//! The guard among other middlewares, and with verdicts that take their time.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::{Payload, Service as _};
use actix_web::middleware::DefaultHeaders;
use actix_web::rt::task::yield_now;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, FromRequest, HttpRequest, web};
use auth_actix::{
    AuthMiddleware, Authenticated, Authenticator, CurrentUser, MaybeAuthenticated, StoreFailure, UserLookup,
    UserStore,
};
use auth_core::{TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait};

/// Accepts `good`, at once or after a while; counts.
#[derive(Clone)]
struct Introspection {
    asked: Arc<AtomicUsize>,
    waits: bool,
}

impl Default for Introspection {
    fn default() -> Self {
        Self { asked: Arc::default(), waits: true }
    }
}

impl Introspection {
    fn answer(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match token {
            "good" => Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": "alice"}))?),
            _ => Err(VerifyError::UnknownToken.into()),
        }
    }
}

#[async_trait]
impl TokenVerifier for Introspection {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        yield_now().await;
        self.answer(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        (!self.waits).then(|| self.answer(token))
    }
}

struct Db(Arc<AtomicUsize>);

#[async_trait]
impl UserStore for Db {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        self.0.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
        Ok(UserLookup::Active(()))
    }
}

#[actix_web::test]
async fn a_verdict_and_a_user_are_waited_for_once() {
    let verifier = Introspection::default();
    let (asked, loaded) = (verifier.asked.clone(), Arc::new(AtomicUsize::new(0)));
    let authenticator = Authenticator::new(verifier);
    let handler = async |user: Authenticated,
                         _: MaybeAuthenticated,
                         _: CurrentUser<Db>,
                         _: CurrentUser<Db>| { user.subject().to_owned() };
    let guard = AuthMiddleware::new(authenticator.clone());
    let app = App::new()
        .app_data(authenticator)
        .app_data(web::Data::new(Db(loaded.clone())))
        .service(web::resource("/guarded").wrap(guard.clone()).wrap(guard).get(handler))
        .route("/open", web::get().to(handler));
    let app = init_service(app).await;
    for target in ["/guarded", "/open"] {
        for (token, status) in [("good", 200), ("bad", 401)] {
            let request =
                TestRequest::with_uri(target).insert_header(("authorization", format!("Bearer {token}")));
            let answer = app.call(request.to_request()).await.unwrap();
            assert_eq!(answer.status(), status, "{target} {token}");
            let (asked, loaded) = (asked.swap(0, Ordering::Relaxed), loaded.swap(0, Ordering::Relaxed));
            assert_eq!(loaded, usize::from(token == "good"), "{target} {token}");
            assert_eq!(asked, 1, "{target} {token}");
        }
    }
}

/// As an application's own extractor may.
struct HoldsOn;

impl FromRequest for HoldsOn {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    #[allow(clippy::await_holding_refcell_ref, reason = "clippy advises against what is tried here")]
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let info = request.connection_info();
            for _ in 0..10 {
                yield_now().await;
            }
            drop(info);
            Ok(Self)
        })
    }
}

#[actix_web::test]
async fn another_extractor_may_hold_on_to_what_it_reads_in_the_request() {
    let handler = async |_: HoldsOn,
                         user: Authenticated,
                         _: HoldsOn,
                         _: CurrentUser<Db>,
                         _: MaybeAuthenticated,
                         _: HoldsOn| { user.subject().to_owned() };
    for waits in [true, false] {
        let verifier = Introspection { waits, ..Introspection::default() };
        let asked = verifier.asked.clone();
        let app = App::new()
            .app_data(Authenticator::new(verifier))
            .app_data(web::Data::new(Db(Arc::default())))
            .route("/", web::get().to(handler));
        let app = init_service(app).await;
        let request = TestRequest::default().insert_header(("authorization", "Bearer good"));
        let answer = app.call(request.to_request()).await.unwrap();
        assert_eq!(answer.status(), 200, "waits: {waits}");
        assert_eq!(asked.load(Ordering::Relaxed), 1, "waits: {waits}");
    }
}

/// As CORS does, which has to reach refusals, too.
#[actix_web::test]
async fn what_middlewares_around_add_to_answers_they_add_to_refusals() {
    let guard = || AuthMiddleware::new(Authenticator::new(Introspection::default()));
    let header = || DefaultHeaders::new().add(("access-control-allow-origin", "*"));
    let app = App::new().service(web::resource("/").wrap(guard()).wrap(header()).get(async || "inside"));
    let app = init_service(app).await;
    for (token, status) in [(Some("good"), 200), (Some("bad"), 401), (None, 401)] {
        let mut request = TestRequest::default();
        if let Some(token) = token {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        let answer = app.call(request.to_request()).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().get("access-control-allow-origin").unwrap(), "*");
    }
}

#[actix_web::test]
async fn a_forgotten_store_is_a_500() {
    let authenticator = Authenticator::new(Introspection::default());
    let handler = async |_: CurrentUser<Db>| "inside";
    let app = init_service(App::new().app_data(authenticator).route("/", web::get().to(handler))).await;
    let request = TestRequest::default().insert_header(("authorization", "Bearer good"));
    assert_eq!(app.call(request.to_request()).await.unwrap().status(), 500);
}
