//! FastAPI's security tutorial on axum: `cargo run --example axum_login`, then open `/docs` and press Authorize.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use auth_axum::{AuthResponse, Authenticator, CurrentUser, MaybeAuthenticated, Scoped};
use auth_examples::{announce, asked_to_stop, exit_code, log_to_stderr};
use auth_examples_login::{
    Db, Failure, ITEMS, Item, Items, Login, Message, PasswordChange, RevocationForm, SelfService, Session,
    TokenForm, TokenResponse, User,
};
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, FromRef, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

#[derive(OpenApi)]
#[openapi(
    info(title = "Login", version = "1", description = "FastAPI's security tutorial in Rust"),
    paths(greeting, token, revoke, me, items, sessions, end_session, change_password)
)]
struct Document;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    endpoint: TokenEndpoint,
    db: Arc<Db>,
    self_service: SelfService,
}

fn app(state: AppState, docs: SwaggerUi) -> Router {
    Router::new()
        .route("/", get(greeting))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/users/me", get(me))
        .route("/users/me/items", get(items))
        .route("/users/me/sessions", get(sessions))
        .route("/users/me/sessions/{id}", delete(end_session))
        .route("/users/me/password", post(change_password))
        .with_state(state)
        .merge(docs)
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
    State(endpoint): State<TokenEndpoint>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> AuthResponse<TokenAnswer> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let body = to_bytes(body, MAX_BODY_BYTES).await.ok();
    AuthResponse(endpoint.answer(headers, body.as_deref(), client.ip()).await)
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
    State(endpoint): State<TokenEndpoint>,
    headers: HeaderMap,
    body: Body,
) -> AuthResponse<TokenAnswer> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let body = to_bytes(body, MAX_BODY_BYTES).await.ok();
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
    State(db): State<Arc<Db>>,
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
    State(self_service): State<SelfService>,
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
    State(self_service): State<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    self_service.end_session(&user, &id).await?;
    Ok(StatusCode::NO_CONTENT)
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
    State(self_service): State<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> Result<StatusCode, Failure> {
    let client = client.ip();
    self_service.change_password(&user, client, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    let prepared = Login::from_env().await.and_then(|login| {
        let docs = login.docs("/docs", Document::openapi())?;
        Ok((login, docs))
    });
    match prepared {
        Ok((login, docs)) => exit_code(serve(login, docs).await),
        Err(error) => exit_code(Err(error)),
    }
}

async fn serve(login: Login, docs: SwaggerUi) -> io::Result<()> {
    let stopped = asked_to_stop()?;
    let lines = login.lines();
    let Login { listener, authenticator, endpoint, db, self_service, .. } = login;
    announce(listener.local_addr()?, lines);
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let app = app(AppState { auth: authenticator, endpoint, db: Arc::new(db), self_service }, docs);
    // The token endpoint asks for the client's address.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stopped).await
}
