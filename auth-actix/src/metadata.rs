//! The metadata of a protected resource, as routes.

use actix_web::HttpRequest;
use actix_web::guard::fn_guard;
use actix_web::web::{self, ServiceConfig};
use auth_core::ProtectedResource;

use crate::convert::Head;
use crate::wrappers::AuthResponse;

/// Serves the metadata of a protected resource ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)).
///
/// ```
/// use actix_web::{App, web};
/// use auth_actix::{Authenticated, AuthMiddleware, Authenticator, ProtectedResource, metadata};
///
/// async fn orders(user: Authenticated) -> String {
///     format!("Orders of {}", user.subject())
/// }
///
/// # fn app(auth: Authenticator) -> Result<(), Box<dyn std::error::Error>> {
/// let resource = ProtectedResource::builder("https://api.example.com/orders")
///     .authorization_server("https://issuer.example")
///     .build()?;
/// let auth = auth.with_protected_resource(&resource);
/// let guarded = web::scope("/orders").wrap(AuthMiddleware::new(auth.clone())).route("", web::get().to(orders));
/// let app = App::new().app_data(auth).configure(metadata(&resource)).service(guarded);
/// # Ok(())
/// # }
/// ```
///
/// Configure the [`App`](actix_web::App) with it, not a scope, and put guards around scopes: a guard around the app would
/// refuse clients that have no token yet. [`ProtectedResource::answer`] says what is answered. With several resources on one
/// host, configure each; the first answers at the root path.
pub fn metadata(resource: &ProtectedResource) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let resource = resource.clone();
    move |config| {
        let asked = resource.clone();
        let paths = [ProtectedResource::ROOT_PATH, "/.well-known/oauth-protected-resource/{path:.*}"];
        let routes = web::resource(paths)
            // By the path as it was sent, which actix has decoded.
            .guard(fn_guard(move |context| asked.has_metadata_at(context.head().uri.path())))
            .to(move |request: HttpRequest| {
                let answer = resource.answer(&Head(&request));
                async move { answer.map(AuthResponse) }
            });
        config.service(routes);
    }
}
