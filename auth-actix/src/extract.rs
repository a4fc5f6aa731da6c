//! The extractors.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest, web};
use auth_core::adapter::{Kept, Wrapper, extract, extract_now, extract_user};
use auth_core::{Authenticator, NoClaims, Rejection, UserStore};
use futures_util::future::Either;

use crate::convert::Head;
use crate::wrappers::{AuthRejection, Authenticated, BearerToken, CurrentUser, MaybeAuthenticated, Scoped};

type Later<T> = Pin<Box<dyn Future<Output = Result<T, AuthRejection>>>>;
/// Nearly always the verdict is there at once.
type Extracting<T> = Either<Ready<Result<T, AuthRejection>>, Later<T>>;

macro_rules! extractors {
    ($([$($parameter:ident),*] $type:ty),* $(,)?) => {$(
        impl<$($parameter: 'static),*> FromRequest for $type
        where
            $type: Wrapper,
        {
            type Error = AuthRejection;
            type Future = Extracting<Self>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                extracting(request)
            }
        }
    )*};
}

extractors! {
    [C] Authenticated<C>,
    [C] MaybeAuthenticated<C>,
    [R, C] Scoped<R, C>,
    [] BearerToken,
}

impl<S: UserStore + ?Sized> FromRequest for CurrentUser<S> {
    type Error = AuthRejection;
    type Future = Later<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (request, kept) = (request.clone(), kept(request));
        Box::pin(async move {
            let mut head = Head(&request);
            let turn = kept.turn().await;
            let caller: auth_core::Authenticated<NoClaims> =
                extract(authenticator(&request)?, &mut head).await?;
            drop(turn);
            Ok(Self(extract_user(&caller, &mut head, &user_store::<S>(&request)?).await?))
        })
    }
}

fn extracting<W: Wrapper + 'static>(request: &HttpRequest) -> Extracting<W> {
    let extract_now = |authenticator| extract_now(authenticator, &mut Head(request)).transpose();
    if let Some(outcome) = authenticator(request).and_then(extract_now).transpose() {
        return Either::Left(ready(outcome.map(W::wrap).map_err(AuthRejection)));
    }
    let (request, kept) = (request.clone(), kept(request));
    Either::Right(Box::pin(async move {
        let _turn = kept.turn().await;
        Ok(W::wrap(extract(authenticator(&request)?, &mut Head(&request)).await?))
    }))
}

/// What extractors that wait have found. Called before anything waits: later, somebody may be reading the extensions.
fn kept(request: &HttpRequest) -> Kept {
    let present = request.extensions().get::<Kept>().cloned();
    present.unwrap_or_else(|| {
        let kept = Kept::default();
        request.extensions_mut().insert(kept.clone());
        kept
    })
}

/// The authenticator of the nearest scope.
///
/// In one form only: actix looks for a type through all scopes, so with two forms the outer scope's
/// could win over the inner one's.
fn authenticator(request: &HttpRequest) -> Result<&Authenticator, Rejection> {
    let wrong = match (request.app_data::<web::Data<Authenticator>>(), request.app_data()) {
        (None, Some(authenticator)) => return Ok(authenticator),
        (None, None) => "no Authenticator",
        (Some(_), _) => "an Authenticator in web::Data",
    };
    Err(misconfigured(request, wrong, " as it is, `.app_data(authenticator.clone())`"))
}

fn user_store<S: UserStore + ?Sized>(request: &HttpRequest) -> Result<Arc<S>, Rejection> {
    let store = request.app_data::<web::Data<S>>().map(|store| store.clone().into_inner());
    store.ok_or_else(|| misconfigured(request, "no user store", ", `.app_data(web::Data::new(db))`"))
}

fn misconfigured(request: &HttpRequest, wrong: &str, fix: &str) -> Rejection {
    let path = request.path();
    tracing::error!("{wrong} for {path}: put it in{fix}, at the App or the scope of this route");
    Rejection::misconfigured()
}
