use std::sync::LazyLock;

use auth_core::adapter::{Credentials, MAX_CREDENTIALS_BYTES};
use regex::bytes::Regex;

/// RFC 6750 section 2.1, with the scheme in any case and any number of spaces (RFC 9110 section 11.1).
static CREDENTIALS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u)\A[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)\z").unwrap());

/// A name of a scheme: token of RFC 9110 section 5.6.2.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u)\A[A-Za-z0-9!#$%&'*+.^_`|~-]+").unwrap());

/// Reads each line as one value of the Authorization field.
pub fn bearer(data: &[u8]) -> String {
    let values: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    let read = Credentials::from_fields(values.iter().copied());
    let expected = match values.as_slice() {
        [value] => one_value(value),
        _ => Credentials::Malformed,
    };
    assert!(read == expected, "read {read:?}, by the grammar {expected:?}");
    format!("{read:?}")
}

fn one_value(value: &[u8]) -> Credentials<'_> {
    let scheme = SCHEME.find(value).map(|scheme| scheme.as_bytes());
    match scheme {
        Some(scheme) if !scheme.eq_ignore_ascii_case(b"Bearer") => return Credentials::Missing,
        Some(_) => {}
        None => return Credentials::Malformed,
    }
    if value.get(6) == Some(&b' ') && value.len() > "Bearer ".len() + MAX_CREDENTIALS_BYTES {
        return Credentials::TooLong;
    }
    match CREDENTIALS.captures(value).and_then(|captures| captures.get(1)) {
        Some(token) => Credentials::Token(std::str::from_utf8(token.as_bytes()).unwrap()),
        None => Credentials::Malformed,
    }
}
