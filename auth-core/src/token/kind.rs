//! What a token is.

/// What a token is, as the verifier that accepted it says.
///
/// ```
/// use auth_core::{Policy, TokenKind, VerifiedToken};
///
/// // For routes on which an API key must not act, such as the one that mints API keys.
/// let no_api_key = Policy::predicate("no API key", |token: &VerifiedToken| token.kind() != TokenKind::ApiKey);
/// # let _ = no_api_key;
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TokenKind {
    /// A JWT that [`JwtVerifier`](crate::JwtVerifier) accepted.
    Jwt,
    /// A token about which its issuer was asked
    /// ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)), opaque or not.
    Introspected,
    /// An API key.
    ApiKey,
    /// The verifier did not say.
    #[default]
    Unspecified,
}
