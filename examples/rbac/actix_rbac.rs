//! Who may do what on actix-web: `cargo run --example actix_rbac`.

use std::io;
use std::process::ExitCode;

use actix_web::web::{self, Bytes, Data, Json, Path, Payload, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use auth_actix::{AuthMiddleware, Authenticated, Authenticator, CurrentUser, Policy};
use auth_examples::{Settings, exit_code, log_to_stderr};
use auth_examples_rbac::orders::{self, Db, Failure, Item, ORDERS_READ, ORDERS_WRITE, Order, User};
use serde_json::{Value, json};

fn routes(config: &mut ServiceConfig, auth: &Authenticator) {
    // A guard includes verification: whoever gets inside has shown a good token, and one that is enough.
    let readers = AuthMiddleware::new(auth.clone()).require(Policy::scope(ORDERS_READ));
    let writers = AuthMiddleware::new(auth.clone()).require(Policy::scope(ORDERS_WRITE));
    // The same verifier; refusals in words of our own instead of problem documents.
    let admins = AuthMiddleware::new(orders::in_own_words(auth)).require(orders::admin());

    let placing = web::post().to(place).wrap(writers.clone());
    let changing = web::put().to(change).wrap(writers);
    let orders = web::scope("/orders")
        .wrap(readers)
        .service(web::resource("").get(list).route(placing))
        .service(web::resource("/{id}").get(one).route(changing))
        .default_service(web::to(async || Err::<HttpResponse, _>(Failure::NoSuchOrder)));
    let admin = web::scope("/admin").wrap(admins).route("/users", web::get().to(users));
    config
        .route("/", web::get().to(async || Json(json!({ "message": "Orders" }))))
        .route("/me", web::get().to(me))
        .service(orders)
        .service(admin);
}

/// The guard has judged the token, which says what was true when it was issued. So every handler asks the database what is
/// true now: a good token of someone who has left, or has lost a right, is not enough.
async fn list(CurrentUser(user): CurrentUser<Db>, db: Data<Db>) -> Result<Json<Vec<Order>>, Failure> {
    user.may(ORDERS_READ.as_str())?;
    Ok(Json(db.orders().await?))
}

async fn one(
    CurrentUser(user): CurrentUser<Db>,
    db: Data<Db>,
    id: Path<String>,
) -> Result<Json<Order>, Failure> {
    user.may(ORDERS_READ.as_str())?;
    Ok(Json(db.order(&id).await?))
}

async fn place(
    db: Data<Db>,
    CurrentUser(user): CurrentUser<Db>,
    body: Payload,
) -> Result<HttpResponse, Failure> {
    user.may(ORDERS_WRITE.as_str())?;
    let order = db.place(user.subject, Item::parse(whole(body).await.as_deref())?).await?;
    Ok(HttpResponse::Created().json(order))
}

/// Whose order it is has to be looked up first, so the policy is asked in the handler.
async fn change(
    db: Data<Db>,
    id: Path<String>,
    token: Authenticated,
    CurrentUser(user): CurrentUser<Db>,
    body: Payload,
) -> actix_web::Result<Json<Order>> {
    user.may(ORDERS_WRITE.as_str())?;
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

async fn users(CurrentUser(user): CurrentUser<Db>, db: Data<Db>) -> Result<Json<Value>, Failure> {
    user.may(orders::ADMIN)?;
    Ok(Json(json!({ "users": db.users().await? })))
}

/// Returns `None` if the body is too long, or does not arrive in full.
async fn whole(body: Payload) -> Option<Bytes> {
    body.to_bytes_limited(orders::MAX_BODY_BYTES).await.ok().and_then(Result::ok)
}

#[actix_web::main]
async fn main() -> ExitCode {
    log_to_stderr();
    match Settings::from_env().and_then(|settings| Ok((settings, Db::from_env()?))) {
        Ok((settings, db)) => exit_code(serve(settings, db).await),
        Err(error) => exit_code(Err(error)),
    }
}

/// Ctrl-C and SIGTERM are looked after by actix, from when the server is first polled.
async fn serve(settings: Settings, db: Db) -> io::Result<()> {
    let address = settings.listener.local_addr()?;
    let (auth, db) = (settings.authenticator.clone(), Data::new(db));
    let app = move || {
        let routes = |config: &mut ServiceConfig| routes(config, &auth);
        App::new().app_data(auth.clone()).app_data(db.clone()).configure(routes)
    };
    let server = HttpServer::new(app).listen(settings.listener.try_clone()?)?;
    actix_web::rt::spawn(async move { settings.announce(address, orders::lines) });
    server.run().await
}
