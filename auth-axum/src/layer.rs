//! A guard around routes, as a tower layer.

use std::future::{Ready, ready};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use auth_core::{Authenticator, Guard, Pass, Policy};
use bytes::Bytes;
use futures_util::future::Either;
use http::{Extensions, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::rejection;
use crate::request::Head;

/// Guards all routes that it is laid around.
///
/// ```
/// use auth_axum::{AuthLayer, Authenticated, Authenticator, Policy, Scope};
/// use axum::{Router, routing::get};
///
/// const ORDERS_READ: Scope = Scope::from_static("orders:read");
///
/// async fn orders(user: Authenticated) -> String {
///     format!("Orders of {}", user.subject()) // verified by the guard, and not again here
/// }
///
/// fn app(auth: Authenticator) -> Router {
///     let guard = AuthLayer::new(auth.clone()).require(Policy::scope(ORDERS_READ));
///     Router::new().route("/orders", get(orders)).layer(guard).with_state(auth)
/// }
/// ```
///
/// A guard always verifies, wherever among other layers it stands, and refuses before the body of the request
/// is read. Guards within guards add up: all have to be content, and a challenge names the scopes that the guards up
/// to there demand.
///
/// Lay it by `Router::layer`, as the last thing that is said to the router. It guards all that was added **before**
/// it: the routes with all their methods, and the fallbacks. What is added after it is open, `fallback` and
/// `method_not_allowed_fallback` too. A router that is nested and has no fallback of its own leaves unknown paths to
/// the outer one's, which the guard is not laid around.
///
/// `Router::route_layer` guards the routes and **leaves fallbacks open**, also those of routers nested in it: right
/// where the answer 404 shall stay 404, and no fallback tells what is not for everybody.
///
/// Works around any tower service over HTTP whose responses' bodies can be made from [`Bytes`], such as axum's, and
/// `http_body_util::Full<Bytes>`.
#[derive(Clone, Debug)]
pub struct AuthLayer {
    guard: Guard,
}

impl AuthLayer {
    /// Demands a good token.
    #[must_use]
    pub fn new(authenticator: Authenticator) -> Self {
        Self { guard: Guard::new(authenticator) }
    }

    /// Demands that the token is enough for the policy. Called again, for both.
    #[must_use]
    pub fn require(self, policy: Policy) -> Self {
        Self { guard: self.guard.require(policy) }
    }

    /// Lets requests without bearer credentials through, as anonymous ones; see [`Guard::optional`].
    #[must_use]
    pub fn optional(self) -> Self {
        Self { guard: self.guard.optional() }
    }

    /// Lets CORS preflight requests through; see [`Guard::allow_cors_preflight`].
    #[must_use]
    pub fn allow_cors_preflight(self) -> Self {
        Self { guard: self.guard.allow_cors_preflight() }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { inner, guard: self.guard.clone() }
    }
}

/// A service behind an [`AuthLayer`].
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    inner: S,
    guard: Guard,
}

type Outcome<R, E> = Result<Response<R>, E>;
type Waiting<R, E> = Pin<Box<dyn Future<Output = Outcome<R, E>> + Send>>;

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Bytes> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    /// Refused, let through, or waiting for the verdict.
    type Future = Either<Ready<Outcome<R, S::Error>>, Either<S::Future, Waiting<R, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.guard.check_now(&Head::from(&request)) {
            Some(Ok(pass)) => {
                keep(pass, request.extensions_mut());
                Either::Right(Either::Left(self.inner.call(request)))
            }
            Some(Err(rejection)) => Either::Left(ready(Ok(rejection::response(&rejection)))),
            None => {
                // The one that is ready, and not its clone, is called.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                Either::Right(Either::Right(Box::pin(wait(self.guard.clone(), inner, request))))
            }
        }
    }
}

async fn wait<S, B, R>(guard: Guard, mut inner: S, request: Request<B>) -> Outcome<R, S::Error>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<Bytes>,
{
    let (mut parts, body) = request.into_parts();
    match guard.check(&Head::from(&parts)).await {
        Ok(pass) => {
            keep(pass, &mut parts.extensions);
            inner.call(Request::from_parts(parts, body)).await
        }
        Err(rejection) => Ok(rejection::response(&rejection)),
    }
}

/// For what is inside.
fn keep(pass: Option<Pass>, extensions: &mut Extensions) {
    if let Some(pass) = pass {
        extensions.insert(pass);
    }
}
