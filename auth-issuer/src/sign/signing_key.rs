//! Keys that sign.

use std::fmt;

use auth_core::jwt::{BuildError, JwtVerifierBuilder};
use auth_core::{Algorithm, JwtVerifier, VerifyError};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::backend::{self, Signer, Unusable};

/// The longest `kid` that `auth-core` looks up, in bytes.
const MAX_KID_BYTES: usize = 256;

/// A private key or a shared secret, for one algorithm.
///
/// The key is checked when it is loaded: it signs a trial token, which `auth_core::JwtVerifier` must accept with the
/// key that is published. So a key that verifiers consider too weak never signs.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    signer: Signer,
    kid: Option<String>,
    /// The members of the public key; `None` for a secret.
    public: Option<Map<String, Value>>,
}

/// The reason why a key cannot sign.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// The method does not take this algorithm.
    #[error("{algorithm} is not an algorithm for {method}: use {instead}")]
    Algorithm {
        /// The algorithm that was requested.
        algorithm: Algorithm,
        /// The method that was called.
        method: &'static str,
        /// The algorithms that it takes.
        instead: &'static str,
    },
    /// The PEM text is not a private key for the algorithm.
    #[error(
        "this is not a private key for {algorithm} in PEM: give it as PKCS#8 (-----BEGIN PRIVATE KEY-----), which \
         `openssl genpkey` writes; an RSA key has 2048 to 8192 bits, ES256 takes P-256, ES384 P-384 and EdDSA Ed25519"
    )]
    NotPrivateKey {
        /// The algorithm that the key was to sign with.
        algorithm: Algorithm,
    },
    /// Verifiers would reject the key.
    #[error("verifiers would reject this key: {0}")]
    Unfit(#[source] BuildError),
    /// The signature of the trial token does not verify.
    #[error("a token signed with this key does not verify: {0}")]
    DoesNotVerify(#[source] VerifyError),
    /// The `kid` is empty, or longer than verifiers look up.
    #[error("a `kid` has 1 to {MAX_KID_BYTES} bytes")]
    InvalidKid,
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for SigningKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SigningKey {
    /// Loads a secret that issuer and verifiers share: HS256, HS384 or HS512.
    ///
    /// It has no `kid` unless [`with_kid`](Self::with_kid) sets one, since a `kid` derived from a secret helps to guess
    /// it.
    ///
    /// # Errors
    ///
    /// Returns a [`SigningKeyError`] for another algorithm, and for a secret that `auth_core::JwtVerifier` rejects: one
    /// with fewer bytes than the hash (32, 48, 64), or a public key.
    pub fn secret(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Result<Self, SigningKeyError> {
        let secret = secret.as_ref();
        let signer = algorithm.min_secret_bytes().and_then(|_| Signer::secret(algorithm, secret));
        let signer = signer.ok_or(SigningKeyError::Algorithm {
            algorithm,
            method: "a secret",
            instead: "HS256, HS384 or HS512",
        })?;
        let key = Self { algorithm, signer, kid: None, public: None };
        key.tried(|verifier| verifier.secret(algorithm, secret))
    }

    /// Loads a private key in PEM (PKCS#8; for RSA also PKCS#1): RS256, ES256, EdDSA, and RS384, RS512, PS256, PS384,
    /// PS512 and ES384.
    ///
    /// Its `kid` is the thumbprint of its public key ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)) unless
    /// [`with_kid`](Self::with_kid) sets another.
    ///
    /// # Errors
    ///
    /// Returns a [`SigningKeyError`] for another algorithm, for a text that is not a private key of the algorithm, and
    /// for a key that `auth_core::JwtVerifier` rejects, such as RSA of 1024 bits.
    pub fn pem(algorithm: Algorithm, pem: impl AsRef<[u8]>) -> Result<Self, SigningKeyError> {
        if algorithm.min_secret_bytes().is_some() {
            return Err(SigningKeyError::Algorithm {
                algorithm,
                method: "a private key",
                instead: "RS256, ES256 or EdDSA, or `SigningKey::secret`",
            });
        }
        let unusable = |Unusable| SigningKeyError::NotPrivateKey { algorithm };
        let (signer, public) = Signer::pem(algorithm, pem.as_ref()).map_err(unusable)?;
        let kid = Some(thumbprint(&public).map_err(unusable)?);
        let key = Self { algorithm, signer, kid, public: Some(public) };
        let jwk = Value::from(key.jwk().unwrap_or_default()).to_string();
        key.tried(|verifier| verifier.jwk(jwk))
    }

    /// Sets the `kid`.
    ///
    /// # Errors
    ///
    /// Returns [`SigningKeyError::InvalidKid`] if it is empty or longer than 256 bytes.
    pub fn with_kid(mut self, kid: impl Into<String>) -> Result<Self, SigningKeyError> {
        let kid = kid.into();
        if kid.is_empty() || kid.len() > MAX_KID_BYTES {
            return Err(SigningKeyError::InvalidKid);
        }
        self.kid = Some(kid);
        Ok(self)
    }

    /// Returns the algorithm that it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the `kid` that its tokens carry.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the public key as a JWK ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)). Returns `None` for a
    /// secret, which is never published.
    pub(crate) fn jwk(&self) -> Option<Map<String, Value>> {
        let mut jwk = self.public.clone()?;
        jwk.insert("use".to_owned(), "sig".into());
        jwk.insert("alg".to_owned(), self.algorithm.name().into());
        jwk.extend(self.kid.iter().map(|kid| ("kid".to_owned(), kid.as_str().into())));
        Some(jwk)
    }

    /// Signs a JWS in compact serialization
    /// ([RFC 7515 section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)).
    pub(crate) fn sign(&self, typ: &str, claims: &str) -> Result<String, Unusable> {
        let mut header = json!({ "alg": self.algorithm.name(), "typ": typ });
        if let (Some(kid), Some(header)) = (&self.kid, header.as_object_mut()) {
            header.insert("kid".to_owned(), kid.as_str().into());
        }
        let [header, claims] = [&header.to_string(), claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        let signing_input = format!("{header}.{claims}");
        let signature = self.signer.sign(signing_input.as_bytes())?;
        Ok(format!("{signing_input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn tried(
        self,
        with_key: impl FnOnce(JwtVerifierBuilder) -> JwtVerifierBuilder,
    ) -> Result<Self, SigningKeyError> {
        let verifier = with_key(JwtVerifier::builder().issuer("trial").audience("trial").no_cache());
        let verifier = verifier.build().map_err(SigningKeyError::Unfit)?;
        let claims = json!({ "iss": "trial", "aud": "trial", "sub": "trial", "exp": 253_402_300_799_u64 });
        let token = self.sign("at+jwt", &claims.to_string());
        let token = token.map_err(|Unusable| SigningKeyError::NotPrivateKey { algorithm: self.algorithm })?;
        verifier.verify_jwt(&token).map_err(SigningKeyError::DoesNotVerify)?;
        Ok(self)
    }
}

/// Returns the thumbprint ([RFC 7638 section 3](https://www.rfc-editor.org/rfc/rfc7638#section-3)) of a public key that
/// has its required members only.
fn thumbprint(public: &Map<String, Value>) -> Result<String, Unusable> {
    // Sorted by name, even if an application enables `preserve_order` of serde_json.
    let in_order: std::collections::BTreeMap<_, _> = public.iter().collect();
    let json = serde_json::to_vec(&in_order).map_err(|_| Unusable)?;
    Ok(URL_SAFE_NO_PAD.encode(backend::sha256(&json)?))
}

/// Never prints the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}
