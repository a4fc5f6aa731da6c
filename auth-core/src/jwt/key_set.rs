//! The keys of a verifier as they serve together.

use std::sync::OnceLock;

use super::checks;
use super::header::{Header, HeaderRules};
use super::key_hint::{Cause, KeyHint, MICROSOFT_GRAPH, Tried, of_one_key};
use super::malformed;
use super::segments::{self, MAX_SIGNATURE_BYTES, Segments};
use crate::jwk::set::SkippedKey;
use crate::key::algorithm::Algorithm;
use crate::key::crypto::SignatureVerifier;
use crate::key::verification_key::VerificationKey;
use crate::token::error::VerifyError;
use crate::verify::failure::VerifyFailure;

/// The most keys that are tried on one token.
const MAX_CANDIDATES: usize = 8;

/// Keys that were vetted, as they serve together.
#[derive(Default)]
pub(super) struct KeySet {
    /// Tells this set from all others that the verifier has had.
    pub(super) epoch: u64,
    pub(super) keys: Vec<VerificationKey>,
    pub(super) skipped: Vec<SkippedKey>,
    /// The keys are still to come.
    awaited: bool,
    known_headers: [OnceLock<KnownHeader>; 4],
}

/// The header segment of a token whose signature was verified, and the only key that can have signed a token
/// with it.
///
/// Nearly all tokens that an issuer signs with one key have the same header, to the byte. The verdict on a header
/// depends on nothing but the header, the keys and the configuration, so it need not be read again.
struct KnownHeader {
    segment: Box<str>,
    /// The place of the key in the set.
    key: usize,
    algorithm: Algorithm,
}

/// Who has signed a token.
struct Signer<'k> {
    key: &'k VerificationKey,
    /// Its place and the algorithm, if the header leaves no other key.
    only: Option<(usize, Algorithm)>,
}

impl KeySet {
    /// No keys yet: no verdict can be had.
    pub(super) fn awaited() -> Self {
        Self { awaited: true, ..Self::default() }
    }

    /// Whether both hold the same keys, in any order and number.
    pub(super) fn has_same_keys_as(&self, other: &Self) -> bool {
        let among =
            |key: &VerificationKey, keys: &[VerificationKey]| keys.iter().any(|other| key.is_same_as(other));
        self.awaited == other.awaited
            && self.keys.iter().all(|key| among(key, &other.keys))
            && other.keys.iter().all(|key| among(key, &self.keys))
    }

    /// Judges the header of a token and finds the key that verifies its signature.
    ///
    /// A header segment is remembered once the only key that it leaves has verified a signature under it. The first
    /// few stay. A sender without a key cannot bring one in.
    pub(super) fn signer(
        &self,
        segments: &Segments<'_>,
        rules: HeaderRules,
    ) -> Result<&VerificationKey, VerifyFailure> {
        if let Some((key, verifier)) = self.known_signer(segments.header) {
            return verify_signature([(key, verifier.1)], segments).map_err(|error| {
                let failure = VerifyFailure::by_key(error, key.kid());
                match failure.error() {
                    VerifyError::InvalidSignature => failure.with_fixed_hint(of_one_key(verifier.0)),
                    _ => malformed::failed_segment(failure, segments.signature),
                }
            });
        }
        let signer = self.search(segments, rules)?;
        if let Some((place, algorithm)) = signer.only {
            self.remember(segments.header, place, algorithm);
        }
        Ok(signer.key)
    }

    /// As [`signer`](Self::signer), for what is no access token: its header is neither remembered nor recognised, since
    /// other rules hold for it.
    pub(super) fn signer_of_other_kind(
        &self,
        segments: &Segments<'_>,
        rules: HeaderRules,
    ) -> Result<&VerificationKey, VerifyFailure> {
        self.search(segments, rules).map(|signer| signer.key)
    }

    /// Finds the key that verifies the signature.
    fn search(&self, segments: &Segments<'_>, rules: HeaderRules) -> Result<Signer<'_>, VerifyFailure> {
        if self.awaited {
            let unavailable = VerifyFailure::from(VerifyError::Unavailable { retry_after: None });
            return Err(unavailable.with_hint("the keys are still to come (`.keys_later()`)"));
        }
        let json = header_text(segments.header)?;
        let (header, algorithm) = self.read_header(&json, rules)?;
        let kid = header.kid.as_ref().map(|kid| kid.0.as_ref());
        let mut only = self.candidates(kid, algorithm);
        let only = only.next().filter(|_| only.next().is_none());
        let candidates = self.candidates(kid, algorithm).take(MAX_CANDIDATES);
        match (verify_signature(candidates.map(|(_, key, verifier)| (key, verifier)), segments), only) {
            (Ok(key), only) => Ok(Signer { key, only: only.map(|(place, ..)| (place, algorithm)) }),
            (Err(error), only) => {
                let failure = VerifyFailure::by_key(error, only.and_then(|(_, key, _)| key.kid()));
                Err(self.with_hint(failure, segments, &header, algorithm))
            }
        }
    }

    /// Reads the parameters of a header, none of which refuses the token.
    fn read_header<'t>(
        &self,
        json: &'t str,
        rules: HeaderRules,
    ) -> Result<(Header<'t>, Algorithm), VerifyFailure> {
        let header = Header::parse(json, rules).map_err(|error| malformed::header(error, rules))?;
        let typ = header.typ.as_ref().map(|typ| typ.0.as_ref());
        checks::token_type(typ, rules.token_type).map_err(|error| malformed::header(error, rules))?;
        match header.algorithm() {
            Ok(algorithm) => Ok((header, algorithm)),
            Err(error) => {
                let cause = if header.is_unsecured { Cause::Unsecured } else { Cause::NoAlgorithm };
                Err(VerifyFailure::from(error).with_hint(KeyHint::new(cause, &self.keys, &self.skipped)))
            }
        }
    }

    /// Adds what the log says of a token for which there is no key, or whose signature does not verify.
    fn with_hint(
        &self,
        failure: VerifyFailure,
        segments: &Segments<'_>,
        header: &Header<'_>,
        algorithm: Algorithm,
    ) -> VerifyFailure {
        let kid = header.kid.as_ref().map(|kid| kid.0.as_ref());
        match failure.error() {
            VerifyError::UnknownKey => {
                let cause = Cause::of_unknown_key(kid, algorithm, &self.keys);
                failure.with_hint(KeyHint::new(cause, &self.keys, &self.skipped))
            }
            VerifyError::InvalidSignature if header.has_nonce => failure.with_fixed_hint(MICROSOFT_GRAPH),
            VerifyError::InvalidSignature => match self.candidates(kid, algorithm).count() {
                0 | 1 => failure.with_fixed_hint(of_one_key(algorithm)),
                keys => failure.with_hint(Tried { keys, at_most: MAX_CANDIDATES }),
            },
            _ => malformed::failed_segment(failure, segments.signature),
        }
    }

    fn known_signer(&self, header: &str) -> Option<(&VerificationKey, (Algorithm, &SignatureVerifier))> {
        let known = self.known_headers.iter().map_while(OnceLock::get);
        let known = known.into_iter().find(|known| *known.segment == *header)?;
        let key = self.keys.get(known.key)?;
        Some((key, (known.algorithm, key.verifier(known.algorithm)?)))
    }

    fn remember(&self, header: &str, key: usize, algorithm: Algorithm) {
        for slot in &self.known_headers {
            let known = slot.get_or_init(|| KnownHeader { segment: header.into(), key, algorithm });
            if *known.segment == *header {
                return;
            }
        }
    }

    /// The keys that may have signed a token with this `kid` and `alg`, with their places.
    fn candidates<'k>(
        &'k self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = (usize, &'k VerificationKey, &'k SignatureVerifier)> {
        let known = kid.is_some() && self.keys.iter().any(|key| key.kid().map(AsRef::as_ref) == kid);
        self.keys
            .iter()
            .enumerate()
            .filter(move |(_, key)| match (kid, known) {
                (None, _) => true,
                (Some(_), true) => key.kid().map(AsRef::as_ref) == kid,
                (Some(_), false) => key.kid().is_none(),
            })
            .filter_map(move |(place, key)| Some((place, key, key.verifier(algorithm)?)))
    }
}

fn header_text(segment: &str) -> Result<String, VerifyFailure> {
    let json = segments::decode(segment).map_err(|error| malformed::segment(error, segment))?;
    String::from_utf8(json).map_err(|_| malformed::header_is_no_object())
}

/// Returns the first of the keys that verifies the signature.
fn verify_signature<'a>(
    candidates: impl IntoIterator<Item = (&'a VerificationKey, &'a SignatureVerifier)>,
    segments: &Segments<'_>,
) -> Result<&'a VerificationKey, VerifyError> {
    let mut buffer = [0; MAX_SIGNATURE_BYTES];
    let signature = segments::decode_signature(segments.signature, &mut buffer)?;
    let mut outcome = Err(VerifyError::UnknownKey);
    for (key, verifier) in candidates {
        if verifier.verifies(segments.signing_input, signature) {
            return Ok(key);
        }
        outcome = Err(VerifyError::InvalidSignature);
    }
    outcome
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::super::key_sources::JwtKeys;
    use super::*;
    use crate::key::rules::KeyRules;

    /// Else four forged headers would leave no place for those that the issuer writes.
    #[test]
    fn a_header_is_remembered_only_once_its_signature_was_verified() {
        let keys = JwtKeys::new()
            .secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA")
            .load(KeyRules::default())
            .unwrap();
        let remembered = || keys.known_headers.iter().filter(|slot| slot.get().is_some()).count();
        for number in 0..8 {
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"HS256","n":{number}}}"#));
            let forged = format!("{header}.e30.{}", URL_SAFE_NO_PAD.encode([0; 32]));
            let outcome = keys.signer(&Segments::split(&forged).unwrap(), HeaderRules::STRICT);
            assert_eq!(outcome.err().map(VerifyFailure::into_error), Some(VerifyError::InvalidSignature));
        }
        assert_eq!(remembered(), 0);

        // Signed by that key.
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbGljZSJ9.LoYEBCZ6B2jK1cBYdA_Ko_wDEC8NqODvYLRVZ7KpprE";
        let segments = Segments::split(token).unwrap();
        assert!(keys.known_signer(segments.header).is_none());
        assert!(keys.signer(&segments, HeaderRules::STRICT).is_ok());
        assert!(keys.known_signer(segments.header).is_some());
    }
}
