//! What the examples with an identity provider share: one of their own, and the lines to try.

use std::net::{SocketAddr, TcpListener};

use auth_core::Clock as _;
use auth_examples::{DEMO_LIFETIME, Try, announce, listener, variable};
use auth_issuer::{Algorithm, ClientAssertions, SigningKey};
use auth_oidc::{Health, Introspection, Oidc, OidcVerifier};
use auth_testing::TestIdentityProvider;
use serde_json::json;

/// The audience of the tokens of our own provider.
const AUDIENCE: &str = "https://api.example";

/// What the environment says:
///
/// | variable | meaning | default |
/// |---|---|---|
/// | `AUTH_LISTEN` | address and port; port 0 takes a free one | `127.0.0.1:3000` |
/// | `AUTH_ISSUER` | the identity provider, as `iss` of its tokens has it | one within this process |
/// | `AUTH_AUDIENCE` | claim `aud` of accepted tokens | |
/// | `AUTH_CLIENT_ID` | the client by which the provider is asked about opaque tokens | it is not asked |
/// | `AUTH_CLIENT_METHOD` | `client_secret_basic` or `client_secret_post`, with `AUTH_CLIENT_SECRET`; or `private_key_jwt`, with a P-256 key in PEM in `AUTH_CLIENT_KEY_FILE` | `client_secret_basic` |
/// | `AUTH_INTROSPECTION` | `signed` demands signed answers, `everything` asks about JWTs too | neither |
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
    /// Says nothing by itself.
    opaque_token: String,
    /// Was given out and revoked.
    revoked_token: String,
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
                let oidc = Oidc::issuer(issuer).audience(audience);
                let verifier = connect(match introspection()? {
                    Some(introspection) => oidc.introspection(introspection),
                    None => oidc,
                });
                let verifier = verifier.await?;
                Ok(Self { listener, verifier, own: None })
            }
            (None, None) => {
                let provider = TestIdentityProvider::start();
                // As providers do: they publish a key some time before they sign by it.
                provider.publish_next();
                let oidc = Oidc::issuer(provider.issuer()).audience(AUDIENCE);
                // Our own provider answers whoever asks.
                let introspection =
                    Introspection::client_secret_basic("orders-api", "secret of this demonstration");
                let verifier = connect(oidc.introspection(introspection)).await?;
                let older_token = demo_token(&provider);
                provider.rotate();
                let (opaque_token, revoked_token) = (opaque_token(&provider), opaque_token(&provider));
                provider.revoke(&revoked_token);
                let own = Some(OwnProvider { provider, older_token, opaque_token, revoked_token });
                Ok(Self { listener, verifier, own })
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
        if let Some(OwnProvider { provider, older_token, opaque_token, revoked_token }) = &self.own {
            let newer_token = demo_token(provider);
            for (token, status) in
                [(older_token, 200), (&newer_token, 200), (opaque_token, 200), (revoked_token, 401)]
            {
                lines.push(Try::get("/protected", status).authorization(&format!("Bearer {token}")));
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

fn opaque_token(provider: &TestIdentityProvider) -> String {
    let now = provider.clock().now().unwrap_or_default();
    provider.opaque_token(json!({ "sub": "alice", "exp": now.saturating_add_signed(DEMO_LIFETIME) }))
}

/// How the provider is asked about opaque tokens, if it is.
fn introspection() -> Result<Option<Introspection>, String> {
    let Some(id) = variable("AUTH_CLIENT_ID")? else { return Ok(None) };
    let needed =
        |name: &str| variable(name)?.ok_or_else(|| format!("set {name}, or leave AUTH_CLIENT_ID out"));
    let introspection = match variable("AUTH_CLIENT_METHOD")?.as_deref() {
        None | Some("client_secret_basic") => {
            Introspection::client_secret_basic(id, needed("AUTH_CLIENT_SECRET")?)
        }
        Some("client_secret_post") => Introspection::client_secret_post(id, needed("AUTH_CLIENT_SECRET")?),
        Some("private_key_jwt") => {
            let file = needed("AUTH_CLIENT_KEY_FILE")?;
            let pem = std::fs::read(&file).map_err(|error| format!("{file}: {error}"))?;
            let key = SigningKey::pem(Algorithm::Es256, pem).map_err(|error| format!("{file}: {error}"))?;
            let assertions = ClientAssertions::new(&*id, key);
            Introspection::private_key_jwt(id, move |audience: &str| assertions.sign(audience))
        }
        Some(other) => {
            return Err(format!(
                "AUTH_CLIENT_METHOD is {other:?}: set client_secret_basic, client_secret_post or private_key_jwt"
            ));
        }
    };
    match variable("AUTH_INTROSPECTION")?.as_deref() {
        None => Ok(Some(introspection)),
        Some("signed") => Ok(Some(introspection.signed())),
        Some("everything") => Ok(Some(introspection.introspect_everything())),
        Some(other) => Err(format!("AUTH_INTROSPECTION is {other:?}: set signed, everything or nothing")),
    }
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
