//! The hash of a key, which is all that a store holds of its secret.

use std::fmt::Write as _;

use subtle::ConstantTimeEq as _;

/// The hash of a key as a store holds it: SHA-256 in 64 hexadecimal digits, in lower case.
pub(crate) fn hash(key: &str) -> String {
    sha256(key.as_bytes()).as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What a presented key is compared with if the store has none, so that the work is the same.
pub(crate) const OF_NO_KEY: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Compares in constant time. The lengths may differ in a broken store only, and are no secret.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(feature = "aws-lc-rs")]
fn sha256(bytes: &[u8]) -> impl AsRef<[u8]> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
}

#[cfg(all(feature = "rust-crypto", not(feature = "aws-lc-rs")))]
fn sha256(bytes: &[u8]) -> impl AsRef<[u8]> {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes)
}

/// Keeps the message of `auth-core` the only one.
#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
fn sha256(_: &[u8]) -> impl AsRef<[u8]> {
    [0; 32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha_256_as_sha256sum_prints_it() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(is_same(&hash("abc"), &hash("abc")));
        for other in ["abd", "ab", "", "ABC"] {
            assert!(!is_same(&hash("abc"), &hash(other)), "{other}");
        }
        assert!(!is_same(&hash("abc"), "") && !is_same("", OF_NO_KEY));
        assert_eq!(OF_NO_KEY.len(), 64);
    }
}
