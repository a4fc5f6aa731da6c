//! Protected routes on actix-web: `cargo run --example actix_protected`.

use std::io;
use std::process::ExitCode;

use actix_web::web::{self, Json};
use actix_web::{App, FromRequest, Handler, HttpServer, Resource, Responder};
use auth_actix::{AuthRejection, Authenticated, MaybeAuthenticated, Policy, Scope};
use auth_examples::{Settings, exit_code, log_to_stderr, protected_lines};
use serde_json::{Value, json};

const ORDERS_READ: Scope = Scope::from_static("orders:read");

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(get("/public", public))
        .service(get("/protected", protected))
        .service(get("/optional", optional))
        .service(get("/orders", orders))
        .service(get("/admin", admin));
}

/// GET and, as axum has it and RFC 9110 wants it, HEAD.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler))
}

async fn public() -> Json<Value> {
    message("Hello, anyone")
}

async fn protected(user: Authenticated) -> Json<Value> {
    message(&format!("Hello {}", user.subject()))
}

async fn optional(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Value> {
    match user {
        Some(user) => message(&format!("Hello {}", user.subject())),
        None => message("Hello, stranger"),
    }
}

async fn orders(user: Authenticated) -> Result<Json<Value>, AuthRejection> {
    user.require(&Policy::scope(ORDERS_READ))?;
    Ok(message(&format!("Orders of {}", user.subject())))
}

async fn admin(user: Authenticated) -> Result<Json<Value>, AuthRejection> {
    user.require(&Policy::role("admin"))?;
    Ok(message(&format!("Hello admin {}", user.subject())))
}

fn message(text: &str) -> Json<Value> {
    Json(json!({ "message": text }))
}

#[actix_web::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env() {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

/// Ctrl-C and SIGTERM are looked after by actix, from when the server is first polled.
async fn serve(settings: Settings) -> io::Result<()> {
    let address = settings.listener.local_addr()?;
    let authenticator = settings.authenticator.clone();
    let server = HttpServer::new(move || App::new().app_data(authenticator.clone()).configure(routes))
        .listen(settings.listener.try_clone()?)?;
    actix_web::rt::spawn(async move { settings.announce(address, protected_lines) });
    server.run().await
}
