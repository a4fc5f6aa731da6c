//! Everything that `axum_login` and `actix_login` share. Their handlers only pass requests on.
//!
//! | file | copy it for |
//! |---|---|
//! | `codes.rs` | one-time codes by mail |
//! | `registration.rs`, `recovery.rs` | new accounts, and forgotten passwords |
//! | `self_service.rs` | a list of logins, password changes |
//! | `new_password.rs` | the passwords that people may choose |
//! | `db.rs`, `db/logins.rs` | accounts and logins in a database |

mod answers;
mod codes;
mod db;
mod document;
mod failure;
mod forms;
mod lines;
mod login;
mod mail;
mod new_password;
mod recovery;
mod registration;
mod self_service;
mod success;
#[cfg(test)]
mod tests;

use auth_core::{RequiredScopes, Scope};

pub use self::answers::{Item, Message, Session, User};
pub use self::db::Db;
pub use self::failure::Failure;
pub use self::login::Login;
pub use self::mail::{Mail, Mailer, PrintedMail};
pub use self::self_service::SelfService;
pub use self::success::Success;

/// May see one's items.
pub const ITEMS: Scope = Scope::from_static("items");

/// Demands [`ITEMS`], as a type.
#[derive(Debug)]
pub struct Items;

impl RequiredScopes for Items {
    const SCOPES: &'static [Scope] = &[ITEMS];
}
