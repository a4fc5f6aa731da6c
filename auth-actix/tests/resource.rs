//! What a server on actix-web tells clients about itself, over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod common;

use actix_web::web::{self, ServiceConfig};
use auth_actix::{AuthMiddleware, Authenticated, Policy, Scope, metadata};
use auth_testing::conformance::DescribedResource;

use self::common::{message, serving};

#[actix_web::test]
async fn actix_tells_clients_where_to_get_tokens() {
    let described = DescribedResource::new();
    let (auth, resource, logins) = (described.authenticator(), described.resource(), described.logins());
    let app = move |config: &mut ServiceConfig| {
        let scope = |name| Policy::scope(Scope::from_static(name));
        let guard = |policy| AuthMiddleware::new(auth.clone()).require(policy);
        let write = web::resource("/write")
            .wrap(guard(scope("orders:write")))
            .route(web::get().to(async || message("Written")));
        let both = logins.iter().find(|(path, _)| *path == "/login/both").unwrap().1.clone();
        let login = move |user: Authenticated| {
            let allowed = user.require(&both);
            async move { allowed.map(|()| message("Allowed")) }
        };
        let mcp = web::scope("/mcp")
            .wrap(guard(scope("orders:read")))
            .route("/login", web::get().to(login))
            .route("/read", web::get().to(async || message("Orders")))
            .service(write);
        let both = web::resource("/both")
            .wrap(guard(scope("orders:read")).require(scope("orders:write")))
            .route(web::get().to(async || message("Both")));
        let admin = web::resource("/admin")
            .wrap(guard(Policy::role("admin")))
            .route(web::get().to(async || message("Administered")));
        for (path, policy) in logins.clone() {
            let allowed = web::get().to(async || message("Allowed"));
            config.service(web::resource(path).wrap(guard(policy)).route(allowed));
        }
        let hello = async |user: Authenticated| message(&format!("Hello {}", user.subject()));
        config
            .app_data(auth.clone())
            .configure(metadata(&resource))
            .service(mcp)
            .service(both)
            .service(admin)
            .route("/hello", web::get().to(hello));
    };
    let report = serving(app, move |address| described.run(address)).await;
    println!("summary: conformance: actix, protected resource: {report}");
    report.assert_passed();
    assert!(report.passed() >= 97, "{report}");
}
