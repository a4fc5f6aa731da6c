//! An issuer of tokens, good and bad.

use std::fmt;
use std::sync::Arc;

use auth_core::jwt::{BuildError, JwtVerifierBuilder, Problem};
use auth_core::{Algorithm, Authenticator, Clock, JwtVerifier, SystemClock};
use serde_json::{Value, json};

use crate::base64url::encode;
use crate::explain::explaining;
use crate::signing::SigningKey;

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "https://api.example";

/// An authorization server for tests: one key, and tokens in one line each.
///
/// ```
/// use auth_core::{Algorithm, VerifyError};
/// use auth_testing::TestIssuer;
///
/// let issuer = TestIssuer::new(Algorithm::Es256);
/// let verifier = issuer.verifier().build()?;
///
/// let token = issuer.token("alice").scope("orders:read").sign();
/// assert_eq!(verifier.verify_jwt(&token).unwrap().subject(), "alice");
///
/// assert_eq!(verifier.verify_jwt(&issuer.expired("alice")).unwrap_err(), VerifyError::Expired);
/// # Ok::<(), auth_core::jwt::BuildError>(())
/// ```
#[derive(Clone)]
pub struct TestIssuer {
    pub(crate) algorithm: Algorithm,
    key: Arc<SigningKey>,
    pub(crate) kid: String,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    clock: Arc<dyn Clock>,
    settings: Option<Arc<Settings>>,
}

/// The settings of the application's own verifier.
type Settings = dyn Fn(JwtVerifierBuilder) -> JwtVerifierBuilder + Send + Sync;

impl TestIssuer {
    /// Makes a new key. An RSA key takes a noticeable part of a second, so share the issuer between tests.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self::with_key(algorithm, SigningKey::generate(algorithm))
    }

    /// Signs with this secret, by one of the HMAC algorithms.
    ///
    /// # Panics
    ///
    /// Panics if the algorithm takes no secret.
    #[must_use]
    pub fn with_secret(algorithm: Algorithm, secret: impl Into<Vec<u8>>) -> Self {
        Self::with_key(algorithm, SigningKey::hmac(algorithm, secret.into()))
    }

    fn with_key(algorithm: Algorithm, key: SigningKey) -> Self {
        Self {
            algorithm,
            kid: key.thumbprint().unwrap_or_else(|| "secret".to_owned()),
            key: Arc::new(key),
            issuer: ISSUER.to_owned(),
            audience: AUDIENCE.to_owned(),
            clock: Arc::new(SystemClock),
            settings: None,
        }
    }

    /// Sets claim `iss`. The default is `https://issuer.example`.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = issuer.into();
        self
    }

    /// Sets claim `aud`. The default is `https://api.example`.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Sets the `kid`. The default is the thumbprint of the key ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)),
    /// and `secret` for HMAC.
    #[must_use]
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = kid.into();
        self
    }

    /// Sets the clock of the issuer, and of the verifiers that it makes.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Judges tokens by the settings of the application's own verifier, so that tests judge as production does: the claim
    /// of the roles, the kind of token, leeway, lifetimes.
    ///
    /// [`verifier`](Self::verifier), [`authenticator`](Self::authenticator) and
    /// [`TokenDraft::override_authentication`](crate::TokenDraft::override_authentication) apply them. Without this call
    /// they judge by the defaults of the library, whatever the application does.
    ///
    /// ```
    /// use auth_core::jwt::JwtVerifierBuilder;
    /// use auth_core::{Algorithm, ClaimPath, JwtVerifier};
    /// use auth_testing::TestIssuer;
    ///
    /// // In the application: everything but the keys.
    /// fn settings(verifier: JwtVerifierBuilder) -> JwtVerifierBuilder {
    ///     verifier.issuer("https://login.example").audience("orders").roles(ClaimPath::realm_access_roles())
    /// }
    ///
    /// # fn main() -> Result<(), auth_core::jwt::BuildError> {
    /// // In `main`:
    /// # let secret = b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA";
    /// let verifier = settings(JwtVerifier::builder()).secret(Algorithm::Hs256, secret).build()?;
    ///
    /// // In a test:
    /// let issuer = TestIssuer::default().issuer("https://login.example").audience("orders").settings(settings);
    /// let admin = serde_json::json!({ "roles": ["admin"] });
    /// let auth = issuer.token("alice").claim("realm_access", admin).override_authentication();
    /// # assert!(issuer.verifier().build()?.verify_jwt(&issuer.good("alice")).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// - The issuer and the audience that the settings name count. Give the test issuer the same, as above, or its
    ///   tokens are refused. If the settings name none, those of the test issuer are expected.
    /// - Key and clock are those of the test issuer. Leave the application's keys out of the settings: they would be
    ///   accepted too.
    /// - If the settings restrict the algorithms, make the issuer with one of them: `TestIssuer::new(Algorithm::Rs256)`.
    #[must_use]
    pub fn settings(
        mut self,
        settings: impl Fn(JwtVerifierBuilder) -> JwtVerifierBuilder + Send + Sync + 'static,
    ) -> Self {
        self.settings = Some(Arc::new(settings));
        self
    }

    /// Returns a builder of a verifier that accepts the tokens of this issuer, with the [`settings`](Self::settings)
    /// applied.
    #[must_use]
    pub fn verifier(&self) -> JwtVerifierBuilder {
        let mut builder = self.with_settings(JwtVerifier::builder());
        // Asked of `build`, since a builder does not tell, and values that were added would loosen what is expected.
        let problems = self.with_settings(JwtVerifier::builder()).build().err();
        let lacks =
            |problem| problems.as_ref().is_some_and(|error: &BuildError| error.problems().contains(&problem));
        if lacks(Problem::NoIssuer) {
            builder = builder.issuer(&*self.issuer);
        }
        if lacks(Problem::NoAudience) {
            builder = builder.audience(&*self.audience);
        }
        builder
    }

    /// Applies the settings; key and clock stay those of the test.
    fn with_settings(&self, builder: JwtVerifierBuilder) -> JwtVerifierBuilder {
        let builder = builder.jwk(self.jwk().to_string());
        let builder = match &self.settings {
            Some(settings) => settings(builder),
            None => builder,
        };
        builder.clock(self.clock.clone())
    }

    /// Returns an authenticator that accepts the tokens of this issuer. A test uses it instead of the real one.
    ///
    /// It prints why it refuses a request, by `eprintln!`, so that a failing test shows the reason. Tokens and
    /// claims are never printed.
    ///
    /// # Panics
    ///
    /// Panics if the key cannot be used, such as a secret that is too short, or if the
    /// [`settings`](Self::settings) allow only other algorithms.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        match self.verifier().build() {
            Ok(verifier) => explaining(verifier, &self.issuer, &self.audience),
            Err(error) => panic!("{}", self.unusable(&error)),
        }
    }

    fn unusable(&self, error: &BuildError) -> String {
        let algorithm = self.algorithm;
        let hint = match self.settings {
            Some(_) => format!(
                "; this TestIssuer signs {algorithm}: if the settings allow other algorithms, make it with one of them"
            ),
            None => String::new(),
        };
        format!("the verifier of the TestIssuer cannot be built: {error}{hint}")
    }

    /// Returns the key as a JWK, as a verifier needs it: the public key, or for HMAC the secret.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = self.key.jwk();
        let about = [("kid", self.kid.as_str()), ("alg", self.algorithm.name()), ("use", "sig")];
        jwk.extend(about.map(|(name, value)| (name.to_owned(), value.into())));
        Value::from(jwk)
    }

    /// Returns a JWK Set with the public key, as a text. It is empty for HMAC, since secrets are not published.
    #[must_use]
    pub fn jwks(&self) -> String {
        let keys = if self.key.secret().is_some() { vec![] } else { vec![self.jwk()] };
        json!({ "keys": keys }).to_string()
    }

    /// Returns the public key in PEM.
    ///
    /// # Panics
    ///
    /// Panics for HMAC, which has none.
    #[must_use]
    pub fn public_key_pem(&self) -> String {
        self.key.public_key_pem().expect("HMAC has no public key")
    }

    /// Signs these bytes as header and payload, whatever they are.
    #[must_use]
    pub fn sign_raw(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.sign_segments(&encode(header), &encode(payload))
    }

    /// Signs these texts as encoded header and payload, whatever they are.
    #[must_use]
    pub fn sign_segments(&self, header: &str, payload: &str) -> String {
        let signing_input = format!("{header}.{payload}");
        let signature = encode(self.key.sign(signing_input.as_bytes()));
        format!("{signing_input}.{signature}")
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    /// Returns the time of the clock, in seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now().expect("a test has a clock")
    }
}

/// HS256.
impl Default for TestIssuer {
    fn default() -> Self {
        Self::new(Algorithm::Hs256)
    }
}

/// Never prints the key.
impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}
