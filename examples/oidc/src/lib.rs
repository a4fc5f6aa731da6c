//! What the examples with an identity provider share: one of their own, and the lines to try.

use std::net::{SocketAddr, TcpListener};

use auth_examples::{DEMO_LIFETIME, Try, announce, listener, variable};
use auth_oidc::{Health, Oidc, OidcVerifier};
use auth_testing::TestIdentityProvider;

/// The audience of the tokens of our own provider.
const AUDIENCE: &str = "https://api.example";

/// What the environment says:
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `AUTH_LISTEN` | address and port; port 0 takes a free one | `127.0.0.1:3000` |
/// | `AUTH_ISSUER` | the identity provider, as `iss` of its tokens has it | one within this process |
/// | `AUTH_AUDIENCE` | claim `aud` of accepted tokens | |
#[derive(Debug)]
pub struct Settings {
    /// Where to listen; bound already.
    pub listener: TcpListener,
    /// Accepts the provider's tokens.
    pub verifier: OidcVerifier,
    /// The provider within this process, if no other one is used.
    own: Option<OwnProvider>,
}

/// A provider within this process, which has changed its keys since the verifier read them.
#[derive(Debug)]
struct OwnProvider {
    provider: TestIdentityProvider,
    /// Signed before the keys were changed.
    older_token: String,
}

impl Settings {
    /// Reads the environment, and connects to the provider.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub async fn from_env() -> Result<Self, String> {
        let listener = listener()?;
        match (variable("AUTH_ISSUER")?, variable("AUTH_AUDIENCE")?) {
            (Some(issuer), Some(audience)) => {
                let verifier = connect(Oidc::issuer(issuer).audience(audience)).await?;
                Ok(Self { listener, verifier, own: None })
            }
            (None, None) => {
                let provider = TestIdentityProvider::start();
                // As providers do: they publish a key some time before they sign by it.
                provider.publish_next();
                let verifier = connect(Oidc::issuer(provider.issuer()).audience(AUDIENCE)).await?;
                let older_token = demo_token(&provider);
                provider.rotate();
                Ok(Self { listener, verifier, own: Some(OwnProvider { provider, older_token }) })
            }
            _ => Err("set both AUTH_ISSUER and AUTH_AUDIENCE, or neither".to_owned()),
        }
    }

    /// Prints where the server listens and what to try. Call it once connections are accepted.
    pub fn announce(&self, address: SocketAddr) {
        let mut lines = vec![
            Try::get("/ready", 200),
            Try::get("/protected", 401),
            Try::get("/protected", 401).authorization("Bearer not.a.token"),
        ];
        if let Some(OwnProvider { provider, older_token }) = &self.own {
            let newer_token = demo_token(provider);
            for token in [older_token, &newer_token] {
                lines.push(Try::get("/protected", 200).authorization(&format!("Bearer {token}")));
            }
        }
        announce(address, lines);
        let issuer = self.verifier.issuer();
        match self.own {
            Some(_) => println!("(the identity provider is within this process, at {issuer})"),
            None => println!("(for a token, ask {issuer})"),
        }
    }
}

fn demo_token(provider: &TestIdentityProvider) -> String {
    provider.token("alice").claim_at("exp", DEMO_LIFETIME).sign()
}

async fn connect(oidc: Oidc) -> Result<OidcVerifier, String> {
    oidc.connect().await.map_err(|error| error.to_string())
}

/// The status of an endpoint that says whether this service can judge tokens: 200 or 503.
#[must_use]
pub fn readiness(verifier: &OidcVerifier) -> u16 {
    match verifier.health() {
        Health::Ready { .. } | Health::Stale { .. } => 200,
        _ => 503,
    }
}
