//! What the tests against a server share.

use std::net::SocketAddr;

use actix_web::web::{self, Json, ServiceConfig};
use actix_web::{App, HttpServer};
use serde_json::{Value, json};

pub(crate) fn message(text: &str) -> Json<Value> {
    Json(json!({ "message": text }))
}

/// Serves until the test ends, and runs `client` beside it.
pub(crate) async fn serving<T: Send + 'static>(
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    client: impl FnOnce(SocketAddr) -> T + Send + 'static,
) -> T {
    let server = HttpServer::new(move || App::new().configure(configure.clone())).workers(1);
    let server = server.bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let running = server.disable_signals().run();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    let outcome = web::block(move || client(address)).await.unwrap();
    handle.stop(false).await;
    outcome
}
