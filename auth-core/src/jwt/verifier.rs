//! The verifier of JWTs: the steps in which a token is judged.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::audience::AudienceRule;
use super::checks;
use super::header::HeaderRules;
use super::issuer::IssuerRule;
use super::key_set::KeySet;
use super::malformed;
use super::required::{AllowedClients, RequiredClaim};
use super::segments::{self, Segments};
use super::subject::SubjectRule;
use super::verifier_keys::VerifierKeys;
use crate::clock::Clock;
use crate::jwk::set::SkippedKey;
use crate::key::verification_key::VerificationKey;
use crate::token::claim_fault::ClaimFault;
use crate::token::claim_path::ClaimPath;
use crate::token::claim_rules::ClaimRules;
use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;
use crate::token::kind::TokenKind;
use crate::token::verified::{Origin, VerifiedToken};
use crate::verify::cache::TokenCache;
use crate::verify::failure::VerifyFailure;
use crate::verify::verifier::TokenVerifier;

/// Verifies JWTs of one issuer.
///
/// ```
/// use auth_core::{Algorithm, JwtVerifier};
///
/// let secret = std::env::var("AUTH_SECRET"); // made with `openssl rand -base64 32`
/// # let random = || auth_testing::TestIssuer::new(Algorithm::Hs256).jwk()["k"].to_string();
/// # let secret = secret.or_else(|_| Ok::<_, std::env::VarError>(random()));
/// let verifier = JwtVerifier::builder()
///     .issuer("https://issuer.example")
///     .audience("https://api.example")
///     .secret(Algorithm::Hs256, secret?)
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// How a token is judged, in this order; the first fault ends it:
///
/// 1. At most 8 KiB ([`max_token_bytes`]), and exactly three segments.
/// 2. The header is strict JSON and asks for nothing that this library does not understand. `alg` only narrows what the
///    keys allow, `kid` only chooses among them. `crit`, `b64`, `zip` and `enc` refuse by their presence, and `cty`
///    refuses if it announces a JWT inside ([`accept_zip_none`]). `jwk`, `jku`, `x5c`, `x5u`, `x5t` and all others are
///    ignored: keys come from the configuration, never from the token.
/// 3. `typ` is absent, `JWT` or `at+jwt` ([`require_access_token_type`], [`accept_spiffe`]).
/// 4. The configured keys offer candidates: those with the token's `kid` (or, if no key has it, those
///    without any; or, if the token has none, all), of the token's `alg`, at most eight.
/// 5. One of them verifies the signature. Only from here on is anything in the payload believed.
/// 6. The claims are strict JSON (no member twice at any depth, at most 16 levels and 256 members
///    ([`members_bounded_by_bytes`])) with the types that RFC 7519 says ([`null_is_absent`]); `scope` is one string of
///    distinct names with single spaces between, `scp` such a string or an array of such names ([`lenient_scope`]).
/// 7. `iss` and `aud` are as expected ([`issuer_for_tenants`], [`audience_in`]), the client is allowed and demanded claims
///    are there ([`allow_clients`], [`require_claim`]), `cnf` is absent, `exp` is there and to come, `nbf` and `iat`,
///    where there, are past; `sub` is there and not empty ([`subject_or`], [`allow_missing_subject`]).
///
/// The methods in brackets change a step. No step is changed unless one is called.
///
/// [`max_token_bytes`]: crate::jwt::JwtVerifierBuilder::max_token_bytes
/// [`accept_zip_none`]: crate::jwt::JwtVerifierBuilder::accept_zip_none
/// [`require_access_token_type`]: crate::jwt::JwtVerifierBuilder::require_access_token_type
/// [`accept_spiffe`]: crate::jwt::JwtVerifierBuilder::accept_spiffe
/// [`members_bounded_by_bytes`]: crate::jwt::JwtVerifierBuilder::members_bounded_by_bytes
/// [`null_is_absent`]: crate::jwt::JwtVerifierBuilder::null_is_absent
/// [`lenient_scope`]: crate::jwt::JwtVerifierBuilder::lenient_scope
/// [`issuer_for_tenants`]: crate::jwt::JwtVerifierBuilder::issuer_for_tenants
/// [`audience_in`]: crate::jwt::JwtVerifierBuilder::audience_in
/// [`allow_clients`]: crate::jwt::JwtVerifierBuilder::allow_clients
/// [`require_claim`]: crate::jwt::JwtVerifierBuilder::require_claim
/// [`subject_or`]: crate::jwt::JwtVerifierBuilder::subject_or
/// [`allow_missing_subject`]: crate::jwt::JwtVerifierBuilder::allow_missing_subject
///
/// Strict JSON means: one object in UTF-8 without a byte order mark; no member twice, at any depth, however its name is
/// escaped; bounded nesting and number of members; every string sound, also in members that nobody asks for; and for
/// each member that is asked for the type that its specification says, which `null` is not.
///
/// Scopes are read from `scope`, or from `scp` in tokens without it; roles from `roles`, or where
/// [`roles`](crate::jwt::JwtVerifierBuilder::roles) says.
///
/// Tokens that were accepted are kept in a bounded cache, see
/// [`cache_limits`](crate::jwt::JwtVerifierBuilder::cache_limits).
///
/// Not checked: whether the token was revoked, replayed or stolen. Keys are never
/// fetched; when the issuer changes them, [replace](VerifierKeys::replace) them.
///
/// For tokens of several issuers, build one for each and chain them
/// ([`VerifierChain`](crate::VerifierChain)): then no issuer's key is ever tried on behalf of another.
pub struct JwtVerifier {
    pub(super) issuer: IssuerRule,
    pub(super) audience: AudienceRule,
    pub(super) clients: Option<AllowedClients>,
    pub(super) required: Box<[RequiredClaim]>,
    pub(super) subject: SubjectRule,
    pub(super) header: HeaderRules,
    pub(super) claims: ClaimRules,
    pub(super) max_token_bytes: usize,
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

    /// The issuers whose tokens are accepted; with [`issuer_for_tenants`](crate::jwt::JwtVerifierBuilder::issuer_for_tenants)
    /// that of each tenant. `None` if any is.
    #[must_use]
    pub fn issuers(&self) -> Option<Vec<String>> {
        self.issuer.names()
    }

    /// The keys of the configured JWK Sets that are not used, and why.
    #[must_use]
    pub fn skipped_keys(&self) -> Vec<SkippedKey> {
        self.keys.skipped()
    }

    /// Judges a token. Never waits.
    ///
    /// # Errors
    ///
    /// The first fault found.
    pub fn verify_jwt(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.judge(token).map_err(VerifyFailure::into_error)
    }

    fn judge(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        if token.len() > self.max_token_bytes {
            return Err(VerifyFailure::too_long(self.max_token_bytes)); // 1
        }
        let keys = self.keys.current();
        let Some(cache) = &self.cache else { return self.judge_unseen(token, &keys) };
        if let Some(seen) = cache.get(token, keys.epoch) {
            let in_time = self.now().and_then(|now| self.check_times(seen.registered(), now));
            return match in_time {
                Ok(()) => Ok(seen),
                Err(error) => Err(VerifyFailure::of_token(error, &seen)),
            };
        }
        let verified = self.judge_unseen(token, &keys)?;
        cache.insert(token, keys.epoch, &verified);
        Ok(verified)
    }

    /// The steps in which a token is judged; the numbers are those of the type's documentation.
    fn judge_unseen(&self, token: &str, keys: &KeySet) -> Result<VerifiedToken, VerifyFailure> {
        let segments = Segments::split(token).map_err(|error| malformed::token(error, token))?; // 1
        let key = keys.signer(&segments, self.header)?; // 2, 3, 4, 5
        let verified = self.judge_claims(token, segments.payload, key); // 6, 7
        verified.map_err(|failure| failure.of_key(key.kid()))
    }

    fn judge_claims(
        &self,
        token: &str,
        payload: &str,
        key: &VerificationKey,
    ) -> Result<VerifiedToken, VerifyFailure> {
        let json = segments::decode(payload).map_err(|error| malformed::segment(error, payload))?;
        let json = String::from_utf8(json).map_err(|_| VerifyError::MalformedClaims)?;
        let mut claims = RegisteredClaims::read(&json, &self.claims).map_err(unreadable)?;
        self.check_claims(&claims, &json, key)?;
        self.subject.settle(&mut claims, &json)?;
        let origin = Origin { text: Some(token.into()), key_id: key.kid().cloned(), kind: TokenKind::Jwt };
        Ok(VerifiedToken::from_parsed(claims, json, self.roles.clone(), origin))
    }

    fn check_claims(
        &self,
        claims: &RegisteredClaims,
        json: &str,
        key: &VerificationKey,
    ) -> Result<(), VerifyFailure> {
        self.issuer.check(claims, json, key.issuer())?;
        self.audience.check(claims, json)?;
        self.check_demands(claims, json)?;
        Ok(self.check_times(claims, self.now()?)?)
    }

    /// What is demanded of every token, whoever vouches for its claims.
    pub(super) fn check_demands(&self, claims: &RegisteredClaims, json: &str) -> Result<(), VerifyFailure> {
        if let Some(clients) = &self.clients {
            clients.check(json)?;
        }
        self.required.iter().try_for_each(|claim| claim.check(claims, json))?;
        Ok(checks::not_sender_constrained(claims.confirmation)?)
    }

    /// All that another moment may judge otherwise.
    pub(super) fn check_times(&self, claims: &RegisteredClaims, now: u64) -> Result<(), VerifyError> {
        checks::expiry(claims.exp, now, self.leeway)?;
        checks::not_before(claims.nbf, now, self.leeway)?;
        checks::issued_at(claims.iat, self.max_age, now, self.leeway)?;
        checks::lifetime(claims.iat, claims.exp, self.max_lifetime)
    }

    pub(super) fn now(&self) -> Result<u64, VerifyError> {
        self.clock.now().ok_or(VerifyError::Unavailable { retry_after: None })
    }
}

#[async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.judge(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        Some(self.judge(token))
    }
}

pub(super) fn unreadable(fault: ClaimFault) -> VerifyFailure {
    match fault.into_parts() {
        (error, Some(hint)) => VerifyFailure::from(error).with_hint(hint),
        (error, None) => error.into(),
    }
}

/// Prints what is expected, and of the keys only `kid` and algorithms.
impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifier")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("leeway", &self.leeway)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
