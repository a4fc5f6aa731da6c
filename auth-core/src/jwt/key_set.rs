//! The keys of a verifier as they serve together.

use std::sync::OnceLock;

use crate::jwk::set::SkippedKey;
use crate::key::algorithm::Algorithm;
use crate::key::crypto::SignatureVerifier;
use crate::key::verification_key::VerificationKey;

/// Keys that were vetted, as they serve together.
#[derive(Default)]
pub(super) struct KeySet {
    /// Tells this set from all others that the verifier has had.
    pub(super) epoch: u64,
    pub(super) keys: Vec<VerificationKey>,
    pub(super) skipped: Vec<SkippedKey>,
    known_headers: [OnceLock<KnownHeader>; 4],
}

/// The header segment of a token whose signature was verified, and the one key that can have signed a token
/// with it.
///
/// All tokens that an issuer signs with a key mostly have the same header, to the byte. Its verdict depends on
/// nothing but itself, the keys and the configuration, so that it need not be read again.
struct KnownHeader {
    segment: Box<str>,
    /// The place of the key in the set.
    key: usize,
    algorithm: Algorithm,
}

impl KeySet {
    /// The only candidate for tokens with this header segment, and its place, if the header is known to be
    /// sound.
    pub(super) fn recognise(&self, header: &str) -> Option<(usize, &SignatureVerifier)> {
        let known = self.known_headers.iter().map_while(OnceLock::get);
        let known = known.into_iter().find(|known| *known.segment == *header)?;
        Some((known.key, self.keys.get(known.key)?.verifier(known.algorithm)?))
    }

    /// Remembers the header segment of a token that the key at this place, the only candidate, has signed.
    /// The first few stay; whoever has no key cannot bring one in.
    pub(super) fn remember(&self, header: &str, key: usize, algorithm: Algorithm) {
        for slot in &self.known_headers {
            let known = slot.get_or_init(|| KnownHeader { segment: header.into(), key, algorithm });
            if *known.segment == *header {
                return;
            }
        }
    }
}
