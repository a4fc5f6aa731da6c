//! The signature, and nothing else: the only place that knows a crypto library.
//!
//! A backend offers `SignatureVerifier::load`, which parses a vetted key for one algorithm, and
//! `SignatureVerifier::verifies`, which says yes or no.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
#[cfg(feature = "aws-lc-rs")]
pub(crate) use self::aws_lc::SignatureVerifier;

#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
mod rust_crypto;
#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
pub(crate) use self::rust_crypto::SignatureVerifier;

#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
compile_error!(
    "auth-core has no crypto backend: enable its feature `aws-lc-rs` (the default; fastest, needs a C compiler) \
     or `rust-crypto` (pure Rust)"
);

/// Keeps the message above the only one.
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
mod none {
    use crate::key::algorithm::Algorithm;
    use crate::key::error::KeyError;
    use crate::key::material::KeyMaterial;

    pub(crate) enum SignatureVerifier {}

    impl SignatureVerifier {
        pub(crate) fn load(algorithm: Algorithm, _: &KeyMaterial) -> Result<Self, KeyError> {
            Err(KeyError::UnsupportedByBackend { algorithm })
        }

        pub(crate) fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
            false
        }
    }
}
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
pub(crate) use self::none::SignatureVerifier;
