//! The extractors.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use auth_core::{Authenticator, NoClaims, Rejection};
use serde::de::DeserializeOwned;

use crate::convert::Head;
use crate::rejection::AuthRejection;

type Verdict<T> = Pin<Box<dyn Future<Output = Result<T, AuthRejection>>>>;

/// Demands a good token. The handler is not run without one.
///
/// `C` is the application's own claims; leave it out to have none. Everything that an
/// [`auth_core::Authenticated`] offers is there: `user.subject()`, `user.claims`,
/// `user.require(&policy)?`.
///
/// ```
/// use auth_actix::Authenticated;
///
/// #[derive(serde::Deserialize)]
/// struct TenantClaims { tenant: String }
///
/// async fn tenant(user: Authenticated<TenantClaims>) -> String {
///     format!("{} of {}", user.subject(), user.claims.tenant)
/// }
/// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(tenant));
/// ```
///
/// **Do not write `Option<Authenticated>` or `Result<Authenticated, _>`**: actix makes `None` or `Err`
/// of a bad token and goes on, so a caller with a forged or expired token becomes an anonymous one.
/// [`MaybeAuthenticated`] is the way to let anonymous callers in.
///
/// # Errors
///
/// Refuses with 401, 400, 503 or 500, as the table of [`auth_core::Reason`] says. Without an
/// [`Authenticator`] in `app_data` it is a 500, and the log says how to mend it.
#[derive(Clone, Debug)]
pub struct Authenticated<C = NoClaims>(pub auth_core::Authenticated<C>);

impl<C> Deref for Authenticated<C> {
    type Target = auth_core::Authenticated<C>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<C: DeserializeOwned + 'static> FromRequest for Authenticated<C> {
    type Error = AuthRejection;
    type Future = Verdict<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(authenticator(&request)?.authenticate(&Head(&request)).await?)) })
    }
}

/// A good token, or none at all. A bad one is refused.
///
/// ```
/// use auth_actix::MaybeAuthenticated;
///
/// async fn home(MaybeAuthenticated(user): MaybeAuthenticated) -> String {
///     match user {
///         Some(user) => format!("Hello {}", user.subject()),
///         None => "Hello, stranger".to_owned(),
///     }
/// }
/// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(home));
/// ```
#[derive(Clone, Debug)]
pub struct MaybeAuthenticated<C = NoClaims>(pub Option<Authenticated<C>>);

impl<C: DeserializeOwned + 'static> FromRequest for MaybeAuthenticated<C> {
    type Error = AuthRejection;
    type Future = Verdict<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = authenticator(&request)?.authenticate_optional(&Head(&request)).await?;
            Ok(Self(caller.map(Authenticated)))
        })
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

impl FromRequest for BearerToken {
    type Error = AuthRejection;
    type Future = Ready<Result<Self, AuthRejection>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = authenticator(request).and_then(|found| found.bearer_token(&Head(request)));
        ready(token.map(Self).map_err(AuthRejection))
    }
}

/// The authenticator, put into `app_data` as it is or in a [`web::Data`].
fn authenticator(request: &HttpRequest) -> Result<&Authenticator, Rejection> {
    let plain = request.app_data::<Authenticator>();
    let found = plain.or_else(|| request.app_data::<web::Data<Authenticator>>().map(web::Data::get_ref));
    found.ok_or_else(|| {
        tracing::error!(
            "no Authenticator for {}: add `.app_data(authenticator.clone())` to the App or to the scope of this route",
            request.path()
        );
        Rejection::misconfigured()
    })
}
