//! A key that verifies signatures, vetted and parsed.

use std::sync::Arc;

use super::algorithm::Algorithm;
use super::crypto::SignatureVerifier;
use super::error::KeyError;
use super::material::KeyMaterial;

/// The longest `kid` that is looked up, in bytes.
pub(crate) const MAX_KID_BYTES: usize = 256;

/// A key read from somewhere, with what was said about it there.
pub(crate) struct UnvettedKey {
    pub(crate) kid: Option<Arc<str>>,
    /// The one algorithm that the key is for, if that was said.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) material: KeyMaterial,
}

/// A key that was vetted and parsed, for each algorithm that it may be used with.
pub(crate) struct VerificationKey {
    kid: Option<Arc<str>>,
    verifiers: Vec<(Algorithm, SignatureVerifier)>,
}

impl VerificationKey {
    /// Vets and parses a key; `allowed` restricts the algorithms further, if the configuration does.
    pub(crate) fn load(key: UnvettedKey, allowed: Option<&[Algorithm]>) -> Result<Self, KeyError> {
        key.material.vet()?;
        let mut algorithms = key.material.algorithms();
        if let Some(declared) = key.algorithm {
            check_length(declared, &key.material)?;
            if !algorithms.contains(&declared) {
                return Err(KeyError::AlgorithmMismatch { algorithm: declared });
            }
            algorithms = vec![declared];
        } else if algorithms.is_empty() {
            check_length(Algorithm::Hs256, &key.material)?;
        }
        if let Some(allowed) = allowed {
            algorithms.retain(|algorithm| allowed.contains(algorithm));
            if algorithms.is_empty() {
                return Err(KeyError::NoAllowedAlgorithm);
            }
        }
        let load = |algorithm| Ok((algorithm, SignatureVerifier::load(algorithm, &key.material)?));
        let verifiers = algorithms.into_iter().map(load).collect::<Result<_, KeyError>>()?;
        Ok(Self { kid: key.kid, verifiers })
    }

    pub(crate) fn kid(&self) -> Option<&Arc<str>> {
        self.kid.as_ref()
    }

    pub(crate) fn issuer(&self) -> Option<&str> {
        None
    }

    pub(crate) fn is_same_as(&self, _: &Self) -> bool {
        false
    }

    pub(crate) fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    pub(crate) fn verifier(&self, wanted: Algorithm) -> Option<&SignatureVerifier> {
        self.verifiers.iter().find(|(algorithm, _)| *algorithm == wanted).map(|(_, verifier)| verifier)
    }

    /// Whether a token's `kid` and `alg` could mean either key.
    pub(crate) fn is_ambiguous_with(&self, other: &Self) -> bool {
        self.kid.is_some()
            && self.kid == other.kid
            && self.algorithms().any(|ours| other.verifier(ours).is_some())
    }
}

fn check_length(algorithm: Algorithm, material: &KeyMaterial) -> Result<(), KeyError> {
    match (algorithm.min_secret_bytes(), material) {
        (Some(required), KeyMaterial::Secret(secret)) if secret.len() < required => {
            Err(KeyError::SecretTooShort { algorithm, actual: secret.len(), required })
        }
        _ => Ok(()),
    }
}
