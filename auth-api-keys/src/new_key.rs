//! A key that is asked for, and why none was minted.

use std::time::Duration;

use auth_core::{Scope, StoreFailure, VerifyError};

use crate::key::ApiKey;

const MAX_NAME_CHARACTERS: usize = 255;
const MAX_LABEL_CHARACTERS: usize = 200;

/// An API key to be minted. Its lifetime has to be said.
///
/// ```
/// use auth_api_keys::{NewApiKey, Scope};
/// use std::time::Duration;
///
/// const ORDERS_READ: Scope = Scope::from_static("orders:read");
///
/// let new = NewApiKey::for_client("nightly-export")
///     .label("The export to the warehouse, every night")
///     .scopes([ORDERS_READ])
///     .lifetime(Duration::from_secs(90 * 24 * 60 * 60));
/// # let _ = new;
/// ```
#[derive(Clone)]
pub struct NewApiKey {
    client_id: String,
    subject: Option<String>,
    label: Option<String>,
    scopes: Vec<Scope>,
    not_before: Option<u64>,
    lifetime: Lifetime,
}

#[derive(Clone, Copy)]
enum Lifetime {
    Unsaid,
    Lasts(Duration),
    Unlimited,
}

/// The reason why no key was minted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MintError {
    /// The client id cannot be one.
    #[error("a client id has 1 to {MAX_NAME_CHARACTERS} printable ASCII characters (RFC 6749 appendix A.1)")]
    ClientId,
    /// The subject cannot be one.
    #[error("a subject has 1 to {MAX_NAME_CHARACTERS} characters, none of which is a control character")]
    Subject,
    /// The label is empty, too long, or more than a line.
    #[error("a label has 1 to {MAX_LABEL_CHARACTERS} characters, none of which is a control character")]
    Label,
    /// Nothing was said about when the key expires.
    #[error("say when the key expires: call `lifetime(..)` or, for a key without an end, `never_expires()`")]
    NoLifetime,
    /// The verifier would refuse the key, now or at its `not_before`: it expires before it is valid, its end is beyond the
    /// year 9999, or a scope is given twice.
    #[error("this key would be refused by its own verifier: {0}; change what the key is minted with")]
    WouldBeRefused(VerifyError),
    /// The store does not return what was stored. The key was revoked.
    #[error(
        "the store does not return the API key as it was stored: check that no column cuts a text short, and that keys \
         are read from the database that they are written to"
    )]
    NotKept,
    /// The store, the clock or the system's random number generator failed. Answer 503.
    #[error("no API key can be minted now: {0}")]
    Unavailable(StoreFailure),
}

impl NewApiKey {
    /// A key for this client. It acts for the client itself, and has no scopes.
    pub fn for_client(client_id: impl Into<String>) -> Self {
        let (subject, label, not_before) = (None, None, None);
        let lifetime = Lifetime::Unsaid;
        Self { client_id: client_id.into(), subject, label, scopes: Vec::new(), not_before, lifetime }
    }

    /// Lets the key act for somebody else than its client: claim `sub`. For keys that users mint for their own tools.
    #[must_use]
    pub fn on_behalf_of(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets what the key is for, as a hint for its owner: one line of at most 200 characters.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds scopes. What the owner of the key may hand out is for the application to check.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets how long the key lives from now on, in whole seconds.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Lifetime::Lasts(lifetime);
        self
    }

    /// Lets the key live until it is revoked. A leaked key that nobody notices is then valid for ever.
    #[must_use]
    pub fn never_expires(mut self) -> Self {
        self.lifetime = Lifetime::Unlimited;
        self
    }

    /// Sets from when on the key is accepted, in seconds since 1970: for a key that takes over from another one.
    #[must_use]
    pub fn not_before(mut self, seconds: u64) -> Self {
        self.not_before = Some(seconds);
        self
    }

    /// The key with this id, minted now.
    pub(crate) fn into_key(self, id: String, now: u64) -> Result<ApiKey, MintError> {
        let Self { client_id, subject, label, scopes, not_before, lifetime } = self;
        if !is_line(&client_id, MAX_NAME_CHARACTERS) || !client_id.is_ascii() {
            return Err(MintError::ClientId);
        }
        let subject = subject.unwrap_or_else(|| client_id.clone());
        if !is_line(&subject, MAX_NAME_CHARACTERS) {
            return Err(MintError::Subject);
        }
        if label.as_deref().is_some_and(|label| !is_line(label, MAX_LABEL_CHARACTERS)) {
            return Err(MintError::Label);
        }
        let expires_at = match lifetime {
            Lifetime::Unsaid => return Err(MintError::NoLifetime),
            Lifetime::Lasts(lifetime) => Some(now.saturating_add(lifetime.as_secs())),
            Lifetime::Unlimited => None,
        };
        let scope = scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" ");
        let (last_used_at, revoked_at) = (None, None);
        Ok(ApiKey {
            id,
            label,
            client_id,
            subject,
            scope,
            created_at: now,
            not_before,
            expires_at,
            last_used_at,
            revoked_at,
        })
    }
}

fn is_line(text: &str, max_characters: usize) -> bool {
    (1..=max_characters).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Never prints who the key is for.
impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewApiKey(<redacted>)")
    }
}
