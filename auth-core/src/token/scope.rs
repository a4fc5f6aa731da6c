//! The name of a scope.

use std::borrow::Cow;
use std::fmt;

/// The name of one scope: a `scope-token` of
/// [RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3), such as
/// `orders:read`. Compared byte by byte.
///
/// ```
/// use auth_core::Scope;
///
/// // As a constant, a name that cannot be written into a challenge does not compile.
/// const ORDERS_READ: Scope = Scope::from_static("orders:read");
///
/// assert!(Scope::new("two words").is_err());
/// ```
///
/// ```compile_fail
/// const TWO_WORDS: auth_core::Scope = auth_core::Scope::from_static("two words");
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scope(Cow<'static, str>);

/// A name that is not a scope-token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a scope is one or more printable ASCII characters without space, '\"' and '\\' \
     (RFC 6749 section 3.3)"
)]
pub struct InvalidScope;

impl Scope {
    /// Checks the name of a scope.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] if the name is empty or holds a character that a scope-token may not.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidScope> {
        let name = name.into();
        if is_scope_token(name.as_bytes()) { Ok(Self(Cow::Owned(name))) } else { Err(InvalidScope) }
    }

    /// A scope named in the source, best as a constant: then a bad name is a compile error.
    ///
    /// # Panics
    ///
    /// Outside of constants, if the name is not a scope-token.
    #[must_use]
    #[allow(clippy::panic, reason = "in a constant this is a compile error")]
    pub const fn from_static(name: &'static str) -> Self {
        if is_scope_token(name.as_bytes()) {
            Self(Cow::Borrowed(name))
        } else {
            panic!("a scope is printable ASCII without space, '\"' and '\\'")
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`
pub(crate) const fn is_scope_token(mut name: &[u8]) -> bool {
    if name.is_empty() {
        return false;
    }
    while let [first, rest @ ..] = name {
        if !is_scope_character(*first) {
            return false;
        }
        name = rest;
    }
    true
}

pub(super) const fn is_scope_character(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_scope_token() {
        for byte in 0..=u8::MAX {
            let of_the_grammar = matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            assert_eq!(is_scope_token(&[b'a', byte]), of_the_grammar, "{byte:#x}");
        }
        for name in ["", " ", "two words", "a\"", "\\", "\u{e9}"] {
            assert_eq!(Scope::new(name), Err(InvalidScope), "{name}");
        }
        assert_eq!(Scope::new("orders:read").unwrap().as_str(), "orders:read");
    }
}
