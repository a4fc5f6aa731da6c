//! A refresh token: which login it belongs to, and the secret that proves it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{RefreshError, unavailable};
use crate::backend::{Unusable, sha256};

const SELECTOR_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

/// A token as clients hold it: `base64url(selector || secret)`. All tokens of a login share the selector.
pub(super) struct Token {
    selector: [u8; SELECTOR_BYTES],
    secret: [u8; SECRET_BYTES],
}

impl Token {
    /// The first token of a new login.
    pub(super) fn random() -> Result<Self, RefreshError> {
        Ok(Self { selector: random()?, secret: random()? })
    }

    /// Another token of the same login.
    pub(super) fn successor(&self) -> Result<Self, RefreshError> {
        Ok(Self { selector: self.selector, secret: random()? })
    }

    /// Returns `None` for a text that is no token of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (selector, secret) = bytes.split_at_checked(SELECTOR_BYTES)?;
        Some(Self { selector: selector.try_into().ok()?, secret: secret.try_into().ok()? })
    }

    pub(super) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode([&self.selector[..], &self.secret].concat())
    }

    /// The id of its login: a hash, so that nobody can derive a token of the login from it.
    pub(super) fn login_id(&self) -> Result<String, RefreshError> {
        digest(&self.selector).map(|digest| URL_SAFE_NO_PAD.encode(digest))
    }

    pub(super) fn hash(&self) -> Result<String, RefreshError> {
        digest(&self.secret).map(|digest| URL_SAFE_NO_PAD.encode(digest))
    }

    /// Encrypts a successor, so that only the holder of this token can read it.
    ///
    /// It is a one-time pad: each token has one successor at most that is stored, and the pad is a hash of 256 random
    /// bits. The other hash of them that the store holds is that of another input.
    pub(super) fn seal(&self, successor: &Self) -> Result<String, RefreshError> {
        Ok(URL_SAFE_NO_PAD.encode(xor(&self.pad()?, &successor.secret)))
    }

    /// Decrypts its successor. Returns `None` for what was not sealed by this token.
    pub(super) fn unseal(&self, sealed: &str) -> Result<Option<Self>, RefreshError> {
        let Ok(sealed) = URL_SAFE_NO_PAD.decode(sealed) else { return Ok(None) };
        let secret = xor(&self.pad()?, &sealed).try_into().ok();
        Ok(secret.map(|secret| Self { selector: self.selector, secret }))
    }

    fn pad(&self) -> Result<Vec<u8>, RefreshError> {
        digest(&[&b"successor"[..], &self.secret].concat())
    }
}

fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

fn digest(bytes: &[u8]) -> Result<Vec<u8>, RefreshError> {
    sha256(bytes).map_err(|Unusable| unavailable("no digest can be made"))
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], RefreshError> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|_| unavailable("the system has no random numbers"))?;
    Ok(bytes)
}
