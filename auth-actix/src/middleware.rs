//! A guard around routes, as an actix middleware.

use std::future::{Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use auth_core::adapter::Guard;

use crate::convert::{self, Head};

/// Guards all routes of the app, scope or resource that it is wrapped around.
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::{Authenticated, AuthMiddleware, Authenticator, Policy, Scope};
///
/// const ORDERS_READ: Scope = Scope::from_static("orders:read");
///
/// async fn orders(user: Authenticated) -> String {
///     format!("Orders of {}", user.subject()) // verified by the guard, and not again here
/// }
///
/// # fn app(auth: Authenticator) {
/// let guard = AuthMiddleware::new(auth.clone()).require(Policy::scope(ORDERS_READ));
/// let orders = web::scope("/orders").wrap(guard).route("", web::get().to(orders));
/// let app = App::new().app_data(auth).service(orders);
/// # }
/// ```
///
/// A guard always verifies, wherever it stands among other middlewares, and refuses before the body of the request is
/// read. Guards within guards add up: a request must satisfy all of them, and a challenge names the scopes that the
/// guards up to there demand.
///
/// Around a scope it also guards the unknown paths of the scope, and around the app all of them: they are refused like
/// known ones.
#[derive(Clone, Debug)]
pub struct AuthMiddleware {
    guard: Guard,
}

impl AuthMiddleware {
    auth_core::adapter::guard_methods!();

    fn of(guard: Guard) -> Self {
        Self { guard }
    }
}

impl<S, B> Transform<S, ServiceRequest> for AuthMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = AuthService<S>;
    type InitError = ();
    type Future = Ready<Result<AuthService<S>, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(AuthService { inner: Rc::new(inner), guard: self.guard.clone() }))
    }
}

/// A service behind an [`AuthMiddleware`].
#[derive(Debug)]
pub struct AuthService<S> {
    inner: Rc<S>,
    guard: Guard,
}

impl<S, B> Service<ServiceRequest> for AuthService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    /// Judges when it is polled, not before: by then the spans of the middlewares around have been entered.
    fn call(&self, request: ServiceRequest) -> Self::Future {
        let (guard, inner) = (self.guard.clone(), self.inner.clone());
        Box::pin(async move {
            match guard.check(&mut Head(request.request())).await {
                Ok(()) => inner.call(request).await.map(ServiceResponse::map_into_left_body),
                // A response and not an error, so that the middlewares around (for CORS, say) treat it like any response.
                Err(rejection) => {
                    Ok(request.into_response(convert::response(&rejection)).map_into_right_body())
                }
            }
        })
    }
}
