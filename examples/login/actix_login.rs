//! FastAPI's security tutorial on actix-web: `cargo run --example actix_login`, then open `/docs` and press Authorize.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use actix_web::web::{self, Bytes, Data, Json, Path, Payload, Redirect, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use auth_actix::{AuthResponse, CurrentUser, MaybeAuthenticated, Scoped};
use auth_examples::{announce, exit_code, log_to_stderr};
use auth_examples_login::{
    Db, Failure, ITEMS, Item, Items, Login, Message, PasswordChange, RevocationForm, SelfService, Session,
    TokenForm, TokenResponse, User,
};
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};
use utoipa::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Login", version = "1", description = "FastAPI's security tutorial in Rust"),
    paths(greeting, token, revoke, me, items, sessions, end_session, change_password)
)]
struct Document;

fn routes(config: &mut ServiceConfig, docs: &SwaggerUi) {
    config
        .route("/", web::get().to(greeting))
        .service(web::resource("/token").post(token))
        .service(web::resource("/revoke").post(revoke))
        .route("/users/me", web::get().to(me))
        .route("/users/me/items", web::get().to(items))
        .route("/users/me/sessions", web::get().to(sessions))
        .route("/users/me/sessions/{id}", web::delete().to(end_session))
        .route("/users/me/password", web::post().to(change_password))
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
    AuthResponse(endpoint.answer(headers, body.as_deref(), client_address(&request)).await)
}

/// Log out: ends the login of a refresh token.
#[utoipa::path(
    post,
    path = "/revoke",
    request_body(content = RevocationForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The login has ended"),
        (status = 400, description = "Not a good form or client, or an access token"),
        (status = 401, description = "Not a client that HTTP Basic knows"),
    )
)]
async fn revoke(
    endpoint: Data<TokenEndpoint>,
    request: HttpRequest,
    body: Payload,
) -> AuthResponse<TokenAnswer> {
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let body = body.to_bytes_limited(MAX_BODY_BYTES).await.ok().and_then(Result::ok);
    AuthResponse(endpoint.revoke(headers, body.as_deref()).await)
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
    user.may(&ITEMS)?;
    Ok(Json(db.items(user.username).await?))
}

/// Where one is logged in.
#[utoipa::path(
    get,
    path = "/users/me/sessions",
    responses((status = 200, description = "The sessions", body = [Session])),
    security(("oauth2" = []))
)]
async fn sessions(
    self_service: Data<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
) -> Result<Json<Vec<Session>>, Failure> {
    Ok(Json(self_service.sessions(&user).await?))
}

/// Log out elsewhere.
#[utoipa::path(
    delete,
    path = "/users/me/sessions/{id}",
    params(("id" = String, Path, description = "Of the session")),
    responses((status = 204, description = "It has ended"), (status = 404, description = "No such session")),
    security(("oauth2" = []))
)]
async fn end_session(
    self_service: Data<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    id: Path<String>,
) -> Result<HttpResponse, Failure> {
    self_service.end_session(&user, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Change the password, and log out everywhere.
#[utoipa::path(
    post,
    path = "/users/me/password",
    request_body(content = PasswordChange, content_type = "application/json"),
    responses(
        (status = 204, description = "It has changed: log in again"),
        (status = 400, description = "The current password is wrong"),
        (status = 422, description = "Not a good form"),
        (status = 429, description = "Too many attempts"),
    ),
    security(("oauth2" = []))
)]
async fn change_password(
    self_service: Data<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    request: HttpRequest,
    body: Bytes,
) -> Result<HttpResponse, Failure> {
    let client = client_address(&request);
    self_service.change_password(&user, client, &body).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn client_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
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
    let Login { listener, authenticator, endpoint, db, self_service, .. } = login;
    let address = listener.local_addr()?;
    let (endpoint, db, self_service) = (Data::new(endpoint), Data::new(db), Data::new(self_service));
    let app = move || {
        let app = App::new().app_data(authenticator.clone()).app_data(endpoint.clone()).app_data(db.clone());
        app.app_data(self_service.clone()).configure(|config| routes(config, &docs))
    };
    let server = HttpServer::new(app).listen(listener)?;
    actix_web::rt::spawn(async move { announce(address, lines) });
    server.run().await
}
