//! The types that actix's traits are implemented for.

auth_core::adapter::wrappers! {
    /// Demands a good token. The handler is not run without one.
    ///
    /// `C` is the application's own claims; leave it out to have none. Everything that an
    /// [`auth_core::Authenticated`] offers is there: `user.subject()`, `user.claims`,
    /// `user.require(&policy)?`.
    ///
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
    /// A token without these claims is refused with 401, since it was not made for this application. Make a claim that
    /// may be absent an `Option` in the type.
    ///
    /// **Do not write `Option<Authenticated>` or `Result<Authenticated, _>`**: actix makes `None` or `Err` of a bad
    /// token and runs the handler, so a caller with a forged or expired token becomes an anonymous one. The same holds
    /// for `Option` around any other extractor of this crate. To let anonymous callers in, use [`MaybeAuthenticated`].
    ///
    /// # Errors
    ///
    /// Refuses with 401, 400, 503 or 500, as the table of [`auth_core::Reason`] says. Without an
    /// [`Authenticator`](auth_core::Authenticator) in `app_data` it is a 500, and the log says what to do.
    Authenticated,
    /// A good token, or none at all. A bad one is refused.
    ///
    /// ```
    /// use auth_actix::MaybeAuthenticated;
    ///
    /// async fn home(MaybeAuthenticated(user): MaybeAuthenticated) -> String {
    ///     match user {
    ///         Some(user) => format!("Hello {}", user.subject()),
    ///         None => "Hello, stranger".to_owned(),
    ///     }
    /// }
    /// # let _ = actix_web::App::new().route("/", actix_web::web::get().to(home));
    /// ```
    MaybeAuthenticated,
    BearerToken,
    /// Demands a good token with all the scopes that the type names.
    ///
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
    ///
    /// `Scoped<OrdersRead, TenantClaims>` reads the application's own claims, too. A list of no scopes does not
    /// compile:
    ///
    /// ```compile_fail
    /// struct Nothing;
    /// impl auth_actix::RequiredScopes for Nothing {
    ///     const SCOPES: &'static [auth_actix::Scope] = &[];
    /// }
    /// async fn orders(user: auth_actix::Scoped<Nothing>) -> &'static str { "" }
    /// let _ = actix_web::App::new().route("/", actix_web::web::get().to(orders));
    /// ```
    Scoped,
    /// The application's own user behind a good token, out of its [`UserStore`](auth_core::UserStore).
    ///
    /// The store is a [`web::Data`](actix_web::web::Data) in `app_data`. It is asked once per request, however many extractors want the
    /// user.
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
    ///
    /// # Errors
    ///
    /// As [`Authenticated`]. A user whom the store does not know is 401, an inactive one 403, and a store that fails
    /// 503. Without the store in `app_data` it is a 500, and the log says what to do.
    CurrentUser,
    /// A refusal: the error of every extractor here, and one for handlers to return.
    AuthRejection,
    /// ```
    /// use actix_web::{App, web, web::Data};
    /// use auth_actix::AuthResponse;
    ///
    /// # use auth_actix::Rejection as TokenAnswer;
    /// # struct TokenEndpoint;
    /// # impl TokenEndpoint {
    /// #     async fn answer(&self) -> TokenAnswer { TokenAnswer::misconfigured() }
    /// # }
    /// async fn token(endpoint: Data<TokenEndpoint>) -> AuthResponse<TokenAnswer> {
    ///     AuthResponse(endpoint.answer(/* header fields, body, address */).await)
    /// }
    ///
    /// # let endpoint = TokenEndpoint;
    /// let app = App::new().app_data(Data::new(endpoint)).route("/token", web::post().to(token));
    /// ```
    AuthResponse,
}
