//! Who may do what on axum: `cargo run --example axum_rbac`.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use auth_axum::{AuthLayer, Authenticated, Authenticator, CurrentUser, Policy};
use auth_examples::{Settings, asked_to_stop, exit_code, log_to_stderr};
use auth_examples_rbac::orders::{self, Db, Failure, Item, ORDERS_READ, ORDERS_WRITE, Order, User};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Json, Router, response};
use serde_json::{Value, json};

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    db: Arc<Db>,
}

fn app(state: AppState) -> Router {
    // A guard includes verification: whoever gets inside has shown a good token, and one that is enough.
    let readers = AuthLayer::new(state.auth.clone()).require(Policy::scope(ORDERS_READ));
    let writers = AuthLayer::new(state.auth.clone()).require(Policy::scope(ORDERS_WRITE));
    // The same verifier; refusals in words of our own instead of problem documents.
    let admins = AuthLayer::new(orders::in_own_words(&state.auth)).require(orders::admin());

    let orders = Router::new()
        .route("/", get(list).merge(post(place).layer(writers.clone())))
        .route("/{id}", get(one).merge(put(change).layer(writers)))
        .fallback(async || Failure::NoSuchOrder)
        .layer(readers);
    let admin = Router::new().route("/users", get(users)).layer(admins);
    Router::new()
        .route("/", get(async || Json(json!({ "message": "Orders" }))))
        .route("/me", get(me))
        .nest("/orders", orders)
        .nest("/admin", admin)
        .with_state(state)
}

/// The guard has judged the token, which says what was true when it was issued. So every handler asks the database what is
/// true now: a good token of someone who has left, or has lost a right, is not enough.
async fn list(
    CurrentUser(user): CurrentUser<Db>,
    State(db): State<Arc<Db>>,
) -> Result<Json<Vec<Order>>, Failure> {
    user.may(ORDERS_READ.as_str())?;
    Ok(Json(db.orders().await?))
}

async fn one(
    CurrentUser(user): CurrentUser<Db>,
    State(db): State<Arc<Db>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Order>, Failure> {
    user.may(ORDERS_READ.as_str())?;
    // No UTF-8.
    let Path(id) = id.map_err(|_| Failure::NoSuchOrder)?;
    Ok(Json(db.order(&id).await?))
}

async fn place(
    State(db): State<Arc<Db>>,
    CurrentUser(user): CurrentUser<Db>,
    body: Body,
) -> Result<(StatusCode, Json<Order>), Failure> {
    user.may(ORDERS_WRITE.as_str())?;
    let order = db.place(user.subject, Item::parse(whole(body).await.as_deref())?).await?;
    Ok((StatusCode::CREATED, Json(order)))
}

/// Whose order it is has to be looked up first, so the policy is asked in the handler.
async fn change(
    State(db): State<Arc<Db>>,
    id: Result<Path<String>, PathRejection>,
    token: Authenticated,
    CurrentUser(user): CurrentUser<Db>,
    body: Body,
) -> response::Result<Json<Order>> {
    user.may(ORDERS_WRITE.as_str())?;
    let Path(id) = id.map_err(|_| Failure::NoSuchOrder)?;
    let order = db.order(&id).await?;
    if order.owner != user.subject {
        token.require(&orders::admin())?;
        user.may(orders::ADMIN)?;
    }
    Ok(Json(db.change(order.id, Item::parse(whole(body).await.as_deref())?).await?))
}

async fn me(CurrentUser(user): CurrentUser<Db>) -> Json<User> {
    Json(user)
}

async fn users(
    CurrentUser(user): CurrentUser<Db>,
    State(db): State<Arc<Db>>,
) -> Result<Json<Value>, Failure> {
    user.may(orders::ADMIN)?;
    Ok(Json(json!({ "users": db.users().await? })))
}

/// Returns `None` if the body is too long, or does not arrive in full.
async fn whole(body: Body) -> Option<Bytes> {
    to_bytes(body, orders::MAX_BODY_BYTES).await.ok()
}

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env().and_then(|settings| Ok((settings, Db::from_env()?))) {
        Ok((settings, db)) => exit_code(serve(settings, db).await),
        Err(error) => exit_code(Err(error)),
    }
}

async fn serve(settings: Settings, db: Db) -> io::Result<()> {
    let address = settings.listener.local_addr()?;
    let stopped = asked_to_stop()?;
    settings.announce(address, orders::lines);
    settings.listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(settings.listener)?;
    let app = app(AppState { auth: settings.authenticator, db: Arc::new(db) });
    axum::serve(listener, app).with_graceful_shutdown(stopped).await
}
