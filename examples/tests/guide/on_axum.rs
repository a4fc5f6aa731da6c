//! The guide on axum.

use std::net::SocketAddr;
use std::sync::Arc;

use auth_axum::{
    AuthLayer, AuthRejection, AuthResponse, Authenticated, Authenticator, BearerToken, CurrentUser,
    MaybeAuthenticated, Policy, RequiredScopes, Scope, Scoped,
};
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};
use auth_utoipa::{SecurityDocs, SecurityDocsError};
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, FromRef, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use axum::{Json, Router};

use utoipa::OpenApi;

use crate::users::{ITEMS, User, Users};

async fn raw_token(token: BearerToken) -> String {
    format!("a token of {} bytes", token.as_str().len())
}

async fn claims(user: Authenticated) -> String {
    format!("Hello {}", user.subject())
}

#[utoipa::path(get, path = "/users/me", responses((status = 200)), security(("oauth2" = [])))]
async fn me(CurrentUser(user): CurrentUser<Users>) -> Json<User> {
    Json(user)
}

async fn greeting(MaybeAuthenticated(user): MaybeAuthenticated) -> String {
    match user {
        Some(user) => format!("Hello {}", user.subject()),
        None => "Hello stranger".to_owned(),
    }
}

struct Items;

impl RequiredScopes for Items {
    const SCOPES: &'static [Scope] = &[ITEMS];
}

#[utoipa::path(get, path = "/users/me/items", responses((status = 200)), security(("oauth2" = [ITEMS])))]
async fn items(user: Scoped<Items>) -> String {
    format!("Items of {}", user.subject())
}

async fn report(user: Authenticated) -> Result<String, AuthRejection> {
    user.require(&Policy::scope(ITEMS).or(Policy::role("admin")))?;
    Ok("all is well".to_owned())
}

#[derive(Clone, FromRef)]
pub struct AppState {
    pub auth: Authenticator,
    pub users: Arc<Users>,
    pub endpoint: TokenEndpoint,
}

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

pub async fn serve(state: AppState, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    // `token` asks for the client's address.
    let app = app(state).into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await
}

#[derive(OpenApi)]
#[openapi(paths(me, items))]
struct Api;

pub fn document(auth: &Authenticator) -> Result<utoipa::openapi::OpenApi, SecurityDocsError> {
    SecurityDocs::new(auth)
        .password("oauth2", "../token") // as seen from Swagger UI at `/docs/`
        .scope(ITEMS, "Read your items")
        .apply(Api::openapi())
}

pub fn app(state: AppState) -> Router {
    let admins = AuthLayer::new(state.auth.clone()).require(Policy::role("admin"));
    let admin = Router::new().route("/users", get(async || "all users")).layer(admins);
    Router::new()
        .route("/token", post(token))
        .route("/raw", get(raw_token))
        .route("/claims", get(claims))
        .route("/users/me", get(me))
        .route("/users/me/items", get(items))
        .route("/report", get(report))
        .route("/", get(greeting))
        .nest("/admin", admin)
        .with_state(state)
}
