//! The form that a request carries.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::answer::TokenError;
#[cfg(feature = "multipart")]
use super::multipart::{self, Fault};

/// The longest body that is parsed, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

pub(super) const WRONG_CONTENT_TYPE: TokenError =
    TokenError::InvalidRequest("the content type must be application/x-www-form-urlencoded");

pub(super) const WRONG_LOGIN_TYPE: TokenError = TokenError::InvalidRequest(
    "the content type must be application/x-www-form-urlencoded or application/json",
);

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

    /// Parses an object of JSON. Members that are no strings are ignored, unless they are parameters of a login.
    pub(super) fn parse_json(body: &[u8]) -> Result<Self, TokenError> {
        const NO_OBJECT: TokenError =
            TokenError::InvalidRequest("the body is not an object of JSON in UTF-8");
        if body.len() > MAX_BODY_BYTES {
            return Err(TokenError::TOO_LONG);
        }
        let Members(members) = serde_json::from_slice(body).map_err(|_| NO_OBJECT)?;
        Self::collect(members.into_iter().filter_map(|(name, value)| {
            match value {
                Value::String(value) => Some(Ok((name, value))),
                _ if ["username", "password", "scope", "grant_type", "client_id", "client_secret"]
                    .contains(&&*name) =>
                {
                    Some(Err(TokenError::InvalidRequest("a parameter is not a string")))
                }
                _ => None,
            }
        }))
    }

    #[cfg(feature = "multipart")]
    pub(super) fn parse_parts(content_type: &[u8], body: &[u8]) -> Result<Self, TokenError> {
        let error = |fault| match fault {
            Fault::NotMultipart => WRONG_CONTENT_TYPE,
            Fault::NoBoundary => {
                TokenError::InvalidRequest("the content type of a multipart form must name one boundary")
            }
            Fault::Body => TokenError::InvalidRequest("the body is not a multipart form of text in UTF-8"),
        };
        let boundary = multipart::boundary(content_type).map_err(error)?;
        if body.len() > MAX_BODY_BYTES {
            return Err(TokenError::TOO_LONG);
        }
        Self::collect(multipart::parts(boundary, body).map_err(error)?.into_iter().map(Ok))
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

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    pub(super) fn required(&mut self, name: &'static str) -> Result<String, TokenError> {
        self.take(name).ok_or(TokenError::InvalidRequest(match name {
            "username" => "username is missing",
            "password" => "password is missing",
            _ => "refresh_token is missing",
        }))
    }
}

/// All members of an object, in order: one that occurs twice is there twice.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

pub(super) fn of_kind(value: String, kind: impl Fn(char) -> bool) -> Result<String, TokenError> {
    if value.chars().all(kind) {
        Ok(value)
    } else {
        Err(TokenError::InvalidRequest("a parameter has forbidden characters"))
    }
}

/// `VSCHAR` of RFC 6749.
pub(super) fn is_printable_ascii(character: char) -> bool {
    matches!(character, ' '..='~')
}

/// Decodes percent-escapes, and `+` for a space, strictly: two digits follow every `%`, and the result is UTF-8.
pub(super) fn decoded(text: &[u8]) -> Result<String, TokenError> {
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
    is_of_type(content_type, "application/x-www-form-urlencoded")
}

pub(super) fn is_json(content_type: &[u8]) -> bool {
    is_of_type(content_type, "application/json")
}

fn is_of_type(content_type: &[u8], wanted: &str) -> bool {
    let mut parts = content_type.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let is = |part: &[u8], wanted: &str| part.eq_ignore_ascii_case(wanted.as_bytes());
    let is_wanted = parts.next().is_some_and(|part| is(part, wanted));
    // RFC 9110 section 5.6.6: a parameter may be left out between semicolons.
    let mut parameters = parts.filter(|part| !part.is_empty());
    let is_utf8 = |part| is(part, "charset=utf-8") || is(part, "charset=\"utf-8\"");
    is_wanted && parameters.next().is_none_or(is_utf8) && parameters.next().is_none()
}
