//! `actix_protected` as people write it by hand around jsonwebtoken, for `interop/load` to set beside it.

#![allow(clippy::unwrap_used, reason = "it serves a benchmark")]

use std::io;

use actix_web::{App, HttpServer, Responder, web};
use auth_benches::{Handwritten, HandwrittenUser, listener};
use serde_json::json;

async fn public() -> impl Responder {
    web::Json(json!({ "message": "Hello, anyone" }))
}

async fn protected(HandwrittenUser(claims): HandwrittenUser) -> impl Responder {
    web::Json(json!({ "message": format!("Hello {}", claims.sub) }))
}

#[actix_web::main]
async fn main() -> io::Result<()> {
    let checks = web::Data::new(Handwritten::from_env());
    let app = move || {
        App::new()
            .app_data(checks.clone())
            .route("/public", web::get().to(public))
            .route("/protected", web::get().to(protected))
    };
    HttpServer::new(app).listen(listener())?.run().await
}
