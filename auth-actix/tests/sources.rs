//! Credentials from elsewhere than the Authorization field, on actix-web, over a socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

mod common;

use actix_web::web::{self, Json, ServiceConfig};
use auth_actix::{AuthMiddleware, Authenticated, BearerToken, MaybeAuthenticated, Policy, Scope};
use auth_testing::conformance::OtherSources;
use serde_json::Value;

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

#[actix_web::test]
async fn actix_takes_credentials_from_where_it_is_told() {
    let sources = OtherSources::new();
    let authenticators = sources.authenticators();
    let app = move |config: &mut ServiceConfig| {
        for (path, authenticator) in authenticators.clone() {
            let guard = AuthMiddleware::new(authenticator.clone()).require(Policy::scope(ORDERS_READ));
            let guarded = web::resource("/guarded").wrap(guard).get(hello).post(hello);
            config.service(
                web::scope(path)
                    .app_data(authenticator)
                    .service(guarded)
                    .service(web::resource("/hello").get(hello).post(hello))
                    .service(web::resource("/optional").get(optional).post(optional))
                    .service(web::resource("/raw").get(raw).post(raw)),
            );
        }
    };
    let report = serving(app, move |address| sources.run(address)).await;
    println!("summary: conformance: actix, other sources: {report}");
    report.assert_passed();
    assert!(report.passed() >= 200, "{report}");
}
