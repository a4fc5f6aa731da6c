//! What a key is made of.

use super::algorithm::Algorithm;
use super::curve::Curve;
use super::error::KeyError;
use super::{secret, vetting};

/// A key as it was read, before it is vetted. Never printed.
#[derive(Eq, PartialEq)]
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

impl KeyMaterial {
    /// The algorithms that a key of this type can serve.
    pub(super) fn algorithms(&self) -> Vec<Algorithm> {
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
    pub(super) fn vet(&self) -> Result<(), KeyError> {
        match self {
            Self::Secret(secret) => secret::vet(secret),
            Self::Rsa { n, e } => vetting::rsa(n, e),
            Self::Ec { curve, point } => vetting::sec1_point(*curve, point),
            Self::Ed25519(bytes) => vetting::ed25519(bytes),
        }
    }
}
