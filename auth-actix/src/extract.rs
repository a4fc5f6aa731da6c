//! The extractors.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use auth_core::adapter::{Wrapper, extract, extract_now, extract_user};
use auth_core::{Authenticator, NoClaims, Rejection, UserStore};
use futures_util::future::Either;

use crate::convert::Head;
use crate::kept::Kept;
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
        let (request, kept) = (request.clone(), Kept::of(request));
        Box::pin(async move {
            let mut head = Head(&request);
            let turn = kept.turn().await;
            let caller: auth_core::Authenticated<NoClaims> =
                extract(authenticator(&request)?, &mut head).await?;
            drop(turn);
            let store: Arc<S> = user_store(&request)?;
            Ok(Self(extract_user(&caller, &mut head, &store).await?))
        })
    }
}

fn extracting<W: Wrapper + 'static>(request: &HttpRequest) -> Extracting<W> {
    let now = match authenticator(request) {
        Ok(authenticator) => extract_now(authenticator, &mut Head(request)),
        Err(rejection) => Some(Err(rejection)),
    };
    if let Some(outcome) = now {
        return Either::Left(ready(outcome.map(W::wrap).map_err(AuthRejection)));
    }
    let (request, kept) = (request.clone(), Kept::of(request));
    Either::Right(Box::pin(async move {
        let _turn = kept.turn().await;
        Ok(W::wrap(extract(authenticator(&request)?, &mut Head(&request)).await?))
    }))
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

fn user_store<S: UserStore + ?Sized>(request: &HttpRequest) -> Result<Arc<S>, Rejection> {
    match request.app_data::<web::Data<S>>() {
        Some(store) => Ok(store.clone().into_inner()),
        None => {
            tracing::error!(
                "no user store for {}: put it in, `.app_data(web::Data::new(db))`, at the App or the scope of this route",
                request.path()
            );
            Err(Rejection::misconfigured())
        }
    }
}
