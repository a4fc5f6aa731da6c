//! A guard around gRPC services, as a tower layer.

use std::fmt;
use std::future::{Ready, ready};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use auth_core::adapter::Guard;
use auth_core::{Policy, Rejection};
use bytes::Bytes;
use futures_util::TryFutureExt as _;
use futures_util::future::{Either, MapOk};
use http::request::Parts;
use http::{Request, Response};
use tonic::body::Body;
use tonic::server::NamedService;
use tower_layer::Layer;
use tower_service::Service;

use crate::access::{Demand, Demands, Door, Doors, InvalidName};
use crate::head::{Arrived, has_binary_authorization};
use crate::refusal::{self, Protocol};

/// Guards gRPC services: calls need a good token.
///
/// Lay it around all services of a server, or around a single one:
///
/// ```
/// use auth_tonic::{AuthLayer, Authenticator, Policy, Scope};
///
/// const ORDERS_READ: Scope = Scope::from_static("orders:read");
///
/// # fn app(auth: Authenticator) -> Result<AuthLayer, Box<dyn std::error::Error>> {
/// let guard = AuthLayer::new(auth)
///     .require(Policy::scope(ORDERS_READ))
///     .require_for("orders.v1.Orders/Delete", Policy::role("admin"))?
///     .open("grpc.health.v1.Health")?;
/// // Server::builder().layer(guard).add_service(OrdersServer::new(orders)).serve(address)
/// # Ok(guard)
/// # }
/// ```
///
/// What keeps it closed:
///
/// 1. Everything inside is guarded: unary and streaming methods, services that are added later, and paths that no service
///    has. Reflection (`grpc.reflection.v1.ServerReflection`) and health (`grpc.health.v1.Health`) are open only if
///    [`open`](Self::open) names them.
/// 2. A call is refused before its first message is read, and the handler does not run. The guard judges a streaming call
///    once, when it begins.
/// 3. Names are compared byte by byte with the path of the call. The more specific one counts; what is not named has what
///    the layer itself demands. Policies add up.
/// 4. Several `authorization` values are refused, and `authorization-bin` is, whatever they hold.
/// 5. Guards within guards add up, as on every framework: a challenge names the scopes that the guards up to there demand.
///
/// A gRPC client gets HTTP 200 and a status in the header fields, as [`AuthRejection`](crate::AuthRejection) says; a
/// gRPC-Web client (`application/grpc-web`, `application/grpc-web-text`) the same with its own content type, so that the
/// layer may stand outside or inside of tonic-web's. Any other client, by its content type, gets what all frameworks answer:
/// 401, 403, 400, 503 or 500 with a challenge and a problem document.
#[derive(Clone, Debug)]
pub struct AuthLayer {
    guard: Guard,
    /// With the same authenticator, and without what this layer demands of all.
    bare: Guard,
    named: Demands,
}

impl AuthLayer {
    auth_core::adapter::guard_methods!();

    fn of(guard: Guard) -> Self {
        Self { bare: guard.clone(), guard, named: Demands::default() }
    }

    /// Demands of one service or method that the token is enough for the policy, too. If called again with the same name, for
    /// both policies. A method's policy counts beside that of its service and that of the layer.
    ///
    /// `name` is as the .proto file has it: `orders.v1.Orders` for all methods of a service, `orders.v1.Orders/Delete` for
    /// one. **A name that no service has guards nothing**, since the layer does not know the services inside: generated
    /// code has it as `OrdersServer::NAME` (`SERVICE_NAME` in its module).
    ///
    /// # Errors
    ///
    /// [`InvalidName`] for what is no such name, and for one that is open or optional.
    pub fn require_for(self, name: &str, policy: Policy) -> Result<Self, InvalidName> {
        self.with(name, Demand::Policy(policy))
    }

    /// Lets calls of one service or method in without a token, for methods that serve anonymous callers too. Bad credentials
    /// are refused. What the layer demands of all others is not demanded here.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] for what is no name of a service or method, and for one that is open or demands a policy.
    pub fn optional_for(self, name: &str) -> Result<Self, InvalidName> {
        self.with(name, Demand::GoodTokenOrNone)
    }

    /// Lets every call of one service or method in, and does not look at its credentials. **Whoever can connect can call
    /// it.** For health checks, for instance: `open("grpc.health.v1.Health")`.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] for what is no name of a service or method, and for one that is optional or demands a policy.
    pub fn open(self, name: &str) -> Result<Self, InvalidName> {
        self.with(name, Demand::Nothing)
    }

    fn with(mut self, name: &str, demand: Demand) -> Result<Self, InvalidName> {
        self.named.insert(name, demand)?;
        Ok(self)
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService { inner, doors: Arc::new(self.named.doors(&self.guard, &self.bare)) }
    }
}

/// A service behind an [`AuthLayer`].
#[derive(Clone)]
pub struct AuthService<S> {
    inner: S,
    doors: Arc<Doors>,
}

impl<S: fmt::Debug> fmt::Debug for AuthService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthService").field("inner", &self.inner).field("doors", &self.doors).finish()
    }
}

/// So that `Server::add_service` takes a single service behind a guard.
impl<S: NamedService> NamedService for AuthService<S> {
    const NAME: &'static str = S::NAME;
}

type Outcome<E> = Result<Response<Body>, E>;
/// The service inside, whose body becomes tonic's if it is another.
type LetThrough<F, R> = MapOk<F, fn(Response<R>) -> Response<Body>>;
type Waiting<E> = Pin<Box<dyn Future<Output = Outcome<E>> + Send>>;
/// Refused, let through, or waiting for the verdict.
type Answered<F, R, E> = Either<Ready<Outcome<E>>, Either<LetThrough<F, R>, Waiting<E>>>;

impl<S, Q, R> Service<Request<Q>> for AuthService<S>
where
    S: Service<Request<Q>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    Q: Send + 'static,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answered<S::Future, R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let guard = match self.doors.of(parts.uri.path()) {
            Door::Guarded(guard) => guard,
            Door::Open => return self.let_through(Request::from_parts(parts, body)),
        };
        match guard.check_now(&mut Arrived(&mut parts)) {
            Some(Ok(())) => {
                Arrived(&mut parts).keep_host();
                self.let_through(Request::from_parts(parts, body))
            }
            Some(Err(rejection)) => Either::Left(ready(Ok(refused(&rejection, &parts)))),
            None => {
                let guard = guard.clone();
                // The service that is ready is called, not its clone.
                let clone = self.inner.clone();
                let inner = mem::replace(&mut self.inner, clone);
                Either::Right(Either::Right(Box::pin(wait(guard, inner, parts, body))))
            }
        }
    }
}

impl<S> AuthService<S> {
    fn let_through<Q, R, E>(&mut self, request: Request<Q>) -> Answered<S::Future, R, E>
    where
        S: Service<Request<Q>, Response = Response<R>, Error = E>,
        R: http_body::Body<Data = Bytes> + Send + 'static,
        R::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let of_service = (|response: Response<R>| response.map(Body::new)) as fn(_) -> _;
        Either::Right(Either::Left(self.inner.call(request).map_ok(of_service)))
    }
}

async fn wait<S, Q, R>(guard: Guard, mut inner: S, mut parts: Parts, body: Q) -> Outcome<S::Error>
where
    S: Service<Request<Q>, Response = Response<R>>,
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match guard.check(&mut Arrived(&mut parts)).await {
        Ok(()) => {
            Arrived(&mut parts).keep_host();
            Ok(inner.call(Request::from_parts(parts, body)).await?.map(Body::new))
        }
        Err(rejection) => Ok(refused(&rejection, &parts)),
    }
}

fn refused(rejection: &Rejection, parts: &Parts) -> Response<Body> {
    if has_binary_authorization(&parts.headers) {
        tracing::debug!(
            "request refused: it has the metadata `authorization-bin`, and expected is one `authorization` as text; have \
             the client send `authorization: Bearer <token>` and nothing else"
        );
    }
    refusal::response(rejection, Protocol::of(&parts.headers))
}
