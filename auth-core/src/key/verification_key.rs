//! Verification keys: where they come from, and what every one of them has to pass.

use std::sync::Arc;

use super::algorithm::Algorithm;
pub(crate) use super::crypto::SignatureVerifier;
use super::error::KeyError;
use super::vetting;

/// The longest `kid` that is looked up, in bytes.
pub(crate) const MAX_KID_BYTES: usize = 256;

/// A key as it was read, before it is vetted. Never printed.
pub(crate) enum KeyMaterial {
    /// For HMAC.
    Secret(Vec<u8>),
    /// Modulus and public exponent, big-endian.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A public point as SEC 1 encodes it.
    Ec { curve: Curve, point: Vec<u8> },
    /// A public point as RFC 8032 encodes it.
    Ed25519(Vec<u8>),
}

/// An elliptic curve of JOSE, by the name that it has there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
    Secp256k1,
}

impl Curve {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "P-256" => Some(Self::P256),
            "P-384" => Some(Self::P384),
            "P-521" => Some(Self::P521),
            "secp256k1" => Some(Self::Secp256k1),
            _ => None,
        }
    }

    /// The bytes of a coordinate.
    pub(crate) fn field_bytes(self) -> usize {
        match self {
            Self::P256 | Self::Secp256k1 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// RFC 7518 section 3.4 and RFC 8812 tie each curve to one algorithm.
    fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
            Self::Secp256k1 => Algorithm::Es256k,
        }
    }
}

impl KeyMaterial {
    /// The algorithms that a key of this type can serve.
    fn algorithms(&self) -> Vec<Algorithm> {
        match self {
            Self::Secret(secret) => {
                let long_enough = |algorithm: &Algorithm| {
                    algorithm.min_secret_bytes().is_some_and(|least| secret.len() >= least)
                };
                Algorithm::ALL.into_iter().filter(long_enough).collect()
            }
            Self::Rsa { .. } => vec![
                Algorithm::Rs256,
                Algorithm::Rs384,
                Algorithm::Rs512,
                Algorithm::Ps256,
                Algorithm::Ps384,
                Algorithm::Ps512,
            ],
            Self::Ec { curve, .. } => vec![curve.algorithm()],
            Self::Ed25519(_) => vec![Algorithm::EdDsa],
        }
    }

    /// Whether the key is fit for any use at all.
    fn vet(&self) -> Result<(), KeyError> {
        match self {
            Self::Secret(secret) => vetting::secret(secret),
            Self::Rsa { n, e } => vetting::rsa(n, e),
            Self::Ec { curve, point } => vetting::sec1_point(*curve, point),
            Self::Ed25519(bytes) => vetting::ed25519(bytes),
        }
    }
}

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
