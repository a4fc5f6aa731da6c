//! What a verifier is.

use std::sync::Arc;

use async_trait::async_trait;

use crate::token::error::VerifyError;
use crate::token::verified::VerifiedToken;

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

    /// The verdict, if there is nothing to wait for: then no future has to be made for it.
    ///
    /// Asked before [`verify`](Self::verify), which is asked only after a `None`. Where there is a verdict
    /// it has to be the one that `verify` would come to.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyError>> {
        let _ = token;
        None
    }

    /// As [`verify`](Self::verify), and notes what is worth a line in a log. Asked instead of it where someone
    /// listens; only verifiers that have something to note, or ask others, need it.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    async fn verify_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Result<VerifiedToken, VerifyError> {
        let _ = evidence;
        self.verify(token).await
    }

    /// As [`verify_now`](Self::verify_now), and notes what is worth a line in a log.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    fn verify_now_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Option<Result<VerifiedToken, VerifyError>> {
        let _ = evidence;
        self.verify_now(token)
    }
}

/// What a verifier found out about a token beside its verdict, for logs. Nothing of the token itself.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    /// The `kid` of the configured key that the token was, or was to be, verified with.
    pub key_id: Option<Arc<str>>,
    /// The place, counted from 0, of the verifier of a [chain](crate::VerifierChain) that decided.
    pub issuer: Option<usize>,
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Arc<V> {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        (**self).verify(token).await
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyError>> {
        (**self).verify_now(token)
    }

    async fn verify_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Result<VerifiedToken, VerifyError> {
        (**self).verify_noting(token, evidence).await
    }

    fn verify_now_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Option<Result<VerifiedToken, VerifyError>> {
        (**self).verify_now_noting(token, evidence)
    }
}

#[async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Box<V> {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        (**self).verify(token).await
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyError>> {
        (**self).verify_now(token)
    }

    async fn verify_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Result<VerifiedToken, VerifyError> {
        (**self).verify_noting(token, evidence).await
    }

    fn verify_now_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Option<Result<VerifiedToken, VerifyError>> {
        (**self).verify_now_noting(token, evidence)
    }
}
