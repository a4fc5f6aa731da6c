//! A key as it is listed, as it is stored, and as its client gets it.

use std::fmt;

use serde::Serialize;

/// What is known of an API key: everything but its secret. May be shown to its owner.
///
/// Serializes as an object with these members, for a list of keys in JSON.
#[derive(Clone, Eq, PartialEq, Serialize)]
pub struct ApiKey {
    /// Identifies the key: the 16 characters that follow its prefix. Not a secret: nobody can make the key out of it.
    pub id: String,
    /// What the key is for, as its owner called it. Escape it in HTML.
    pub label: Option<String>,
    /// The client that holds the key: claim `client_id`.
    pub client_id: String,
    /// Whom the key acts for: claim `sub`. The client itself, unless the key was minted
    /// [on behalf of](crate::NewApiKey::on_behalf_of) somebody.
    pub subject: String,
    /// What the key is good for: names of scopes with a space between, as in claim `scope`. Empty for none.
    pub scope: String,
    /// When the key was minted, in seconds since 1970.
    pub created_at: u64,
    /// From when on the key is accepted, in seconds since 1970; at once, if `None`.
    pub not_before: Option<u64>,
    /// From when on the key is refused, in seconds since 1970; never, if `None`.
    pub expires_at: Option<u64>,
    /// When the key was last used, in seconds since 1970; `None` if it never was. Late by up to the
    /// [interval](crate::ApiKeys::last_used_interval).
    pub last_used_at: Option<u64>,
    /// When the key was revoked, in seconds since 1970; `None` if it was not.
    pub revoked_at: Option<u64>,
}

/// What a store holds of an API key: one row.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiKeyRecord {
    /// The key without its secret.
    pub key: ApiKey,
    /// The SHA-256 hash of the whole key, in 64 hexadecimal digits: `printf %s "$KEY" | sha256sum` prints it.
    pub hash: String,
}

/// A new API key. Show it to its owner once: nobody can read it again, in the store or elsewhere.
#[derive(Clone)]
pub struct MintedKey {
    pub(crate) text: String,
    pub(crate) key: ApiKey,
}

impl MintedKey {
    /// The key itself, for its owner. Keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is known of the key.
    #[must_use]
    pub fn details(&self) -> &ApiKey {
        &self.key
    }
}

/// Prints the id and the times only.
impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, created_at, not_before, expires_at, last_used_at, revoked_at, .. } = self;
        f.debug_struct("ApiKey")
            .field("id", id)
            .field("created_at", created_at)
            .field("not_before", not_before)
            .field("expires_at", expires_at)
            .field("last_used_at", last_used_at)
            .field("revoked_at", revoked_at)
            .finish_non_exhaustive()
    }
}

/// Never prints the hash.
impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord").field("key", &self.key).finish_non_exhaustive()
    }
}

/// Never prints the key.
impl fmt::Debug for MintedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MintedKey").field("details", &self.key).finish_non_exhaustive()
    }
}
