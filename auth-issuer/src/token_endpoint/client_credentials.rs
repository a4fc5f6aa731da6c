//! How a client identifies itself to the token endpoint.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::TokenError;
use super::form::{Parameters, decoded, is_printable_ascii, of_kind};

/// How a client identifies itself ([RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// The client id.
    pub id: String,
    /// The client secret; `None` for a public client.
    pub secret: Option<String>,
    /// The client secret as HTTP Basic carried it, if form-decoding has changed it. Many clients, such as `curl -u`,
    /// send the secret without encoding it. So accept the secret if either reading is right.
    pub unencoded_secret: Option<String>,
    /// Whether the request has an `Authorization` field of scheme Basic. If so, a refusal must be 401 with a challenge.
    pub by_basic: bool,
}

/// Never prints the secret.
impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

pub(super) fn client<'a>(
    authorization: impl IntoIterator<Item = &'a [u8]>,
    parameters: &mut Parameters,
) -> Result<Option<ClientCredentials>, TokenError> {
    let mut take = |name| parameters.take(name).map(|value| of_kind(value, is_printable_ascii)).transpose();
    let (id, secret) = (take("client_id")?, take("client_secret")?);
    let mut fields = authorization.into_iter();
    let field = fields.next();
    if fields.next().is_some() {
        return Err(TokenError::InvalidRequest("there are two Authorization fields"));
    }
    let Some(encoded) = field.and_then(basic) else {
        return match (id, secret) {
            (None, Some(_)) => Err(TokenError::InvalidRequest("client_id is missing")),
            (None, None) => Ok(None),
            (Some(id), secret) => Ok(Some(ClientCredentials::in_body(id, secret))),
        };
    };
    if secret.is_some() {
        return Err(TokenError::InvalidRequest("a client must authenticate in one way only"));
    }
    let Some(basic) = credentials(encoded).ok_or(TokenError::InvalidClient { by_basic: true })? else {
        return Ok(id.map(|id| ClientCredentials { by_basic: true, ..ClientCredentials::in_body(id, None) }));
    };
    if id.is_some_and(|id| id != basic.id) {
        return Err(TokenError::InvalidRequest("client_id is not the one that authenticates"));
    }
    Ok(Some(basic))
}

impl ClientCredentials {
    fn in_body(id: String, secret: Option<String>) -> Self {
        Self { id, secret, unencoded_secret: None, by_basic: false }
    }
}

/// Returns what follows the scheme if that is Basic.
fn basic(field: &[u8]) -> Option<&[u8]> {
    let end = field.iter().position(u8::is_ascii_whitespace).unwrap_or(field.len());
    let (scheme, encoded) = field.split_at_checked(end)?;
    scheme.eq_ignore_ascii_case(b"Basic").then_some(encoded)
}

/// Parses ` base64(id ":" secret)`, with id and secret form-encoded. If both are empty, as Swagger UI sends them if its
/// fields are empty, no client is named.
fn credentials(encoded: &[u8]) -> Option<Option<ClientCredentials>> {
    let pair = STANDARD.decode(encoded.strip_prefix(b" ")?.trim_ascii()).ok()?;
    if pair == b":" {
        return Some(None);
    }
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let sound = |text: String| of_kind(text, is_printable_ascii).ok();
    let id = sound(decoded(pair.get(..colon)?).ok()?).filter(|id| !id.is_empty())?;
    let as_sent = pair.get(colon + 1..)?;
    let encoded = decoded(as_sent).ok().and_then(sound);
    let unencoded = str::from_utf8(as_sent).ok().map(str::to_owned).and_then(sound);
    let (secret, other) = match (encoded, unencoded) {
        (Some(encoded), unencoded) => (encoded.clone(), unencoded.filter(|unencoded| *unencoded != encoded)),
        (None, unencoded) => (unencoded?, None),
    };
    let secret = Some(secret).filter(|secret| !secret.is_empty());
    Some(Some(ClientCredentials { id, secret, unencoded_secret: other, by_basic: true }))
}
