//! Guards, policies and users on actix-web, over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod common;

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, ServiceConfig};
use auth_actix::{
    AuthMiddleware, AuthRejection, Authenticated, CurrentUser, MaybeAuthenticated, Policy, RequiredScopes,
    Scope, Scoped, UserStore,
};
use auth_testing::conformance::AccessRules;
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

fn app(rules: &AccessRules) -> impl Fn(&mut ServiceConfig) + Clone + Send + 'static {
    let (auth, own, users) = (rules.authenticator(), rules.in_own_words(), rules.users());
    move |config: &mut ServiceConfig| {
        let guard = || AuthMiddleware::new(auth.clone());
        let reading = guard().require(Policy::scope(ORDERS_READ));
        let writing = guard().require(Policy::scope(ORDERS_WRITE));
        let orders = async || message("Orders");

        let written = web::resource("/write").wrap(writing).get(async || message("Written"));
        let read = web::resource("/read").get(orders).post(async |_: String| message("Orders"));
        let guarded = web::scope("/guarded")
            .wrap(reading.clone())
            .service(written)
            .service(read)
            .route("/hello", web::get().to(hello))
            .route("/delete", web::get().to(delete))
            .default_service(web::to(HttpResponse::NotFound));
        for (path, policy) in AccessRules::policies() {
            let guard = guard().require(policy);
            config.service(web::resource(path).wrap(guard).get(async || message("Allowed")));
        }
        let of_own = AuthMiddleware::new(own.clone()).require(Policy::scope(ORDERS_READ));
        let own = web::scope("/own")
            .app_data(own.clone())
            .service(web::resource("/read").wrap(of_own).get(orders))
            .route("/hello", web::get().to(admin));
        let hello_scoped = async |user: Scoped<ManageOrders>| message(&format!("Hello {}", user.subject()));
        config
            .app_data(auth.clone())
            .app_data(Data::from(users.clone()))
            .service(guarded)
            .service(web::resource("/optional").wrap(guard().optional()).get(optional))
            .service(web::resource("/optional/required").wrap(reading.optional()).get(orders))
            .service(
                web::resource("/preflight")
                    .wrap(guard().allow_cors_preflight())
                    .get(orders)
                    .route(web::method(actix_web::http::Method::OPTIONS).to(orders)),
            )
            .route("/scoped", web::get().to(hello_scoped))
            .route("/me", web::get().to(me))
            .service(web::resource("/me/guarded").wrap(guard()).get(me))
            .service(own);
    }
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

#[actix_web::test]
async fn actix_keeps_the_rules_of_access() {
    let rules = AccessRules::new();
    let report = serving(app(&rules), move |address| rules.run(address)).await;
    println!("summary: access rules: actix: {report}");
    report.assert_passed();
    assert!(report.passed() >= 200, "{report}");
}
