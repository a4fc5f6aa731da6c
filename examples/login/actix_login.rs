//! FastAPI's security tutorial on actix-web: `cargo run --example actix_login`, then open `/docs` and press Authorize.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use actix_web::web::{self, Bytes, Data, Json, Path, Payload, Redirect, ServiceConfig};
use actix_web::{App, HttpRequest, HttpServer};
use auth_actix::{AuthResponse, CurrentUser, MaybeAuthenticated, Scoped};
use auth_examples::{announce, exit_code, log_to_stderr};
use auth_examples_login::{
    Db, Failure, ITEMS, Item, Items, Login, Message, SelfService, Session, Success, User,
};
use auth_issuer::{MAX_BODY_BYTES, TokenAnswer, TokenEndpoint};
use utoipa_swagger_ui::SwaggerUi;

/// `document.rs` describes each of them.
fn routes(config: &mut ServiceConfig, docs: &SwaggerUi) {
    config
        .route("/", web::get().to(greeting))
        .service(web::resource("/token").post(token))
        .service(web::resource("/revoke").post(revoke))
        .service(web::resource("/register").post(register))
        .service(web::resource("/verify").post(verify))
        .service(web::resource("/forgot-password").post(forgot_password))
        .service(web::resource("/reset-password").post(reset_password))
        .route("/users/me", web::get().to(me))
        .route("/users/me/items", web::get().to(items))
        .route("/users/me/sessions", web::get().to(sessions))
        .route("/users/me/sessions/{id}", web::delete().to(end_session))
        .route("/users/me/password", web::post().to(change_password))
        .service(Redirect::new("/docs", "/docs/").see_other())
        .service(docs.clone());
}

async fn greeting(MaybeAuthenticated(user): MaybeAuthenticated) -> Json<Message> {
    Json(Message::greeting(user.as_ref().map(|user| user.subject())))
}

async fn token(
    endpoint: Data<TokenEndpoint>,
    request: HttpRequest,
    body: Payload,
) -> AuthResponse<TokenAnswer> {
    let body = whole(body).await;
    AuthResponse(endpoint.answer(fields(&request), body.as_deref(), client_address(&request)).await)
}

async fn revoke(
    endpoint: Data<TokenEndpoint>,
    request: HttpRequest,
    body: Payload,
) -> AuthResponse<TokenAnswer> {
    AuthResponse(endpoint.revoke(fields(&request), whole(body).await.as_deref()).await)
}

async fn register(
    self_service: Data<SelfService>,
    request: HttpRequest,
    body: Payload,
) -> Result<Success, Failure> {
    self_service.register(client_address(&request), whole(body).await.as_deref()).await
}

async fn verify(
    self_service: Data<SelfService>,
    request: HttpRequest,
    body: Payload,
) -> Result<Success, Failure> {
    self_service.verify(client_address(&request), whole(body).await.as_deref()).await
}

async fn forgot_password(
    self_service: Data<SelfService>,
    request: HttpRequest,
    body: Payload,
) -> Result<Success, Failure> {
    self_service.forgot_password(client_address(&request), whole(body).await.as_deref()).await
}

async fn reset_password(
    self_service: Data<SelfService>,
    request: HttpRequest,
    body: Payload,
) -> Result<Success, Failure> {
    self_service.reset_password(client_address(&request), whole(body).await.as_deref()).await
}

async fn me(CurrentUser(user): CurrentUser<Db>) -> Json<User> {
    Json(user)
}

async fn items(
    _: Scoped<Items>,
    CurrentUser(user): CurrentUser<Db>,
    db: Data<Db>,
) -> Result<Json<Vec<Item>>, Failure> {
    user.may(&ITEMS)?;
    Ok(Json(db.items(user.id).await?))
}

async fn sessions(
    self_service: Data<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
) -> Result<Json<Vec<Session>>, Failure> {
    Ok(Json(self_service.sessions(&user).await?))
}

async fn end_session(
    self_service: Data<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    id: Path<String>,
) -> Result<Success, Failure> {
    self_service.end_session(&user, &id).await
}

async fn change_password(
    self_service: Data<SelfService>,
    CurrentUser(user): CurrentUser<Db>,
    request: HttpRequest,
    body: Payload,
) -> Result<Success, Failure> {
    self_service.change_password(&user, client_address(&request), whole(body).await.as_deref()).await
}

fn fields(request: &HttpRequest) -> impl Iterator<Item = (&str, &[u8])> {
    request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// Returns `None` if the body is too long, or does not arrive in full.
async fn whole(body: Payload) -> Option<Bytes> {
    body.to_bytes_limited(MAX_BODY_BYTES).await.ok().and_then(Result::ok)
}

fn client_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from(Ipv4Addr::UNSPECIFIED), |peer| peer.ip())
}

#[actix_web::main]
async fn main() -> ExitCode {
    log_to_stderr();
    let prepared = Login::from_env().await.and_then(|login| {
        let docs = login.docs("/docs/{file:.*}")?;
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
