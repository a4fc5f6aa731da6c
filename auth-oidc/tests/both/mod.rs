//! A request to an application on axum and to one on actix-web.

#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub, reason = "for tests")]

use actix_web::{App, test, web};
use auth_axum::{Authenticated, Authenticator};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use tower::ServiceExt as _;

/// Status, the fields that a refusal has, and the body.
type Answer = (u16, Vec<(String, String)>, String);

const FIELDS: [&str; 3] = ["www-authenticate", "retry-after", "content-type"];

async fn by_axum(authenticator: &Authenticator, token: &str) -> Answer {
    let handler = |user: Authenticated| async move { user.subject().to_owned() };
    let app = Router::new().route("/", get(handler)).with_state(authenticator.clone());
    let request = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty());
    let response = app.oneshot(request.unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let field = |name: &&str| {
        let value = response.headers().get(*name)?.to_str().unwrap();
        Some(((*name).to_owned(), value.to_owned()))
    };
    let fields = if status == 200 { Vec::new() } else { FIELDS.iter().filter_map(field).collect() };
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, fields, String::from_utf8(body.to_vec()).unwrap())
}

async fn by_actix(authenticator: &Authenticator, token: &str) -> Answer {
    let handler = |user: auth_actix::Authenticated| async move { user.subject().to_owned() };
    let app = App::new().app_data(authenticator.clone()).route("/", web::get().to(handler));
    let app = test::init_service(app).await;
    let request =
        test::TestRequest::get().uri("/").insert_header(("authorization", format!("Bearer {token}")));
    let response = test::call_service(&app, request.to_request()).await;
    let status = response.status().as_u16();
    let field = |name: &&str| {
        let value = response.headers().get(*name)?.to_str().unwrap();
        Some(((*name).to_owned(), value.to_owned()))
    };
    let fields = if status == 200 { Vec::new() } else { FIELDS.iter().filter_map(field).collect() };
    let body = test::read_body(response).await;
    (status, fields, String::from_utf8(body.to_vec()).unwrap())
}

/// The status on both.
#[track_caller]
pub fn status(authenticator: &Authenticator, token: &str) -> impl Future<Output = u16> {
    let place = std::panic::Location::caller();
    let (authenticator, token) = (authenticator.clone(), token.to_owned());
    async move {
        // At once, since what they wait for is the same then.
        let (axum, actix) = tokio::join!(by_axum(&authenticator, &token), by_actix(&authenticator, &token));
        assert_eq!(axum, actix, "{place}");
        let (status, fields, body) = axum;
        let has = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| &**value);
        match status {
            400 => assert!(has("www-authenticate").unwrap().contains("error=\"invalid_request\""), "{place}"),
            401 => assert!(has("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{place}"),
            503 => assert!(has("retry-after").is_some() && has("www-authenticate").is_none(), "{place}"),
            _ => assert!(status == 200 && body == "alice", "{place}: {status} {body}"),
        }
        status
    }
}
