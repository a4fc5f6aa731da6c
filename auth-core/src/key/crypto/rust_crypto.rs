//! Signatures by the RustCrypto crates, through jsonwebtoken's provider of that name.
//!
//! The provider is named outright. The process-wide default of jsonwebtoken is never used: it panics
//! when cargo's feature unification has enabled both of its backends.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm as JoseAlgorithm, DecodingKey};

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::material::KeyMaterial;

/// The largest RSA modulus that the `rsa` crate takes.
const MAX_RSA_BYTES: usize = 4096 / 8;

/// One key, ready for one algorithm.
pub(crate) struct SignatureVerifier {
    algorithm: JoseAlgorithm,
    key: DecodingKey,
    /// Of an RSA key, big-endian.
    modulus: Option<Vec<u8>>,
}

impl SignatureVerifier {
    pub(crate) fn load(algorithm: Algorithm, material: &KeyMaterial) -> Result<Self, KeyError> {
        let modulus = match material {
            KeyMaterial::Rsa { n, .. } => Some(n.clone()),
            _ => None,
        };
        let key = match material {
            KeyMaterial::Secret(secret) => DecodingKey::from_secret(secret),
            KeyMaterial::Rsa { n, .. } if n.len() > MAX_RSA_BYTES => {
                return Err(KeyError::UnsupportedByBackend { algorithm });
            }
            // The encoded message is a byte shorter than the modulus then (RFC 8017 section 8.1.2), and the
            // `rsa` crate does not look at that byte.
            KeyMaterial::Rsa { n, .. } if algorithm.name().starts_with("PS") && n.first() == Some(&1) => {
                return Err(KeyError::UnsupportedByBackend { algorithm });
            }
            KeyMaterial::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            KeyMaterial::Ec { point, .. } => DecodingKey::from_ec_der(point),
            KeyMaterial::Ed25519(bytes) => DecodingKey::from_ed_der(bytes),
        };
        let algorithm = jose_algorithm(algorithm)?;
        // Parses EC and Ed25519 keys, and for want of a way to keep the outcome does so again at each call.
        // RSA keys are parsed when they verify; their numbers were vetted.
        match (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key) {
            Ok(_) => Ok(Self { algorithm, key, modulus }),
            // Lengths were vetted.
            Err(_) => Err(KeyError::InvalidKey("the point is not on the curve")),
        }
    }

    /// Compares MACs in constant time.
    pub(crate) fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        // RFC 8017 sections 8.1.2 and 8.2.2: a signature is a number below the modulus, in its length. The
        // `rsa` crate does not see to that for PSS, so that a signature would have a twin.
        if let Some(modulus) = &self.modulus {
            if signature.len() != modulus.len() || signature >= modulus.as_slice() {
                return false;
            }
        }
        (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm, &self.key)
            .is_ok_and(|verifier| verifier.verify(signing_input, &signature.to_vec()).is_ok())
    }
}

fn jose_algorithm(algorithm: Algorithm) -> Result<JoseAlgorithm, KeyError> {
    match algorithm {
        Algorithm::Hs256 => Ok(JoseAlgorithm::HS256),
        Algorithm::Hs384 => Ok(JoseAlgorithm::HS384),
        Algorithm::Hs512 => Ok(JoseAlgorithm::HS512),
        Algorithm::Rs256 => Ok(JoseAlgorithm::RS256),
        Algorithm::Rs384 => Ok(JoseAlgorithm::RS384),
        Algorithm::Rs512 => Ok(JoseAlgorithm::RS512),
        Algorithm::Ps256 => Ok(JoseAlgorithm::PS256),
        Algorithm::Ps384 => Ok(JoseAlgorithm::PS384),
        Algorithm::Ps512 => Ok(JoseAlgorithm::PS512),
        Algorithm::Es256 => Ok(JoseAlgorithm::ES256),
        Algorithm::Es384 => Ok(JoseAlgorithm::ES384),
        Algorithm::EdDsa => Ok(JoseAlgorithm::EdDSA),
        Algorithm::Es512 | Algorithm::Es256k => Err(KeyError::UnsupportedByBackend { algorithm }),
    }
}
