//! jsonwebtoken signs: the one file that knows of it.
//!
//! Its crypto backend is named here and never left to its process-wide default, which panics when cargo's feature
//! unification has enabled both.

use auth_core::Algorithm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use jsonwebtoken::crypto::CryptoProvider;
#[cfg(feature = "aws-lc-rs")]
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use serde_json::{Map, Value};

const PROVIDER: &CryptoProvider = &DEFAULT_PROVIDER;

/// A private key or a secret that signs with one algorithm.
#[derive(Clone)]
pub(crate) struct Signer {
    algorithm: jsonwebtoken::Algorithm,
    key: EncodingKey,
}

/// The backend did not take the key, or did not sign.
#[derive(Debug)]
pub(crate) struct Unusable;

impl Signer {
    pub(crate) fn secret(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        Some(Self { algorithm: known(algorithm)?, key: EncodingKey::from_secret(secret) })
    }

    /// Reads a private key in PEM, and tells the members of its public key in a JWK.
    pub(crate) fn pem(algorithm: Algorithm, pem: &[u8]) -> Result<(Self, Map<String, Value>), Unusable> {
        use jsonwebtoken::Algorithm as A;
        let algorithm = known(algorithm).ok_or(Unusable)?;
        let utils = &PROVIDER.key_utils;
        let encode = |bytes: Vec<u8>| Value::from(URL_SAFE_NO_PAD.encode(bytes));
        let (key, members) = match algorithm {
            A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512 => {
                let key = EncodingKey::from_rsa_pem(pem).map_err(|_| Unusable)?;
                let parts = (utils.rsa_pub_components_from_private_key)(key.as_bytes());
                let (n, e) = parts.map_err(|_| Unusable)?;
                (key, [("kty", "RSA".into()), ("n", encode(n)), ("e", encode(e))].to_vec())
            }
            A::ES256 | A::ES384 => {
                let key = EncodingKey::from_ec_pem(pem).map_err(|_| Unusable)?;
                let parts = (utils.ec_pub_components_from_private_key)(key.as_bytes(), algorithm);
                let (_, x, y) = parts.map_err(|_| Unusable)?;
                let curve = if algorithm == A::ES256 { "P-256" } else { "P-384" };
                let members =
                    [("kty", "EC".into()), ("crv", curve.into()), ("x", encode(x)), ("y", encode(y))];
                (key, members.to_vec())
            }
            A::EdDSA => {
                let key = EncodingKey::from_ed_pem(pem).map_err(|_| Unusable)?;
                let x = (utils.ed_pub_components_from_private_key)(key.as_bytes(), &EllipticCurve::Ed25519);
                let x = encode(x.map_err(|_| Unusable)?);
                (key, [("kty", "OKP".into()), ("crv", "Ed25519".into()), ("x", x)].to_vec())
            }
            _ => return Err(Unusable),
        };
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        Ok((Self { algorithm, key }, members.collect()))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unusable> {
        let signer = (PROVIDER.signer_factory)(&self.algorithm, &self.key).map_err(|_| Unusable)?;
        signer.try_sign(message).map_err(|_| Unusable)
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Result<Vec<u8>, Unusable> {
    (PROVIDER.key_utils.compute_digest)(bytes, ThumbprintHash::SHA256).map_err(|_| Unusable)
}

/// `None` for what jsonwebtoken does not sign: ES512 and ES256K.
fn known(algorithm: Algorithm) -> Option<jsonwebtoken::Algorithm> {
    algorithm.name().parse().ok()
}
