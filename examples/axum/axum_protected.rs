//! Protected routes on axum: `cargo run --example axum_protected`.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;

use auth_axum::{AuthRejection, Authenticated, Authenticator, MaybeAuthenticated, Policy, Scope};
use auth_examples::{Settings, asked_to_stop, exit_code, log_to_stderr, protected_lines};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

const ORDERS_READ: Scope = Scope::from_static("orders:read");

fn app(authenticator: Authenticator) -> Router {
    Router::new()
        .route("/public", get(public))
        .route("/protected", get(protected))
        .route("/optional", get(optional))
        .route("/orders", get(orders))
        .route("/admin", get(admin))
        .with_state(authenticator)
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

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env() {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

async fn serve(settings: Settings) -> io::Result<()> {
    let address: SocketAddr = settings.listener.local_addr()?;
    let stopped = asked_to_stop()?;
    settings.announce(address, protected_lines);
    settings.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(settings.listener)?;
    axum::serve(listener, app(settings.authenticator)).with_graceful_shutdown(stopped).await
}
