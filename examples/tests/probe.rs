//! The document probe on both frameworks: green while each route is guarded as documented, and red as soon as one guard
//! is taken away.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

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

#[utoipa::path(
    get,
    path = "/payments",
    responses((status = 200, description = "Payments")),
    security(("oauth2" = [READ]))
)]
async fn payments() -> &'static str {
    "none yet"
}

#[derive(OpenApi)]
#[openapi(paths(me, order, payments))]
struct Document;

fn login() -> Policy {
    Policy::acr(["phrh", "phr"]).unwrap().and(Policy::authenticated_within(Duration::from_secs(300)))
}

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
    /// The login that the guard around `/payments` demands.
    Login,
}

fn policies(forgotten: Forgotten) -> Option<Vec<Policy>> {
    match forgotten {
        Forgotten::Guard => None,
        Forgotten::Scope => Some(vec![]),
        Forgotten::Nothing | Forgotten::Extractor | Forgotten::Login => Some(vec![Policy::scope(READ)]),
    }
}

/// What the guard around `/payments` demands.
fn of_payments(forgotten: Forgotten) -> Policy {
    let read = Policy::scope(READ);
    if forgotten == Forgotten::Login { read } else { read.and(login()) }
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
        let guard = AuthLayer::new(authenticator.clone()).require(of_payments(forgotten));
        let app = Router::new().route("/me", me).nest("/orders", orders);
        let app = app.route("/payments", get(payments).layer(guard)).with_state(authenticator);
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
                let guard = AuthMiddleware::new(authenticator.clone()).require(of_payments(forgotten));
                let payments = web::resource("/payments").wrap(guard).route(web::get().to(payments));
                let app = App::new().app_data(authenticator.clone()).route("/me", me).service(payments);
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

/// What the probe sends to a route that demands a token, beside good ones.
const BAD_TOKENS: [&str; 26] = [
    "with what is no token",
    "with a token without a signature",
    "with a token without a signature and its dot",
    "with a token whose signature was changed",
    "with a token of alg \"none\" and no signature",
    "with a token of alg \"none\" and the old signature",
    "with a token of alg \"None\" and no signature",
    "with a token of alg \"None\" and the old signature",
    "with a token of alg \"nOnE\" and no signature",
    "with a token of alg \"nOnE\" and the old signature",
    "with a token of alg \"NONE\" and no signature",
    "with a token of alg \"NONE\" and the old signature",
    "with a token of nothing but alg \"none\" in its header and no signature",
    "with a token of nothing but alg \"none\" in its header and the old signature",
    "with a token whose header was written otherwise",
    "with a token whose header was given another typ",
    "with a token whose header was added to",
    "with a token whose claims were written otherwise",
    "with a token whose claims were added to",
    "with a token that must be refused, \"an ID token\"",
    "with a token that has expired",
    "with a token that is not valid yet",
    "with a token for another audience",
    "with a token of another issuer",
    "with a token signed by another key",
    "with a token in the query",
];

/// And to one that demands the scope `orders:read`.
const TOO_LITTLE: [&str; 6] = [
    "with a token for scopes []",
    r#"with a token for scopes ["ORDERS:READ"]"#,
    r#"with a token for scopes ["noorders:read"]"#,
    r#"with a token for scopes ["noorders:read", "orders:readx", "ORDERS:READ", "orders:rea"]"#,
    r#"with a token for scopes ["orders:rea"]"#,
    r#"with a token for scopes ["orders:readx"]"#,
];

/// And to one that demands a login.
const OTHER_LOGINS: [&str; 4] = [
    "with a token that tells no login",
    "with a token of another login",
    "with a token of all logins in one",
    "with a token of a login too long ago",
];

#[test]
fn a_guard_that_is_taken_away_is_missed() {
    let issuer = TestIssuer::default();
    let authenticator = issuer.authenticator();
    let docs = SecurityDocs::new(&authenticator).password("oauth2", "token").scope(READ, "Read orders");
    let docs = docs.step_up("GET", "/payments", &Policy::scope(READ).and(login()));
    let document = docs.apply(Document::openapi()).unwrap();
    let probe = |address| -> ProbeReport {
        let token = |scopes: &[&str]| issuer.token("alice").scope(&scopes.join(" "));
        OpenApiProbe::new(&document, |scopes| token(scopes).sign())
            .logged_in(|scopes, acr, seconds_ago| {
                let token = token(scopes).claim_at("auth_time", -i64::try_from(seconds_ago).unwrap());
                acr.into_iter().fold(token, |token, acr| token.claim("acr", acr)).sign()
            })
            .must_refuse_bad_tokens_of(&issuer)
            .must_refuse("an ID token", issuer.token("alice").claim("aud", "web").sign())
            .run(address)
    };
    for serve in [axum, actix] {
        let report = |forgotten| probe(serve(authenticator.clone(), forgotten));
        report(Forgotten::Nothing).assert_passed();
        let anybody = || [vec!["without a token"], BAD_TOKENS.to_vec()].concat();
        for (forgotten, path, status, requests) in [
            (Forgotten::Extractor, "/me", 401, anybody()),
            (Forgotten::Guard, "/orders/{id}", 401, anybody()),
            (Forgotten::Guard, "/orders/{id}", 403, TOO_LITTLE.to_vec()),
            (Forgotten::Scope, "/orders/{id}", 403, TOO_LITTLE.to_vec()),
            (Forgotten::Login, "/payments", 401, OTHER_LOGINS.to_vec()),
        ] {
            let end = format!(": must be answered {status}, is answered 200");
            let expected: Vec<_> =
                requests.iter().map(|request| format!("GET {path} {request}{end}")).collect();
            let report = report(forgotten);
            let mut found = report.failures().to_vec();
            found.retain(|failure| failure.ends_with(&end));
            assert_eq!(found, expected, "{forgotten:?}");
        }
        let number = |forgotten| report(forgotten).failures().len();
        // A token in the field and in the query may be refused in several ways.
        let twice = 1;
        assert_eq!(number(Forgotten::Extractor), anybody().len() + twice);
        assert_eq!(number(Forgotten::Guard), anybody().len() + twice + TOO_LITTLE.len());
        assert_eq!(number(Forgotten::Scope), TOO_LITTLE.len());
        assert_eq!(number(Forgotten::Login), OTHER_LOGINS.len());
    }
    println!("summary: document probe: 4 guards taken away on 2 frameworks, each missed");
}
