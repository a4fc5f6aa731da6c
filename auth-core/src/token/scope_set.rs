//! The scopes that a token was granted.

use std::fmt;

use super::scope::{InvalidScope, is_scope_character};

/// So many names are compared with each other one by one; more are sorted, lest the work grows with the square.
const FEW: usize = 16;

/// The scopes that a token was granted: a set; the order means nothing.
#[derive(Clone, Copy, Default)]
pub struct ScopeSet<'a> {
    /// Separated by single spaces, as in the claim.
    names: &'a str,
}

impl<'a> ScopeSet<'a> {
    /// Reads a space-separated list as in the claim `scope`
    /// ([RFC 8693 section 4.2](https://www.rfc-editor.org/rfc/rfc8693#section-4.2)).
    ///
    /// An empty text is the empty set, for authorization servers write it so.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] if a name is not a scope-token, is given twice, or more than one space, or
    /// another white-space character, stands between two.
    pub fn parse(text: &'a str) -> Result<Self, InvalidScope> {
        let set = Self { names: text };
        if text.is_empty() {
            return Ok(set);
        }
        // Without an early exit, so that the bytes can be judged many at a time.
        let sound = |sound, byte: &u8| sound & ((*byte == b' ') | is_scope_character(*byte));
        if !text.as_bytes().iter().fold(true, sound) {
            return Err(InvalidScope);
        }
        // Most tokens have a few, which are compared without an allocation.
        let mut few: [&[u8]; FEW] = [&[]; FEW];
        let mut count = 0;
        for name in text.as_bytes().split(|byte| *byte == b' ') {
            if name.is_empty() || few.iter().take(count).any(|earlier| *earlier == name) {
                return Err(InvalidScope);
            }
            if let Some(free) = few.get_mut(count) {
                *free = name;
            }
            count += 1;
        }
        if count > few.len() && set.has_duplicate() {
            return Err(InvalidScope);
        }
        Ok(set)
    }

    /// For a text that [`parse`](Self::parse) has found sound.
    pub(crate) fn of_sound(names: &'a str) -> Self {
        Self { names }
    }

    fn has_duplicate(self) -> bool {
        self.sorted().windows(2).any(|pair| pair.first() == pair.last())
    }

    fn sorted(self) -> Vec<&'a str> {
        let mut names: Vec<_> = self.iter().collect();
        names.sort_unstable();
        names
    }

    /// Whether the scope was granted.
    #[must_use]
    pub fn contains(self, scope: &str) -> bool {
        // Byte by byte, which takes half as long as by characters. No name is empty.
        !scope.is_empty()
            && self.names.as_bytes().split(|byte| *byte == b' ').any(|name| name == scope.as_bytes())
    }

    /// Whether no scope was granted.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.names.is_empty()
    }

    /// The names, in the order of the claim.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.names.split(' ').filter(|name| !name.is_empty())
    }
}

/// The same scopes, in any order.
impl PartialEq for ScopeSet<'_> {
    fn eq(&self, other: &Self) -> bool {
        let count = self.iter().count();
        if count != other.iter().count() {
            return false;
        }
        if count > FEW {
            return self.sorted() == other.sorted();
        }
        self.iter().all(|name| other.contains(name))
    }
}

impl Eq for ScopeSet<'_> {}

/// Scopes are claims: only their number is printed.
impl fmt::Debug for ScopeSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeSet(<{} redacted>)", self.iter().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_exactly_what_the_claim_lists() {
        let set = ScopeSet::parse("orders:read orders:write").unwrap();
        assert!(set.contains("orders:read") && set.contains("orders:write"));
        for other in ["orders", "orders:rea", "Orders:read", "orders:read orders:write", "", " "] {
            assert!(!set.contains(other), "{other:?}");
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), ["orders:read", "orders:write"]);
        assert!(!set.is_empty());
        assert!(ScopeSet::parse("").unwrap().is_empty());
        assert_eq!(ScopeSet::parse("").unwrap().iter().count(), 0);
    }

    #[test]
    fn a_duplicate_is_found_however_long_the_list() {
        for count in [1, 2, 15, 16, 17, 18, 100] {
            let names: Vec<_> = (0..count).map(|index| format!("scope{index}")).collect();
            let list = names.join(" ");
            assert_eq!(ScopeSet::parse(&list).unwrap().iter().count(), count);
            for duplicate in [0, count / 2, count - 1] {
                let name = names.get(duplicate).unwrap();
                assert_eq!(ScopeSet::parse(&format!("{list} {name}")), Err(InvalidScope), "{count} {name}");
                assert_eq!(ScopeSet::parse(&format!("{name} {list}")), Err(InvalidScope), "{count} {name}");
            }
        }
    }

    #[test]
    fn the_order_means_nothing() {
        let set = |text| ScopeSet::parse(text).unwrap();
        assert_eq!(set("a b c"), set("c a b"));
        for other in ["a b", "a b c d", "a b d", ""] {
            assert_ne!(set("a b c"), set(other));
        }
    }

    #[test]
    fn the_order_means_nothing_however_long_the_list() {
        for count in [15, 16, 17, 18, 1_000] {
            let names: Vec<_> = (0..count).map(|index| format!("scope{index}")).collect();
            let mut reversed = names.clone();
            reversed.reverse();
            let other = reversed.join(" ").replace("scope0", "other");
            let [list, reversed] = [names, reversed].map(|names| names.join(" "));
            let set = |text| ScopeSet::parse(text).unwrap();
            assert_eq!(set(&list), set(&reversed), "{count}");
            assert_ne!(set(&list), set(&other), "{count}");
            assert_ne!(set(&list), set(&format!("{list} other")), "{count}");
        }
    }

    #[test]
    fn broken_lists_are_refused() {
        for text in [" ", "a ", " a", "a  b", "a\tb", "a\nb", "a a", "a b a", "a\"", "a\\", "é", "a\u{a0}b"]
        {
            assert_eq!(ScopeSet::parse(text), Err(InvalidScope), "{text:?}");
        }
    }

    #[test]
    fn debug_hides_the_names() {
        assert_eq!(format!("{:?}", ScopeSet::parse("canary").unwrap()), "ScopeSet(<1 redacted>)");
    }
}
