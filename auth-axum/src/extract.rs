//! The extractors of tokens and claims.

use std::ops::Deref;

use auth_core::{Authenticator, NoClaims, Policy};
use axum_core::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::rejection::AuthRejection;
use crate::request::Head;

/// Demands a good token. The handler is not run without one.
///
/// `C` is the application's own claims; leave it out to have none. Everything that an
/// [`auth_core::Authenticated`] offers is there: `user.subject()`, `user.claims`,
/// `user.require(&policy)?`.
///
/// ```
/// use auth_axum::Authenticated;
///
/// #[derive(serde::Deserialize)]
/// struct TenantClaims { tenant: String }
///
/// async fn tenant(user: Authenticated<TenantClaims>) -> String {
///     format!("{} of {}", user.subject(), user.claims.tenant)
/// }
/// # let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(tenant));
/// ```
///
/// A token that does not have these claims is refused with 401, as one that was not made for this
/// application; a claim that may be absent is an `Option` in the type.
///
/// If the compiler says only that `Handler<_, _>` is not satisfied, axum's `#[debug_handler]` on the
/// function tells why.
///
/// There is no `Option<Authenticated>`, for it would take a bad token for an anonymous caller. Use
/// [`MaybeAuthenticated`]. `Result<Authenticated, _>` compiles, and leaves the refusing to the handler.
///
/// ```compile_fail
/// async fn home(user: Option<auth_axum::Authenticated>) {}
/// let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(home));
/// ```
///
/// The [`Authenticator`] is taken from the state. Where the state has none, the route does not
/// compile:
///
/// ```compile_fail
/// async fn home(user: auth_axum::Authenticated) {}
/// let _: axum::Router<()> = axum::Router::new().route("/", axum::routing::get(home));
/// ```
///
/// ```
/// async fn home(user: auth_axum::Authenticated) {}
/// let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(home));
/// ```
///
/// # Errors
///
/// Refuses with 401, 400, 503 or 500, as the table of [`auth_core::Reason`] says.
#[derive(Debug)]
pub struct Authenticated<C = NoClaims>(pub auth_core::Authenticated<C>);

impl<C> Authenticated<C> {
    /// Goes on only if the token is enough for the policy.
    ///
    /// # Errors
    ///
    /// The rejection to return: 403 `insufficient_scope`.
    pub fn require(&self, policy: &Policy) -> Result<(), AuthRejection> {
        Ok(self.0.require(policy)?)
    }
}

impl<C> Clone for Authenticated<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> Deref for Authenticated<C> {
    type Target = auth_core::Authenticated<C>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S, C> FromRequestParts<S> for Authenticated<C>
where
    S: Sync,
    Authenticator: FromRef<S>,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let user = Authenticator::from_ref(state).authenticate(&Head::from(&*parts)).await?;
        Ok(Self(kept(parts, user)))
    }
}

/// Puts aside what was waited for, so that other extractors of the same request need not.
fn kept<C>(parts: &mut Parts, user: auth_core::Authenticated<C>) -> auth_core::Authenticated<C> {
    if let Some(pass) = user.pass_to_keep() {
        parts.extensions.insert(pass);
    }
    user
}

/// A good token, or none at all. A bad one is refused.
///
/// ```
/// use auth_axum::MaybeAuthenticated;
///
/// async fn home(MaybeAuthenticated(user): MaybeAuthenticated) -> String {
///     match user {
///         Some(user) => format!("Hello {}", user.subject()),
///         None => "Hello, stranger".to_owned(),
///     }
/// }
/// # let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(home));
/// ```
#[derive(Debug)]
pub struct MaybeAuthenticated<C = NoClaims>(pub Option<Authenticated<C>>);

impl<C> Clone for MaybeAuthenticated<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S, C> FromRequestParts<S> for MaybeAuthenticated<C>
where
    S: Sync,
    Authenticator: FromRef<S>,
    C: DeserializeOwned + Send + Sync + 'static,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let user = Authenticator::from_ref(state).authenticate_optional(&Head::from(&*parts)).await?;
        Ok(Self(user.map(|user| Authenticated(kept(parts, user)))))
    }
}

/// The token as it was sent, **not verified**, as FastAPI's `OAuth2PasswordBearer` gives it.
///
/// Demands that there is one of sound syntax, and nothing more: whoever calls may have made it up.
#[derive(Clone, Debug)]
pub struct BearerToken(pub auth_core::BearerToken);

impl Deref for BearerToken {
    type Target = auth_core::BearerToken;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S> FromRequestParts<S> for BearerToken
where
    S: Sync,
    Authenticator: FromRef<S>,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        Ok(Self(Authenticator::from_ref(state).bearer_token(&Head::from(&*parts))?))
    }
}
