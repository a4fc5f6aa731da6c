//! Everything that `axum_browser` and `actix_browser` share. Their handlers only pass requests on.
//!
//! | file | copy it for |
//! |---|---|
//! | `app.rs` | cookies for the page, and API keys for programs, accepted side by side |
//! | `feed.rs` | a WebSocket that ends with its token |
//! | `page.rs` and `page/` | a page that logs in, refreshes and notices a logout, with a strict Content-Security-Policy |
//! | `memory.rs` | accounts and logins, which a real application has in its database |

mod app;
mod feed;
mod items;
mod lines;
mod memory;
mod page;
mod reply;

use auth_core::{RequiredScopes, Scope};

pub use self::app::{App, Settings};
pub use self::feed::{Feed, Next};
pub use self::page::{page, script, style};
pub use self::reply::Reply;

/// May see one's items.
pub const READ: Scope = Scope::from_static("items:read");
/// May add items.
pub const WRITE: Scope = Scope::from_static("items:write");

/// Demands [`READ`], as a type.
#[derive(Debug)]
pub struct MayRead;

impl RequiredScopes for MayRead {
    const SCOPES: &'static [Scope] = &[READ];
}

/// Demands [`WRITE`], as a type.
#[derive(Debug)]
pub struct MayWrite;

impl RequiredScopes for MayWrite {
    const SCOPES: &'static [Scope] = &[WRITE];
}
