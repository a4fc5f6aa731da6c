//! Login, refresh and logout: from the request to the answer.

use std::fmt;
use std::net::IpAddr;

use auth_core::adapter::{Credentials, RequestHead, cookie, refuse};
use auth_core::{Authenticator, CredentialSource, Reason, Rejection};

use super::answer::SessionAnswer;
use super::set_cookie::{ACCESS, LONGEST_TOKEN, REFRESH};
use crate::refresh::RefreshError;
use crate::token_endpoint::{Asker, Grant, Issued, TokenEndpoint, TokenError, TokenRequest};

/// Logs the users of a browser front end in and out. Their tokens are in cookies that no script can read. Assembled once at
/// start-up; cheap to clone.
///
/// It is a second door to a [`TokenEndpoint`]: the same accounts, passwords, limits on guessing and refresh tokens.
///
/// ```
/// # use auth_core::{Authenticator, CredentialSource, JwtVerifier};
/// # use auth_issuer::{Account, AccountStore, Algorithm, RefreshRecord, RefreshTokens, RefreshTokenStore, StoreFailure};
/// # use auth_issuer::{Login, SessionCookies, SigningKey, SpentToken, TokenEndpoint, TokenIssuer, async_trait};
/// # struct Db;
/// # #[async_trait]
/// # impl AccountStore for Db {
/// #     async fn by_username(&self, _: &str) -> Result<Option<Account>, StoreFailure> { Ok(None) }
/// #     async fn by_subject(&self, _: &str) -> Result<Option<Account>, StoreFailure> { Ok(None) }
/// # }
/// # #[async_trait]
/// # impl RefreshTokenStore for Db {
/// #     async fn insert(&self, _: RefreshRecord) -> Result<(), StoreFailure> { Ok(()) }
/// #     async fn find(&self, _: &str) -> Result<Option<RefreshRecord>, StoreFailure> { Ok(None) }
/// #     async fn rotate(&self, _: &str, _: &str, _: SpentToken) -> Result<bool, StoreFailure> { Ok(false) }
/// #     async fn logins(&self, _: &str) -> Result<Vec<Login>, StoreFailure> { Ok(Vec::new()) }
/// #     async fn end(&self, _: &str) -> Result<(), StoreFailure> { Ok(()) }
/// #     async fn end_all(&self, _: &str) -> Result<(), StoreFailure> { Ok(()) }
/// # }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let secret = auth_testing::TestIssuer::new(Algorithm::Hs256).jwk()["k"].to_string();
/// # let verifier = JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example");
/// # let verifier = verifier.secret(Algorithm::Hs256, &secret).build()?;
/// # let issuer = TokenIssuer::builder("https://issuer.example", SigningKey::secret(Algorithm::Hs256, &secret)?).build()?;
/// let endpoint = TokenEndpoint::builder(issuer, Db)
///     .audience("https://api.example")
///     .cookie_client("pages")
///     .refresh_tokens(RefreshTokens::new(Db))
///     .build()?;
/// let authenticator = Authenticator::new(verifier)
///     .with_credential_sources([CredentialSource::Bearer, SessionCookies::source()])?;
/// let sessions = SessionCookies::new(endpoint, authenticator)?;
///
/// // In a handler of any framework: the head of the request, the body, and the client's address.
/// let request = http::Request::post("/login")
///     .header("sec-fetch-site", "same-origin")
///     .header("content-type", "application/json")
///     .body(())?;
/// let body = br#"{"username":"alice","password":"a guess"}"#;
/// let answer = sessions.log_in(&request, Some(body), [192, 0, 2, 1].into()).await;
/// assert_eq!(answer.status(), 400); // in a handler: `AuthResponse(answer)`
/// # Ok(())
/// # }
/// ```
///
/// What holds of all three routes:
///
/// 1. A request that a page of another site may have started is refused with 403, whatever its method is, before anything
///    of it is looked at. The login is no exception: otherwise another site could log the user in under an account of its
///    own. The rules and the trusted origins are those of
///    [`Authenticator::with_trusted_origins`](auth_core::Authenticator::with_trusted_origins).
/// 2. Both cookies are `__Host-...; Secure; HttpOnly; SameSite=Lax; Path=/`, with the `Max-Age` of their token.
/// 3. No body holds a token. Every answer says `Cache-Control: no-store`.
/// 4. Route each as `POST`.
///
/// Browsers that treat loopback addresses as secure take these cookies over plain HTTP too: Chromium on `localhost`,
/// `127.0.0.1` and `*.localhost`. Safari does not; it needs TLS on the developer's machine as well.
///
/// What is not checked: that the authenticator accepts what the endpoint signs. An access token stays valid until it
/// expires for whoever has copied it before the logout, unless the endpoint has an
/// [`AccessTokenRevoker`](crate::AccessTokenRevoker).
#[derive(Clone)]
pub struct SessionCookies {
    endpoint: TokenEndpoint,
    authenticator: Authenticator,
}

/// The reason why there are no [`SessionCookies`].
#[derive(Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionCookiesError {
    /// The endpoint has no client whose tokens are in cookies.
    #[error(
        "no client for the cookies: name one by `TokenEndpointBuilder::cookie_client(\"pages\")`, which no other client is called"
    )]
    NoCookieClient,
    /// The endpoint issues no refresh tokens.
    #[error("no refresh tokens: add a store of logins by `TokenEndpointBuilder::refresh_tokens`")]
    NoRefreshTokens,
    /// The authenticator does not read the cookie with the access token.
    #[error(
        "the authenticator does not read the cookie `{ACCESS}`: add `SessionCookies::source()` to its `with_credential_sources`"
    )]
    NotASource,
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for SessionCookiesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SessionCookies {
    /// Takes the endpoint that issues the tokens, and the authenticator that accepts them and refuses everything else.
    ///
    /// # Errors
    ///
    /// Returns a [`SessionCookiesError`] if the endpoint has no
    /// [`cookie_client`](crate::TokenEndpointBuilder::cookie_client) or no refresh tokens, or if the authenticator does not
    /// read the [cookie](Self::source).
    pub fn new(endpoint: TokenEndpoint, authenticator: Authenticator) -> Result<Self, SessionCookiesError> {
        if endpoint.inner.clients.cookies().is_none() {
            return Err(SessionCookiesError::NoCookieClient);
        }
        if endpoint.refresh_tokens().is_none() {
            return Err(SessionCookiesError::NoRefreshTokens);
        }
        if !authenticator.credential_sources().contains(&Self::source()) {
            return Err(SessionCookiesError::NotASource);
        }
        Ok(Self { endpoint, authenticator })
    }

    /// Returns where the access token is: the cookie `__Host-access`.
    #[must_use]
    pub fn source() -> CredentialSource {
        CredentialSource::cookie(ACCESS)
    }

    /// Answers a login: 200 with both cookies, and what a page needs to know, `{"expires_in":900,"scope":"items"}`.
    ///
    /// The body is a form, or an object of JSON, with `username`, `password` and, if wanted, `scope`. It keeps the rules of
    /// [`TokenRequest`], but `grant_type` may be missing, and a client must not be named. `body` is `None` if it is longer
    /// than [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES), or did not arrive in full. `address` is the client's, for
    /// [`GuessLimits`](crate::GuessLimits).
    ///
    /// A login that fails is answered as by [`TokenEndpoint::answer`], and changes no cookie. One that succeeds ends the login
    /// whose refresh token the browser has sent.
    pub async fn log_in(
        &self,
        request: &impl RequestHead,
        body: Option<&[u8]>,
        address: IpAddr,
    ) -> SessionAnswer {
        if let Err(rejection) = self.authenticator.require_same_origin(request) {
            return SessionAnswer::like(&rejection);
        }
        let issued = match self.issue(request, body, address).await {
            Ok(issued) => issued,
            Err(error) => return SessionAnswer::like(&self.endpoint.inner.refuse(error)),
        };
        if let Credentials::Token(earlier) = cookie(request, REFRESH)
            && let Some(Err(error)) = self.end_login(earlier).await
        {
            tracing::warn!(%error, "the earlier login of a browser has not ended");
        }
        self.issued(&issued, request)
    }

    /// Exchanges the refresh token in the cookie: 200 with two new cookies, and the body of [`log_in`](Self::log_in).
    ///
    /// | the cookie | answer | cookies |
    /// |---|---|---|
    /// | is missing | 401 | stay |
    /// | is there twice, in quotation marks, or otherwise malformed | 400 | are deleted |
    /// | is unknown, expired, spent, or its account may not log in | 401 | are deleted |
    /// | was exchanged too often | 429 | stay |
    /// | cannot be judged, since a store failed | 503 | stay |
    pub async fn refresh(&self, request: &impl RequestHead, address: IpAddr) -> SessionAnswer {
        if let Err(rejection) = self.authenticator.require_same_origin(request) {
            return SessionAnswer::like(&rejection);
        }
        let token = match self.refresh_token(request) {
            Ok(Some(token)) => token,
            Ok(None) => {
                tracing::debug!("no session is refreshed: there is no cookie {REFRESH}");
                return SessionAnswer::like(&self.refuse(Reason::Missing, request));
            }
            Err(refused) => return refused,
        };
        let user_agent = user_agent(request);
        let asker = self.asker(address, user_agent.as_deref());
        match self.endpoint.inner.by_refresh_token(token, None, &asker).await {
            Ok(issued) => self.issued(&issued, request),
            Err(error) => {
                tracing::debug!(%error, "no session is refreshed");
                match error {
                    TokenError::InvalidRefreshToken => {
                        SessionAnswer::like(&self.refuse(Reason::Invalid, request)).without_cookies()
                    }
                    TokenError::Unavailable => {
                        SessionAnswer::like(&self.refuse(Reason::Unavailable, request))
                    }
                    error => SessionAnswer::like(&error.answer()),
                }
            }
        }
    }

    /// Ends the login and deletes both cookies: 204, also if there was none. If the endpoint has an
    /// [`AccessTokenRevoker`](crate::AccessTokenRevoker), it revokes the access token.
    ///
    /// If a store fails, the answer is 503, and the cookies stay: the user can try again. A malformed cookie is 400, and both
    /// are deleted.
    pub async fn log_out(&self, request: &impl RequestHead) -> SessionAnswer {
        if let Err(rejection) = self.authenticator.require_same_origin(request) {
            return SessionAnswer::like(&rejection);
        }
        let token = match self.refresh_token(request) {
            Ok(token) => token,
            Err(refused) => return refused,
        };
        if let Some(token) = token
            && let Some(Err(error)) = self.end_login(token).await
        {
            tracing::warn!(%error, "a login has not ended");
            return SessionAnswer::like(&self.refuse(Reason::Unavailable, request));
        }
        if let (Some(revoker), Credentials::Token(token)) =
            (&self.endpoint.inner.access_tokens, cookie(request, ACCESS))
            && let Err(failure) = revoker.revoke(token, self.client()).await
        {
            tracing::warn!(%failure, "an access token was not revoked");
            return SessionAnswer::like(&self.refuse(Reason::Unavailable, request));
        }
        SessionAnswer::logged_out()
    }

    async fn issue(
        &self,
        request: &impl RequestHead,
        body: Option<&[u8]>,
        address: IpAddr,
    ) -> Result<Issued, TokenError> {
        let inner = &self.endpoint.inner;
        let body = body.ok_or(TokenError::TOO_LONG)?;
        let content_type = request.header_values("content-type");
        let form = TokenRequest::parse_login(inner.deviations, content_type, body)?;
        let Grant::Password { username, password } = form.grant else {
            return Err(TokenError::UnsupportedGrantType);
        };
        let user_agent = user_agent(request);
        let asker = self.asker(address, user_agent.as_deref());
        inner.by_password(&username, &password, form.scopes.as_deref(), &asker).await
    }

    fn issued(&self, issued: &Issued, request: &impl RequestHead) -> SessionAnswer {
        SessionAnswer::issued(issued).unwrap_or_else(|| {
            tracing::error!("no cookie can hold a token that was issued");
            SessionAnswer::like(&self.refuse(Reason::Misconfigured, request))
        })
    }

    /// The refresh token of the browser; `None` if there is none. A broken one is deleted, or else it would never go away.
    fn refresh_token<'r>(&self, request: &'r impl RequestHead) -> Result<Option<&'r str>, SessionAnswer> {
        let reason = match cookie(request, REFRESH) {
            Credentials::Token(token) => return Ok(Some(token)),
            Credentials::Missing => return Ok(None),
            Credentials::TooLong => Reason::Invalid,
            _ => Reason::Malformed,
        };
        tracing::debug!(?reason, "the cookie {REFRESH} is there twice, or does not hold one token");
        Err(SessionAnswer::like(&self.refuse(reason, request)).without_cookies())
    }

    async fn end_login(&self, token: &str) -> Option<Result<(), RefreshError>> {
        Some(self.endpoint.refresh_tokens()?.end_login(token).await)
    }

    fn asker<'a>(&'a self, address: IpAddr, user_agent: Option<&'a str>) -> Asker<'a> {
        Asker { client_id: self.client(), address, user_agent, longest_token: LONGEST_TOKEN }
    }

    fn client(&self) -> &str {
        self.endpoint.inner.clients.cookies().unwrap_or_default()
    }

    fn refuse(&self, reason: Reason, request: &impl RequestHead) -> Rejection {
        refuse(&self.authenticator, reason, request)
    }
}

fn user_agent(request: &impl RequestHead) -> Option<String> {
    request.header_values("user-agent").last().map(|value| String::from_utf8_lossy(value).into_owned())
}

/// Never prints keys, secrets or accounts.
impl fmt::Debug for SessionCookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCookies").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
