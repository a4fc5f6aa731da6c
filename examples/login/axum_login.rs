//! FastAPI's security tutorial on axum: `cargo run --example axum_login`, then open `/docs` and press Authorize.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use auth_axum::{AuthResponse, Authenticator, CurrentUser, MaybeAuthenticated, Scoped};
use auth_examples::{announce, asked_to_stop, exit_code, log_to_stderr};
use auth_examples_login::{
    Db, Failure, ITEMS, Item, Items, Login, Message, SelfService, Session, Success, User,
};
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, FromRef, Path, State};
use axum::http::HeaderMap;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use utoipa_swagger_ui::SwaggerUi;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    endpoint: TokenEndpoint,
    db: Arc<Db>,
    self_service: SelfService,
}

/// `document.rs` describes each of them.
fn app(state: AppState, docs: SwaggerUi) -> Router {
    Router::new()
        .route("/", get(greeting))
        .route("/token", post(token))
        .route("/revoke", post(revoke))
        .route("/register", post(register))
        .route("/verify", post(verify))
        .route("/forgot-password", post(forgot_password))
        .route("/reset-password", post(reset_password))
        .route("/users/me", get(me))
        .route("/users/me/items", get(items))
        .route("/users/me/sessions", get(sessions))
        .route("/users/me/sessions/{id}", delete(end_session))
        .route("/users/me/password", post(change_password))
        .with_state(state)
        .merge(docs)
}

async fn greeting(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Message> {
    Json(Message::greeting(user.as_ref().map(|user| user.subject())))
}

async fn token(
    State(endpoint): State<TokenEndpoint>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> AuthResponse<TokenAnswer> {
    AuthResponse(endpoint.answer(fields(&headers), whole(body).await.as_deref(), client.ip()).await)
}

async fn revoke(
    State(endpoint): State<TokenEndpoint>,
    headers: HeaderMap,
    body: Body,
) -> AuthResponse<TokenAnswer> {
    AuthResponse(endpoint.revoke(fields(&headers), whole(body).await.as_deref()).await)
}

async fn register(
    State(self_service): State<SelfService>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    body: Body,
) -> Result<Success, Failure> {
    self_service.register(client.ip(), whole(body).await.as_deref()).await
}

async fn verify(
    State(self_service): State<SelfService>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    body: Body,
) -> Result<Success, Failure> {
    self_service.verify(client.ip(), whole(body).await.as_deref()).await
}

async fn forgot_password(
    State(self_service): State<SelfService>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    body: Body,
) -> Result<Success, Failure> {
    self_service.forgot_password(client.ip(), whole(body).await.as_deref()).await
}

async fn reset_password(
    State(self_service): State<SelfService>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    body: Body,
) -> Result<Success, Failure> {
    self_service.reset_password(client.ip(), whole(body).await.as_deref()).await
}

async fn me(CurrentUser(user): CurrentUser<Db>) -> Json<User> {
    Json(user)
}

async fn items(
    _: Scoped<Items>,
    CurrentUser(user): CurrentUser<Db>,
    State(db): State<Arc<Db>>,
) -> Result<Json<Vec<Item>>, Failure> {
    user.may(&ITEMS)?;
    Ok(Json(db.items(user.id).await?))
}

async fn sessions(
    State(self_service): State<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
) -> Result<Json<Vec<Session>>, Failure> {
    Ok(Json(self_service.sessions(&user).await?))
}

async fn end_session(
    State(self_service): State<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Success, Failure> {
    // No UTF-8.
    let Path(id) = id.map_err(|_| Failure::NoSuchSession)?;
    self_service.end_session(&user, &id).await
}

async fn change_password(
    State(self_service): State<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    body: Body,
) -> Result<Success, Failure> {
    self_service.change_password(&user, client.ip(), whole(body).await.as_deref()).await
}

fn fields(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// Returns `None` if the body is too long, or does not arrive in full.
async fn whole(body: Body) -> Option<Bytes> {
    to_bytes(body, MAX_BODY_BYTES).await.ok()
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    let prepared = Login::from_env().await.and_then(|login| {
        let docs = login.docs("/docs")?;
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
    // The limits on guessing need the client's address.
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).with_graceful_shutdown(stopped).await
}
