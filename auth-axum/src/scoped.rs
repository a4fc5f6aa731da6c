//! The extractor that demands scopes.

use std::marker::PhantomData;
use std::ops::Deref;

use auth_core::{Authenticator, NoClaims, RequiredScopes};
use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::extract::Authenticated;
use crate::rejection::AuthRejection;

/// Demands a good token with all the scopes that the type names.
///
/// ```
/// use auth_axum::{RequiredScopes, Scope, Scoped};
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
/// # let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(orders));
/// ```
///
/// `Scoped<OrdersRead, TenantClaims>` reads the application's own claims, too. A list of no scopes does not
/// compile:
///
/// ```compile_fail
/// struct Nothing;
/// impl auth_axum::RequiredScopes for Nothing {
///     const SCOPES: &'static [auth_axum::Scope] = &[];
/// }
/// async fn orders(user: auth_axum::Scoped<Nothing>) {}
/// let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(orders));
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

impl<S, R, C> FromRequestParts<S> for Scoped<R, C>
where
    S: Sync,
    Authenticator: FromRef<S>,
    R: RequiredScopes,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let user = Authenticated::from_request_parts(parts, state).await?;
        user.0.require_scopes::<R>()?;
        Ok(Self { user, required: PhantomData })
    }
}
