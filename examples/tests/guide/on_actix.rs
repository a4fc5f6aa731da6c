//! The guide on actix-web.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use actix_web::web::{self, Data, Json, Payload, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer};
use auth_actix::{
    AuthMiddleware, AuthRejection, AuthResponse, Authenticated, Authenticator, BearerToken, CurrentUser,
    MaybeAuthenticated, Policy, RequiredScopes, Scope, Scoped,
};
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};

use crate::users::{ITEMS, User, Users};

async fn raw_token(token: BearerToken) -> String {
    format!("a token of {} bytes", token.as_str().len())
}

async fn claims(user: Authenticated) -> String {
    format!("Hello {}", user.subject())
}

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

async fn items(user: Scoped<Items>) -> String {
    format!("Items of {}", user.subject())
}

async fn report(user: Authenticated) -> Result<String, AuthRejection> {
    user.require(&Policy::scope(ITEMS).or(Policy::role("admin")))?;
    Ok("all is well".to_owned())
}

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

pub fn routes(config: &mut ServiceConfig, auth: &Authenticator, users: Arc<Users>, endpoint: TokenEndpoint) {
    let admins = AuthMiddleware::new(auth.clone()).require(Policy::role("admin"));
    let admin = web::scope("/admin").wrap(admins).route("/users", web::get().to(async || "all users"));
    config
        .app_data(auth.clone())
        .app_data(Data::from(users))
        .app_data(Data::new(endpoint))
        .route("/token", web::post().to(token))
        .route("/raw", web::get().to(raw_token))
        .route("/claims", web::get().to(claims))
        .route("/users/me", web::get().to(me))
        .route("/users/me/items", web::get().to(items))
        .route("/report", web::get().to(report))
        .route("/", web::get().to(greeting))
        .service(admin);
}

pub async fn serve(
    auth: Authenticator,
    users: Arc<Users>,
    endpoint: TokenEndpoint,
    listener: std::net::TcpListener,
) -> std::io::Result<()> {
    let app = move || App::new().configure(|config| routes(config, &auth, users.clone(), endpoint.clone()));
    HttpServer::new(app).listen(listener)?.run().await
}
