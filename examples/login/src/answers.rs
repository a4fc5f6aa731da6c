//! What clients get.

use auth_core::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Failure;

/// A user, as clients see one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// The subject of tokens, which never changes.
    pub id: String,
    /// The name to log in with. Accounts without one log in with their `id`.
    pub email: Option<String>,
    /// How the user is called.
    pub full_name: String,
    #[serde(skip)]
    pub(crate) scopes: Vec<Scope>,
}

impl User {
    /// Checks what the user may do now. `Scoped` checks what the token may do, which is what was true when it was issued.
    ///
    /// # Errors
    ///
    /// [`Failure::NotAllowed`].
    pub fn may(&self, scope: &Scope) -> Result<(), Failure> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(Failure::NotAllowed) }
    }
}

/// Something that a user has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Item {
    /// What it is.
    pub name: String,
}

/// A login, as its user sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Ends it: `DELETE /users/me/sessions/{id}`.
    pub id: String,
    /// The browser, as it calls itself. Escape it in HTML.
    pub label: Option<String>,
    /// In seconds since 1970.
    pub began_at: u64,
    /// In seconds since 1970.
    pub expires_at: u64,
}

/// A text for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// The text.
    pub message: String,
}

impl Message {
    /// Greets somebody, or a stranger.
    #[must_use]
    pub fn greeting(name: Option<&str>) -> Self {
        Self { message: format!("Hello {}", name.unwrap_or("stranger")) }
    }
}
