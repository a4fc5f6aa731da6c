//! What `axum_login` and `actix_login` share beside their routes: the token endpoint, the SQLite database with its
//! accounts, the document and the lines to try.

mod db;
mod failure;
mod self_service;

use std::net::TcpListener;

use auth_core::{Authenticator, JwtVerifier, RequiredScopes, Scope};
use auth_examples::{DEMO_LIFETIME, Parties, Try, demo, listener, secret_algorithm, variable};
use auth_issuer::{Passwords, RefreshTokens, SigningKey, TokenEndpoint, TokenIssuer};
use auth_utoipa::SecurityDocs;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi, oauth};

pub use self::db::Db;
pub use self::failure::Failure;
pub use self::self_service::{PasswordChange, SelfService, Session};

/// May see one's items.
pub const ITEMS: Scope = Scope::from_static("items");

/// Demands [`ITEMS`], as a type.
#[derive(Debug)]
pub struct Items;

impl RequiredScopes for Items {
    const SCOPES: &'static [Scope] = &[ITEMS];
}

/// The client that the page at `/docs` is.
const DOCS: &str = "docs";
/// The client that requests count for which name none.
const WEB: &str = "web";

/// All that the environment says, ready to serve.
#[derive(Debug)]
pub struct Login {
    /// Where to listen; bound already.
    pub listener: TcpListener,
    /// Accepts the tokens that the endpoint issues.
    pub authenticator: Authenticator,
    /// Issues them.
    pub endpoint: TokenEndpoint,
    /// Who may have some.
    pub db: Db,
    /// What users do with their own logins and password.
    pub self_service: SelfService,
    issuer: TokenIssuer,
    audience: String,
    demo: bool,
}

impl Login {
    /// Reads the environment, and opens the database.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong and what to do.
    pub async fn from_env() -> Result<Self, String> {
        if variable("AUTH_JWKS_FILE")?.is_some() {
            return Err("AUTH_JWKS_FILE is set, but this example signs its own tokens: unset it".to_owned());
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
            .secret(algorithm, secret.clone());
        let verifier = verifier.build().map_err(|error| error.to_string())?;
        let key = SigningKey::secret(algorithm, &secret).map_err(|error| error.to_string())?;
        let issuer = TokenIssuer::builder(issuer, key).build().map_err(|error| error.to_string())?;
        let passwords = Passwords::new().map_err(|error| error.to_string())?;
        let db = Db::from_env(&passwords).await?;
        let endpoint = TokenEndpoint::builder(issuer.clone(), db.clone())
            .audience(&audience)
            .unnamed_client(WEB)
            .public_client(DOCS)
            .passwords(passwords)
            .refresh_tokens(RefreshTokens::new(db.clone()))
            .build()
            .map_err(|error| error.to_string())?;
        let (listener, authenticator) = (listener()?, Authenticator::new(verifier));
        let self_service = SelfService::new(endpoint.clone(), db.clone());
        Ok(Self { listener, authenticator, endpoint, db, self_service, issuer, audience, demo: demo()? })
    }

    /// The page at this path, for a document that says what the handlers demand. The schemes and refusals are added.
    ///
    /// # Errors
    ///
    /// One line that says what the document promises and nobody can have.
    pub fn docs(&self, path: &'static str, document: OpenApi) -> Result<SwaggerUi, String> {
        let docs = SecurityDocs::new(&self.authenticator)
            // As seen from the page, which is `/docs/`.
            .password_with_refresh("oauth2", "../token")
            .scope(ITEMS, "Read your items");
        let document = docs.apply(document).map_err(|error| error.to_string())?;
        // Or else the page sends its readers' browsers to validator.swagger.io.
        let config = Config::new(["../openapi.json"]).validator_url("none");
        let docs = SwaggerUi::new(path).url("/openapi.json", document).config(config);
        Ok(docs.oauth(oauth::Config::new().client_id(DOCS)))
    }

    /// What to try. Without [`demo`] accounts nobody can log in until the application has accounts of its own.
    #[must_use]
    pub fn lines(&self) -> Vec<Try> {
        if !self.demo {
            return vec![Try::get("/", 200), Try::get("/users/me", 401), Try::get("/docs/", 200)];
        }
        let token = |subject: &str, scope: Option<Scope>| {
            let draft = self.issuer.access_token(subject).audience(&self.audience).client_id(WEB);
            let lifetime = std::time::Duration::from_secs(DEMO_LIFETIME.unsigned_abs());
            // It has all that it needs; where it has not, the lines tell.
            let signed = draft.scopes(scope).lifetime(lifetime).sign();
            signed.map(|signed| format!("Bearer {}", signed.token)).unwrap_or_default()
        };
        let form = |username: &str, password: &str| {
            format!("grant_type=password&username={username}&password={password}")
        };
        let change =
            |current: &str| format!(r#"{{"current_password":"{current}","new_password":"a mad tea-party"}}"#);
        let (alice, bob) = (token("alice", Some(ITEMS)), token("bob", None));
        vec![
            Try::get("/", 200),
            Try::get("/users/me", 401),
            Try::get("/token", 200).form(&form("alice", "wonderland")),
            Try::get("/token", 400).form(&form("alice", "looking-glass")),
            Try::get("/token", 400).form(&form("mallory", "wonderland")),
            Try::get("/token", 400).form(&form("dave", "wonderland")),
            Try::get("/token", 400).form("grant_type=password&username=alice"),
            Try::get("/token", 400).form(&format!("{}&username=bob", form("alice", "wonderland"))),
            Try::get("/token", 400).form("grant_type=client_credentials"),
            Try::get("/token", 400).form("grant_type=refresh_token&refresh_token=invented"),
            Try::get("/token", 400).form(&format!("{}&client_id=unknown", form("alice", "wonderland"))),
            Try::get("/token", 400).sends("POST", "{\"username\":\"alice\"}"),
            Try::get("/", 200).authorization(&alice),
            Try::get("/", 401).authorization("Bearer not.a.token"),
            Try::get("/users/me", 200).authorization(&alice),
            Try::get("/users/me/items", 200).authorization(&alice),
            Try::get("/users/me", 200).authorization(&bob),
            Try::get("/users/me/items", 403).authorization(&bob),
            Try::get("/users/me/items", 403).authorization(&token("bob", Some(ITEMS))),
            Try::get("/users/me/sessions", 200).authorization(&bob),
            Try::get("/users/me/sessions/unknown", 404).method("DELETE").authorization(&alice),
            Try::get("/users/me/password", 422).sends("POST", "{}").authorization(&alice),
            Try::get("/users/me/password", 400).sends("POST", &change("looking-glass")).authorization(&alice),
            Try::get("/revoke", 200).form("token=unknown"),
            Try::get("/revoke", 400).form("token="),
            Try::get("/revoke", 400).form(&format!("token={}", bob.trim_start_matches("Bearer "))),
            Try::get("/users/me", 403).authorization(&token("dave", Some(ITEMS))),
            Try::get("/users/me", 401).authorization(&token("mallory", Some(ITEMS))),
            Try::get("/openapi.json", 200),
            Try::get("/docs", 303),
            Try::get("/docs/", 200),
        ]
    }
}

fn random_secret() -> Result<Vec<u8>, String> {
    let mut secret = vec![0; 64];
    getrandom::fill(&mut secret).map_err(|error| format!("the system has no random numbers: {error}"))?;
    Ok(secret)
}

/// A user, as clients see one.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct User {
    /// The name to log in with.
    pub username: String,
    /// How the user is called.
    pub full_name: String,
    #[serde(skip)]
    pub(crate) scopes: Vec<Scope>,
}

impl User {
    /// Checks what the user may do now. `Scoped` checks what the token may do, which is what was true when it was issued.
    ///
    /// # Errors
    ///
    /// [`Failure::NotAllowed`].
    pub fn may(&self, scope: &Scope) -> Result<(), Failure> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(Failure::NotAllowed) }
    }
}

/// Something that a user has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Item {
    /// What it is.
    pub name: String,
}

/// A text for a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// The text.
    pub message: String,
}

/// What the token endpoint gives, for the document. [`TokenEndpoint`] writes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenResponse {
    /// To be sent as `Authorization: Bearer`.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: String,
    /// In how many seconds the token expires.
    pub expires_in: u64,
    /// What was granted.
    pub scope: Option<String>,
    /// Good for one more access token.
    pub refresh_token: String,
}

/// The form of the revocation endpoint, for the document. [`TokenEndpoint`] reads it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RevocationForm {
    /// The refresh token whose login ends.
    pub token: String,
    /// Ignored.
    pub token_type_hint: Option<String>,
    /// Who asks.
    pub client_id: Option<String>,
}

/// The form of the token endpoint, for the document. [`TokenEndpoint`] reads it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TokenForm {
    /// `password` or `refresh_token`.
    pub grant_type: String,
    /// For `password`.
    pub username: Option<String>,
    /// For `password`.
    pub password: Option<String>,
    /// For `refresh_token`.
    pub refresh_token: Option<String>,
    /// Names with spaces between; all that the user may have, if it is left out.
    pub scope: Option<String>,
    /// Who asks.
    pub client_id: Option<String>,
}
