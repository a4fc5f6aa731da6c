//! What turns a refusal into something else. None of it may stand around an extractor that is to protect a route; the
//! docs of `Authenticated` say so.

#![allow(missing_docs, reason = "a test")]

use actix_web::test::{TestRequest, init_service, read_body, try_call_service};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, Either};
use auth_actix::{
    AuthMiddleware, AuthRejection, Authenticated, BearerToken, CurrentUser, RequiredScopes, Scope, Scoped,
    StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait,
};
use auth_core::Algorithm;
use auth_testing::TestIssuer;

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

const PATHS: [&str; 6] = ["/option", "/result", "/either", "/scoped", "/current", "/converted"];

fn routes(config: &mut ServiceConfig) {
    config
        .app_data(Data::new(Users))
        .route("/plain", web::get().to(async |_: Authenticated| "user"))
        .route("/option", web::get().to(async |user: Option<Authenticated>| name(user.is_some())))
        .route(
            "/result",
            web::get().to(async |user: Result<Authenticated, AuthRejection>| name(user.is_ok())),
        )
        .route(
            "/converted",
            web::get().to(async |user: Result<Authenticated, actix_web::Error>| name(user.is_ok())),
        )
        .route("/either", web::get().to(async |user: Either<Authenticated, ()>| is_left(&user)))
        .route("/scoped", web::get().to(async |user: Either<Scoped<Read>, ()>| is_left(&user)))
        .route("/current", web::get().to(async |user: Either<CurrentUser<Users>, ()>| is_left(&user)))
        .route("/both", web::get().to(async |_: Either<Authenticated, BearerToken>| "either"));
}

fn name(is_user: bool) -> &'static str {
    if is_user { "user" } else { "anybody" }
}

fn is_left<A, B>(either: &Either<A, B>) -> &'static str {
    name(matches!(either, Either::Left(_)))
}

fn request(path: &str, token: &str) -> TestRequest {
    TestRequest::get().uri(path).insert_header(("authorization", format!("Bearer {token}")))
}

#[actix_web::test]
async fn these_combinators_serve_a_bad_token_as_something_else() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let app = init_service(App::new().app_data(issuer.authenticator()).configure(routes)).await;
    let ask = async |path: &str, token: &str| match try_call_service(&app, request(path, token).to_request())
        .await
    {
        Ok(response) => (response.status().as_u16(), read_body(response).await),
        Err(error) => (error.as_response_error().status_code().as_u16(), web::Bytes::new()),
    };
    let (good, expired) =
        (issuer.token("alice").scope("read").sign(), issuer.token("alice").claim_at("exp", -3600).sign());
    assert_eq!(ask("/plain", &expired).await.0, 401);
    for path in PATHS {
        for bad in [&*expired, "not.a.token"] {
            assert_eq!(ask(path, bad).await, (200, "anybody".into()), "{path}");
        }
        let expected = if path == "/current" { "anybody" } else { "user" };
        assert_eq!(ask(path, &good).await, (200, expected.into()), "{path}");
    }
    let narrow = issuer.token("alice").sign();
    assert_eq!(ask("/scoped", &narrow).await, (200, "anybody".into()), "not 403");
    assert_eq!(ask("/both", &expired).await, (200, "either".into()), "the second extractor takes any token");
}

/// A guard refuses before any extractor is asked.
#[actix_web::test]
async fn within_a_guard_they_do_not() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let guarded = web::scope("").wrap(AuthMiddleware::new(issuer.authenticator())).configure(routes);
    let app = init_service(App::new().app_data(issuer.authenticator()).service(guarded)).await;
    let expired = issuer.token("alice").claim_at("exp", -3600).sign();
    for path in PATHS.into_iter().chain(["/plain", "/both"]) {
        let status = match try_call_service(&app, request(path, &expired).to_request()).await {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        assert_eq!(status.as_u16(), 401, "{path}");
    }
}
