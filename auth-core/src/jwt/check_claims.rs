//! Whether claims can be read, asked by an issuer.

use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;

/// Checks that a [`JwtVerifier`](crate::JwtVerifier) without options can read these claims, given as JSON text: step 6
/// of how it judges a token. For issuers, so that they sign no token that is refused everywhere.
///
/// ```
/// use auth_core::VerifyError;
/// use auth_core::jwt::check_claims;
///
/// assert_eq!(check_claims(r#"{ "sub": "alice", "roles": ["admin"] }"#), Ok(()));
/// assert_eq!(check_claims(r#"{ "exp": 1764115200000 }"#), Err(VerifyError::InvalidClaim("exp"))); // milliseconds
/// ```
///
/// Not checked: what the claims say, such as whether the token has expired, and the token's length.
///
/// # Errors
///
/// Returns [`VerifyError::InvalidClaim`] if a registered claim has the wrong type, and
/// [`VerifyError::MalformedClaims`] if the text is not one strict JSON object of at most 16 levels and 256 members.
pub fn check_claims(claims: &str) -> Result<(), VerifyError> {
    RegisteredClaims::parse(claims).map(drop)
}
