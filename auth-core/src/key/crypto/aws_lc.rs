//! Signatures by aws-lc-rs, every key parsed when it is loaded.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    self, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::material::KeyMaterial;

/// One key, ready for one algorithm.
pub(crate) enum SignatureVerifier {
    Hmac(Box<hmac::Key>),
    PublicKey(ParsedPublicKey),
}

impl SignatureVerifier {
    pub(crate) fn load(algorithm: Algorithm, material: &KeyMaterial) -> Result<Self, KeyError> {
        match material {
            KeyMaterial::Secret(secret) => {
                Ok(Self::Hmac(Box::new(hmac::Key::new(hmac_algorithm(algorithm)?, secret))))
            }
            KeyMaterial::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .to_parsed_public_key(rsa_algorithm(algorithm)?)
                .map(Self::PublicKey)
                .map_err(|_| KeyError::InvalidKey("it is not an RSA public key")),
            KeyMaterial::Ec { point, .. } => ParsedPublicKey::new(ec_algorithm(algorithm)?, point)
                .map(Self::PublicKey)
                .map_err(|_| KeyError::InvalidKey("the point is not on the curve")),
            KeyMaterial::Ed25519(bytes) => ParsedPublicKey::new(&signature::ED25519, bytes)
                .map(Self::PublicKey)
                .map_err(|_| KeyError::InvalidKey("it is not an Ed25519 public key")),
        }
    }

    /// Compares MACs in constant time.
    pub(crate) fn verifies(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => hmac::verify(key, signing_input, signature).is_ok(),
            Self::PublicKey(key) => key.verify_sig(signing_input, signature).is_ok(),
        }
    }
}

fn hmac_algorithm(algorithm: Algorithm) -> Result<hmac::Algorithm, KeyError> {
    match algorithm {
        Algorithm::Hs256 => Ok(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Ok(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Ok(hmac::HMAC_SHA512),
        _ => Err(KeyError::AlgorithmMismatch { algorithm }),
    }
}

fn rsa_algorithm(algorithm: Algorithm) -> Result<&'static RsaParameters, KeyError> {
    match algorithm {
        Algorithm::Rs256 => Ok(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Ok(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Ok(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Ok(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Ok(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Ok(&signature::RSA_PSS_2048_8192_SHA512),
        _ => Err(KeyError::AlgorithmMismatch { algorithm }),
    }
}

fn ec_algorithm(algorithm: Algorithm) -> Result<&'static dyn VerificationAlgorithm, KeyError> {
    match algorithm {
        Algorithm::Es256 => Ok(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => Ok(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::Es512 => Ok(&signature::ECDSA_P521_SHA512_FIXED),
        Algorithm::Es256k => Ok(&signature::ECDSA_P256K1_SHA256_FIXED),
        _ => Err(KeyError::AlgorithmMismatch { algorithm }),
    }
}
