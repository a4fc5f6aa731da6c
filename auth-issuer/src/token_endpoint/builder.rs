//! Assembles a token endpoint.

use std::fmt;
use std::sync::Arc;

use super::clients::{Clients, InvalidClient, MIN_SECRET_BYTES};
use super::endpoint::{Inner, TokenEndpoint, WrongPassword};
use super::request::Deviations;
use super::revocation::AccessTokenRevoker;
use crate::login::{AccountStore, GuessLimits, Passwords};
use crate::refresh::{RefreshTokenStore, RefreshTokens};
use crate::sign::TokenIssuer;

/// Assembles a [`TokenEndpoint`].
#[must_use]
pub struct TokenEndpointBuilder {
    issuer: TokenIssuer,
    accounts: Box<dyn AccountStore>,
    audience: Vec<String>,
    clients: Clients,
    /// The first registration that failed.
    refused_client: Option<InvalidClient>,
    passwords: Option<Passwords>,
    limits: Option<GuessLimits>,
    refresh_tokens: Option<RefreshTokens<Arc<dyn RefreshTokenStore>>>,
    deviations: Deviations,
    wrong_password: WrongPassword,
    access_tokens: Option<Box<dyn AccessTokenRevoker>>,
}

/// The reason why a [`TokenEndpoint`] cannot be built.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is no audience, or an empty one. Verifiers reject such tokens.
    #[error("no audience: name the API that the tokens are for by `audience`, such as https://api.example")]
    NoAudience,
    /// No client is registered, so that every request would be refused.
    #[error(
        "no client: register your login page by `public_client(\"web\")`, or by `unnamed_client(\"web\")` if it sends \
         no client_id"
    )]
    NoClient,
    /// The id of a client is empty.
    #[error("the id of a client is empty")]
    EmptyClientId,
    /// Two registrations compete for one client id, or for requests without one.
    #[error(
        "client {0:?} is registered twice, or another client already stands for requests without a client_id"
    )]
    ClientTwice(String),
    /// The secret of a client is short enough to be guessed.
    #[error(
        "the secret of client {0:?} has fewer than {MIN_SECRET_BYTES} bytes: take a random one, as `openssl rand \
         -hex 32` makes, or register a public client if it cannot keep a secret"
    )]
    ShortClientSecret(String),
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Unavailable,
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TokenEndpoint {
    /// Starts a builder with the issuer that signs, and the store that finds accounts.
    pub fn builder(issuer: TokenIssuer, accounts: impl AccountStore + 'static) -> TokenEndpointBuilder {
        TokenEndpointBuilder {
            issuer,
            accounts: Box::new(accounts),
            audience: Vec::new(),
            clients: Clients::default(),
            refused_client: None,
            passwords: None,
            limits: Some(GuessLimits::new()),
            refresh_tokens: None,
            deviations: Deviations::default(),
            wrong_password: WrongPassword::BadRequest,
            access_tokens: None,
        }
    }
}

impl TokenEndpointBuilder {
    /// Adds an audience of the tokens: claim `aud`, required. Call it again for several.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience.push(audience.into());
        self
    }

    /// Registers a client that cannot keep a secret, such as a page in a browser or an app
    /// ([RFC 6749 section 2.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.1)).
    pub fn public_client(self, id: impl Into<String>) -> Self {
        self.client(id.into(), None)
    }

    /// Registers a client that authenticates by a secret of 22 random bytes or more.
    pub fn confidential_client(self, id: impl Into<String>, secret: impl AsRef<str>) -> Self {
        self.client(id.into(), Some(secret.as_ref()))
    }

    /// Registers a public client that also stands for requests without a `client_id`. Many login pages send such
    /// requests, and so does Swagger UI if its field for the id is empty.
    pub fn unnamed_client(mut self, id: impl Into<String>) -> Self {
        let registered = self.clients.register_unnamed(id.into());
        self.checked(registered)
    }

    /// Registers the client that [`SessionCookies`](crate::SessionCookies) stand for: the pages of the application itself.
    /// The endpoint answers it `unauthorized_client`, so that its tokens are in cookies only.
    pub fn cookie_client(mut self, id: impl Into<String>) -> Self {
        let registered = self.clients.register_cookies(id.into());
        self.checked(registered)
    }

    fn client(mut self, id: String, secret: Option<&str>) -> Self {
        let registered = self.clients.register(id, secret);
        self.checked(registered)
    }

    fn checked(mut self, registered: Result<(), InvalidClient>) -> Self {
        if let Err(error) = registered {
            self.refused_client.get_or_insert(error);
        }
        self
    }

    /// Issues and accepts refresh tokens too.
    pub fn refresh_tokens<S: RefreshTokenStore + 'static>(mut self, tokens: RefreshTokens<S>) -> Self {
        self.refresh_tokens = Some(tokens.boxed());
        self
    }

    /// Sets who revokes access tokens. Without one, [`revoke`](TokenEndpoint::revoke) answers `unsupported_token_type`
    /// for them, and they remain valid until they expire.
    pub fn access_token_revoker(mut self, revoker: impl AccessTokenRevoker + 'static) -> Self {
        self.access_tokens = Some(Box::new(revoker));
        self
    }

    /// Sets the [`Passwords`] that the application also hashes new passwords with, so that both share one limit on
    /// concurrent hashes. The default accepts hashes of argon2 only; for existing users with other hashes see
    /// [`Passwords::builder`].
    pub fn passwords(mut self, passwords: Passwords) -> Self {
        self.passwords = Some(passwords);
        self
    }

    /// Sets the limits on guessing. The default is [`GuessLimits::new`].
    pub fn guess_limits(mut self, limits: GuessLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Lets everyone guess as often as they like. Use it only if something in front of the endpoint limits them;
    /// otherwise every password is found in time.
    pub fn without_guess_limits(mut self) -> Self {
        self.limits = None;
        self
    }

    /// Accepts logins without `grant_type`, which RFC 6749 section 4.3.2 requires. FastAPI's `OAuth2PasswordRequestForm`
    /// accepts them, and clients written for it may send them.
    ///
    /// A request that has `username` or `password`, and no `grant_type` or an empty one, counts as
    /// `grant_type=password`. Any other `grant_type` is judged as without this method.
    pub fn allow_missing_grant_type(mut self) -> Self {
        self.deviations.missing_grant_type = true;
        self
    }

    /// Accepts forms of content type `multipart/form-data` ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)) beside
    /// those that RFC 6749 section 4.3.2 requires. FastAPI accepts them, and pages that send JavaScript's `FormData` rely
    /// on it.
    ///
    /// Names and values follow the same rules. Files, and parts that are not text in UTF-8, are refused. Needs the feature
    /// `multipart`.
    #[cfg(feature = "multipart")]
    pub fn allow_multipart_forms(mut self) -> Self {
        self.deviations.multipart_forms = true;
        self
    }

    /// Answers 401 instead of 400 if the user name or password is wrong, as FastAPI's tutorial does. RFC 6749 section 5.2
    /// requires 400.
    ///
    /// Body and error code stay the same. The answer has the challenge that
    /// [RFC 9110 section 15.5.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2) requires with a 401:
    /// `WWW-Authenticate: Bearer realm="token"`. No other error changes; a refresh token that is not valid is answered
    /// 400.
    pub fn answer_wrong_password_with_401(mut self) -> Self {
        self.wrong_password = WrongPassword::Unauthorized;
        self
    }

    /// Builds the endpoint.
    ///
    /// # Errors
    ///
    /// Returns an [`EndpointError`] if the audience or the clients are missing or invalid, or if the system has no
    /// random numbers.
    pub fn build(self) -> Result<TokenEndpoint, EndpointError> {
        let Self { issuer, accounts, audience, clients, refused_client, passwords, limits, .. } = self;
        let Self { refresh_tokens, access_tokens, deviations, wrong_password, .. } = self;
        match refused_client {
            None => {}
            Some(InvalidClient::Empty) => return Err(EndpointError::EmptyClientId),
            Some(InvalidClient::Twice(id)) => return Err(EndpointError::ClientTwice(id)),
            Some(InvalidClient::ShortSecret(id)) => return Err(EndpointError::ShortClientSecret(id)),
            Some(InvalidClient::NoDigest) => return Err(EndpointError::Unavailable),
        }
        if audience.is_empty() || audience.iter().any(String::is_empty) {
            return Err(EndpointError::NoAudience);
        }
        if clients.is_empty() {
            return Err(EndpointError::NoClient);
        }
        let passwords = match passwords {
            Some(passwords) => passwords,
            None => Passwords::new().map_err(|_| EndpointError::Unavailable)?,
        };
        let inner = Inner {
            issuer,
            accounts,
            audience,
            clients,
            passwords,
            limits,
            refresh_tokens,
            access_tokens,
            deviations,
            wrong_password,
        };
        Ok(TokenEndpoint { inner: Arc::new(inner) })
    }
}

/// Never prints keys, secrets or accounts.
impl fmt::Debug for TokenEndpointBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TokenEndpointBuilder");
        debug.field("issuer", &self.issuer).field("audience", &self.audience).finish_non_exhaustive()
    }
}
