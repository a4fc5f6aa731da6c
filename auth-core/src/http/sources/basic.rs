//! A token as the password of HTTP Basic.
//!
//! How the Authorization field is read ([RFC 7617 section 2](https://www.rfc-editor.org/rfc/rfc7617#section-2)):
//!
//! 1. Like a bearer field: more than one field is malformed, another scheme is missing.
//! 2. After one or more spaces, base64 with its padding and without stray bits.
//! 3. In it a user name without colon, a colon, and the password. No control characters.
//! 4. The user name is ignored. The password is one b64token.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::reading::Reading;
use crate::http::bearer::{NotOfScheme, after_scheme, b64token};
use crate::token::bounds::MAX_CREDENTIALS_BYTES;

pub(super) const SCHEME: &[u8] = b"Basic";

pub(super) fn read<'r>(mut values: impl Iterator<Item = &'r [u8]>) -> Reading<'r> {
    let value = match (values.next(), values.next()) {
        (None, _) => return Reading::Missing,
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Reading::Malformed,
    };
    match after_scheme(value, SCHEME) {
        Err(NotOfScheme::Another) => Reading::Missing,
        Err(NotOfScheme::Broken) => Reading::Malformed,
        Ok(encoded) if encoded.len() > MAX_CREDENTIALS_BYTES => Reading::TooLong,
        Ok(encoded) => match password(encoded) {
            Ok(token) => Reading::Token(Cow::Owned(token)),
            Err(_) => Reading::Malformed,
        },
    }
}

/// What is wrong with Basic credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NoPassword {
    NotBase64,
    ControlCharacter,
    NoColon,
    Empty,
    NoToken,
}

/// The password in what follows the scheme and its space.
pub(super) fn password(encoded: &[u8]) -> Result<String, NoPassword> {
    let spaces = encoded.iter().take_while(|byte| **byte == b' ').count();
    let encoded = encoded.get(spaces..).unwrap_or_default();
    let mut decoded = STANDARD.decode(encoded).map_err(|_| NoPassword::NotBase64)?;
    if decoded.iter().any(u8::is_ascii_control) {
        return Err(NoPassword::ControlCharacter);
    }
    let colon = memchr::memchr(b':', &decoded).ok_or(NoPassword::NoColon)?;
    decoded.drain(..=colon);
    if decoded.is_empty() {
        return Err(NoPassword::Empty);
    }
    let is_token = b64token(&decoded).is_some();
    String::from_utf8(decoded).ok().filter(|_| is_token).ok_or(NoPassword::NoToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(values: &[&str]) -> Reading<'static> {
        match read(values.iter().map(|value| value.as_bytes())) {
            Reading::Token(token) => Reading::Token(token.into_owned().into()),
            Reading::Missing => Reading::Missing,
            Reading::Malformed => Reading::Malformed,
            Reading::TooLong => Reading::TooLong,
        }
    }

    fn basic(user_pass: &str) -> String {
        format!("Basic {}", STANDARD.encode(user_pass))
    }

    #[test]
    fn the_password_is_the_token_whatever_the_user_is_called() {
        for user in ["", "alice", "__token__", "x-access-token", "Zo\u{eb}", "a b"] {
            let value = basic(&format!("{user}:a.b"));
            assert_eq!(reads(&[&value]), Reading::Token("a.b".into()), "{user}");
            assert_eq!(reads(&[&value.replacen("Basic ", "bASIC   ", 1)]), Reading::Token("a.b".into()));
        }
        assert_eq!(reads(&[]), Reading::Missing);
        for value in ["Bearer a", "Basicx YTpi", "Digest x"] {
            assert_eq!(reads(&[value]), Reading::Missing, "{value}");
        }
    }

    #[test]
    fn broken_ones_are_malformed() {
        let good = basic("alice:a.b");
        for values in [
            &[&*good, &*good][..],
            &[&good, ""],
            &["Basic"],
            &["Basic "],
            &["Basic\tYTpi"],
            &["Basic YTpi "],
            &["Basic YTpi,YTpi"],
            &["Basic YTp"],      // no padding
            &["Basic YTo="],     // an empty password
            &["Basic YTpiYg"],   // no padding
            &["Basic YTpiYh=="], // stray bits
            &["Basic YTpi\u{e9}"],
            &["Basic _-8="], // the other alphabet
            &[""],
            &[&basic("alice")],
            &[&basic("a.b:")],
            &[&basic("alice:a b")],
            &[&basic("alice:a:b")],
            &[&basic("alice:a\n")],
            &[&basic("al\0ice:a")],
            &[&basic("alice:\u{e9}")],
        ] {
            assert_eq!(reads(values), Reading::Malformed, "{values:?}");
        }
    }

    #[test]
    fn the_bound_is_exact() {
        let longest = format!("Basic {}", STANDARD.encode(format!("{:1$}:a", "", 49_150)));
        assert_eq!(longest.len() - "Basic ".len(), MAX_CREDENTIALS_BYTES);
        assert_eq!(reads(&[&longest]), Reading::Token("a".into()));
        assert_eq!(reads(&[&format!("{longest}AAAA")]), Reading::TooLong);
    }
}
