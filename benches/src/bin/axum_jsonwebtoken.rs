//! `axum_protected` as people write it by hand around jsonwebtoken, for `interop/load` to set beside it.

#![allow(clippy::unwrap_used, reason = "it serves a benchmark")]

use std::sync::Arc;

use auth_benches::{Handwritten, HandwrittenUser, listener};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

async fn public() -> Json<Value> {
    Json(json!({ "message": "Hello, anyone" }))
}

async fn protected(HandwrittenUser(claims): HandwrittenUser) -> Json<Value> {
    Json(json!({ "message": format!("Hello {}", claims.sub) }))
}

#[tokio::main]
async fn main() {
    let state = Arc::new(Handwritten::from_env());
    let app =
        Router::new().route("/public", get(public)).route("/protected", get(protected)).with_state(state);
    let listener = listener();
    listener.set_nonblocking(true).unwrap();
    axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), app).await.unwrap();
}
