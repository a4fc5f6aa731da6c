//! A guard around services, as a tower layer.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use auth_core::Rejection;
use auth_core::adapter::{self, Guard};
use futures_util::TryFutureExt as _;
use futures_util::future::{Either, MapOk};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{AnyBody, GuardedBody};

/// Guards a service: requests need a good token.
///
/// ```
/// use auth_tower::{AuthLayer, Authenticator, Policy, Scope};
/// use tower::ServiceBuilder;
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # use http_body_util::Full;
///
/// const ORDERS_READ: Scope = Scope::from_static("orders:read");
///
/// # fn app(auth: Authenticator) {
/// # let orders = |_: Request<Full<Bytes>>| async { Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default())) };
/// let guard = AuthLayer::new(auth).require(Policy::scope(ORDERS_READ));
/// let service = ServiceBuilder::new().layer(guard).service_fn(orders);
/// # }
/// ```
///
/// A guard always verifies, wherever it stands among other layers, and refuses before the body of the request is read.
/// Guards within guards add up: a request must satisfy all of them, and a challenge names the scopes that the guards up
/// to there demand.
///
/// Goes around every service over `http` 1 whose responses have a body ([`http_body::Body`]) of [`Bytes`](bytes::Bytes):
/// those of hyper, tonic and tower-http's layers among them. To know the caller inside, call
/// [`extract_from_guard`](crate::extract_from_guard).
pub type AuthLayer = GuardLayer<AnyBody>;

/// The layer of a guard; `B` says which [body](GuardedBody) its responses have.
///
/// Named by the aliases: [`AuthLayer`] here, and the one of `auth-axum`.
pub struct GuardLayer<B> {
    guard: Guard,
    body: PhantomData<fn() -> B>,
}

impl<B> GuardLayer<B> {
    adapter::guard_methods!();

    fn of(guard: Guard) -> Self {
        Self { guard, body: PhantomData }
    }
}

impl<B> Clone for GuardLayer<B> {
    fn clone(&self) -> Self {
        Self::of(self.guard.clone())
    }
}

impl<B> fmt::Debug for GuardLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardLayer").field("guard", &self.guard).finish_non_exhaustive()
    }
}

impl<S, B> Layer<S> for GuardLayer<B> {
    type Service = AuthService<S, B>;

    fn layer(&self, inner: S) -> AuthService<S, B> {
        AuthService { inner, guard: self.guard.clone(), body: PhantomData }
    }
}

/// A service behind a [`GuardLayer`].
pub struct AuthService<S, B = AnyBody> {
    inner: S,
    guard: Guard,
    body: PhantomData<fn() -> B>,
}

impl<S: Clone, B> Clone for AuthService<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), guard: self.guard.clone(), body: PhantomData }
    }
}

impl<S: fmt::Debug, B> fmt::Debug for AuthService<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthService")
            .field("inner", &self.inner)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

type Outcome<R, E> = Result<Response<R>, E>;
/// The service inside, whose body becomes that of the guarded service.
type LetThrough<F, R, O> = MapOk<F, fn(Response<R>) -> Response<O>>;
type Waiting<R, E> = Pin<Box<dyn Future<Output = Outcome<R, E>> + Send>>;

impl<S, Q, R, B> Service<Request<Q>> for AuthService<S, B>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    Q: Send + 'static,
    R: 'static,
    B: GuardedBody<R> + 'static,
    B::Body: 'static,
{
    type Response = Response<B::Body>;
    type Error = S::Error;
    /// Refused, let through, or waiting for the verdict.
    type Future = Either<
        Ready<Outcome<B::Body, S::Error>>,
        Either<LetThrough<S::Future, R, B::Body>, Waiting<B::Body, S::Error>>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        match self.guard.check_now(&mut request) {
            Some(Ok(())) => {
                let of_service = (|response: Response<R>| response.map(B::of_service)) as fn(_) -> _;
                Either::Right(Either::Left(self.inner.call(request).map_ok(of_service)))
            }
            Some(Err(rejection)) => Either::Left(ready(Ok(refused::<R, B>(&rejection)))),
            None => {
                // The service that is ready is called, not its clone.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                let waiting = wait::<S, Q, R, B>(self.guard.clone(), inner, request);
                Either::Right(Either::Right(Box::pin(waiting)))
            }
        }
    }
}

async fn wait<S, Q, R, B>(guard: Guard, mut inner: S, request: Request<Q>) -> Outcome<B::Body, S::Error>
where
    S: Service<Request<Q>, Response = Response<R>>,
    B: GuardedBody<R>,
{
    let (mut parts, body) = request.into_parts();
    match guard.check(&mut parts).await {
        Ok(()) => {
            let response = inner.call(Request::from_parts(parts, body)).await?;
            Ok(response.map(B::of_service))
        }
        Err(rejection) => Ok(refused::<R, B>(&rejection)),
    }
}

fn refused<R, B: GuardedBody<R>>(rejection: &Rejection) -> Response<B::Body> {
    adapter::response(rejection).map(B::of_refusal)
}
