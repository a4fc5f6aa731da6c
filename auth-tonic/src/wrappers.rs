//! The types that handlers take from a request.

auth_core::adapter::wrappers! {
    /// Taken from a request by [`extract`](crate::RequestExt::extract):
    ///
    /// ```
    /// use auth_tonic::{Authenticated, Policy, RequestExt as _};
    /// use tonic::{Request, Response, Status};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct TenantClaims { tenant: String }
    ///
    /// # struct Empty;
    /// async fn tenant(request: Request<Empty>) -> Result<Response<String>, Status> {
    ///     let user: Authenticated<TenantClaims> = request.extract()?;
    ///     user.require(&Policy::role("admin"))?;
    ///     Ok(Response::new(user.claims.tenant.clone()))
    /// }
    /// ```
    Authenticated,
    /// For methods that [`AuthLayer::optional_for`](crate::AuthLayer::optional_for) names, or within an optional guard.
    ///
    /// ```
    /// use auth_tonic::{MaybeAuthenticated, RequestExt as _};
    /// use tonic::{Request, Response, Status};
    ///
    /// # struct Empty;
    /// async fn home(request: Request<Empty>) -> Result<Response<String>, Status> {
    ///     let MaybeAuthenticated(user): MaybeAuthenticated = request.extract()?;
    ///     Ok(Response::new(match user {
    ///         Some(user) => format!("Hello {}", user.subject()),
    ///         None => "Hello, stranger".to_owned(),
    ///     }))
    /// }
    /// ```
    MaybeAuthenticated,
    BearerToken,
    /// ```
    /// use auth_tonic::{RequestExt as _, RequiredScopes, Scope, Scoped};
    /// use tonic::{Request, Response, Status};
    ///
    /// struct OrdersRead;
    ///
    /// impl RequiredScopes for OrdersRead {
    ///     const SCOPES: &'static [Scope] = &[Scope::from_static("orders:read")];
    /// }
    ///
    /// # struct Empty;
    /// async fn orders(request: Request<Empty>) -> Result<Response<String>, Status> {
    ///     let user: Scoped<OrdersRead> = request.extract()?;
    ///     Ok(Response::new(format!("Orders of {}", user.subject())))
    /// }
    /// ```
    Scoped,
    /// Loaded by [`current_user`](crate::RequestExt::current_user).
    CurrentUser,
    /// A refusal. It becomes a [`tonic::Status`] by `?`: the detail of the table of [`Reason`](crate::Reason) is its
    /// message; `www-authenticate` and `retry-after` are its metadata.
    ///
    /// | reason | status |
    /// |---|---|
    /// | `Missing`, `Malformed`, `Invalid` | 16 `UNAUTHENTICATED` |
    /// | `Insufficient`, `CrossSite` | 7 `PERMISSION_DENIED` |
    /// | `Unavailable` | 14 `UNAVAILABLE` |
    /// | `Misconfigured` | 13 `INTERNAL` |
    ///
    /// The application's own [body](crate::Authenticator::with_rejection_body) is sent to clients that do not speak gRPC
    /// only: a gRPC refusal has no body.
    AuthRejection,
}
