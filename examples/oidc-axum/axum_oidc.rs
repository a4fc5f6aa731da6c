//! The tokens of an identity provider on axum: `cargo run --example axum_oidc`.

use std::io;
use std::process::ExitCode;

use auth_axum::{Authenticated, Authenticator};
use auth_examples::{asked_to_stop, exit_code, log_to_stderr};
use auth_examples_oidc::{Settings, readiness};
use auth_oidc::OidcVerifier;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

#[derive(Clone)]
struct App {
    authenticator: Authenticator,
    verifier: OidcVerifier,
}

impl FromRef<App> for Authenticator {
    fn from_ref(app: &App) -> Self {
        app.authenticator.clone()
    }
}

fn routes(verifier: OidcVerifier) -> Router {
    let app = App { authenticator: Authenticator::new(verifier.clone()), verifier };
    Router::new().route("/ready", get(ready)).route("/protected", get(protected)).with_state(app)
}

async fn ready(State(app): State<App>) -> StatusCode {
    StatusCode::from_u16(readiness(&app.verifier)).unwrap_or(StatusCode::SERVICE_UNAVAILABLE)
}

async fn protected(user: Authenticated) -> Json<Value> {
    Json(json!({ "message": format!("Hello {}", user.subject()) }))
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env().await {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

async fn serve(settings: Settings) -> io::Result<()> {
    let stopped = asked_to_stop()?;
    settings.announce(settings.listener.local_addr()?);
    settings.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(settings.listener.try_clone()?)?;
    axum::serve(listener, routes(settings.verifier.clone())).with_graceful_shutdown(stopped).await
}
