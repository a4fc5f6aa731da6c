//! The token endpoint: from the request to the answer.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use auth_core::{Scope, StoreFailure};

use super::answer::{TokenAnswer, TokenError};
use super::clients::Clients;
use super::request::{Deviations, Grant, TokenRequest};
use super::revocation::{AccessTokenRevoker, RevocationRequest};
use crate::login::{Account, AccountStore, GuessLimits, Passwords, TooManyAttempts};
use crate::refresh::{RefreshError, RefreshTokenStore, RefreshTokens};
use crate::sign::{SignError, SignedToken, TokenIssuer};

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
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) issuer: TokenIssuer,
    pub(super) accounts: Box<dyn AccountStore>,
    pub(super) audience: Vec<String>,
    pub(super) clients: Clients,
    pub(super) passwords: Passwords,
    pub(super) limits: Option<GuessLimits>,
    pub(super) refresh_tokens: Option<RefreshTokens<Arc<dyn RefreshTokenStore>>>,
    pub(super) access_tokens: Option<Box<dyn AccessTokenRevoker>>,
    pub(super) deviations: Deviations,
    pub(super) wrong_password: WrongPassword,
}

/// What a request for a login says, and who sends it.
pub(super) struct Login<'a> {
    pub(super) username: &'a str,
    pub(super) password: &'a str,
    pub(super) scopes: Option<&'a [Scope]>,
    pub(super) client_id: &'a str,
    pub(super) user_agent: Option<&'a str>,
    pub(super) address: IpAddr,
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
        answer.unwrap_or_else(|error| {
            tracing::debug!(%error, "no token was issued");
            match (error, self.inner.wrong_password) {
                (TokenError::InvalidGrant, WrongPassword::Unauthorized) => error.answer().unauthorized(),
                _ => error.answer(),
            }
        })
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
        let client_id = self.clients.authenticate(client.as_ref())?;
        match grant {
            Grant::Password { username, password } => {
                let (username, password, scopes) = (&*username, &*password, scopes.as_deref());
                self.log_in(&Login { username, password, scopes, client_id, user_agent, address }).await
            }
            Grant::RefreshToken(token) => self.refresh(&token, scopes.as_deref(), client_id, address).await,
        }
    }

    /// Spends the refresh token last, so that a client that has to try again still holds it.
    async fn refresh(
        &self,
        token: &str,
        asked: Option<&[Scope]>,
        client_id: &str,
        address: IpAddr,
    ) -> Result<TokenAnswer, TokenError> {
        let tokens = self.refresh_tokens.as_ref().ok_or(TokenError::UnsupportedGrantType)?;
        let login = tokens.look_up(token, client_id).await.map_err(refused)?;
        if let Some(limits) = &self.limits {
            limits.refresh(&login.id).map_err(too_many)?;
        }
        let account = self.accounts.by_subject(&login.subject).await.map_err(unavailable)?;
        let Some(account) = account.filter(|account| account.active && account.subject == login.subject)
        else {
            // Must not become valid again when the account is activated again.
            tokens.end_login(token).await.map_err(refused)?;
            return Err(TokenError::InvalidRefreshToken);
        };
        // RFC 6749 section 6: no scope that was not granted at the login.
        if asked.is_some_and(|asked| asked.iter().any(|scope| !login.scopes.contains(scope))) {
            return Err(TokenError::InvalidScope);
        }
        let still: Vec<_> =
            login.scopes.iter().filter(|scope| account.scopes.contains(scope)).cloned().collect();
        let granted = granted(&still, asked)?;
        let signed = self.sign(account, client_id, &granted)?;
        let refreshed = tokens.exchange(token, client_id).await.map_err(refused)?;
        if let Some(limits) = &self.limits {
            limits.remember(&login.subject, address);
        }
        Ok(signed.answer(&granted, Some(&refreshed.refresh_token)))
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

    pub(super) fn sign(
        &self,
        account: Account,
        client_id: &str,
        granted: &[Scope],
    ) -> Result<SignedToken, TokenError> {
        let Account { subject, claims, .. } = account;
        let mut token =
            self.issuer.access_token(subject).client_id(client_id).scopes(granted.iter().cloned());
        for audience in &self.audience {
            token = token.audience(audience);
        }
        for (name, value) in claims {
            token.set_claim(name, value);
        }
        token.sign().map_err(|error: SignError| {
            tracing::error!(%error, "no token can be signed");
            TokenError::Unavailable
        })
    }
}

/// Returns the requested scopes that are allowed; all allowed ones if none were requested.
pub(super) fn granted(allowed: &[Scope], asked: Option<&[Scope]>) -> Result<Vec<Scope>, TokenError> {
    let Some(asked) = asked else { return Ok(allowed.to_vec()) };
    let granted: Vec<_> = asked.iter().filter(|scope| allowed.contains(scope)).cloned().collect();
    if granted.is_empty() { Err(TokenError::InvalidScope) } else { Ok(granted) }
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
