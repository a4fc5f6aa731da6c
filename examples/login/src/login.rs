//! Assembles what both programs serve.

use std::net::TcpListener;
use std::sync::Arc;

use auth_core::{Authenticator, JwtVerifier};
use auth_examples::{Parties, demo, listener, secret_algorithm, variable};
use auth_issuer::{Passwords, RefreshTokens, SigningKey, TokenEndpoint, TokenIssuer};
use auth_utoipa::SecurityDocs;
use utoipa::OpenApi as _;
use utoipa_swagger_ui::{Config, SwaggerUi, oauth};

use crate::document::Document;
use crate::{Db, ITEMS, PrintedMail, SelfService};

/// The client that the page at `/docs` is.
const DOCS: &str = "docs";
/// The client that requests count for which name none.
pub(crate) const WEB: &str = "web";

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
    /// What users do with their own accounts.
    pub self_service: SelfService,
    pub(crate) issuer: TokenIssuer,
    pub(crate) audience: String,
    pub(crate) demo: bool,
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
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let self_service = SelfService::new(endpoint.clone(), db.clone(), Arc::new(PrintedMail), address)?;
        Ok(Self { listener, authenticator, endpoint, db, self_service, issuer, audience, demo: demo()? })
    }

    /// The page at this path. The schemes and refusals are added to the document of the operations.
    ///
    /// # Errors
    ///
    /// One line that says what the document promises and nobody can have.
    pub fn docs(&self, path: &'static str) -> Result<SwaggerUi, String> {
        let docs = SecurityDocs::new(&self.authenticator)
            // As seen from the page, which is `/docs/`.
            .password_with_refresh("oauth2", "../token")
            .scope(ITEMS, "Read your items");
        let document = docs.apply(Document::openapi()).map_err(|error| error.to_string())?;
        // Or else the page sends its readers' browsers to validator.swagger.io.
        let config = Config::new(["../openapi.json"]).validator_url("none");
        let docs = SwaggerUi::new(path).url("/openapi.json", document).config(config);
        Ok(docs.oauth(oauth::Config::new().client_id(DOCS)))
    }
}

fn random_secret() -> Result<Vec<u8>, String> {
    let mut secret = vec![0; 64];
    getrandom::fill(&mut secret).map_err(|error| format!("the system has no random numbers: {error}"))?;
    Ok(secret)
}
