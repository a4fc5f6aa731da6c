//! The extractor that demands scopes.

use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use auth_core::{NoClaims, RequiredScopes};
use serde::de::DeserializeOwned;

use crate::extract::{Authenticated, Later};
use crate::rejection::AuthRejection;

/// Demands a good token with all the scopes that the type names.
///
/// ```
/// use auth_actix::{RequiredScopes, Scope, Scoped};
///
/// struct OrdersRead;
///
/// impl RequiredScopes for OrdersRead {
///     const SCOPES: &'static [Scope] = &[Scope::from_static("orders:read")];
/// }
///
/// async fn orders(user: Scoped<OrdersRead>) -> String {
///     format!("Orders of {}", user.subject())
/// }
/// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(orders));
/// ```
///
/// `Scoped<OrdersRead, TenantClaims>` reads the application's own claims, too. A list of no scopes does not
/// compile:
///
/// ```compile_fail
/// struct Nothing;
/// impl auth_actix::RequiredScopes for Nothing {
///     const SCOPES: &'static [auth_actix::Scope] = &[];
/// }
/// async fn orders(user: auth_actix::Scoped<Nothing>) -> &'static str { "" }
/// let _ = actix_web::App::new().route("/", actix_web::web::get().to(orders));
/// ```
///
/// # Errors
///
/// As [`Authenticated`], and 403 `insufficient_scope`.
#[derive(Debug)]
pub struct Scoped<R, C = NoClaims> {
    user: Authenticated<C>,
    required: PhantomData<fn() -> R>,
}

impl<R, C> Scoped<R, C> {
    /// The caller.
    #[must_use]
    pub fn into_inner(self) -> Authenticated<C> {
        self.user
    }
}

impl<R, C> Clone for Scoped<R, C> {
    fn clone(&self) -> Self {
        Self { user: self.user.clone(), required: PhantomData }
    }
}

impl<R, C> Deref for Scoped<R, C> {
    type Target = Authenticated<C>;

    fn deref(&self) -> &Authenticated<C> {
        &self.user
    }
}

impl<R, C> FromRequest for Scoped<R, C>
where
    R: RequiredScopes + 'static,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Error = AuthRejection;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let user = Authenticated::from_request(request, payload);
        Box::pin(async move {
            let user = user.await?;
            user.0.require_scopes::<R>()?;
            Ok(Self { user, required: PhantomData })
        })
    }
}
