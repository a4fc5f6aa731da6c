//! The verifier of JWTs: the steps in which a token is judged.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::checks;
use super::header::Header;
use super::key_set::KeySet;
use super::segments::{self, MAX_SIGNATURE_BYTES, Segments};
use super::verifier_keys::VerifierKeys;
use crate::clock::Clock;
use crate::jwk::set::SkippedKey;
use crate::key::algorithm::Algorithm;
use crate::key::crypto::SignatureVerifier;
use crate::key::verification_key::VerificationKey;
use crate::token::claim_path::ClaimPath;
use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;
use crate::token::verified::VerifiedToken;
use crate::verify::cache::TokenCache;
use crate::verify::verifier::{Evidence, TokenVerifier};

/// The most keys that are tried on one token.
const MAX_CANDIDATES: usize = 8;

/// Verifies JWTs of one issuer.
///
/// ```
/// use auth_core::{Algorithm, JwtVerifier};
///
/// let verifier = JwtVerifier::builder()
///     .issuer("https://issuer.example")
///     .audience("https://api.example")
///     .secret(Algorithm::Hs256, b"0123456789abcdef0123456789abcdef")
///     .build()?;
/// # Ok::<(), auth_core::BuildError>(())
/// ```
///
/// How a token is judged, in this order; the first fault ends it:
///
/// 1. At most 8 KiB, and exactly three segments.
/// 2. The header is strict JSON and asks for nothing that this library does not understand: `crit`, `b64`,
///    `zip`, `enc` and a nested JWT refuse. `jwk`, `jku`, `x5c` and the like are passed over.
/// 3. `typ` is absent, `JWT` or `at+jwt`.
/// 4. The configured keys offer candidates: those with the token's `kid` (or, if no key has it, those
///    without any; or, if the token has none, all), of the token's `alg`, at most eight.
/// 5. One of them verifies the signature. Only from here on is anything in the payload believed.
/// 6. The claims are strict JSON (no member twice at any depth, at most 16 levels and 256 members) with
///    the types that RFC 7519 says; `scope` is one string of distinct names with single spaces between, `scp`
///    such a string or an array of such names.
/// 7. `iss` and `aud` are as expected, `cnf` is absent, `exp` is there and to come, `nbf` and `iat`, where
///    there, are past; `sub` is there and not empty.
///
/// Scopes are read from `scope`, or from `scp` in tokens without it; roles from `roles`, or where
/// [`roles`](JwtVerifierBuilder::roles) says.
///
/// Tokens that were accepted are kept in a bounded cache, see
/// [`cache_limits`](JwtVerifierBuilder::cache_limits).
///
/// Not checked: whether the token was revoked, replayed, or obtained by whoever sends it. Keys are never
/// fetched; when the issuer changes them, [replace](VerifierKeys::replace) them.
///
/// For tokens of several issuers, build one for each and chain them
/// ([`VerifierChain`](crate::VerifierChain)): then no issuer's key is ever tried on behalf of another.
pub struct JwtVerifier {
    pub(super) issuer: Option<String>,
    pub(super) audiences: Option<Vec<String>>,
    pub(super) token_type: checks::TokenType,
    pub(super) leeway: u64,
    pub(super) max_age: Option<u64>,
    pub(super) max_lifetime: Option<u64>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keys: VerifierKeys,
    pub(super) cache: Option<TokenCache>,
    pub(super) roles: Option<ClaimPath>,
}

impl JwtVerifier {
    /// The keys, to replace them while this verifier serves.
    #[must_use]
    pub fn keys(&self) -> VerifierKeys {
        self.keys.clone()
    }

    /// The keys of the configured JWK Sets that are not used, and why.
    #[must_use]
    pub fn skipped_keys(&self) -> Vec<SkippedKey> {
        self.keys.skipped()
    }

    /// Judges a token, at once: nothing in it waits.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn verify_jwt(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.judge(token, &mut |_| {})
    }

    /// Tells `note` which key the token was, or was to be, verified with.
    fn judge(
        &self,
        token: &str,
        note: &mut dyn FnMut(&VerificationKey),
    ) -> Result<VerifiedToken, VerifyError> {
        let keys = self.keys.current();
        let Some(cache) = &self.cache else {
            return self.verify_unseen(token, &keys, note).map(|(verified, _)| verified);
        };
        if let Some((seen, key)) = cache.get(token, keys.epoch) {
            keys.keys.get(key).into_iter().for_each(note);
            self.check_times(seen.registered(), self.now()?)?;
            return Ok(seen);
        }
        let (verified, key) = self.verify_unseen(token, &keys, note)?;
        cache.insert(token, keys.epoch, &verified, key);
        Ok(verified)
    }

    /// Tells the place of the key, too.
    fn verify_unseen(
        &self,
        token: &str,
        keys: &KeySet,
        note: &mut dyn FnMut(&VerificationKey),
    ) -> Result<(VerifiedToken, usize), VerifyError> {
        let segments = Segments::split(token)?;
        let key = match keys.recognise(segments.header) {
            Some((place, only)) => {
                keys.keys.get(place).into_iter().for_each(note);
                verify_signature(std::iter::once((place, only)), &segments)?
            }
            None => self.check_header_and_signature(keys, &segments, note)?,
        };
        let claims_json = segments::decode(segments.payload)?;
        let claims_json = String::from_utf8(claims_json).map_err(|_| VerifyError::MalformedClaims)?;
        let claims = RegisteredClaims::parse(&claims_json)?;
        self.check_claims(&claims)?;
        Ok((VerifiedToken::from_parsed(claims, claims_json, self.roles.clone())?, key))
    }

    fn check_header_and_signature(
        &self,
        keys: &KeySet,
        segments: &Segments<'_>,
        note: &mut dyn FnMut(&VerificationKey),
    ) -> Result<usize, VerifyError> {
        let header_json = segments::decode(segments.header)?;
        let header_json = String::from_utf8(header_json).map_err(|_| VerifyError::MalformedHeader)?;
        let header = Header::parse(&header_json)?;
        checks::token_type(header.typ.as_ref().map(|typ| typ.0.as_ref()), self.token_type)?;
        let algorithm = header.algorithm()?;
        let kid = header.kid.as_ref().map(|kid| kid.0.as_ref());
        let mut only = candidates(keys, kid, algorithm);
        let only = only.next().filter(|_| only.next().is_none());
        if let Some((place, _)) = only {
            keys.keys.get(place).into_iter().for_each(&mut *note);
        }
        let key = verify_signature(candidates(keys, kid, algorithm), segments)?;
        match only {
            Some(_) => keys.remember(segments.header, key, algorithm),
            None => keys.keys.get(key).into_iter().for_each(note),
        }
        Ok(key)
    }

    fn check_claims(&self, claims: &RegisteredClaims) -> Result<(), VerifyError> {
        let now = self.now()?;
        checks::issuer(claims.iss(), self.issuer.as_deref())?;
        checks::audience(claims.aud(), self.audiences.as_deref())?;
        checks::not_sender_constrained(claims.confirmation)?;
        self.check_times(claims, now)
    }

    /// All that another moment may judge otherwise.
    fn check_times(&self, claims: &RegisteredClaims, now: u64) -> Result<(), VerifyError> {
        checks::expiry(claims.exp, now, self.leeway)?;
        checks::not_before(claims.nbf, now, self.leeway)?;
        checks::issued_at(claims.iat, self.max_age, now, self.leeway)?;
        checks::lifetime(claims.iat, claims.exp, self.max_lifetime)
    }

    fn now(&self) -> Result<u64, VerifyError> {
        self.clock.now().ok_or(VerifyError::Unavailable { retry_after: None })
    }
}

/// Tells the place of the key that verifies the signature.
fn verify_signature<'a>(
    candidates: impl Iterator<Item = (usize, &'a SignatureVerifier)>,
    segments: &Segments<'_>,
) -> Result<usize, VerifyError> {
    let mut buffer = [0; MAX_SIGNATURE_BYTES];
    let signature = segments::decode_signature(segments.signature, &mut buffer)?;
    let mut outcome = Err(VerifyError::UnknownKey);
    for (place, candidate) in candidates {
        if candidate.verifies(segments.signing_input, signature) {
            return Ok(place);
        }
        outcome = Err(VerifyError::InvalidSignature);
    }
    outcome
}

/// The keys that may have signed a token with this `kid` and `alg`, with their places.
fn candidates<'a>(
    keys: &'a KeySet,
    kid: Option<&'a str>,
    algorithm: Algorithm,
) -> impl Iterator<Item = (usize, &'a SignatureVerifier)> {
    let known = kid.is_some() && keys.keys.iter().any(|key| key.kid().map(AsRef::as_ref) == kid);
    keys.keys
        .iter()
        .enumerate()
        .filter(move |(_, key)| match (kid, known) {
            (None, _) => true,
            (Some(_), true) => key.kid().map(AsRef::as_ref) == kid,
            (Some(_), false) => key.kid().is_none(),
        })
        .filter_map(move |(place, key)| Some((place, key.verifier(algorithm)?)))
        .take(MAX_CANDIDATES)
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.verify_jwt(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyError>> {
        Some(self.verify_jwt(token))
    }

    async fn verify_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Result<VerifiedToken, VerifyError> {
        self.judge(token, &mut |key| evidence.key_id = key.kid().cloned())
    }

    fn verify_now_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Option<Result<VerifiedToken, VerifyError>> {
        Some(self.judge(token, &mut |key| evidence.key_id = key.kid().cloned()))
    }
}

/// Prints what is expected, and of the keys only `kid` and algorithms.
impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("issuer", &self.issuer)
            .field("audiences", &self.audiences)
            .field("leeway", &self.leeway)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
