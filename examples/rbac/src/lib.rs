//! What `axum_rbac` and `actix_rbac` share beside their routes. The login examples have the same database.

mod database;
pub mod orders;

pub use crate::database::{Database, Step};
