//! The types that axum's traits are implemented for.

auth_core::adapter::wrappers! {
    /// ```
    /// use auth_axum::Authenticated;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct TenantClaims { tenant: String }
    ///
    /// async fn tenant(user: Authenticated<TenantClaims>) -> String {
    ///     format!("{} of {}", user.subject(), user.claims.tenant)
    /// }
    /// # let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(tenant));
    /// ```
    ///
    /// If the compiler says only that `Handler<_, _>` is not satisfied, put axum's `#[debug_handler]` on the function:
    /// it names the cause.
    ///
    /// There is no `Option<Authenticated>`: it would take a bad token for an anonymous caller. Use
    /// [`MaybeAuthenticated`]. `Result<Authenticated, _>` compiles, and leaves refusing to the handler.
    ///
    /// **Do not write `Either<Authenticated, T>` (axum-extra's), nor `handler.or(another)` of its feature `handler`**: both
    /// drop the refusal of a bad token, and serve it as `T`, or by the other handler. The same holds for any other
    /// extractor of this crate. Inside an [`AuthLayer`](crate::AuthLayer) a bad token does not reach the handler.
    ///
    /// ```compile_fail
    /// async fn home(user: Option<auth_axum::Authenticated>) {}
    /// let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(home));
    /// ```
    ///
    /// The [`Authenticator`](auth_core::Authenticator) is taken from the state. If the state has none, the route does
    /// not compile:
    ///
    /// ```compile_fail
    /// async fn home(user: auth_axum::Authenticated) {}
    /// let _: axum::Router<()> = axum::Router::new().route("/", axum::routing::get(home));
    /// ```
    Authenticated,
    /// ```
    /// use auth_axum::MaybeAuthenticated;
    ///
    /// async fn home(MaybeAuthenticated(user): MaybeAuthenticated) -> String {
    ///     match user {
    ///         Some(user) => format!("Hello {}", user.subject()),
    ///         None => "Hello, stranger".to_owned(),
    ///     }
    /// }
    /// # let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(home));
    /// ```
    MaybeAuthenticated,
    BearerToken,
    /// ```
    /// use auth_axum::{RequiredScopes, Scope, Scoped};
    ///
    /// struct OrdersRead;
    ///
    /// impl RequiredScopes for OrdersRead {
    ///     const SCOPES: &'static [Scope] = &[Scope::from_static("orders:read")];
    /// }
    ///
    /// async fn orders(user: Scoped<OrdersRead>) -> String {
    ///     format!("Orders of {}", user.subject())
    /// }
    /// # let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(orders));
    /// ```
    Scoped,
    /// The store is taken from the state as an [`Arc`](std::sync::Arc), so the state has a field `db: Arc<Db>`.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use auth_axum::{Authenticator, CurrentUser, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
    /// use axum::{Json, Router, extract::FromRef, routing::get};
    ///
    /// #[derive(Clone, serde::Serialize)]
    /// struct User { name: String }
    ///
    /// struct Db; // a pool of connections
    ///
    /// #[async_trait]
    /// impl UserStore for Db {
    ///     type User = User;
    ///
    ///     async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<User>, StoreFailure> {
    ///         let name = token.subject().to_owned(); // a query, with `?`
    ///         Ok(UserLookup::Active(User { name }))
    ///     }
    /// }
    ///
    /// #[derive(Clone, FromRef)]
    /// struct AppState { auth: Authenticator, db: Arc<Db> }
    ///
    /// async fn me(CurrentUser(user): CurrentUser<Db>) -> Json<User> {
    ///     Json(user)
    /// }
    /// # let _: Router<AppState> = Router::new().route("/me", get(me));
    /// ```
    ///
    /// With `db: Arc<dyn UserStore<User = User>>` in the state it is `CurrentUser<dyn UserStore<User = User>>`.
    CurrentUser,
    /// A refusal: the rejection of every extractor here, and an error for handlers to return.
    AuthRejection,
    /// ```
    /// use auth_axum::AuthResponse;
    /// use axum::{Router, extract::State, routing::post};
    ///
    /// # use auth_axum::Rejection as TokenAnswer;
    /// # #[derive(Clone)]
    /// # struct TokenEndpoint;
    /// # impl TokenEndpoint {
    /// #     async fn answer(&self) -> TokenAnswer { TokenAnswer::misconfigured() }
    /// # }
    /// async fn token(State(endpoint): State<TokenEndpoint>) -> AuthResponse<TokenAnswer> {
    ///     AuthResponse(endpoint.answer(/* header fields, body, address */).await)
    /// }
    ///
    /// # let endpoint = TokenEndpoint;
    /// let app: Router = Router::new().route("/token", post(token)).with_state(endpoint);
    /// ```
    AuthResponse,
}
