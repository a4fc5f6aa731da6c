//! What is to be said of a key once its row was found: whose it is, whether it is in force, what it says.

use std::hint::black_box;

use auth_core::{TokenKind, VerifiedToken, VerifyError, VerifyFailure};
use serde::Serialize;

use crate::format::Presented;
use crate::hash;
use crate::key::{ApiKey, ApiKeyRecord};

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

/// What the key says, to a verifier that accepts it.
pub(crate) fn token(key: &ApiKey, issuer: Option<&str>) -> Result<VerifiedToken, VerifyError> {
    if key.client_id.is_empty() {
        return Err(VerifyError::InvalidClaim("client_id"));
    }
    let token = VerifiedToken::assert_verified(Claims::new(key, issuer))?;
    Ok(token.with_kind(TokenKind::ApiKey).with_key_id(key.id.as_str()))
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

pub(crate) fn refusal(error: VerifyError, hint: &'static str) -> VerifyFailure {
    VerifyFailure::from(error).with_hint(hint)
}
