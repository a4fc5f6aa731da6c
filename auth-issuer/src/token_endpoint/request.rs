//! A request to the token endpoint.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use auth_core::Scope;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::TokenError;
use super::multipart;

/// The longest body that is parsed, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// More scopes are refused, since each is compared with the others.
const MAX_SCOPES: usize = 64;

const WRONG_CONTENT_TYPE: TokenError =
    TokenError::InvalidRequest("the content type must be application/x-www-form-urlencoded");

/// A well-formed request for a token ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
/// Nothing in it has been verified.
///
/// [`parse`](Self::parse) applies these rules. The first fault ends it.
///
/// 1. `Content-Type` is `application/x-www-form-urlencoded`. A parameter `charset` may say UTF-8.
/// 2. The body has at most [`MAX_BODY_BYTES`]. Names and values are UTF-8 once their escapes are decoded.
/// 3. No parameter occurs twice. A parameter with an empty value counts as absent. Unknown parameters are ignored.
/// 4. A client authenticates in one way at most: by HTTP Basic, with id and secret form-encoded (RFC 6749 section
///    2.3.1), or by `client_id` and `client_secret` in the body. An `Authorization` field of another scheme, such as an
///    expired bearer token, is no client authentication and is ignored. Two `Authorization` fields are refused.
/// 5. A `client_id` alone names a public client. Beside Basic it is allowed if both ids are equal, or if Basic names
///    none.
/// 6. `grant_type` is known, and the parameters that it needs are present.
/// 7. User name and password hold no control characters but tabs. All other values are printable ASCII
///    ([RFC 6749 appendix A](https://www.rfc-editor.org/rfc/rfc6749#appendix-A)). At most 64 scopes are listed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// What the client exchanges for a token.
    pub grant: Grant,
    /// The requested scopes, without duplicates; `None` if the client requests none.
    pub scopes: Option<Vec<Scope>>,
    /// The client that asks; `None` if the request names none.
    pub client: Option<ClientCredentials>,
}

/// In what a request may deviate from the rules of [`TokenRequest`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deviations {
    /// A login may lack `grant_type`.
    pub(crate) missing_grant_type: bool,
    /// The body may be a form in parts.
    pub(crate) multipart_forms: bool,
}

/// What a client exchanges for a token.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grant {
    /// The user name and password of the resource owner
    /// ([RFC 6749 section 4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.3)). For an API's own login page only:
    /// other clients must never see a password
    /// ([RFC 9700 section 2.4](https://www.rfc-editor.org/rfc/rfc9700#section-2.4)).
    Password {
        /// The user name, as typed.
        username: String,
        /// The password, as typed.
        password: String,
    },
    /// A refresh token ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    RefreshToken(String),
}

/// Prints the kind only.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(<redacted>)",
            Self::RefreshToken(_) => "RefreshToken(<redacted>)",
        })
    }
}

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

impl TokenRequest {
    /// Parses a request: the values of its `Content-Type` and `Authorization` fields, and its body.
    ///
    /// ```
    /// use auth_issuer::{Grant, TokenRequest};
    ///
    /// let body = b"grant_type=password&username=alice&password=correct+horse&scope=orders%3Aread";
    /// let request = TokenRequest::parse([&b"application/x-www-form-urlencoded"[..]], [], body)?;
    /// assert!(matches!(request.grant, Grant::Password { username, .. } if username == "alice"));
    /// # Ok::<(), auth_issuer::TokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the [`TokenError`] to send.
    pub fn parse<'a, 'b>(
        content_type: impl IntoIterator<Item = &'a [u8]>,
        authorization: impl IntoIterator<Item = &'b [u8]>,
        body: &[u8],
    ) -> Result<Self, TokenError> {
        Self::parse_with(Deviations::default(), content_type, authorization, body)
    }

    pub(crate) fn parse_with<'a, 'b>(
        deviations: Deviations,
        content_type: impl IntoIterator<Item = &'a [u8]>,
        authorization: impl IntoIterator<Item = &'b [u8]>,
        body: &[u8],
    ) -> Result<Self, TokenError> {
        let mut parameters = match only(content_type) {
            Some(value) if is_form(value) => Parameters::parse(body)?,
            Some(value) if deviations.multipart_forms => Parameters::parse_parts(value, body)?,
            _ => return Err(WRONG_CONTENT_TYPE),
        };
        let client = client(authorization, &mut parameters)?;
        let is_login = ["username", "password"].iter().any(|name| parameters.0.contains_key(*name));
        let implied = || (deviations.missing_grant_type && is_login).then(|| "password".to_owned());
        let grant = match parameters.take("grant_type").or_else(implied).as_deref() {
            Some("password") => Grant::Password {
                username: of_kind(parameters.required("username")?, is_text)?,
                password: of_kind(parameters.required("password")?, is_text)?,
            },
            Some("refresh_token") => {
                Grant::RefreshToken(of_kind(parameters.required("refresh_token")?, is_printable_ascii)?)
            }
            Some(_) => return Err(TokenError::UnsupportedGrantType),
            None => return Err(TokenError::InvalidRequest("grant_type is missing")),
        };
        let scopes = parameters.take("scope").map(|list| scopes(&list)).transpose()?;
        Ok(Self { grant, scopes, client })
    }
}

/// The parameters of a form, each of which occurs once.
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(super) fn parse(body: &[u8]) -> Result<Self, TokenError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(TokenError::TOO_LONG);
        }
        let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Self::collect(pairs.map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            Ok((decoded(parts.next().unwrap_or_default())?, decoded(parts.next().unwrap_or_default())?))
        }))
    }

    fn parse_parts(content_type: &[u8], body: &[u8]) -> Result<Self, TokenError> {
        let invalid = TokenError::InvalidRequest("the body is not a multipart form of text in UTF-8");
        let boundary = multipart::content_type(content_type).ok_or(WRONG_CONTENT_TYPE)?;
        let boundary =
            boundary.ok_or(TokenError::InvalidRequest("the boundary of the multipart form is missing"))?;
        if body.len() > MAX_BODY_BYTES {
            return Err(TokenError::TOO_LONG);
        }
        let text = |bytes| str::from_utf8(bytes).map(str::to_owned).map_err(|_| invalid);
        let parts = multipart::parts(body, boundary).ok_or(invalid)?;
        Self::collect(parts.into_iter().map(|(name, value)| Ok((text(name)?, text(value)?))))
    }

    fn collect(
        pairs: impl Iterator<Item = Result<(String, String), TokenError>>,
    ) -> Result<Self, TokenError> {
        let mut parameters = HashMap::new();
        for pair in pairs {
            let (name, value) = pair?;
            if parameters.insert(name, value).is_some() {
                return Err(TokenError::InvalidRequest("a parameter occurs twice"));
            }
        }
        parameters.retain(|_, value: &mut String| !value.is_empty());
        Ok(Self(parameters))
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn required(&mut self, name: &'static str) -> Result<String, TokenError> {
        self.take(name).ok_or(TokenError::InvalidRequest(match name {
            "username" => "username is missing",
            "password" => "password is missing",
            _ => "refresh_token is missing",
        }))
    }
}

pub(super) fn of_kind(value: String, kind: impl Fn(char) -> bool) -> Result<String, TokenError> {
    if value.chars().all(kind) {
        Ok(value)
    } else {
        Err(TokenError::InvalidRequest("a parameter has forbidden characters"))
    }
}

/// `UNICODECHARNOCRLF` of RFC 6749.
fn is_text(character: char) -> bool {
    character == '\t' || !matches!(character, '\0'..'\x20' | '\x7f' | '\u{fffe}' | '\u{ffff}')
}

/// `VSCHAR` of RFC 6749.
pub(super) fn is_printable_ascii(character: char) -> bool {
    matches!(character, ' '..='~')
}

/// Decodes percent-escapes, and `+` for a space, strictly: two digits follow every `%`, and the result is UTF-8.
fn decoded(text: &[u8]) -> Result<String, TokenError> {
    let invalid = TokenError::InvalidRequest("the body is not form-encoded UTF-8");
    let mut escapes = text.split(|byte| *byte == b'%').skip(1);
    let is_escape =
        |after: &[u8]| matches!(after, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    if !escapes.all(is_escape) {
        return Err(invalid);
    }
    let spaced: Vec<_> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    match percent_encoding::percent_decode(&spaced).decode_utf8() {
        Ok(text) => Ok(Cow::into_owned(text)),
        Err(_) => Err(invalid),
    }
}

pub(super) fn only<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
    let mut values = values.into_iter();
    values.next().filter(|_| values.next().is_none())
}

pub(super) fn is_form(content_type: &[u8]) -> bool {
    let mut parts = content_type.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is = |part: &[u8], wanted: &str| part.eq_ignore_ascii_case(wanted.as_bytes());
    let is_form = parts.next().is_some_and(|part| is(part, "application/x-www-form-urlencoded"));
    // RFC 9110 section 5.6.6: a parameter may be left out between semicolons.
    let mut parameters = parts.filter(|part| !part.is_empty());
    let is_utf8 = |part| is(part, "charset=utf-8") || is(part, "charset=\"utf-8\"");
    is_form && parameters.next().is_none_or(is_utf8) && parameters.next().is_none()
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

/// Parses scope names with single spaces between them
/// ([RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
fn scopes(list: &str) -> Result<Vec<Scope>, TokenError> {
    let mut scopes = Vec::new();
    if list.split(' ').count() > MAX_SCOPES {
        return Err(TokenError::InvalidScope);
    }
    for name in list.split(' ') {
        let scope = Scope::new(name).map_err(|_| TokenError::InvalidScope)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}
