//! The verdict on a key.
//!
//! 1. The form: prefix, length, characters, checksum. What fails here never reaches the store.
//! 2. The row with the key's id, if the store has one.
//! 3. The hash, compared in constant time, with that of no key if there is no row.
//! 4. Whether it is the row of this very id, not revoked, within its time, with claims that can be read.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use auth_core::{StoreFailure, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait};
use futures_util::FutureExt as _;

use crate::format::{Fault, Format, Presented};
use crate::key::ApiKey;
use crate::keys::ApiKeys;
use crate::standing::{check_standing, owned, refusal, token};

#[async_trait]
impl TokenVerifier for ApiKeys {
    async fn verify(&self, text: &str) -> Result<VerifiedToken, VerifyFailure> {
        let presented = self.read(text)?; // 1
        let found = self.store.find(presented.id).await.map_err(|failure| unavailable(&failure))?; // 2
        let key = owned(presented, found)?; // 3, 4
        let now = self.clock.now().ok_or_else(time_unknown)?;
        let verdict = self.accept(&key, now);
        let verified = verdict.map_err(|failure| failure.with_key_id(key.id.as_str()))?;
        self.note_use(&key, now).await;
        Ok(verified)
    }

    /// Refuses what is no key, without a future and without the store.
    fn verify_now(&self, text: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        self.read(text).err().map(Err)
    }
}

impl ApiKeys {
    fn read<'t>(&self, text: &'t str) -> Result<Presented<'t>, VerifyFailure> {
        self.format.read(text).map_err(|fault| {
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
        token(key, self.issuer.as_deref()).map_err(|error| {
            VerifyFailure::from(VerifyError::Misconfigured("the store returned an API key that is unsound"))
                .with_hint(format!("{error}: mend the row of the key in the store, or delete it"))
        })
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
