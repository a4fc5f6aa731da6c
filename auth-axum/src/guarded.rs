//! The extractor that needs no state.

use std::sync::Arc;

use auth_core::adapter::{Wrapper, extract_from_guard, extract_user};
use auth_core::{NoClaims, Rejection, UserStore};
use axum_core::extract::FromRequestParts;
use http::request::Parts;

use crate::wrappers::{AuthRejection, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped};

/// What the guard around this route has found, for a state that has no `Authenticator`.
///
/// Goes around [`Authenticated`], [`MaybeAuthenticated`], [`Scoped`], [`BearerToken`] and [`CurrentUser`]. For states
/// that cannot implement axum's `FromRef` (those of loco or leptos), and for routers without a state:
///
/// ```
/// use auth_axum::{AuthLayer, Authenticated, Authenticator, Guarded};
/// use axum::{Router, routing::get};
///
/// async fn orders(Guarded(user): Guarded<Authenticated>) -> String {
///     format!("Orders of {}", user.subject())
/// }
///
/// fn app(auth: Authenticator) -> Router {
///     Router::new().route("/orders", get(orders)).layer(AuthLayer::new(auth))
/// }
/// ```
///
/// `Guarded<CurrentUser<Db>>` takes the store from the request: lay `axum::Extension(db)` around the route, with
/// `db: Arc<Db>`.
///
/// # Errors
///
/// Like the extractor inside. Without a guard around the route it is a 500, and the log says what to do. It is also a
/// 500 if a layer inside the guard has changed the credentials, since the guard has not judged the new ones.
#[derive(Clone, Debug)]
pub struct Guarded<T>(pub T);

macro_rules! guarded {
    ($([$($parameter:ident),*] $type:ty),* $(,)?) => {$(
        impl<St: Sync, $($parameter),*> FromRequestParts<St> for Guarded<$type>
        where
            $type: Wrapper,
        {
            type Rejection = AuthRejection;

            async fn from_request_parts(parts: &mut Parts, _: &St) -> Result<Self, AuthRejection> {
                Ok(Self(Wrapper::wrap(extract_from_guard(parts)?)))
            }
        }
    )*};
}

guarded! {
    [C] Authenticated<C>,
    [C] MaybeAuthenticated<C>,
    [R, C] Scoped<R, C>,
    [] BearerToken,
}

impl<St, S> FromRequestParts<St> for Guarded<CurrentUser<S>>
where
    St: Sync,
    S: UserStore + ?Sized,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, _: &St) -> Result<Self, AuthRejection> {
        let caller: auth_core::Authenticated<NoClaims> = extract_from_guard(parts)?;
        let Some(store) = parts.extensions.get::<Arc<S>>().cloned() else {
            tracing::error!(
                "no user store for {}: lay `axum::Extension(db)` around this route, with `db: Arc<{}>`",
                parts.uri.path(),
                std::any::type_name::<S>()
            );
            return Err(Rejection::misconfigured().into());
        };
        Ok(Self(CurrentUser(extract_user(&caller, parts, &store).await?)))
    }
}
