//! What one source holds.

use std::borrow::Cow;
use std::fmt;

use crate::http::bearer::{Credentials, b64token};
use crate::token::bounds::MAX_CREDENTIALS_BYTES;

/// What one source of a request holds.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Reading<'r> {
    Missing,
    Malformed,
    /// More than [`MAX_CREDENTIALS_BYTES`].
    TooLong,
    /// One token of b64token characters. Nothing else is known of it.
    Token(Cow<'r, str>),
}

impl<'r> Reading<'r> {
    /// Reads a value that is a token and nothing else.
    pub(super) fn of_value(value: &'r [u8]) -> Self {
        if value.len() > MAX_CREDENTIALS_BYTES {
            return Self::TooLong;
        }
        b64token(value).map_or(Self::Malformed, |token| Self::Token(token.into()))
    }
}

impl<'r> From<Credentials<'r>> for Reading<'r> {
    fn from(credentials: Credentials<'r>) -> Self {
        match credentials {
            Credentials::Missing => Self::Missing,
            Credentials::Malformed => Self::Malformed,
            Credentials::TooLong => Self::TooLong,
            Credentials::Token(token) => Self::Token(Cow::Borrowed(token)),
        }
    }
}

/// Never prints the token.
impl fmt::Debug for Reading<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "Missing",
            Self::Malformed => "Malformed",
            Self::TooLong => "TooLong",
            Self::Token(_) => "Token(<redacted>)",
        })
    }
}
