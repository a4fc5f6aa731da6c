//! Why a token was not accepted.

use std::any::type_name;
use std::fmt;
use std::time::Duration;

/// The claims of a verified token do not fit the type that the application asked for.
///
/// Says which field is missing, if that can be told without fail, or where the fault is, and not what stands
/// there: claims do not belong in logs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClaimsError {
    type_name: &'static str,
    /// The name of a field of the type, not of a claim of the token.
    missing: Option<Box<str>>,
    line: usize,
    column: usize,
}

impl ClaimsError {
    pub(crate) fn new<T>(error: &serde_json::Error, claims: &str) -> Self {
        let text = error.to_string();
        let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        // An application's type may begin an error of its own with a value of the token. A name is shown only
        // if it looks like one and does not stand in the claims, where it could do so behind an escape.
        let is_name = |name: &str| {
            name.len() <= 64
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte))
                && !claims.contains(name)
                && !claims.contains('\\')
        };
        let missing = missing.filter(|name| is_name(name));
        Self {
            type_name: type_name::<T>(),
            missing: missing.map(Into::into),
            line: error.line(),
            column: error.column(),
        }
    }
}

impl fmt::Display for ClaimsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the claims do not fit {}: ", self.type_name)?;
        match &self.missing {
            Some(name) => write!(f, "`{name}` is missing"),
            None => write!(f, "line {} column {} of the claims has another type", self.line, self.column),
        }
    }
}

impl std::error::Error for ClaimsError {}

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
    /// Longer than the verifier accepts: 8 KiB, unless
    /// [`max_token_bytes`](crate::jwt::JwtVerifierBuilder::max_token_bytes) says otherwise.
    #[error("the token is longer than the verifier accepts")]
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
    /// The token was issued to a client that is not among the
    /// [allowed](crate::jwt::JwtVerifierBuilder::allow_clients).
    #[error("the token was issued to another client")]
    WrongClient,
    /// A claim is missing or has another value than the verifier
    /// [demands](crate::jwt::JwtVerifierBuilder::require_claim).
    #[error("a claim that the verifier demands is missing or has another value")]
    UnmetClaim,
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
    /// The token, its subject's older tokens or its session were
    /// [revoked](crate::Authenticator::with_revocations).
    #[error("the token was revoked")]
    Revoked,
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
    pub(crate) fn rank(&self) -> u8 {
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
            Self::WrongClient => 11,
            Self::UnmetClaim => 12,
            Self::SenderConstrained => 13,
            Self::Expired
            | Self::NotYetValid
            | Self::IssuedInFuture
            | Self::TooOld
            | Self::LifetimeTooLong => 14,
            Self::Revoked => 15,
            Self::Claims(_) => 16,
            Self::Unavailable { .. } => 17,
            Self::Misconfigured(_) => 18,
        }
    }
}
