//! What a client signs to authenticate.

use std::fmt;
use std::sync::Arc;

use auth_core::{Clock, SystemClock};
use serde_json::json;

use super::access_token::{SignError, random_id};
use super::signing_key::SigningKey;
use crate::backend::Unusable;

/// How long an assertion is good, in seconds.
const LIFETIME: u64 = 60;

/// Signs the assertions by which a client authenticates at an authorization server: `private_key_jwt`
/// ([RFC 7523 section 3](https://www.rfc-editor.org/rfc/rfc7523#section-3)), as `auth-oidc` needs it to introspect tokens.
///
/// ```
/// use auth_issuer::{Algorithm, ClientAssertions, SigningKey};
///
/// # fn run(pem: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let assertions = ClientAssertions::new("orders-api", SigningKey::pem(Algorithm::Es256, pem)?);
/// println!("register at the issuer: {}", assertions.jwks());
/// // auth-oidc: Introspection::private_key_jwt("orders-api", move |audience: &str| assertions.sign(audience))
/// let assertion = assertions.sign("https://id.example")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientAssertions {
    client_id: String,
    key: SigningKey,
    clock: Arc<dyn Clock>,
}

impl ClientAssertions {
    /// Signs for the client of this id. The key is for this alone: a key that signs access tokens too could be made to
    /// sign one for the other.
    pub fn new(client_id: impl Into<String>, key: SigningKey) -> Self {
        Self { client_id: client_id.into(), key, clock: Arc::new(SystemClock) }
    }

    /// The clock to ask, instead of the operating system's.
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Returns the public key as a JWK Set in JSON, to register at the authorization server. Without a key if it is a
    /// secret, which is never published.
    #[must_use]
    pub fn jwks(&self) -> String {
        let keys: Vec<_> = self.key.jwk().into_iter().collect();
        json!({ "keys": keys }).to_string()
    }

    /// Signs an assertion for this authorization server, which is best named by its issuer. It is good for 60 seconds and
    /// has a `jti` of its own: sign a new one for each request.
    ///
    /// Its claims are `iss` and `sub`, which are the client's id, `aud`, `exp`, `iat` and `jti`; its `typ` is `JWT`.
    ///
    /// # Errors
    ///
    /// Returns a [`SignError`] if the client's id or the audience is empty, or the clock, the system's random numbers or
    /// the key fail.
    pub fn sign(&self, audience: &str) -> Result<String, SignError> {
        if self.client_id.is_empty() {
            return Err(SignError::Missing("sub"));
        }
        if audience.is_empty() {
            return Err(SignError::Missing("aud"));
        }
        let now = self.clock.now().ok_or(SignError::Unavailable("the clock does not know the time"))?;
        let claims = json!({
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": audience,
            "exp": now.saturating_add(LIFETIME),
            "iat": now,
            "jti": random_id()?,
        });
        let signed = self.key.sign("JWT", &claims.to_string());
        signed.map_err(|Unusable| SignError::Unavailable("the key does not sign"))
    }
}

/// Prints whose assertions they are, and never the key.
impl fmt::Debug for ClientAssertions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAssertions")
            .field("client_id", &self.client_id)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
