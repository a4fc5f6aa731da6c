//! The clients that may request tokens.

use std::collections::HashMap;

use subtle::ConstantTimeEq as _;

use super::answer::TokenError;
use super::client_credentials::ClientCredentials;
use crate::backend::sha256;

/// The length of 128 random bits in base64url.
pub(crate) const MIN_SECRET_BYTES: usize = 22;

/// The registered clients by id, each with the SHA-256 hash of its secret, or `None` if it is public.
#[derive(Clone, Default)]
pub(crate) struct Clients {
    by_id: HashMap<String, Option<Vec<u8>>>,
    unnamed: Option<String>,
    /// The client whose tokens are in cookies.
    cookies: Option<String>,
}

/// The reason why a client cannot be registered.
pub(crate) enum InvalidClient {
    Empty,
    Twice(String),
    ShortSecret(String),
    NoDigest,
}

impl Clients {
    pub(crate) fn register(&mut self, id: String, secret: Option<&str>) -> Result<(), InvalidClient> {
        if id.is_empty() {
            return Err(InvalidClient::Empty);
        }
        if secret.is_some_and(|secret| secret.len() < MIN_SECRET_BYTES) {
            return Err(InvalidClient::ShortSecret(id));
        }
        let digest = secret.map(|secret| sha256(secret.as_bytes())).transpose();
        let digest = digest.map_err(|_| InvalidClient::NoDigest)?;
        match self.by_id.insert(id.clone(), digest) {
            None => Ok(()),
            Some(_) => Err(InvalidClient::Twice(id)),
        }
    }

    /// Registers the client that stands for requests without a `client_id`.
    pub(crate) fn register_unnamed(&mut self, id: String) -> Result<(), InvalidClient> {
        if self.unnamed.is_some() {
            return Err(InvalidClient::Twice(id));
        }
        self.unnamed = Some(id.clone());
        self.register(id, None)
    }

    /// Registers the client whose tokens are in cookies.
    pub(crate) fn register_cookies(&mut self, id: String) -> Result<(), InvalidClient> {
        if self.cookies.is_some() {
            return Err(InvalidClient::Twice(id));
        }
        self.cookies = Some(id.clone());
        self.register(id, None)
    }

    /// Returns the id of the client whose tokens are in cookies.
    pub(crate) fn cookies(&self) -> Option<&str> {
        self.cookies.as_deref()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Returns the id of the client that asks.
    pub(crate) fn authenticate(&self, presented: Option<&ClientCredentials>) -> Result<&str, TokenError> {
        let Some(presented) = presented else {
            return self.unnamed.as_deref().ok_or_else(|| {
                tracing::debug!("the request names no client, and there is no `unnamed_client`");
                TokenError::InvalidClient { by_basic: false }
            });
        };
        let refused = TokenError::InvalidClient { by_basic: presented.by_basic };
        let (id, registered) = self.by_id.get_key_value(&presented.id).ok_or(refused)?;
        let matches = match (registered, &presented.secret) {
            (None, None) => true,
            (Some(registered), Some(secret)) => {
                // Both readings are always compared, so that time does not tell which one was right.
                let other = presented.unencoded_secret.as_ref().unwrap_or(secret);
                let is_registered = |secret: &String| {
                    let presented = sha256(secret.as_bytes()).map_err(|_| TokenError::Unavailable)?;
                    Ok(presented.as_slice().ct_eq(registered))
                };
                (is_registered(secret)? | is_registered(other)?).into()
            }
            _ => false,
        };
        if !matches {
            return Err(refused);
        }
        // Its tokens must never be in a body, where scripts read them.
        if self.cookies.as_ref() == Some(id) { Err(TokenError::UnauthorizedClient) } else { Ok(id) }
    }
}
