//! The metadata of a protected resource, as a tower layer.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::task::{Context, Poll};

use auth_core::{ProtectedResource, adapter};
use futures_util::TryFutureExt as _;
use futures_util::future::{Either, MapOk};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{AnyBody, GuardedBody};

/// Serves the metadata of a protected resource ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)), and leaves all other
/// requests to the service inside.
///
/// ```
/// use auth_tower::{AuthLayer, Authenticator, MetadataLayer, ProtectedResource};
/// use tower::ServiceBuilder;
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # use http_body_util::Full;
///
/// # fn app(auth: Authenticator) -> Result<(), Box<dyn std::error::Error>> {
/// # let orders = |_: Request<Full<Bytes>>| async { Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::default())) };
/// let resource = ProtectedResource::builder("https://api.example.com")
///     .authorization_server("https://issuer.example")
///     .build()?;
/// let service = ServiceBuilder::new()
///     .layer(MetadataLayer::new(&resource)) // outside the guard: clients have no token yet
///     .layer(AuthLayer::new(auth.with_protected_resource(&resource)))
///     .service_fn(orders);
/// # Ok(())
/// # }
/// ```
///
/// Lay it outside every guard, around what serves the root of the host. [`ProtectedResource::answer`] says what is answered.
pub type MetadataLayer = ResourceLayer<AnyBody>;

/// The layer of a resource's metadata; `B` says which [body](GuardedBody) its responses have.
///
/// Named by the aliases: [`MetadataLayer`] here, and the one of `auth-axum`.
pub struct ResourceLayer<B> {
    resource: ProtectedResource,
    body: PhantomData<fn() -> B>,
}

impl<B> ResourceLayer<B> {
    /// Serves the metadata of this resource.
    #[must_use]
    pub fn new(resource: &ProtectedResource) -> Self {
        Self { resource: resource.clone(), body: PhantomData }
    }
}

impl<B> Clone for ResourceLayer<B> {
    fn clone(&self) -> Self {
        Self::new(&self.resource)
    }
}

impl<B> fmt::Debug for ResourceLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceLayer").field("resource", &self.resource).finish_non_exhaustive()
    }
}

impl<S, B> Layer<S> for ResourceLayer<B> {
    type Service = MetadataService<S, B>;

    fn layer(&self, inner: S) -> MetadataService<S, B> {
        MetadataService { inner, resource: self.resource.clone(), body: PhantomData }
    }
}

/// A service behind a [`ResourceLayer`].
pub struct MetadataService<S, B = AnyBody> {
    inner: S,
    resource: ProtectedResource,
    body: PhantomData<fn() -> B>,
}

impl<S: Clone, B> Clone for MetadataService<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), resource: self.resource.clone(), body: PhantomData }
    }
}

impl<S: fmt::Debug, B> fmt::Debug for MetadataService<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataService")
            .field("inner", &self.inner)
            .field("resource", &self.resource)
            .finish_non_exhaustive()
    }
}

/// The service inside, whose body becomes that of the service around.
type LetThrough<F, R, O> = MapOk<F, fn(Response<R>) -> Response<O>>;

impl<S, Q, R, B> Service<Request<Q>> for MetadataService<S, B>
where
    S: Service<Request<Q>, Response = Response<R>>,
    B: GuardedBody<R>,
{
    type Response = Response<B::Body>;
    type Error = S::Error;
    type Future = Either<Ready<Result<Self::Response, S::Error>>, LetThrough<S::Future, R, B::Body>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        match self.resource.answer(&request) {
            Some(answer) => Either::Left(ready(Ok(adapter::response(&answer).map(B::of_refusal)))),
            None => {
                let of_service = (|response: Response<R>| response.map(B::of_service)) as fn(_) -> _;
                Either::Right(self.inner.call(request).map_ok(of_service))
            }
        }
    }
}
