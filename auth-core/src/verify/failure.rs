//! Why a token was not accepted, and by whom.

use std::fmt;
use std::sync::Arc;

use super::hint::Hint;
use crate::token::bounds::MAX_CREDENTIALS_BYTES;
use crate::token::error::VerifyError;
use crate::token::verified::VerifiedToken;

/// Why a verifier did not accept a token, with what a log wants to know about the verdict.
///
/// `?` makes one of a [`VerifyError`]. A verifier that asks another one passes the failure on as it is, so that the
/// log still names the key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifyFailure {
    error: VerifyError,
    key_id: Option<Arc<str>>,
    verifier: Option<u32>,
    hint: Option<Hint>,
}

impl VerifyFailure {
    /// The failure of a token that this key has, or would have, verified.
    pub(crate) fn by_key(error: VerifyError, key_id: Option<&Arc<str>>) -> Self {
        Self { error, key_id: key_id.cloned(), verifier: None, hint: None }
    }

    /// The same failure, of a token that this key has verified.
    pub(crate) fn of_key(self, key_id: Option<&Arc<str>>) -> Self {
        Self { key_id: key_id.cloned(), ..self }
    }

    /// The failure of a token of more than these bytes.
    pub(crate) fn too_long(max_bytes: usize) -> Self {
        Self::from(VerifyError::TooLong).with_hint(Bound { max_bytes })
    }

    /// What is wrong with a token that was accepted before.
    pub(crate) fn of_token(error: VerifyError, token: &VerifiedToken) -> Self {
        Self { error, key_id: token.shared_key_id().cloned(), verifier: token.verifier(), hint: None }
    }

    /// The fault.
    #[must_use]
    pub fn error(&self) -> &VerifyError {
        &self.error
    }

    /// The fault, without the rest.
    #[must_use]
    pub fn into_error(self) -> VerifyError {
        self.error
    }

    /// The `kid` of the configured key that the token was, or was to be, verified with. For logs.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Adds the `kid` of the configured key. Never use the `kid` that the token names: it goes to the log.
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<Arc<str>>) -> Self {
        Self { key_id: Some(key_id.into()), ..self }
    }

    /// What the log adds: what was expected, and what to do.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.hint.as_ref()
    }

    /// Adds a hint for the log. Never write a part of the token into it.
    #[must_use]
    pub fn with_hint(self, hint: impl fmt::Display + Send + Sync + 'static) -> Self {
        Self { hint: Some(Hint::new(hint)), ..self }
    }

    /// As [`with_hint`](Self::with_hint), for words that are always the same.
    pub(crate) fn with_fixed_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(Hint::fixed(hint)), ..self }
    }

    /// The place, counted from 0, of the verifier of a chain that decided.
    pub(crate) fn verifier(&self) -> Option<u32> {
        self.verifier
    }

    pub(crate) fn by_verifier(self, place: u32) -> Self {
        Self { verifier: Some(place), ..self }
    }
}

/// How long a token may be.
struct Bound {
    max_bytes: usize,
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes are accepted: `.max_token_bytes(..)` accepts up to {MAX_CREDENTIALS_BYTES}, as tokens of Entra ID \
             with many groups need",
            self.max_bytes
        )
    }
}

impl From<VerifyError> for VerifyFailure {
    fn from(error: VerifyError) -> Self {
        Self { error, key_id: None, verifier: None, hint: None }
    }
}

impl fmt::Display for VerifyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for VerifyFailure {}
