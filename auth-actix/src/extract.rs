//! The extractors of tokens and claims.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use auth_core::{Authenticator, NoClaims, Policy, Rejection};
use futures_util::future::Either;
use serde::de::DeserializeOwned;

use crate::convert::Head;
use crate::rejection::AuthRejection;

pub(crate) type Later<T> = Pin<Box<dyn Future<Output = Result<T, AuthRejection>>>>;
/// Mostly the verdict is there at once.
type Verdict<T> = Either<Ready<Result<T, AuthRejection>>, Later<T>>;

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
/// A token that does not have these claims is refused with 401, as one that was not made for this
/// application; a claim that may be absent is an `Option` in the type.
///
/// **Do not write `Option<Authenticated>` or `Result<Authenticated, _>`**: actix makes `None` or `Err`
/// of a bad token and goes on, so a caller with a forged or expired token becomes an anonymous one. The
/// same goes for `Option` around any other extractor of this crate. [`MaybeAuthenticated`] by itself is the way to let anonymous
/// callers in.
///
/// # Errors
///
/// Refuses with 401, 400, 503 or 500, as the table of [`auth_core::Reason`] says. Without an
/// [`Authenticator`] in `app_data` it is a 500, and the log says how to mend it.
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

impl<C: DeserializeOwned + Send + Sync + 'static> FromRequest for Authenticated<C> {
    type Error = AuthRejection;
    type Future = Verdict<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let now = match authenticator(request) {
            Ok(authenticator) => authenticator.authenticate_now(&Head(request)),
            Err(rejection) => Some(Err(rejection)),
        };
        if let Some(verdict) = now {
            return Either::Left(ready(verdict.map(Self).map_err(AuthRejection)));
        }
        let request = request.clone();
        Either::Right(Box::pin(async move {
            let user = authenticator(&request)?.authenticate(&Head(&request)).await?;
            Ok(Self(kept(&request, user)))
        }))
    }
}

/// Puts aside what was waited for, so that other extractors of the same request need not.
fn kept<C>(request: &HttpRequest, user: auth_core::Authenticated<C>) -> auth_core::Authenticated<C> {
    if let Some(pass) = user.pass_to_keep() {
        request.extensions_mut().insert(pass);
    }
    user
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
#[derive(Debug)]
pub struct MaybeAuthenticated<C = NoClaims>(pub Option<Authenticated<C>>);

impl<C> Clone for MaybeAuthenticated<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: DeserializeOwned + Send + Sync + 'static> FromRequest for MaybeAuthenticated<C> {
    type Error = AuthRejection;
    type Future = Verdict<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let now = match authenticator(request) {
            Ok(authenticator) => authenticator.authenticate_optional_now(&Head(request)),
            Err(rejection) => Some(Err(rejection)),
        };
        if let Some(verdict) = now {
            let user = verdict.map(|user| Self(user.map(Authenticated)));
            return Either::Left(ready(user.map_err(AuthRejection)));
        }
        let request = request.clone();
        Either::Right(Box::pin(async move {
            let user = authenticator(&request)?.authenticate_optional(&Head(&request)).await?;
            Ok(Self(user.map(|user| Authenticated(kept(&request, user)))))
        }))
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

/// The authenticator of the nearest scope.
///
/// In one form only: actix looks for a type through all scopes, so with two forms the outer scope's
/// could win over the inner one's.
fn authenticator(request: &HttpRequest) -> Result<&Authenticator, Rejection> {
    let wrong = if request.app_data::<web::Data<Authenticator>>().is_some() {
        "an Authenticator in web::Data"
    } else {
        match request.app_data::<Authenticator>() {
            Some(authenticator) => return Ok(authenticator),
            None => "no Authenticator",
        }
    };
    tracing::error!(
        "{wrong} for {}: put it in as it is, `.app_data(authenticator.clone())`, at the App or the scope of this route",
        request.path()
    );
    Err(Rejection::misconfigured())
}
