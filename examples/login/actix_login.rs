//! FastAPI's security tutorial on actix-web: `cargo run --example actix_login`, then open `/docs` and press Authorize.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use actix_web::web::{self, Data, Json, Payload, Redirect, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer};
use auth_actix::{AuthResponse, CurrentUser, MaybeAuthenticated, Scoped};
use auth_examples::{announce, exit_code, log_to_stderr};
use auth_examples_login::{Db, ITEMS, Item, Items, Login, Message, TokenForm, TokenResponse, User};
use auth_examples_rbac::orders::Failure;
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};
use utoipa::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Login", version = "1", description = "FastAPI's security tutorial in Rust"),
    paths(greeting, token, me, items)
)]
struct Document;

fn routes(config: &mut ServiceConfig, docs: &SwaggerUi) {
    config
        .route("/", web::get().to(greeting))
        .service(web::resource("/token").post(token))
        .route("/users/me", web::get().to(me))
        .route("/users/me/items", web::get().to(items))
        .service(Redirect::new("/docs", "/docs/").see_other())
        .service(docs.clone());
}

/// Greets, by name if somebody is logged in.
#[utoipa::path(get, path = "/", responses((status = 200, description = "A greeting", body = Message)), security((), ("oauth2" = [])))]
async fn greeting(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Message> {
    let name = user.as_ref().map_or("stranger", |user| user.subject());
    Json(Message { message: format!("Hello {name}") })
}

/// Log in.
#[utoipa::path(
    post,
    path = "/token",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token", body = TokenResponse),
        (status = 400, description = "Not a good form, client, password or refresh token"),
        (status = 401, description = "Not a client that HTTP Basic knows"),
        (status = 429, description = "Too many attempts"),
    )
)]
async fn token(
    endpoint: Data<TokenEndpoint>,
    request: HttpRequest,
    body: Payload,
) -> AuthResponse<TokenAnswer> {
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let body = body.to_bytes_limited(MAX_BODY_BYTES).await.ok().and_then(Result::ok);
    let client = request.peer_addr().map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
    AuthResponse(endpoint.answer(headers, body.as_deref(), client).await)
}

/// Who is logged in. 403 for who may not be any more.
#[utoipa::path(get, path = "/users/me", responses((status = 200, description = "The user", body = User)), security(("oauth2" = [])))]
async fn me(CurrentUser(user): CurrentUser<Db>) -> Json<User> {
    Json(user)
}

/// What one has.
#[utoipa::path(
    get,
    path = "/users/me/items",
    responses((status = 200, description = "The items", body = [Item])),
    security(("oauth2" = [ITEMS]))
)]
async fn items(
    _: Scoped<Items>,
    CurrentUser(user): CurrentUser<Db>,
    db: Data<Db>,
) -> Result<Json<Vec<Item>>, Failure> {
    Ok(Json(db.items(user.username).await?))
}

#[actix_web::main]
async fn main() -> ExitCode {
    log_to_stderr();
    let prepared = Login::from_env().await.and_then(|login| {
        let docs = login.docs("/docs/{file:.*}", Document::openapi())?;
        Ok((login, docs))
    });
    match prepared {
        Ok((login, docs)) => exit_code(serve(login, docs).await),
        Err(error) => exit_code(Err(error)),
    }
}

/// Ctrl-C and SIGTERM are looked after by actix, from when the server is first polled.
async fn serve(login: Login, docs: SwaggerUi) -> io::Result<()> {
    let lines = login.lines();
    let Login { listener, authenticator, endpoint, db, .. } = login;
    let address = listener.local_addr()?;
    let (endpoint, db) = (Data::new(endpoint), Data::new(db));
    let app = move || {
        let app = App::new().app_data(authenticator.clone()).app_data(endpoint.clone()).app_data(db.clone());
        app.configure(|config| routes(config, &docs))
    };
    let server = HttpServer::new(app).listen(listener)?;
    actix_web::rt::spawn(async move { announce(address, lines) });
    server.run().await
}
