//! A token in a cookie.
//!
//! How the Cookie fields are read ([RFC 6265 section 4.2.1](https://www.rfc-editor.org/rfc/rfc6265#section-4.2.1)):
//!
//! 1. Several fields are one list: HTTP/2 lets a client split it
//!    ([RFC 9113 section 8.2.3](https://www.rfc-editor.org/rfc/rfc9113#section-8.2.3)).
//! 2. Pairs are separated by `;`, whatever quotation marks there are. What other cookies hold does not matter.
//! 3. The name is compared byte by byte. White space between the name and `=` is malformed, and so is the name without `=`:
//!    other programs read them as this cookie.
//! 4. A cookie that is there twice is malformed: a subdomain can add one, and programs differ in which one they take.
//! 5. The value is one b64token and nothing else. Quotation marks are part of it, and malformed.

use super::reading::Reading;

pub(crate) fn read<'r>(fields: impl Iterator<Item = &'r [u8]>, name: &str) -> Reading<'r> {
    let mut found = values(fields, name);
    match (found.next(), found.next()) {
        (None, _) => Reading::Missing,
        (Some(Some(value)), None) => Reading::of_value(value),
        (Some(None), None) | (Some(_), Some(_)) => Reading::Malformed,
    }
}

/// The values of all cookies that any program could take for the one of this name; `None` for one that is not written as
/// that cookie has to be.
pub(super) fn values<'r>(
    fields: impl Iterator<Item = &'r [u8]>,
    name: &str,
) -> impl Iterator<Item = Option<&'r [u8]>> {
    let pairs = fields.flat_map(|field| field.split(|byte| *byte == b';'));
    pairs.filter_map(move |pair| {
        let pair = trimmed(pair);
        let (written, value) = match memchr::memchr(b'=', pair) {
            Some(equals) => (pair.get(..equals)?, pair.get(equals + 1..)),
            None => (pair, None),
        };
        let is_exact = written == name.as_bytes();
        (trimmed(written) == name.as_bytes()).then_some(value.filter(|_| is_exact))
    })
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(fields: &[&str], expected: &Reading<'_>) {
        assert_eq!(&read(fields.iter().map(|field| field.as_bytes()), "access"), expected, "{fields:?}");
    }

    #[test]
    fn one_cookie_of_the_name() {
        for fields in [
            &["access=a.b"][..],
            &["x=1; access=a.b; y=2"],
            &["x=1;access=a.b;y=2"],
            &["x=1; access=a.b;"],
            &["  access=a.b\t"],
            &["x=1", "access=a.b"],
            &["access=a.b", "", "y"],
            &["x=\"1; access=a.b; y=2\""],
            &["Access=1; access=a.b; ACCESS=2; accessx=3; xaccess=4; access-=5; __Host-access=6"],
            &["=access; access=a.b"],
            &["\u{e9}=\u{e9}; access=a.b"],
        ] {
            reads(fields, &Reading::Token("a.b".into()));
        }
        reads(&["access=a=="], &Reading::Token("a==".into()));
    }

    #[test]
    fn no_cookie_of_the_name() {
        for fields in [&[][..], &[""], &["x=access"], &["Access=a"], &["x=1; accessx"], &["=a"], &[";;"]] {
            reads(fields, &Reading::Missing);
        }
    }

    #[test]
    fn broken_ones_are_malformed() {
        for fields in [
            &["access=a; access=a"][..],
            &["access=a; access=b"],
            &["access=a", "access=a"],
            &["access=a; access"],
            &["access=a; access="],
            &["access=a; access =a"],
            &["access="],
            &["access"],
            &["access =a"],
            &["access\t=a"],
            &["access= a"],
            &["access=\"a\""],
            &["access='a'"],
            &["access=a b"],
            &["access=a,b"],
            &["access=a, x=1"],
            &["access=a=b"],
            &["access==="],
            &["access=%61"],
            &["access=a\u{e9}"],
            &["access=Bearer a"],
        ] {
            reads(fields, &Reading::Malformed);
        }
    }

    #[test]
    fn the_bound_is_exact() {
        let longest = "a".repeat(crate::token::bounds::MAX_CREDENTIALS_BYTES);
        reads(&[&format!("access={longest}")], &Reading::Token(longest.as_str().into()));
        reads(&[&format!("access={longest}a")], &Reading::TooLong);
    }
}
