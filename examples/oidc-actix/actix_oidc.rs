//! The tokens of an identity provider on actix-web: `cargo run --example actix_oidc`.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json};
use actix_web::{App, FromRequest, Handler, HttpResponse, HttpServer, Resource, Responder};
use auth_actix::{Authenticated, Authenticator};
use auth_examples::{exit_code, log_to_stderr};
use auth_examples_oidc::{Settings, readiness};
use auth_oidc::OidcVerifier;
use serde_json::{Value, json};

fn routes(config: &mut web::ServiceConfig) {
    config.service(get("/ready", ready)).service(get("/protected", protected));
}

/// GET and, as axum has it and RFC 9110 wants it, HEAD.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    web::resource(path).route(web::get().to(handler.clone())).route(web::head().to(handler))
}

async fn ready(verifier: Data<OidcVerifier>) -> HttpResponse {
    let status = StatusCode::from_u16(readiness(&verifier)).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    HttpResponse::new(status)
}

async fn protected(user: Authenticated) -> Json<Value> {
    Json(json!({ "message": format!("Hello {}", user.subject()) }))
}

#[actix_web::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env().await {
        Ok(settings) => exit_code(serve(settings).await),
        Err(error) => exit_code(Err(error)),
    }
}

/// The verifier is made before the server, so that all workers share it and its keys are fetched once.
async fn serve(settings: Settings) -> io::Result<()> {
    // Kept to the end, with the provider in it.
    let settings = Arc::new(settings);
    let address = settings.listener.local_addr()?;
    let authenticator = Authenticator::new(settings.verifier.clone());
    let verifier = Data::new(settings.verifier.clone());
    let app = move || App::new().app_data(authenticator.clone()).app_data(verifier.clone()).configure(routes);
    let server = HttpServer::new(app).listen(settings.listener.try_clone()?)?;
    let announcing = settings.clone();
    actix_web::rt::spawn(async move { announcing.announce(address) });
    server.run().await
}
