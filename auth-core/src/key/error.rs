//! What can be wrong with a key.

use super::algorithm::Algorithm;
use super::given::GivenInstead;

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
    /// A key in PEM, DER or as a JWK was given where a shared secret is expected. With a public key as
    /// HMAC secret everybody could sign tokens.
    #[error("the secret is a key in PEM, DER or as a JWK: give a PEM to `public_key_pem`, a JWK to `jwk`")]
    SecretIsKey,
    /// A number that could be the modulus of an RSA key, such as member `n` of a JWK, was given where a shared
    /// secret is expected. One of 35 random secrets of 256, 384, 512 or 1024 bytes looks like one.
    #[error(
        "the secret looks like the modulus of an RSA key, which everybody can know: \
         give a JWK to `jwk`, or make a secret of another length with `openssl rand -base64 32`"
    )]
    SecretIsModulus,
    /// A few bytes again and again, which anyone can guess.
    #[error("the secret repeats a few bytes, which can be guessed: make one with `openssl rand -base64 32`")]
    SecretRepeats,
    /// A secret that stands in a specification, a tutorial or the documents of a library.
    #[error("the secret is one that documents show as an example: make one with `openssl rand -base64 32`")]
    SecretIsPublished,
    /// Over 256 KiB, which no secret has.
    #[error("the secret is larger than 256 KiB: make one with `openssl rand -base64 32`")]
    SecretTooLong,
    /// A secret was to be used with an algorithm that takes none.
    #[error("{algorithm} takes a public key, not a shared secret")]
    NotHmac {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// Verifying needs the public key only, and a private key can sign. Holds the label of
    /// the PEM block.
    #[error(
        "it is a private key ({0}), which does not belong here: take the public key from it with {cure}",
        cure = public_from(.0)
    )]
    PrivateKey(&'static str),
    /// The same, in a JWK. Holds the name of the member that is private.
    #[error(
        "it is a private key (it has `{0}`), which does not belong here: \
         leave out the members `d`, `p`, `q`, `dp`, `dq`, `qi` and `oth`"
    )]
    PrivateJwk(&'static str),
    /// A certificate instead of a key.
    #[error(
        "it is a certificate: take the public key from it with `openssl x509 -in cert.pem -pubkey -noout`"
    )]
    Certificate,
    /// Something else, that was recognised.
    #[error("{0}")]
    Instead(GivenInstead),
    /// Not what a PEM public key looks like.
    #[error("it is not one PEM block `-----BEGIN PUBLIC KEY-----`: {0}")]
    Pem(&'static str),
    /// Not a JWK of RFC 7517.
    #[error("it is not a JWK: {0}")]
    Jwk(&'static str),
    /// The named member is missing, has the wrong type, or a value that is not accepted.
    #[error("member `{0}` of the JWK is missing or not acceptable{hint}", hint = encoding_hint(.0))]
    JwkMember(&'static str),
    /// `kty` or `crv` names what this library does not verify with, such as X25519 or Ed448.
    #[error(
        "keys of this type cannot verify signatures here: use RSA, EC (P-256, P-384, P-521, secp256k1) or Ed25519"
    )]
    UnsupportedType,
    /// `use` or `key_ops` says that the key is not for verifying signatures.
    #[error("its `{0}` does not allow verifying signatures")]
    WrongUse(&'static str),
    /// `use` is `jwt-svid` (JWT-SVID section 3), and the verifier is not one for SPIFFE.
    #[error("its `use` is `jwt-svid`: call `.accept_spiffe()` to verify the tokens of SPIFFE")]
    ForSpiffe,
    /// `alg` does not go with the type of the key.
    #[error("a key of its type cannot be used with {algorithm}")]
    AlgorithmMismatch {
        /// The algorithm that was asked for.
        algorithm: Algorithm,
    },
    /// The configured algorithms leave none that the key could be used with.
    #[error("none of the configured algorithms goes with it")]
    NoAllowedAlgorithm,
    /// A shared secret in a set of public keys: anyone who can read the set could sign.
    #[error("it is a shared secret in a key set: give it on purpose, with `secret` or `jwk`")]
    SecretInSet,
    /// A `kid` that no token can have, for longer ones are refused.
    #[error("its `kid` is longer than 256 bytes")]
    KidTooLong,
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

fn public_from(label: &str) -> &'static str {
    match label {
        "OPENSSH PRIVATE KEY" => "`ssh-keygen -e -m PKCS8 -f key`",
        _ => "`openssl pkey -in private.pem -pubout`",
    }
}

fn encoding_hint(member: &str) -> &'static str {
    match member {
        "n" | "e" | "x" | "y" | "k" => " (it must be base64url without padding, of full length)",
        _ => "",
    }
}
