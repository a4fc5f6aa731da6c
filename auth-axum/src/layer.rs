//! The guard around routes, and the metadata outside of it.

use auth_tower::{GuardLayer, GuardedBody, ResourceLayer};
use axum_core::BoxError;
use axum_core::body::Body;
use bytes::Bytes;

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
/// A guard always verifies, wherever it stands among other layers, and refuses before the body of the request is read.
/// Guards within guards add up: a request must satisfy all of them, and a challenge names the scopes that the guards up
/// to there demand.
///
/// Lay it by `Router::layer`, as the last thing that is said to the router. It guards everything that was added
/// **before** it: the routes with all their methods, and the fallbacks. Everything added after it is open, `fallback`
/// and `method_not_allowed_fallback` too. A nested router without a fallback of its own leaves unknown paths to the
/// outer router's, which the guard is not laid around.
///
/// `Router::route_layer` guards the routes and **leaves fallbacks open**, also those of routers nested in it: right
/// if unknown paths shall stay 404, and if no fallback says what is not for everybody.
///
/// It is the layer of `auth-tower` with axum's body. It goes with other layers in a `tower::ServiceBuilder` in any
/// order, and around any service whose responses have a body of bytes.
pub type AuthLayer = GuardLayer<AxumBody>;

/// Serves the metadata of a protected resource ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)).
///
/// ```
/// use auth_axum::{AuthLayer, Authenticated, Authenticator, InvalidResource, MetadataLayer, ProtectedResource};
/// use axum::{Router, routing::get};
///
/// async fn orders(user: Authenticated) -> String {
///     format!("Orders of {}", user.subject())
/// }
///
/// fn app(auth: Authenticator) -> Result<Router, InvalidResource> {
///     let resource = ProtectedResource::builder("https://api.example.com/orders")
///         .authorization_server("https://issuer.example")
///         .build()?;
///     let auth = auth.with_protected_resource(&resource);
///     Ok(Router::new()
///         .route("/orders", get(orders))
///         .layer(AuthLayer::new(auth.clone()))
///         .layer(MetadataLayer::new(&resource)) // after the guard: clients have no token yet
///         .with_state(auth))
/// }
/// ```
///
/// Lay it by `Router::layer` around the outermost router, after every guard. In a nested router, or inside a guard, it is
/// never reached without a token. [`ProtectedResource::answer`](crate::ProtectedResource::answer) says what is answered.
/// With several resources on one host, lay one for each; the outermost answers at the root path.
pub type MetadataLayer = ResourceLayer<AxumBody>;

/// Responses with axum's body. A body that is axum's already stays as it is.
#[derive(Clone, Copy, Debug)]
pub struct AxumBody;

impl<R> GuardedBody<R> for AxumBody
where
    R: http_body::Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Body = Body;

    fn of_service(body: R) -> Body {
        Body::new(body)
    }

    fn of_refusal(body: Bytes) -> Body {
        Body::from(body)
    }
}
