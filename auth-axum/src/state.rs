//! What the extractors take from axum's state.

use std::sync::Arc;

use auth_core::{Authenticator, UserStore};
use axum_core::extract::FromRef;

/// A state that has an [`Authenticator`]: every state that [`FromRef`] gets one from.
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` has no `Authenticator`",
    label = "an extractor of `auth_axum` needs an `Authenticator` in the state",
    note = "put one in: `#[derive(Clone, FromRef)] struct AppState {{ auth: Authenticator }}`, then `.with_state(...)`",
    note = "if the state cannot have one, lay an `AuthLayer` around the route and extract `Guarded<Authenticated>`"
)]
pub trait HasAuthenticator {
    /// The authenticator.
    fn authenticator(&self) -> Authenticator;
}

#[diagnostic::do_not_recommend]
impl<S> HasAuthenticator for S
where
    Authenticator: FromRef<S>,
{
    fn authenticator(&self) -> Authenticator {
        Authenticator::from_ref(self)
    }
}

/// A state that has a [`UserStore`]: every state that [`FromRef`] gets one from, as an [`Arc`].
#[diagnostic::on_unimplemented(
    message = "the state `{Self}` has no user store `Arc<{S}>`",
    label = "`CurrentUser` needs the store in the state",
    note = "put it in: `#[derive(Clone, FromRef)] struct AppState {{ auth: Authenticator, db: Arc<Db> }}`"
)]
pub trait HasUserStore<S: ?Sized> {
    /// The store.
    fn user_store(&self) -> Arc<S>;
}

#[diagnostic::do_not_recommend]
impl<St, S: UserStore + ?Sized> HasUserStore<S> for St
where
    Arc<S>: FromRef<St>,
{
    fn user_store(&self) -> Arc<S> {
        Arc::from_ref(self)
    }
}
