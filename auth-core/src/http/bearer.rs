//! Bearer credentials out of the values of the Authorization header field.

use std::fmt;

use crate::token::bounds::MAX_CREDENTIALS_BYTES;

const SCHEME: &[u8] = b"Bearer";

/// What the Authorization field values of a request hold.
///
/// How they are read ([RFC 6750 section 2.1], [RFC 9110 section 11.4]):
///
/// 1. No field at all, or a field of another scheme: no bearer credentials were given.
/// 2. More than one field: malformed, whatever is in them. Which one counts is a question that two
///    programs on the way of one request may answer differently.
/// 3. The scheme `Bearer` is matched in any case, and followed by one or more spaces. A tab is not a space.
/// 4. What follows is one b64token and nothing else.
/// 5. More than [`MAX_CREDENTIALS_BYTES`] after the scheme is not looked at.
///
/// Nothing is copied: the token is a slice of the field's value.
///
/// [RFC 6750 section 2.1]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
/// [RFC 9110 section 11.4]: https://www.rfc-editor.org/rfc/rfc9110#section-11.4
#[derive(Clone, Copy, Eq, PartialEq)]
#[non_exhaustive]
pub enum Credentials<'a> {
    /// No Authorization field, or one of another scheme.
    Missing,
    /// A Bearer field that breaks the syntax, or more than one Authorization field.
    Malformed,
    /// More than [`MAX_CREDENTIALS_BYTES`] bytes of credentials.
    TooLong,
    /// One token of b64token characters. Nothing else is known of it.
    Token(&'a str),
}

impl<'a> Credentials<'a> {
    /// Reads the values of all Authorization fields of one request, in order.
    ///
    /// ```
    /// use auth_core::adapter::Credentials;
    ///
    /// let credentials = Credentials::from_fields([&b"bearer  mF_9.B5f-4.1JqM"[..]]);
    /// assert_eq!(credentials, Credentials::Token("mF_9.B5f-4.1JqM"));
    ///
    /// assert_eq!(Credentials::from_fields([]), Credentials::Missing);
    /// assert_eq!(Credentials::from_fields([&b"Bearer"[..]]), Credentials::Malformed);
    /// ```
    pub fn from_fields(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        Self::from_fields_up_to(MAX_CREDENTIALS_BYTES, values)
    }

    /// As [`from_fields`](Self::from_fields), with another bound.
    pub(crate) fn from_fields_up_to(max_bytes: usize, values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut values = values.into_iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Missing,
            (Some(value), None) => Self::from_field(value, max_bytes),
            (Some(_), Some(_)) => Self::Malformed,
        }
    }

    fn from_field(value: &'a [u8], max_bytes: usize) -> Self {
        let rest = match after_scheme(value, SCHEME) {
            Ok(rest) => rest,
            Err(NotOfScheme::Another) => return Self::Missing,
            Err(NotOfScheme::Broken) => return Self::Malformed,
        };
        if rest.len() > max_bytes {
            return Self::TooLong;
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        match rest.get(spaces..).and_then(b64token) {
            Some(token) => Self::Token(token),
            None => Self::Malformed,
        }
    }
}

/// Whether these are the values of one field that holds this very token, which was found sound before.
pub(crate) fn hold_token<'a>(values: impl IntoIterator<Item = &'a [u8]>, token: &str) -> bool {
    let mut values = values.into_iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let scheme = value.strip_suffix(token.as_bytes()).and_then(strip_scheme);
    scheme.is_some_and(|spaces| !spaces.is_empty() && spaces.iter().all(|byte| *byte == b' '))
}

/// Never prints the token.
impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Malformed => "Malformed",
            Self::TooLong => "TooLong",
            Self::Token(_) => "Token(<redacted>)",
        })
    }
}

/// The token of a request, **not verified**: anyone may have made it up. Whichever
/// [source](crate::CredentialSource) it comes from.
#[derive(Clone, Eq, PartialEq)]
pub struct BearerToken(pub(crate) Box<str>);

impl BearerToken {
    /// The token itself. Keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never prints the token.
impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(<redacted>)")
    }
}

/// Why an Authorization field has no credentials of a scheme.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum NotOfScheme {
    /// It is of another scheme.
    Another,
    /// It begins with no scheme, or something else than a space follows.
    Broken,
}

/// What stands in an Authorization field after this scheme and one space.
pub(super) fn after_scheme<'a>(value: &'a [u8], scheme: &[u8]) -> Result<&'a [u8], NotOfScheme> {
    let Some(rest) = strip_name(value, scheme) else {
        return Err(match value.first() {
            Some(first) if is_token_char(*first) => NotOfScheme::Another,
            _ => NotOfScheme::Broken,
        });
    };
    rest.strip_prefix(b" ").ok_or_else(|| match rest.first() {
        // A longer scheme that only begins like this one.
        Some(next) if is_token_char(*next) => NotOfScheme::Another,
        _ => NotOfScheme::Broken,
    })
}

pub(super) fn strip_scheme(value: &[u8]) -> Option<&[u8]> {
    strip_name(value, SCHEME)
}

fn strip_name<'a>(value: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = value.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`
pub(super) fn b64token(bytes: &[u8]) -> Option<&str> {
    let padding = bytes.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = bytes.get(..bytes.len() - padding)?;
    // No early exit: the loop runs over the whole token nearly always, and as vector code without one.
    let unsound = body.iter().fold(0, |unsound, byte| unsound | outside_b64token(*byte));
    if body.is_empty() || unsound != 0 {
        return None;
    }
    std::str::from_utf8(bytes).ok()
}

/// 0 for a character that a b64token may have before its padding, another number for all other bytes.
///
/// The numbers are distances to the nearest ranges and characters that may be there: letters, of both cases at
/// once; `-`, `.`, `/` and the digits behind them; and three more. Few vector instructions compute them.
fn outside_b64token(byte: u8) -> u8 {
    let letter = (byte | 0x20).wrapping_sub(b'a').saturating_sub(b'z' - b'a');
    let digit = byte.wrapping_sub(b'-').saturating_sub(b'9' - b'-');
    letter.min(digit).min(byte ^ b'+').min(byte ^ b'_').min(byte ^ b'~')
}

/// `tchar` of [RFC 9110 section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2),
/// which names of schemes are made of.
pub(super) fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the query has a parameter named `access_token`, however its name is percent-encoded.
pub(crate) fn has_access_token_parameter(target: &str) -> bool {
    let target = target.as_bytes();
    let query = memchr::memchr(b'?', target).and_then(|mark| target.get(mark + 1..)).unwrap_or_default();
    query.split(|byte| *byte == b'&').any(|parameter| {
        let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
        decodes_to(name, b"access_token")
    })
}

/// Whether percent-decoding (RFC 3986 section 2.1) of `encoded` yields `plain`.
fn decodes_to(mut encoded: &[u8], plain: &[u8]) -> bool {
    let hex = |digit: &u8| char::from(*digit).to_digit(16);
    for expected in plain {
        let (decoded, rest) = match encoded {
            [b'%', high, low, rest @ ..] => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => (high * 16 + low, rest),
                _ => return false,
            },
            [byte, rest @ ..] => (u32::from(*byte), rest),
            [] => return false,
        };
        if decoded != u32::from(*expected) {
            return false;
        }
        encoded = rest;
    }
    encoded.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_token_is_recognised_and_no_other() {
        let holds = |values: &[&str]| hold_token(values.iter().map(|value| value.as_bytes()), "abc");
        for value in ["Bearer abc", "bearer abc", "BEARER    abc"] {
            assert!(holds(&[value]), "{value}");
        }
        for values in [
            &[][..],
            &["Bearer abc", "Bearer abc"],
            &["Bearer abc", ""],
            &["Bearer abcd"],
            &["Bearer xabc"],
            &["Bearer ab"],
            &["Bearer abC"],
            &["Bearerabc"],
            &["Bearer\tabc"],
            &["Bearer x abc"],
            &["Basic abc"],
            &["abc"],
            &["Bearer "],
            &[""],
            &[" Bearer abc"],
            &["BearerX abc"],
        ] {
            assert!(!holds(values), "{values:?}");
        }
    }

    #[track_caller]
    fn reads(value: &[u8], expected: Credentials<'_>) {
        assert_eq!(Credentials::from_fields([value]), expected, "{}", value.escape_ascii());
    }

    #[test]
    fn a_token_in_any_case_of_the_scheme_after_one_or_more_spaces() {
        for value in ["Bearer a.b", "bearer a.b", "BEARER a.b", "bEaReR a.b", "Bearer     a.b"] {
            reads(value.as_bytes(), Credentials::Token("a.b"));
        }
        reads(b"Bearer azAZ09-._~+/==", Credentials::Token("azAZ09-._~+/=="));
    }

    #[test]
    fn every_byte_is_judged_as_the_grammar_has_it() {
        for byte in 0..=u8::MAX {
            let of_the_grammar = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(outside_b64token(byte) == 0, of_the_grammar, "{byte:#x}");
        }
    }

    #[test]
    fn another_scheme_is_missing() {
        for value in ["Basic YTpi", "Bearerx a", "DPoP a.b.c", "Bearer-a", "Negotiate", "b"] {
            reads(value.as_bytes(), Credentials::Missing);
        }
        reads(b"Basic \xff", Credentials::Missing);
        assert_eq!(Credentials::from_fields([]), Credentials::Missing);
    }

    #[test]
    fn broken_syntax_is_malformed() {
        let values: &[&[u8]] = &[
            b"",
            b" ",
            b"Bearer",
            b"Bearer ",
            b"Bearer   ",
            b"Bearer\ta",
            b"Bearer \ta",
            b"Bearer a\t",
            b"Bearer a ",
            b"Bearer a b",
            b"Bearer a,b",
            b"Bearer a, Bearer b",
            b"Bearer, a",
            b"Bearer=a",
            b"Bearer ==",
            b"Bearer a=b",
            b"Bearer \"a\"",
            b"Bearer a\0",
            b"Bearer \xc3\xa9",
            b"Bearer a\r\nb",
            b"\"Bearer\" a",
            b"\xff",
            b", Bearer a",
        ];
        for value in values {
            reads(value, Credentials::Malformed);
        }
    }

    #[test]
    fn two_fields_are_malformed_whatever_they_hold() {
        for (first, second) in [("Bearer a", "Bearer a"), ("Basic a", "Bearer a"), ("Basic a", "Basic b")] {
            let fields = [first.as_bytes(), second.as_bytes()];
            assert_eq!(Credentials::from_fields(fields), Credentials::Malformed);
        }
    }

    #[test]
    fn the_bound_is_exact() {
        assert_eq!(MAX_CREDENTIALS_BYTES, 65_536);
        let longest = "a".repeat(MAX_CREDENTIALS_BYTES);
        reads(format!("Bearer {longest}").as_bytes(), Credentials::Token(&longest));
        reads(format!("Bearer {longest}a").as_bytes(), Credentials::TooLong);
    }

    #[test]
    fn debug_hides_the_token() {
        assert_eq!(format!("{:?}", Credentials::Token("canary")), "Token(<redacted>)");
    }
}
