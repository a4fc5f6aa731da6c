//! The document probe on both frameworks: green while each route is guarded as documented, and red as soon as one guard
//! is taken away.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;

use auth_axum::{AuthLayer, Authenticated, Policy};
use auth_core::{Authenticator, Scope};
use auth_testing::{OpenApiProbe, ProbeReport, TestIssuer};
use auth_utoipa::SecurityDocs;
use utoipa::OpenApi;

const READ: Scope = Scope::from_static("orders:read");

#[utoipa::path(get, path = "/me", responses((status = 200, description = "Me")), security(("oauth2" = [])))]
async fn me(user: Authenticated) -> String {
    user.subject().to_owned()
}

#[utoipa::path(
    get,
    path = "/orders/{id}",
    params(("id" = String, Path)),
    responses((status = 200, description = "An order")),
    security(("oauth2" = [READ]))
)]
async fn order() -> &'static str {
    "tea"
}

#[derive(OpenApi)]
#[openapi(paths(me, order))]
struct Document;

/// Which guard somebody has forgotten.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Forgotten {
    Nothing,
    /// The extractor of `/me`.
    Extractor,
    /// The guard around `/orders`.
    Guard,
    /// The scope that the guard demands.
    Scope,
}

fn policies(forgotten: Forgotten) -> Option<Vec<Policy>> {
    match forgotten {
        Forgotten::Guard => None,
        Forgotten::Scope => Some(vec![]),
        Forgotten::Nothing | Forgotten::Extractor => Some(vec![Policy::scope(READ)]),
    }
}

fn axum(authenticator: Authenticator, forgotten: Forgotten) -> SocketAddr {
    use axum::Router;
    use axum::routing::get;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let orders = Router::new().route("/{id}", get(order));
        let orders = match policies(forgotten) {
            Some(policies) => {
                let guard = AuthLayer::new(authenticator.clone());
                orders.layer(policies.into_iter().fold(guard, AuthLayer::require))
            }
            None => orders,
        };
        let me = if forgotten == Forgotten::Extractor { get(async || "anyone") } else { get(me) };
        let app = Router::new().route("/me", me).nest("/orders", orders).with_state(authenticator);
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            listener.set_nonblocking(true).unwrap();
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
        });
    });
    address
}

fn actix(authenticator: Authenticator, forgotten: Forgotten) -> SocketAddr {
    use actix_web::{App, HttpServer, web};
    use auth_actix::{AuthMiddleware, Authenticated};
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let app = move || {
                let orders = web::scope("/orders").route("/{id}", web::get().to(order));
                let me = if forgotten == Forgotten::Extractor {
                    web::get().to(async || "anyone")
                } else {
                    web::get().to(async |user: Authenticated| user.subject().to_owned())
                };
                let app = App::new().app_data(authenticator.clone()).route("/me", me);
                match policies(forgotten) {
                    Some(policies) => {
                        let guard = AuthMiddleware::new(authenticator.clone());
                        app.service(orders.wrap(policies.into_iter().fold(guard, AuthMiddleware::require)))
                    }
                    None => app.service(orders),
                }
            };
            let server = HttpServer::new(app).workers(1).bind("127.0.0.1:0").unwrap();
            send.send(server.addrs()[0]).unwrap();
            server.run().await.unwrap();
        });
    });
    receive.recv().unwrap()
}

#[test]
fn a_guard_that_is_taken_away_is_missed() {
    let issuer = TestIssuer::default();
    let authenticator = issuer.authenticator();
    let docs = SecurityDocs::new(&authenticator).password("oauth2", "token").scope(READ, "Read orders");
    let document = docs.apply(Document::openapi()).unwrap();
    let probe = |address| -> ProbeReport {
        let token = |scopes: &[&str]| issuer.token("alice").scope(&scopes.join(" ")).sign();
        OpenApiProbe::new(&document, token).run(address)
    };
    for serve in [axum, actix] {
        let report = |forgotten| probe(serve(authenticator.clone(), forgotten));
        report(Forgotten::Nothing).assert_passed();
        for (forgotten, failures) in [
            (
                Forgotten::Extractor,
                [
                    "GET /me without a token: must be answered 401, is answered 200",
                    "GET /me with what is no token: must be answered 401, is answered 200",
                    "GET /me with a token whose signature was changed: must be answered 401, is answered 200",
                ]
                .as_slice(),
            ),
            (
                Forgotten::Guard,
                &[
                    "GET /orders/{id} without a token: must be answered 401, is answered 200",
                    "GET /orders/{id} with what is no token: must be answered 401, is answered 200",
                    "GET /orders/{id} with a token whose signature was changed: must be answered 401, is answered 200",
                    "GET /orders/{id} with a token for scopes []: must be answered 403, is answered 200",
                ],
            ),
            (
                Forgotten::Scope,
                &["GET /orders/{id} with a token for scopes []: must be answered 403, is answered 200"],
            ),
        ] {
            assert_eq!(report(forgotten).failures(), failures, "{forgotten:?}");
        }
    }
    println!("summary: document probe: 3 guards taken away on 2 frameworks, each missed");
}
