//! The extractor of the application's own user.

use std::fmt;
use std::sync::Arc;

use auth_core::{Authenticator, NoClaims, UserStore};
use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;

use crate::extract::Authenticated;
use crate::rejection::AuthRejection;

/// The application's own user behind a good token, out of its [`UserStore`].
///
/// The store is taken from the state as an [`Arc`], so the state has a field `db: Arc<Db>`. It is asked once per
/// request, however many extractors want the user.
///
/// ```
/// use std::sync::Arc;
///
/// use auth_axum::{Authenticator, CurrentUser, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
/// use axum::{Json, Router, extract::FromRef, routing::get};
///
/// #[derive(Clone, serde::Serialize)]
/// struct User { name: String }
///
/// struct Db; // a pool of connections
///
/// #[async_trait]
/// impl UserStore for Db {
///     type User = User;
///
///     async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
///         let name = token.subject().to_owned(); // a query, with `?`
///         Ok(UserLookup::Active(User { name }))
///     }
/// }
///
/// #[derive(Clone, FromRef)]
/// struct AppState { auth: Authenticator, db: Arc<Db> }
///
/// async fn me(CurrentUser(user): CurrentUser<Db>) -> Json<User> {
///     Json(user)
/// }
/// # let _: Router<AppState> = Router::new().route("/me", get(me));
/// ```
///
/// With `db: Arc<dyn UserStore<User = User>>` in the state it is `CurrentUser<dyn UserStore<User = User>>`.
///
/// # Errors
///
/// As [`Authenticated`]. A user whom the store does not know is 401, an inactive one 403, and a store that fails
/// 503.
pub struct CurrentUser<S: UserStore + ?Sized>(pub S::User);

impl<S: UserStore + ?Sized> Clone for CurrentUser<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Never prints the user.
impl<S: UserStore + ?Sized> fmt::Debug for CurrentUser<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CurrentUser(<redacted>)")
    }
}

impl<St, S> FromRequestParts<St> for CurrentUser<S>
where
    St: Sync,
    Authenticator: FromRef<St>,
    Arc<S>: FromRef<St>,
    S: UserStore + ?Sized,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &St) -> Result<Self, AuthRejection> {
        let caller = Authenticated::<NoClaims>::from_request_parts(parts, state).await?;
        let loading = caller.0.load_user(&Arc::<S>::from_ref(state), parts.extensions.get());
        parts.extensions.insert(loading.clone());
        Ok(Self(loading.user().await?))
    }
}
