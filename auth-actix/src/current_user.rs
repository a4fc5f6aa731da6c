//! The extractor of the application's own user.

use std::fmt;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use auth_core::{NoClaims, Rejection, UserLoading, UserStore};

use crate::extract::{Authenticated, Later};
use crate::rejection::AuthRejection;

/// The application's own user behind a good token, out of its [`UserStore`].
///
/// The store is a [`web::Data`] in `app_data`. It is asked once per request, however many extractors want the
/// user.
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::{CurrentUser, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
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
/// async fn me(CurrentUser(user): CurrentUser<Db>) -> web::Json<User> {
///     web::Json(user)
/// }
/// # let _ =
/// App::new().app_data(web::Data::new(Db)).route("/me", web::get().to(me));
/// ```
///
/// With `web::Data::from(db)` of a `db: Arc<dyn UserStore<User = User>>` it is
/// `CurrentUser<dyn UserStore<User = User>>`.
///
/// # Errors
///
/// As [`Authenticated`]. A user whom the store does not know is 401, an inactive one 403, and a store that fails
/// 503. Without the store in `app_data` it is a 500, and the log says how to mend it.
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

impl<S: UserStore + ?Sized> FromRequest for CurrentUser<S> {
    type Error = AuthRejection;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Authenticated::<NoClaims>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let caller = caller.await?;
            let Some(store) = request.app_data::<web::Data<S>>().cloned() else {
                tracing::error!(
                    "no user store for {}: put it in, `.app_data(web::Data::new(db))`, at the App or the scope of this route",
                    request.path()
                );
                return Err(Rejection::misconfigured().into());
            };
            let loading: UserLoading<S> = {
                let mut extensions = request.extensions_mut();
                let loading = caller.0.load_user(&store.into_inner(), extensions.get());
                extensions.insert(loading.clone());
                loading
            };
            Ok(Self(loading.user().await?))
        })
    }
}
