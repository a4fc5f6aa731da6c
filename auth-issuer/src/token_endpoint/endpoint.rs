//! The token endpoint: from the request to the answer.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use auth_core::StoreFailure;

use super::answer::{TokenAnswer, TokenError};
use super::clients::Clients;
use super::issued::Asker;
use super::request::{Deviations, Grant, TokenRequest};
use super::revocation::{AccessTokenRevoker, RevocationRequest};
use crate::login::{AccountStore, GuessLimits, Passwords, TooManyAttempts};
use crate::refresh::{RefreshError, RefreshTokenStore, RefreshTokens};
use crate::sign::TokenIssuer;

/// Exchanges passwords and refresh tokens for access tokens
/// ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)). Assembled once at start-up; cheap to
/// clone.
///
/// It takes a request as header fields and a body, and returns an answer as data, so that it fits every framework; see
/// the [crate] for an example. [`revoke`](Self::revoke) is the revocation endpoint of the same clients.
///
/// A request passes these steps. The first fault ends it.
///
/// 1. The form is parsed ([`TokenRequest::parse`]).
/// 2. The client is known and, if it has a secret, has authenticated.
/// 3. For a password: neither the name nor the address has reached its [limit](GuessLimits). The account is looked up,
///    and [the same work](Passwords) is done whether it exists or not. The account has not reached its limit under other
///    names, the password is right, and the account is active. An old hash of it is
///    [renewed](AccountStore::renew_password_hash).
/// 4. For a refresh token: it is [valid](RefreshTokens), and its account is still active.
/// 5. The scopes that are both requested and allowed for the account are granted; all allowed ones, if none are
///    requested. A refresh token never grants more than its login did.
/// 6. Tokens are issued, and the refresh token is spent. A login looks the account up again, so that none survives a
///    password change that it did not see.
///
/// The log says why a login failed, but not for which account. It holds no part of a password or token, unless the
/// application's own errors do.
#[derive(Clone)]
pub struct TokenEndpoint {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(super) issuer: TokenIssuer,
    pub(super) accounts: Box<dyn AccountStore>,
    pub(super) audience: Vec<String>,
    pub(crate) clients: Clients,
    pub(super) passwords: Passwords,
    pub(super) limits: Option<GuessLimits>,
    pub(crate) refresh_tokens: Option<RefreshTokens<Arc<dyn RefreshTokenStore>>>,
    pub(crate) access_tokens: Option<Box<dyn AccessTokenRevoker>>,
    pub(crate) deviations: Deviations,
    pub(super) wrong_password: WrongPassword,
}

/// The status for a login that fails.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WrongPassword {
    /// 400, as in RFC 6749.
    BadRequest,
    /// 401, as in FastAPI's tutorial.
    Unauthorized,
}

impl TokenEndpoint {
    /// Returns the limits on guessing, for the application's own forms. Returns `None` if there are none.
    #[must_use]
    pub fn guess_limits(&self) -> Option<&GuessLimits> {
        self.inner.limits.as_ref()
    }

    /// Answers a `POST`.
    ///
    /// `headers` are all fields of the request. `body` is `None` if it is longer than
    /// [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES), or did not arrive in full. `address` is the client's, for
    /// [`GuessLimits`].
    pub async fn answer<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: Option<&[u8]>,
        address: IpAddr,
    ) -> TokenAnswer {
        let fields = Fields::of(headers);
        let request = match body {
            Some(body) => TokenRequest::parse_with(
                self.inner.deviations,
                fields.content_type,
                fields.authorization,
                body,
            ),
            None => Err(TokenError::TOO_LONG),
        };
        let answer = match request {
            Ok(request) => self.inner.exchange(request, address, fields.user_agent.as_deref()).await,
            Err(error) => Err(error),
        };
        answer.unwrap_or_else(|error| self.inner.refuse(error))
    }

    /// Answers a `POST` to the revocation endpoint, by which a client ends a login
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). `headers` and `body` are those of
    /// [`answer`](Self::answer).
    ///
    /// The form has a `token`. Clients authenticate as at the token endpoint. `token_type_hint` is ignored, since the
    /// two kinds of token look different.
    ///
    /// 1. A refresh token ends its login, even if it was spent or has expired. An unknown one has nothing to end: 200.
    /// 2. A refresh token of another client ends its login too, since it was stolen. The answer is `invalid_grant`.
    /// 3. An access token is passed to the [`AccessTokenRevoker`]. Without one, the answer is `unsupported_token_type`.
    pub async fn revoke<'a>(
        &self,
        headers: impl IntoIterator<Item = (&'a str, &'a [u8])>,
        body: Option<&[u8]>,
    ) -> TokenAnswer {
        let fields = Fields::of(headers);
        let request = match body {
            Some(body) => RevocationRequest::parse(fields.content_type, fields.authorization, body),
            None => Err(TokenError::TOO_LONG),
        };
        let outcome = match request {
            Ok(request) => self.inner.revoke(&request).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => TokenAnswer::revoked(),
            Err(error) => {
                tracing::debug!(%error, "no token was revoked");
                error.answer()
            }
        }
    }

    /// Returns the refresh tokens of this endpoint, by which the application lists and ends logins. Returns `None` if
    /// it was built without.
    #[must_use]
    pub fn refresh_tokens(&self) -> Option<&RefreshTokens<Arc<dyn RefreshTokenStore>>> {
        self.inner.refresh_tokens.as_ref()
    }

    /// Returns the [`Passwords`] of this endpoint, by which the application hashes new passwords.
    #[must_use]
    pub fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }
}

/// The header fields that count.
#[derive(Default)]
struct Fields<'a> {
    content_type: Vec<&'a [u8]>,
    authorization: Vec<&'a [u8]>,
    user_agent: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    fn of(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut fields = Self::default();
        for (name, value) in headers {
            if name.eq_ignore_ascii_case("content-type") {
                fields.content_type.push(value);
            } else if name.eq_ignore_ascii_case("authorization") {
                fields.authorization.push(value);
            } else if name.eq_ignore_ascii_case("user-agent") {
                fields.user_agent = Some(String::from_utf8_lossy(value));
            }
        }
        fields
    }
}

impl Inner {
    async fn exchange(
        &self,
        request: TokenRequest,
        address: IpAddr,
        user_agent: Option<&str>,
    ) -> Result<TokenAnswer, TokenError> {
        let TokenRequest { grant, scopes, client } = request;
        let id = self.clients.authenticate(client.as_ref())?;
        let asker = Asker { client_id: id, address, user_agent, longest_token: usize::MAX };
        let scopes = scopes.as_deref();
        let issued = match grant {
            Grant::Password { username, password } => {
                self.by_password(&username, &password, scopes, &asker).await?
            }
            Grant::RefreshToken(token) => self.by_refresh_token(&token, scopes, &asker).await?,
        };
        let refresh_token = issued.refresh_token.as_ref().map(|refresh| refresh.token.as_str());
        Ok(issued.signed.answer(&issued.granted, refresh_token))
    }

    /// Returns the answer to a request that yields no token.
    pub(crate) fn refuse(&self, error: TokenError) -> TokenAnswer {
        tracing::debug!(%error, "no token was issued");
        match (error, self.wrong_password) {
            (TokenError::InvalidGrant, WrongPassword::Unauthorized) => error.answer().unauthorized(),
            _ => error.answer(),
        }
    }

    async fn revoke(&self, request: &RevocationRequest) -> Result<(), TokenError> {
        let client_id = self.clients.authenticate(request.client.as_ref())?;
        if request.is_access_token() {
            let revoker = self.access_tokens.as_ref().ok_or(TokenError::UnsupportedTokenType)?;
            return revoker.revoke(&request.token, client_id).await.map_err(|failure| {
                tracing::warn!(%failure, "an access token was not revoked");
                TokenError::Unavailable
            });
        }
        let Some(tokens) = &self.refresh_tokens else { return Ok(()) };
        let Some(login) = tokens.login_of(&request.token).await.map_err(refused)? else { return Ok(()) };
        tokens.end_login(&request.token).await.map_err(refused)?;
        if login.client_id == client_id {
            Ok(())
        } else {
            tracing::warn!("a client has revoked a refresh token of another client");
            Err(TokenError::InvalidRefreshToken)
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
pub(super) fn unavailable(failure: StoreFailure) -> TokenError {
    tracing::warn!(%failure, "the store of accounts failed");
    TokenError::Unavailable
}

pub(super) fn too_many(refused: TooManyAttempts) -> TokenError {
    tracing::warn!("a request is refused: too many attempts");
    TokenError::TooManyAttempts { retry_after: refused.retry_after }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
pub(super) fn refused(error: RefreshError) -> TokenError {
    error.token_error().unwrap_or_else(|| {
        tracing::warn!(%error, "refresh tokens failed");
        TokenError::Unavailable
    })
}

/// Never prints keys, secrets or accounts.
impl fmt::Debug for TokenEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { issuer, audience, .. } = &*self.inner;
        let mut debug = f.debug_struct("TokenEndpoint");
        debug.field("issuer", issuer).field("audience", audience).finish_non_exhaustive()
    }
}
