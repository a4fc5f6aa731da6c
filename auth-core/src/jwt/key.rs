//! Verification keys: where they come from, and what every one of them has to pass.

use super::algorithm::Algorithm;
use super::crypto::SignatureVerifier;
use super::vetting;

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
    pub(crate) kid: Option<Box<str>>,
    /// The one algorithm that the key is for, if that was said.
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) material: KeyMaterial,
}

/// A key that was vetted and parsed, for each algorithm that it may be used with.
pub(crate) struct VerificationKey {
    kid: Option<Box<str>>,
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

    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
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

/// Why a key cannot be used. No variant holds anything secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// RFC 7518 section 3.2.
    #[error(
        "the secret has {actual} bytes and {algorithm} needs {required} or more: \
         make one with `openssl rand -base64 {required}`"
    )]
    SecretTooShort {
        /// What the secret was to be used for.
        algorithm: Algorithm,
        /// Its length in bytes.
        actual: usize,
        /// The least length in bytes.
        required: usize,
    },
    /// A PEM or JWK text was given where a shared secret is expected. With a public key as HMAC secret
    /// everybody could sign tokens.
    #[error("the secret is the text of a key: give a PEM to `public_key_pem`, a JWK to `jwk`")]
    SecretIsKeyText,
    /// A secret was to be used with an algorithm that takes none.
    #[error("{algorithm} takes a public key, not a shared secret")]
    NotHmac {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// Verifying needs the public key only, and whoever holds the private key can sign.
    #[error(
        "it is a private key ({0}), which does not belong here: \
         take the public key from it, for example with `openssl pkey -in private.pem -pubout`"
    )]
    PrivateKey(&'static str),
    /// A certificate instead of a key.
    #[error(
        "it is a certificate: take the public key from it with `openssl x509 -in cert.pem -pubkey -noout`"
    )]
    Certificate,
    /// Not what a PEM public key looks like.
    #[error("it is not one PEM block `-----BEGIN PUBLIC KEY-----`: {0}")]
    Pem(&'static str),
    /// Not a JWK of RFC 7517.
    #[error("it is not a JWK: {0}")]
    Jwk(&'static str),
    /// The named member is missing, has the wrong type, or a value that is not accepted.
    #[error("member `{0}` of the JWK is missing or not acceptable")]
    JwkMember(&'static str),
    /// `kty` or `crv` names what this library does not verify with, such as X25519 or Ed448.
    #[error(
        "keys of this type cannot verify signatures here: use RSA, EC (P-256, P-384, P-521, secp256k1) or Ed25519"
    )]
    UnsupportedType,
    /// `use` or `key_ops` says that the key is not for verifying signatures.
    #[error("its `{0}` does not allow verifying signatures")]
    WrongUse(&'static str),
    /// `alg` does not go with the type of the key.
    #[error("a key of its type cannot be used with {algorithm}")]
    AlgorithmMismatch {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The configured algorithms leave none that the key could be used with.
    #[error("none of the configured algorithms goes with it")]
    NoAllowedAlgorithm,
    /// A shared secret in a set of public keys: whoever can read the set could sign.
    #[error("it is a shared secret in a key set: give it on purpose, with `secret` or `jwk`")]
    SecretInSet,
    /// Another key in the set has the same `kid` and goes with the same algorithm.
    #[error("another key has the same `kid` and algorithm")]
    AmbiguousKid,
    /// Under 2048 or over 8192 bits.
    #[error("its modulus has {bits} bits: RSA keys of 2048 to 8192 bits are accepted")]
    RsaSize {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// The exponent is even, 1, or over 33 bits.
    #[error("its public exponent is not an odd number from 3 to 2^33 - 1")]
    RsaExponent,
    /// Made by a library with the weakness CVE-2017-15361 (ROCA).
    #[error("its modulus can be factored (ROCA, CVE-2017-15361): make a new key")]
    RsaRoca,
    /// One of the points for which signatures can be forged, or not in its one encoding.
    #[error("it is an Ed25519 point of small order, or not in its canonical encoding")]
    Ed25519Point,
    /// The numbers do not make a key.
    #[error("{0}")]
    InvalidKey(&'static str),
    /// The crypto backend in use does not do this.
    #[error(
        "the crypto backend `rust-crypto` cannot verify {algorithm} with it: \
         enable the feature `aws-lc-rs`"
    )]
    UnsupportedByBackend {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
}
