//! The types that axum's traits are implemented for.

auth_core::adapter::wrappers! {
    /// Demands a good token. The handler is not run without one.
    ///
    /// `C` is the application's own claims; leave it out to have none. Everything that an
    /// [`auth_core::Authenticated`] offers is there: `user.subject()`, `user.claims`,
    /// `user.require(&policy)?`.
    ///
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
    /// A token without these claims is refused with 401, since it was not made for this application. Make a claim that
    /// may be absent an `Option` in the type.
    ///
    /// If the compiler says only that `Handler<_, _>` is not satisfied, put axum's `#[debug_handler]` on the function:
    /// it names the cause.
    ///
    /// There is no `Option<Authenticated>`: it would take a bad token for an anonymous caller. Use
    /// [`MaybeAuthenticated`]. `Result<Authenticated, _>` compiles, and leaves refusing to the handler.
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
    ///
    /// ```
    /// async fn home(user: auth_axum::Authenticated) {}
    /// let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(home));
    /// ```
    ///
    /// # Errors
    ///
    /// Refuses with 401, 400, 503 or 500, as the table of [`auth_core::Reason`] says.
    Authenticated,
    /// A good token, or none at all. A bad one is refused.
    ///
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
    /// Demands a good token with all the scopes that the type names.
    ///
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
    ///
    /// `Scoped<OrdersRead, TenantClaims>` reads the application's own claims, too. A list of no scopes does not
    /// compile:
    ///
    /// ```compile_fail
    /// struct Nothing;
    /// impl auth_axum::RequiredScopes for Nothing {
    ///     const SCOPES: &'static [auth_axum::Scope] = &[];
    /// }
    /// async fn orders(user: auth_axum::Scoped<Nothing>) {}
    /// let _: axum::Router<auth_core::Authenticator> = axum::Router::new().route("/", axum::routing::get(orders));
    /// ```
    Scoped,
    /// The application's own user behind a good token, out of its [`UserStore`](auth_core::UserStore).
    ///
    /// The store is taken from the state as an [`Arc`](std::sync::Arc), so the state has a field `db: Arc<Db>`. It is asked once per
    /// request, however many extractors want the user.
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
    ///
    /// # Errors
    ///
    /// As [`Authenticated`]. A user whom the store does not know is 401, an inactive one 403, and a store that fails
    /// 503.
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
