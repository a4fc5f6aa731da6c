//! The types that actix's traits are implemented for.

auth_core::adapter::wrappers! {
    /// ```
    /// use auth_actix::Authenticated;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct TenantClaims { tenant: String }
    ///
    /// async fn tenant(user: Authenticated<TenantClaims>) -> String {
    ///     format!("{} of {}", user.subject(), user.claims.tenant)
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(tenant));
    /// ```
    ///
    /// **Do not write `Option<Authenticated>`, `Either<Authenticated, T>` or `Result<Authenticated, _>`**: actix turns the
    /// refusal of a bad token into `None`, `T` or `Err` and runs the handler. A caller with a forged or expired token
    /// becomes an anonymous one. The same holds for any other extractor of this crate, so `Either<Scoped<_>, T>` serves a
    /// token without the scope as `T`. To let anonymous callers in, use [`MaybeAuthenticated`]. Inside an
    /// [`AuthMiddleware`](crate::AuthMiddleware) a bad token does not reach the handler.
    ///
    /// Without an [`Authenticator`](auth_core::Authenticator) in `app_data` it is a 500, and the log says what to do.
    Authenticated,
    /// ```
    /// use auth_actix::MaybeAuthenticated;
    ///
    /// async fn home(MaybeAuthenticated(user): MaybeAuthenticated) -> String {
    ///     let name = user.as_ref().map_or("stranger", |user| user.subject());
    ///     format!("Hello {name}")
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(home));
    /// ```
    MaybeAuthenticated,
    BearerToken,
    /// ```
    /// use auth_actix::{RequiredScopes, Scope, Scoped};
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
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(orders));
    /// ```
    Scoped,
    /// The store is a [`web::Data`](actix_web::web::Data) in `app_data`. Without it there, it is a 500, and the log
    /// says what to do.
    ///
    /// ```
    /// use actix_web::{App, web};
    /// use auth_actix::{CurrentUser, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait};
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
    /// async fn me(CurrentUser(user): CurrentUser<Db>) -> web::Json<User> {
    ///     web::Json(user)
    /// }
    /// # let _ =
    /// App::new().app_data(web::Data::new(Db)).route("/me", web::get().to(me));
    /// ```
    ///
    /// With `web::Data::from(db)` of a `db: Arc<dyn UserStore<User = User>>` it is
    /// `CurrentUser<dyn UserStore<User = User>>`.
    CurrentUser,
    /// A refusal: the error of every extractor here, and one for handlers to return.
    AuthRejection,
    /// ```
    /// use actix_web::{App, web, web::Data};
    /// use auth_actix::AuthResponse;
    ///
    /// # use auth_actix::Rejection as TokenAnswer;
    /// # struct TokenEndpoint;
    /// # impl TokenEndpoint { async fn answer(&self) -> TokenAnswer { TokenAnswer::misconfigured() } }
    /// async fn token(endpoint: Data<TokenEndpoint>) -> AuthResponse<TokenAnswer> {
    ///     AuthResponse(endpoint.answer(/* header fields, body, address */).await)
    /// }
    ///
    /// # let endpoint = TokenEndpoint;
    /// let app = App::new().app_data(Data::new(endpoint)).route("/token", web::post().to(token));
    /// ```
    AuthResponse,
}
