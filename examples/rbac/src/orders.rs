//! What `axum_rbac` and `actix_rbac` share beside their routes: who may do what, the SQLite database with its users
//! and orders, and the lines to try.

use std::fmt;

use auth_core::{
    Authenticator, Policy, RejectionBody, Scope, StoreFailure, UserLookup, UserStore, VerifiedToken,
    async_trait,
};
use auth_examples::{DEMO_LIFETIME, Try, demo};
use auth_testing::TestIssuer;
use rusqlite::{OptionalExtension as _, Row, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::database::Database;

/// May see orders.
pub const ORDERS_READ: Scope = Scope::from_static("orders:read");
/// May place orders, and change one's own.
pub const ORDERS_WRITE: Scope = Scope::from_static("orders:write");
/// May see users, and change anybody's order: a role in tokens, and a right in the database.
pub const ADMIN: &str = "admin";

const DATABASE: &str = "orders.sqlite";
/// Files from before versions were counted have these tables already.
const VERSION_1: &str = "
    CREATE TABLE IF NOT EXISTS users (
        subject TEXT PRIMARY KEY, name TEXT NOT NULL, active INTEGER NOT NULL, rights TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, owner TEXT NOT NULL, item TEXT NOT NULL);
";
const DEMO: &str = "
    INSERT INTO users VALUES
        ('alice', 'Alice, who reads', 1, 'orders:read'), ('bob', 'Bob, who writes', 1, 'orders:read orders:write'),
        ('carol', 'Carol, who administers', 1, 'orders:read orders:write admin'),
        ('dave', 'Dave, who has left', 0, 'orders:read orders:write'),
        ('erin', 'Erin, who has lost her rights', 1, '');
    INSERT INTO orders (owner, item) VALUES ('alice', 'tea'), ('bob', 'coffee');";
const MAX_ITEM_CHARACTERS: usize = 100;
const RETRY_AFTER_SECONDS: u64 = 5;
/// The longest body that is read. The frameworks' own limits differ, and so do their answers.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Who may see users, and change anybody's order.
#[must_use]
pub fn admin() -> Policy {
    Policy::role(ADMIN)
}

/// Refuses in the words of the administrators' programs instead of problem documents.
#[must_use]
pub fn in_own_words(authenticator: &Authenticator) -> Authenticator {
    authenticator.with_rejection_body(|refusal| {
        RejectionBody::json(&json!({
            "error": { "status": refusal.status().as_u16(), "message": refusal.detail() }
        }))
    })
}

/// A user of the application.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// As claim `sub` of the user's tokens has it.
    pub subject: String,
    /// How the user is called.
    pub name: String,
    #[serde(skip)]
    rights: String,
}

impl User {
    /// Checks what the user may do now. The guards check what the token may do, which is what was true when it was
    /// issued.
    ///
    /// # Errors
    ///
    /// [`Failure::NotAllowed`].
    pub fn may(&self, right: &str) -> Result<(), Failure> {
        if self.rights.split(' ').any(|own| own == right) { Ok(()) } else { Err(Failure::NotAllowed) }
    }
}

/// An order.
#[derive(Clone, Debug, Serialize)]
pub struct Order {
    /// Given by the database.
    pub id: i64,
    /// The subject of the user who placed it.
    pub owner: String,
    /// What was ordered.
    pub item: String,
}

/// What a client sends to place or change an order.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    item: String,
}

impl Item {
    /// Reads a body, which may be anything. Pass `None` if it is longer than [`MAX_BODY_BYTES`], or did not arrive in full.
    ///
    /// # Errors
    ///
    /// [`Failure::BadItem`].
    pub fn parse(body: Option<&[u8]>) -> Result<String, Failure> {
        // serde also reads a struct from an array.
        let object = body.filter(|body| body.trim_ascii_start().starts_with(b"{"));
        let Self { item } =
            serde_json::from_slice(object.ok_or(Failure::BadItem)?).map_err(|_| Failure::BadItem)?;
        let length = item.chars().count();
        if (1..=MAX_ITEM_CHARACTERS).contains(&length) { Ok(item) } else { Err(Failure::BadItem) }
    }
}

/// Users and orders in SQLite.
#[derive(Clone)]
pub struct Db(Database);

impl Db {
    /// The file that `AUTH_DATABASE` says, which is created if there is none yet. It has users and orders then only if
    /// there are [`demo`] accounts.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub fn from_env() -> Result<Self, String> {
        let demo = if demo()? { DEMO } else { "" };
        let version_1 = |transaction: &Transaction<'_>| {
            let is_new = !transaction.table_exists(None, "users")?;
            transaction.execute_batch(VERSION_1)?;
            if is_new {
                transaction.execute_batch(demo)?;
            } else if !transaction.column_exists(None, "users", "rights")? {
                // Nobody can tell which rights these users have.
                return Err(
                    "it was made by an older version of this example, which stored no rights of users".into(),
                );
            }
            Ok(())
        };
        Database::from_env(DATABASE, &[&version_1]).map(Self)
    }

    /// All orders.
    ///
    /// # Errors
    ///
    /// [`Failure::Store`].
    pub async fn orders(&self) -> Result<Vec<Order>, Failure> {
        let orders = self.0.run(|db| {
            let mut query = db.prepare("SELECT id, owner, item FROM orders ORDER BY id")?;
            query.query_map([], order)?.collect()
        });
        Ok(orders.await?)
    }

    /// One order; `id` is as it stands in the path.
    ///
    /// # Errors
    ///
    /// [`Failure::NoSuchOrder`] and [`Failure::Store`].
    pub async fn order(&self, id: &str) -> Result<Order, Failure> {
        let id: i64 = id.parse().map_err(|_| Failure::NoSuchOrder)?;
        let found = self.0.run(move |db| {
            db.query_row("SELECT id, owner, item FROM orders WHERE id = ?1", [id], order).optional()
        });
        found.await?.ok_or(Failure::NoSuchOrder)
    }

    /// Places an order.
    ///
    /// # Errors
    ///
    /// [`Failure::Store`].
    pub async fn place(&self, owner: String, item: String) -> Result<Order, Failure> {
        let placed = self.0.run(move |db| {
            let insert = "INSERT INTO orders (owner, item) VALUES (?1, ?2) RETURNING id, owner, item";
            db.query_row(insert, [owner, item], order)
        });
        Ok(placed.await?)
    }

    /// Changes what was ordered.
    ///
    /// # Errors
    ///
    /// [`Failure::NoSuchOrder`] and [`Failure::Store`].
    pub async fn change(&self, id: i64, item: String) -> Result<Order, Failure> {
        let changed = self.0.run(move |db| {
            let update = "UPDATE orders SET item = ?2 WHERE id = ?1 RETURNING id, owner, item";
            db.query_row(update, (id, item), order).optional()
        });
        changed.await?.ok_or(Failure::NoSuchOrder)
    }

    /// All users.
    ///
    /// # Errors
    ///
    /// [`Failure::Store`].
    pub async fn users(&self) -> Result<Vec<User>, Failure> {
        let users = self.0.run(|db| {
            let mut query = db.prepare("SELECT * FROM users ORDER BY subject")?;
            query.query_map([], user)?.collect()
        });
        Ok(users.await?)
    }
}

#[async_trait]
impl UserStore for Db {
    type User = User;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
        let subject = token.subject().to_owned();
        let found = self.0.run(move |db| {
            let query = "SELECT * FROM users WHERE subject = ?1";
            db.query_row(query, [subject], |row| Ok((user(row)?, row.get("active")?))).optional()
        });
        Ok(match found.await? {
            Some((user, true)) => UserLookup::Active(user),
            Some((_, false)) => UserLookup::Inactive,
            None => UserLookup::Unknown,
        })
    }
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order { id: row.get("id")?, owner: row.get("owner")?, item: row.get("item")? })
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User { subject: row.get("subject")?, name: row.get("name")?, rights: row.get("rights")? })
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}

/// What can go wrong with an order, beyond what the library answers. The same bytes on both frameworks.
#[derive(Debug)]
pub enum Failure {
    /// 404.
    NoSuchOrder,
    /// 403: the token allows it, and the user may not any more.
    NotAllowed,
    /// 422.
    BadItem,
    /// 503, and a line in the log.
    Store(StoreFailure),
}

impl Failure {
    fn status(&self) -> u16 {
        match self {
            Self::NoSuchOrder => 404,
            Self::NotAllowed => 403,
            Self::BadItem => 422,
            Self::Store(_) => 503,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        matches!(self, Self::Store(_)).then_some(RETRY_AFTER_SECONDS)
    }

    fn body(&self) -> serde_json::Value {
        if let Self::Store(failure) = self {
            tracing::error!(%failure, "the database failed");
        }
        json!({ "message": self.to_string() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchOrder => f.write_str("No such order"),
            Self::NotAllowed => f.write_str("You may not do this any more"),
            Self::BadItem => {
                write!(f, "Send {{\"item\":\"...\"}} with 1 to {MAX_ITEM_CHARACTERS} characters")
            }
            Self::Store(_) => f.write_str("The service is temporarily unavailable"),
        }
    }
}

impl From<StoreFailure> for Failure {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(failure)
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        let status = axum::http::StatusCode::from_u16(self.status()).unwrap_or_default();
        let mut response = (status, axum::Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl actix_web::ResponseError for Failure {
    fn status_code(&self) -> actix_web::http::StatusCode {
        actix_web::http::StatusCode::from_u16(self.status()).unwrap_or_default()
    }

    fn error_response(&self) -> actix_web::HttpResponse {
        let mut response = actix_web::HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after() {
            response.insert_header((actix_web::http::header::RETRY_AFTER, seconds));
        }
        response.json(self.body())
    }
}

/// What to try. Only an issuer can mint tokens for it.
pub fn lines(issuer: Option<&TestIssuer>) -> Vec<Try> {
    let mut lines = vec![
        Try::get("/", 200),
        Try::get("/orders", 401),
        Try::get("/orders/1", 401).authorization("Bearer not.a.token"),
        Try::get("/admin/users", 401),
    ];
    let Some(issuer) = issuer else { return lines };
    let draft = |subject, scope| issuer.token(subject).scope(scope).claim_at("exp", DEMO_LIFETIME);
    let bearer = |token: String| format!("Bearer {token}");
    let alice = bearer(draft("alice", "orders:read").sign());
    let bob = bearer(draft("bob", "orders:read orders:write").sign());
    let administrator = draft("carol", "orders:read orders:write").claim("roles", json!(["admin"]));
    let carol = bearer(administrator.sign());
    let dave = bearer(draft("dave", "orders:read orders:write").sign());
    let former = draft("erin", "orders:read orders:write").claim("roles", json!(["admin"]));
    let erin = bearer(former.sign());
    let nobody = bearer(draft("mallory", "orders:read orders:write").sign());
    let (place, change) = (r#"{"item":"cake"}"#, r#"{"item":"green tea"}"#);
    lines.extend([
        Try::get("/orders", 200).authorization(&alice),
        Try::get("/orders/1", 200).authorization(&alice),
        Try::get("/orders/0", 404).authorization(&alice),
        Try::get("/orders", 403).sends("POST", place).authorization(&alice),
        Try::get("/orders", 201).sends("POST", place).authorization(&bob),
        Try::get("/orders", 422).sends("POST", "[]").authorization(&bob),
        Try::get("/orders/1", 403).sends("PUT", change).authorization(&bob),
        Try::get("/orders/1", 200).sends("PUT", change).authorization(&carol),
        Try::get("/orders", 403).sends("POST", place).authorization(&dave),
        Try::get("/orders", 401).sends("POST", place).authorization(&nobody),
        Try::get("/orders", 403).authorization(&dave),
        Try::get("/orders", 403).authorization(&erin),
        Try::get("/orders/1", 403).sends("PUT", change).authorization(&dave),
        Try::get("/me", 200).authorization(&alice),
        Try::get("/me", 403).authorization(&dave),
        Try::get("/me", 401).authorization(&nobody),
        Try::get("/admin/users", 403).authorization(&bob),
        Try::get("/admin/users", 200).authorization(&carol),
    ]);
    lines
}
