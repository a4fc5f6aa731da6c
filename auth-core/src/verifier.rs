//! What a verifier is, what it yields, and why it refuses.

use std::any::type_name;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use crate::claims::{Audience, RegisteredClaims};
use crate::json;
use crate::scope::ScopeSet;

/// Judges a token.
///
/// [`JwtVerifier`](crate::JwtVerifier) is the built-in one. Write your own for tokens that are not
/// JWTs, such as API keys in a table:
///
/// ```
/// use auth_core::{TokenVerifier, VerifiedToken, VerifyError, async_trait};
/// # use std::collections::HashMap;
///
/// struct ApiKeys(HashMap<[u8; 32], String>); // SHA-256 of the key -> whose it is
///
/// #[async_trait]
/// impl TokenVerifier for ApiKeys {
///     async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
///         let owner = self.0.get(&sha256(token)).ok_or(VerifyError::UnknownToken)?;
///         VerifiedToken::assert_verified(serde_json::json!({ "sub": owner }))
///     }
/// }
/// # fn sha256(_: &str) -> [u8; 32] { [7; 32] }
/// # let keys = ApiKeys(HashMap::from([([7; 32], "alice".to_owned())]));
/// # let token = futures_executor::block_on(keys.verify("k-1")).unwrap();
/// # assert_eq!(token.subject(), "alice");
/// # let nobody = ApiKeys(HashMap::new());
/// # assert_eq!(futures_executor::block_on(nobody.verify("k-1")).unwrap_err(), VerifyError::UnknownToken);
/// ```
///
/// Looking up the hash of a secret instead of the secret itself keeps the time of the comparison
/// from telling anything about it, and keeps the secrets out of memory and backups.
///
/// The token has been found to be at most 8 KiB of b64token characters; nothing else was checked.
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Accepts the token, or says why not.
    ///
    /// # Errors
    ///
    /// Any [`VerifyError`]. [`VerifyError::Unavailable`] is for when the verdict cannot be had now;
    /// all that is wrong with the token itself is answered alike, whichever variant says it.
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError>;
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Arc<V> {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        (**self).verify(token).await
    }
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Box<V> {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        (**self).verify(token).await
    }
}

/// Several verifiers tried in turn: the first that accepts decides.
///
/// If none does, the error of the one that got furthest with the token is kept, for it is the most
/// telling in a log; and if one of them could not reach a verdict, that is the answer, since it
/// might have accepted.
///
/// ```
/// # use auth_core::{TokenVerifier, VerifierChain};
/// # fn chain(own: impl TokenVerifier + 'static, partner: impl TokenVerifier + 'static) -> VerifierChain {
/// VerifierChain::new(own).or(partner)
/// # }
/// ```
pub struct VerifierChain {
    first: Box<dyn TokenVerifier>,
    others: Vec<Box<dyn TokenVerifier>>,
}

impl VerifierChain {
    /// A chain of one.
    pub fn new(first: impl TokenVerifier + 'static) -> Self {
        Self { first: Box::new(first), others: Vec::new() }
    }

    /// Adds a verifier that is asked when those before it refuse.
    #[must_use]
    pub fn or(mut self, next: impl TokenVerifier + 'static) -> Self {
        self.others.push(Box::new(next));
        self
    }
}

impl fmt::Debug for VerifierChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierChain(<{} verifiers>)", 1 + self.others.len())
    }
}

#[async_trait]
impl TokenVerifier for VerifierChain {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let mut most_specific = match self.first.verify(token).await {
            Ok(verified) => return Ok(verified),
            Err(error) => error,
        };
        for verifier in &self.others {
            match verifier.verify(token).await {
                Ok(verified) => return Ok(verified),
                Err(error) if error.rank() > most_specific.rank() => most_specific = error,
                Err(_) => {}
            }
        }
        Err(most_specific)
    }
}

/// A token that a verifier has accepted, and what it says. Cheap to clone.
///
/// There is no way to make one from a text: a verifier yields it, or
/// [`assert_verified`](Self::assert_verified) does, whose name says what its caller vouches for.
///
/// ```compile_fail
/// let forged = auth_core::VerifiedToken { inner: Default::default() };
/// ```
#[derive(Clone)]
pub struct VerifiedToken {
    inner: Arc<Inner>,
}

struct Inner {
    claims: RegisteredClaims,
    subject: Box<str>,
    json: Box<str>,
}

impl VerifiedToken {
    /// For verifiers only: asserts that the caller has verified the token that these claims are of,
    /// or otherwise knows them to be true.
    ///
    /// The types of the registered claims are checked; their values (whether `exp` has passed, say)
    /// are the caller's to judge.
    ///
    /// # Errors
    ///
    /// [`VerifyError::MissingClaim`] without a `sub`, [`VerifyError::InvalidClaim`] for a registered
    /// claim of the wrong type or an empty `sub`, [`VerifyError::MalformedClaims`] for claims that
    /// are not a JSON object within the bounds set for tokens.
    pub fn assert_verified(claims: impl Serialize) -> Result<Self, VerifyError> {
        let json = serde_json::to_string(&claims).map_err(|_| VerifyError::MalformedClaims)?;
        Self::from_parsed(RegisteredClaims::parse(json.as_bytes())?, json)
    }

    /// `claims` is what was read in `json`.
    pub(crate) fn from_parsed(mut claims: RegisteredClaims, json: String) -> Result<Self, VerifyError> {
        let subject = claims.sub.take().ok_or(VerifyError::MissingClaim("sub"))?;
        if subject.is_empty() {
            return Err(VerifyError::InvalidClaim("sub"));
        }
        Ok(Self { inner: Arc::new(Inner { claims, subject, json: json.into_boxed_str() }) })
    }

    /// Whom the token is about: claim `sub`, never empty. Unique only within its issuer.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.inner.subject
    }

    /// Who issued the token: claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.inner.claims.iss.as_deref()
    }

    /// Whom the token is meant for: claim `aud`.
    #[must_use]
    pub fn audience(&self) -> Option<&Audience> {
        self.inner.claims.aud.as_ref()
    }

    /// From when on the token is refused: claim `exp` in seconds since 1970, before leeway.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.inner.claims.exp.map(|date| date.floor)
    }

    /// From when on the token is accepted: claim `nbf` in seconds since 1970, before leeway.
    #[must_use]
    pub fn not_before(&self) -> Option<u64> {
        self.inner.claims.nbf.map(|date| date.ceil)
    }

    /// When the token was issued: claim `iat` in seconds since 1970.
    #[must_use]
    pub fn issued_at(&self) -> Option<u64> {
        self.inner.claims.iat.map(|date| date.floor)
    }

    /// The identifier of the token: claim `jti`.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.inner.claims.jti.as_deref()
    }

    /// The client that the token was issued to: claim `client_id`
    /// ([RFC 8693 section 4.3](https://www.rfc-editor.org/rfc/rfc8693#section-4.3)).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.inner.claims.client_id.as_deref()
    }

    /// What was granted: claim `scope`; empty if the token has none.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        &self.inner.claims.scopes
    }

    /// The claims as the application's own type.
    ///
    /// ```
    /// # use auth_core::VerifiedToken;
    /// #[derive(serde::Deserialize)]
    /// struct TenantClaims { tenant: String }
    ///
    /// # let token = VerifiedToken::assert_verified(serde_json::json!({"sub": "a", "tenant": "t1"})).unwrap();
    /// let claims: TenantClaims = token.claims()?;
    /// assert_eq!(claims.tenant, "t1");
    /// # Ok::<(), auth_core::ClaimsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] if the claims do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        // The text was found to be one sound object; only the type is in question.
        T::deserialize(&mut serde_json::Deserializer::from_str(&self.inner.json))
            .map_err(|error| ClaimsError { type_name: type_name::<T>(), column: error.column() })
    }

    /// Whether the claim `name` is an array of strings that holds `value`.
    pub(crate) fn claim_lists(&self, name: &str, value: &str) -> bool {
        json::array_contains(&self.inner.json, name, value)
    }
}

/// Never prints a claim.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedToken(<redacted>)")
    }
}

/// The application wants no claims of its own. Costs nothing: the claims are not looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NoClaims;

impl<'de> Deserialize<'de> for NoClaims {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

/// The claims of a verified token do not fit the type that the application asked for.
///
/// Says where, and not what stands there: claims do not belong in logs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the claims do not fit {type_name} (at byte {column} of the claims)")]
pub struct ClaimsError {
    type_name: &'static str,
    column: usize,
}

/// Why a token was not accepted.
///
/// For logs and tests. A client is told only the class: all but the last two variants are the one
/// constant `invalid_token`. No variant holds anything of the token.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Not a token that this verifier knows.
    #[error("no such token")]
    UnknownToken,
    /// Over [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[error("the token is longer than 8 KiB")]
    TooLong,
    /// Not a JWS in compact serialization: three segments of base64url without padding.
    #[error("the token is not three segments of base64url (RFC 7515 section 7.1)")]
    MalformedToken,
    /// The header is not a strict JSON object, or too large.
    #[error("the header is not a sound JSON object")]
    MalformedHeader,
    /// The named header parameter is missing, has the wrong type, or a value that is not accepted.
    #[error("header parameter `{0}` is missing or not acceptable")]
    InvalidHeader(&'static str),
    /// No configured key has the token's `kid` and algorithm.
    #[error("no key for the token's `kid` and algorithm")]
    UnknownKey,
    /// No key verifies the signature.
    #[error("the signature does not verify")]
    InvalidSignature,
    /// The claims are not a strict JSON object, or too large.
    #[error("the claims are not a sound JSON object")]
    MalformedClaims,
    /// The named claim is required and missing.
    #[error("claim `{0}` is missing")]
    MissingClaim(&'static str),
    /// The named claim has the wrong type, or a value that is never acceptable.
    #[error("claim `{0}` has a wrong type or value")]
    InvalidClaim(&'static str),
    /// `iss` is not the configured issuer.
    #[error("the token is from another issuer")]
    WrongIssuer,
    /// `aud` names none of the configured audiences.
    #[error("the token is for another audience")]
    WrongAudience,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is still to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` lies in the future.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// Older than the configured maximum age.
    #[error("the token is older than allowed")]
    TooOld,
    /// Valid for longer than the configured maximum lifetime.
    #[error("the token lives longer than allowed")]
    LifetimeTooLong,
    /// The token is bound to a key (claim `cnf`), so its mere bearer is not entitled.
    #[error("the token is bound to a key whose possession was not proven")]
    SenderConstrained,
    /// The claims do not fit the application's own type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// No verdict can be had now: a thing that it depends on is down. Answered 503.
    #[error("no verdict can be had now")]
    Unavailable {
        /// When to try again; sent as `Retry-After`, in whole seconds.
        retry_after: Option<Duration>,
    },
    /// The verifier is wired wrongly or has panicked. Answered 500.
    #[error("the verifier cannot work: {0}")]
    Misconfigured(&'static str),
}

impl VerifyError {
    /// How far the verifier got before it refused; the higher, the more specific.
    fn rank(&self) -> u8 {
        match self {
            Self::UnknownToken => 0,
            Self::TooLong => 1,
            Self::MalformedToken => 2,
            Self::MalformedHeader => 3,
            Self::InvalidHeader(_) => 4,
            Self::UnknownKey => 5,
            Self::InvalidSignature => 6,
            Self::MalformedClaims => 7,
            Self::MissingClaim(_) | Self::InvalidClaim(_) => 8,
            Self::WrongIssuer => 9,
            Self::WrongAudience => 10,
            Self::SenderConstrained => 11,
            Self::Expired
            | Self::NotYetValid
            | Self::IssuedInFuture
            | Self::TooOld
            | Self::LifetimeTooLong => 12,
            Self::Claims(_) => 13,
            Self::Unavailable { .. } => 14,
            Self::Misconfigured(_) => 15,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for Says {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyError> {
            VerifiedToken::assert_verified(serde_json::json!({ "sub": self.0.clone()? }))
        }
    }

    #[track_caller]
    fn verdict(chain: &VerifierChain) -> Result<String, VerifyError> {
        futures_executor::block_on(chain.verify("t")).map(|token| token.subject().to_owned())
    }

    #[test]
    fn the_first_that_accepts_decides() {
        let chain = VerifierChain::new(Says(Err(VerifyError::Misconfigured("x"))))
            .or(Says(Ok("b")))
            .or(Says(Ok("c")));
        assert_eq!(verdict(&chain), Ok("b".to_owned()));
    }

    #[test]
    fn the_most_specific_error_is_kept_wherever_it_stands() {
        let down = VerifyError::Unavailable { retry_after: None };
        let by_rank = [
            VerifyError::UnknownToken,
            VerifyError::MalformedToken,
            VerifyError::UnknownKey,
            VerifyError::InvalidSignature,
            VerifyError::WrongAudience,
            VerifyError::Expired,
            down,
        ];
        for pair in by_rank.windows(2) {
            let [vague, telling] = pair else { unreachable!() };
            for (first, second) in [(vague, telling), (telling, vague)] {
                let chain = VerifierChain::new(Says(Err(first.clone()))).or(Says(Err(second.clone())));
                assert_eq!(verdict(&chain).as_ref(), Err(telling));
            }
        }
    }

    #[test]
    fn asserted_claims_are_held_to_the_same_types() {
        use serde_json::json;
        let refusal = |claims: serde_json::Value| VerifiedToken::assert_verified(claims).unwrap_err();
        assert_eq!(refusal(json!({})), VerifyError::MissingClaim("sub"));
        assert_eq!(refusal(json!({"sub": ""})), VerifyError::InvalidClaim("sub"));
        assert_eq!(refusal(json!({"sub": "a", "exp": "1"})), VerifyError::InvalidClaim("exp"));
        assert_eq!(refusal(json!([])), VerifyError::MalformedClaims);
    }

    #[test]
    fn everything_that_a_token_says_can_be_asked() {
        let token = VerifiedToken::assert_verified(serde_json::json!({
            "sub": "alice", "iss": "i", "aud": ["a", "b"], "exp": 3.5, "nbf": 1.5, "iat": 2, "jti": "j",
            "client_id": "c", "scope": "x y",
        }))
        .unwrap();
        assert_eq!(token.subject(), "alice");
        assert_eq!(token.issuer(), Some("i"));
        assert_eq!(token.audience().unwrap().iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((token.expires_at(), token.not_before(), token.issued_at()), (Some(3), Some(2), Some(2)));
        assert_eq!((token.token_id(), token.client_id()), (Some("j"), Some("c")));
        assert!(token.scopes().contains("y"));
        assert_eq!(token.claims::<NoClaims>(), Ok(NoClaims));
    }

    #[test]
    fn no_claim_shows_in_debug_or_errors() {
        #[derive(Debug, serde::Deserialize)]
        struct Wants {
            #[allow(dead_code)]
            secret: u8,
        }
        let token =
            VerifiedToken::assert_verified(serde_json::json!({"sub": "canary", "secret": "canary"})).unwrap();
        let error = token.claims::<Wants>().unwrap_err();
        assert!(!format!("{token:?} {error} {error:?}").contains("canary"));
        assert!(error.to_string().contains("Wants"), "{error}");
    }
}
