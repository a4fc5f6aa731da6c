//! How a name that a token claims differs from the one expected, without telling the name.

use std::fmt;
use std::sync::Arc;

/// Says in which way `claimed` is not `expected`, if it is one of the ways that people get wrong.
pub(super) fn difference(claimed: &str, expected: &str) -> Option<&'static str> {
    let (ours, theirs) = (Parts::of(expected), Parts::of(claimed));
    if claimed.trim() == expected.trim() {
        return Some("differs only by white space around it");
    }
    if claimed.trim_end_matches('/') == expected.trim_end_matches('/') {
        return Some("differs only by a final slash");
    }
    if claimed.eq_ignore_ascii_case(expected) {
        return Some("differs only in upper and lower case");
    }
    let same_host = ours.host.eq_ignore_ascii_case(theirs.host);
    let same_path = ours.path.trim_end_matches('/') == theirs.path.trim_end_matches('/');
    match (ours.scheme, theirs.scheme) {
        (Some(_), None) | (None, Some(_)) if same_host && same_path => {
            Some("is the same but for `https://` at its beginning")
        }
        (Some(ours), Some(theirs)) if ours != theirs && same_host && same_path => {
            Some("has the same host and path, and http instead of https or the other way round")
        }
        (Some(_), Some(_)) if same_host => Some("has the same host and another path"),
        (Some(_), Some(_)) if same_path => Some("has another host and the same path"),
        (Some(_), Some(_)) => Some("has another host and another path"),
        _ => None,
    }
}

/// A name taken apart as an address.
struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    path: &'a str,
}

impl<'a> Parts<'a> {
    fn of(name: &'a str) -> Self {
        let (scheme, rest) = match name.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, name),
        };
        let (host, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        Self { scheme, host, path }
    }
}

/// What was expected of a claim, and in which way the token's value is another.
pub(super) struct Mismatch {
    pub(super) claim: &'static str,
    pub(super) expected: Arc<[Box<str>]>,
    pub(super) difference: Option<&'static str>,
    pub(super) advice: &'static str,
}

impl Mismatch {
    /// `claimed` is what the token says, one name or several.
    pub(super) fn new(
        claim: &'static str,
        expected: &Arc<[Box<str>]>,
        claimed: &[&str],
        advice: &'static str,
    ) -> Self {
        let difference =
            expected.iter().find_map(|name| claimed.iter().find_map(|claimed| difference(claimed, name)));
        Self { claim, expected: expected.clone(), difference, advice }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected `{}` {}", self.claim, OneOf(&self.expected))?;
        if let Some(difference) = self.difference {
            write!(f, "; the token's {difference}")?;
        }
        if !self.advice.is_empty() {
            write!(f, ". {}", self.advice)?;
        }
        Ok(())
    }
}

/// A list of configured names or values, of which the first few are shown.
pub(super) struct OneOf<'a, T = Box<str>>(pub(super) &'a [T]);

impl<T: fmt::Debug> fmt::Display for OneOf<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        for (place, name) in self.0.iter().take(SHOWN).enumerate() {
            write!(f, "{}{name:?}", if place == 0 { "" } else { " or " })?;
        }
        match self.0.len().checked_sub(SHOWN) {
            Some(more @ 1..) => write!(f, " or one of {more} more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_get_wrong_is_told() {
        let expected = "https://id.example/realms/dev";
        for (claimed, told) in [
            ("https://id.example/realms/dev/", "a final slash"),
            ("https://id.example/realms/DEV", "upper and lower case"),
            (" https://id.example/realms/dev", "white space"),
            ("http://id.example/realms/dev", "http instead of https"),
            ("id.example/realms/dev", "`https://` at its beginning"),
            ("https://id.example/realms/prod", "the same host and another path"),
            ("https://localhost:8080/realms/dev", "another host and the same path"),
            ("https://evil.example/x", "another host and another path"),
            ("http://id.example/realms/prod", "the same host and another path"),
            ("http://evil.example/realms/dev", "another host and the same path"),
        ] {
            assert!(difference(claimed, expected).unwrap().contains(told), "{claimed}");
            assert!(!difference(claimed, expected).unwrap().contains("example"), "no value is told");
        }
        for unlike in ["web", "id.example/realms/prod", "evil.example/realms/dev", "api"] {
            assert_eq!(difference(unlike, expected), None, "{unlike}");
        }
        assert_eq!(difference("web", "api"), None);
        assert!(difference("api/", "api").unwrap().contains("final slash"));
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<Box<str>> = (0..10).map(|number| format!("n{number}").into()).collect();
        let shown = OneOf(&names).to_string();
        assert!(
            shown.starts_with(r#""n0" or "n1""#) && shown.ends_with(r#""n7" or one of 2 more"#),
            "{shown}"
        );
        assert_eq!(OneOf(&names[..1]).to_string(), r#""n0""#);
    }
}
