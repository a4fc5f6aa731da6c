//! What a verifier is.

use std::sync::Arc;

use async_trait::async_trait;

use super::failure::VerifyFailure;
use crate::token::verified::VerifiedToken;

/// Judges a token.
///
/// [`JwtVerifier`](crate::JwtVerifier) is the built-in one, and the crate `auth-api-keys` has one for API keys. Write your
/// own for other tokens that are not JWTs, such as keys in a table that you have already:
///
/// ```
/// use auth_core::{TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait};
/// # use std::collections::HashMap;
///
/// struct ApiKeys(HashMap<[u8; 32], String>); // SHA-256 of the key -> whose it is
///
/// #[async_trait]
/// impl TokenVerifier for ApiKeys {
///     async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
///         let owner = self.0.get(&sha256(token)).ok_or(VerifyError::UnknownToken)?;
///         Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": owner }))?)
///     }
/// }
/// # fn sha256(_: &str) -> [u8; 32] { [7; 32] }
/// # let keys = ApiKeys(HashMap::from([([7; 32], "alice".to_owned())]));
/// # let token = futures_executor::block_on(keys.verify("k-1")).unwrap();
/// # assert_eq!(token.subject(), "alice");
/// # let nobody = ApiKeys(HashMap::new());
/// # assert_eq!(futures_executor::block_on(nobody.verify("k-1")).unwrap_err().error(), &VerifyError::UnknownToken);
/// ```
///
/// Look up the hash of a secret, not the secret itself: then the time of the comparison reveals nothing about the
/// secret, and the secrets stay out of memory and backups.
///
/// The token is at most 64 KiB of b64token characters. Nothing else about it was checked: a verifier whose tokens are
/// shorter refuses longer ones by [`VerifyError::TooLong`](crate::VerifyError::TooLong), as
/// [`JwtVerifier`](crate::JwtVerifier) does above 8 KiB.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not judge tokens",
    label = "not a `TokenVerifier`",
    note = "build the verifier of JWTs with `JwtVerifier::builder()...build()?`",
    note = "for tokens of another kind: `#[async_trait] impl TokenVerifier for {Self}`"
)]
#[async_trait]
pub trait TokenVerifier: Send + Sync {
    /// Accepts the token, or says why not.
    ///
    /// # Errors
    ///
    /// [`VerifyFailure`], which a [`VerifyError`](crate::VerifyError) becomes by `?`. Return
    /// [`VerifyError::Unavailable`](crate::VerifyError::Unavailable) if no verdict can be reached now. The client is
    /// told the same for every fault of the token itself, whichever variant names it.
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure>;

    /// Returns the verdict if it takes no waiting, so that no future has to be allocated for it.
    ///
    /// Called before [`verify`](Self::verify), which is called only after a `None`; sometimes twice for one request.
    /// A verdict must be the one that `verify` would reach.
    ///
    /// # Errors
    ///
    /// Like [`verify`](Self::verify).
    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        let _ = token;
        None
    }
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Arc<V> {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        (**self).verify(token).await
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        (**self).verify_now(token)
    }
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Box<V> {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        (**self).verify(token).await
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        (**self).verify_now(token)
    }
}
