//! The verdict on a key.
//!
//! 1. The form: prefix, length, characters, checksum. What fails here never reaches the store.
//! 2. The row with the key's id, if the store has one.
//! 3. The hash, compared in constant time, with that of no key if there is no row.
//! 4. Whether it is the row of this very id, not revoked, within its time, with claims that can be read.

use std::fmt;
use std::hint::black_box;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use auth_core::{
    StoreFailure, TokenKind, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait,
};
use futures_util::FutureExt as _;
use serde::Serialize;

use crate::format::{Fault, Format, Presented};
use crate::hash;
use crate::key::{ApiKey, ApiKeyRecord};
use crate::keys::ApiKeys;

#[async_trait]
impl TokenVerifier for ApiKeys {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        let presented = self.read(token)?; // 1
        let found = self.store.find(presented.id).await.map_err(|failure| unavailable(&failure))?; // 2
        let key = owned(presented, found)?; // 3, 4
        let now = self.clock.now().ok_or_else(time_unknown)?;
        let verdict = self.accept(&key, now);
        let verified = verdict.map_err(|failure| failure.with_key_id(key.id.as_str()))?;
        self.note_use(&key, now).await;
        Ok(verified)
    }

    /// Refuses what is no key, without a future and without the store.
    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        self.read(token).err().map(Err)
    }
}

impl ApiKeys {
    fn read<'t>(&self, token: &'t str) -> Result<Presented<'t>, VerifyFailure> {
        self.format.read(token).map_err(|fault| {
            let error = match fault {
                Fault::TooLong => VerifyError::TooLong,
                _ => VerifyError::UnknownToken,
            };
            VerifyFailure::from(error).with_hint(NoKey { fault, format: self.format.clone() })
        })
    }

    /// Accepts a key whose secret is right, if it is good now.
    fn accept(&self, key: &ApiKey, now: u64) -> Result<VerifiedToken, VerifyFailure> {
        check_standing(key, now)?;
        self.token(key).map_err(|error| {
            VerifyFailure::from(VerifyError::Misconfigured("the store returned an API key that is unsound"))
                .with_hint(format!("{error}: mend the row of the key in the store, or delete it"))
        })
    }

    /// What the key says, to a verifier that accepts it.
    pub(crate) fn token(&self, key: &ApiKey) -> Result<VerifiedToken, VerifyError> {
        if key.client_id.is_empty() {
            return Err(VerifyError::InvalidClaim("client_id"));
        }
        let token = VerifiedToken::assert_verified(Claims::new(key, self.issuer.as_deref()))?;
        Ok(token.with_kind(TokenKind::ApiKey).with_key_id(key.id.as_str()))
    }

    /// Writes down that the key was used. Whatever comes of it, the request is served.
    async fn note_use(&self, key: &ApiKey, now: u64) {
        if !self.last_used.is_due(key, now) {
            return;
        }
        let touch = async { self.store.touch(&key.id, now).await };
        match AssertUnwindSafe(touch).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(failure)) => {
                tracing::warn!(key_id = %key.id, %failure, "the last use of an API key was not stored: check the store");
            }
            Err(_) => {
                tracing::warn!(key_id = %key.id, "the store panicked while the last use of an API key was stored");
            }
        }
    }
}

/// Whether the key is in force at this time.
pub(crate) fn check_standing(key: &ApiKey, now: u64) -> Result<(), VerifyFailure> {
    if key.revoked_at.is_some() {
        return Err(refusal(VerifyError::UnknownToken, "the API key was revoked: its owner needs a new one"));
    }
    if key.expires_at.is_some_and(|expires_at| now >= expires_at) {
        return Err(refusal(VerifyError::Expired, "the API key has expired: its owner needs a new one"));
    }
    if key.not_before.is_some_and(|not_before| now < not_before) {
        return Err(refusal(
            VerifyError::NotYetValid,
            "the API key was minted for later: see its `not_before`",
        ));
    }
    Ok(())
}

/// The key that was presented, if its secret is right and the row is its own.
pub(crate) fn owned(presented: Presented<'_>, found: Option<ApiKeyRecord>) -> Result<ApiKey, VerifyFailure> {
    let hash = hash::hash(presented.text);
    let known = found.as_ref().map_or(hash::OF_NO_KEY, |record| &record.hash);
    // So that no optimization leaves it out where there is no row.
    let is_right = black_box(hash::is_same(&hash, known));
    let unknown = |hint| refusal(VerifyError::UnknownToken, hint);
    match found {
        None => Err(unknown("no API key has this id: it was deleted, or is of another database")),
        Some(ApiKeyRecord { key, .. }) if key.id != presented.id => {
            Err(unknown("the store returned the row of another API key: it has to compare ids byte by byte"))
        }
        Some(ApiKeyRecord { key, .. }) if is_right => Ok(key),
        Some(ApiKeyRecord { key, .. }) => {
            Err(unknown("an API key with this id exists, and its secret is another one").with_key_id(key.id))
        }
    }
}

/// The claims of a key, by the names that RFC 9068 section 2.2 has for those of an access token.
#[derive(Serialize)]
struct Claims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    sub: &'a str,
    client_id: &'a str,
    scope: &'a str,
    jti: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
}

impl<'a> Claims<'a> {
    fn new(key: &'a ApiKey, iss: Option<&'a str>) -> Self {
        let ApiKey { id, client_id, subject, scope, .. } = key;
        let (iat, nbf, exp) = (key.created_at, key.not_before, key.expires_at);
        Self { iss, sub: subject, client_id, scope, jti: id, iat, nbf, exp }
    }
}

fn refusal(error: VerifyError, hint: &'static str) -> VerifyFailure {
    VerifyFailure::from(error).with_hint(hint)
}

fn unavailable(failure: &StoreFailure) -> VerifyFailure {
    let hint = format!("the store of API keys failed: {failure}");
    VerifyFailure::from(VerifyError::Unavailable { retry_after: None }).with_hint(hint)
}

fn time_unknown() -> VerifyFailure {
    refusal(VerifyError::Unavailable { retry_after: None }, "the clock does not know the time")
}

/// What a key would look like.
struct NoKey {
    fault: Fault,
    format: Arc<Format>,
}

impl fmt::Display for NoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (prefix, characters) = (self.format.prefix(), self.format.characters());
        match self.fault {
            Fault::OtherPrefix => write!(f, "an API key begins with {prefix:?}, in lower case"),
            Fault::TooShort => write!(f, "an API key has {characters} characters, and this one is cut off"),
            Fault::TooLong => {
                write!(f, "an API key has {characters} characters, and something stands after this one")
            }
            Fault::OtherCharacters => write!(f, "an API key has letters and digits after {prefix:?}"),
            Fault::Checksum => {
                f.write_str("the checksum of the API key is wrong: it was mistyped, or made up")
            }
        }
    }
}
