//! What a claim is compared with.

use std::fmt;

/// A value that a claim is compared with: a text, a truth value or a whole number.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// A string, compared byte by byte.
    Text(Box<str>),
    /// `true` or `false`.
    Bool(bool),
    /// A number that is written without a fraction or an exponent.
    Integer(i64),
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for ClaimValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for ClaimValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
        }
    }
}
