//! Assembles what both programs serve.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use auth_api_keys::{ApiKeys, MemoryApiKeys};
use auth_core::{Authenticator, CredentialSource, JwtVerifier, TokenRouter, VerifiedToken};
use auth_examples::{Parties, Try, demo, listener, secret_algorithm, variable};
use auth_issuer::{Passwords, RefreshTokens, SessionCookies, SigningKey, TokenEndpoint, TokenIssuer};

use crate::items::Items;
use crate::memory::Memory;
use crate::{Feed, Reply, lines};

/// The client of the endpoint that the page is.
pub(crate) const PAGES: &str = "pages";
/// What the API keys of this example begin with.
const KEY_PREFIX: &str = "demo";
/// The password of both demo accounts.
const DEMO_PASSWORD: &str = "wonderland";
/// Short, so that one sees the WebSocket end and begin again.
const ACCESS_SECONDS: u64 = 120;

/// All that the environment says, ready to serve.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen; bound already.
    pub listener: TcpListener,
    /// What is served.
    pub app: App,
    /// What to try.
    pub lines: Vec<Try>,
}

/// What handlers share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    /// Takes a JWT from the page's cookie, and an API key from a program: as a bearer token, in `X-API-Key`, or as the
    /// password of HTTP Basic.
    pub auth: Authenticator,
    /// Logs the page's users in and out.
    pub sessions: SessionCookies,
    items: Arc<Items>,
}

impl App {
    /// `GET /items`.
    #[must_use]
    pub fn items(&self, token: &VerifiedToken) -> Reply {
        self.items.list(token.subject())
    }

    /// `POST /items`. `body` is `None` if it is too long, or does not arrive in full.
    #[must_use]
    pub fn add(&self, token: &VerifiedToken, body: Option<&[u8]>) -> Reply {
        self.items.add(token.subject(), body)
    }

    /// `GET /ws`, once the WebSocket is open, and `GET /events`.
    #[must_use]
    pub fn feed(&self, token: &VerifiedToken) -> Feed {
        Feed::new(token, self.items.changes())
    }
}

impl Settings {
    /// Reads the environment: what all examples read, and `AUTH_ACCESS_SECONDS`, how long access tokens live (120).
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub async fn from_env() -> Result<Self, String> {
        for (name, why) in
            [("AUTH_JWKS_FILE", "signs its own tokens"), ("AUTH_DATABASE", "keeps everything in memory")]
        {
            if variable(name)?.is_some() {
                return Err(format!("{name} is set, but this example {why}: unset it"));
            }
        }
        let Parties { issuer, audience } = Parties::from_env()?;
        let algorithm = secret_algorithm()?;
        let secret = match variable("AUTH_SECRET")? {
            Some(secret) => secret.into_bytes(),
            None => random_secret()?,
        };
        let verifier = JwtVerifier::builder()
            .issuer(&issuer)
            .audience(&audience)
            .require_access_token_type()
            .secret(algorithm, secret.clone())
            .build()
            .map_err(text)?;
        let key = SigningKey::secret(algorithm, &secret).map_err(text)?;
        let issuer = TokenIssuer::builder(issuer, key).lifetime(access_lifetime()?).build().map_err(text)?;
        let passwords = Passwords::new().map_err(text)?;
        let memory = if demo()? {
            Memory::with_demo_accounts(&passwords.hash(DEMO_PASSWORD).await.map_err(text)?)
        } else {
            Memory::default()
        };
        let endpoint = TokenEndpoint::builder(issuer.clone(), memory.clone())
            .audience(&audience)
            .cookie_client(PAGES)
            .passwords(passwords)
            .refresh_tokens(RefreshTokens::new(memory))
            .build()
            .map_err(text)?;
        let keys = ApiKeys::new(KEY_PREFIX, MemoryApiKeys::default()).map_err(text)?;
        // The form of a token says what it is: exactly one of the two is asked.
        let router = TokenRouter::new().jwt(verifier).prefix(keys.prefix(), keys.clone()).map_err(text)?;
        let auth = Authenticator::new(router)
            .with_credential_sources([
                SessionCookies::source(),
                CredentialSource::Bearer,
                CredentialSource::header("X-API-Key"),
                CredentialSource::Basic,
            ])
            .map_err(text)?;
        let sessions = SessionCookies::new(endpoint.clone(), auth.clone()).map_err(text)?;
        let lines = lines::lines(&endpoint, &issuer, &audience, &keys).await?;
        let app = App { auth, sessions, items: Arc::new(Items::new()) };
        Ok(Self { listener: listener()?, app, lines })
    }
}

fn access_lifetime() -> Result<Duration, String> {
    let seconds = match variable("AUTH_ACCESS_SECONDS")? {
        None => ACCESS_SECONDS,
        Some(text) => text.parse().map_err(|_| {
            format!(
                "AUTH_ACCESS_SECONDS is {text:?}: set it to how many seconds access tokens live, such as 120"
            )
        })?,
    };
    Ok(Duration::from_secs(seconds))
}

fn random_secret() -> Result<Vec<u8>, String> {
    let mut secret = vec![0; 64];
    getrandom::fill(&mut secret).map_err(|error| format!("the system has no random numbers: {error}"))?;
    Ok(secret)
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` gives it")]
pub(crate) fn text(error: impl ToString) -> String {
    error.to_string()
}
