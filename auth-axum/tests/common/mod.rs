//! What the tests against a server share.

use std::net::SocketAddr;

use axum::{Json, Router};
use serde_json::{Value, json};

pub(crate) fn message(text: &str) -> Json<Value> {
    Json(json!({ "message": text }))
}

/// Serves until the test ends, and runs `client` beside it.
pub(crate) async fn serving<T: Send + 'static>(
    app: Router,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    tokio::task::spawn_blocking(move || client(address)).await.unwrap()
}
