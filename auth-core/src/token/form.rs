//! The form of a token, by which its verifier is chosen.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Whether a token has the form of a JWT: three segments, the first of which is a JSON object in base64url
/// ([RFC 7519 section 3](https://www.rfc-editor.org/rfc/rfc7519#section-3)). Every other token is opaque, encrypted JWTs
/// among them, which have five segments.
///
/// [`TokenRouter`](crate::TokenRouter) chooses by this, and so does `auth-oidc`. Only the ends of the object are looked at:
/// the verifier of JWTs parses it. An opaque token of three random segments looks like a JWT in less than one of a million
/// cases.
///
/// ```
/// use auth_core::jwt::is_jwt;
/// # let token = auth_testing::TestIssuer::default().good("alice");
///
/// assert!(is_jwt(&token));
/// assert!(!is_jwt("mF_9.B5f-4.1JqM"));
/// ```
#[must_use]
pub fn is_jwt(token: &str) -> bool {
    let mut dots = memchr::memchr_iter(b'.', token.as_bytes());
    let (Some(end), Some(_), None) = (dots.next(), dots.next(), dots.next()) else { return false };
    token.get(..end).is_some_and(|header| begins_object(header) && ends_object(header))
}

/// So many characters of base64url are decoded at either end of a header: white space around it is rare and short.
const LOOK_AT: usize = 8;

fn begins_object(header: &str) -> bool {
    let mut bytes = [0; LOOK_AT];
    let start = header.get(..LOOK_AT).unwrap_or(header);
    let inside =
        decode(start, &mut bytes).trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    // Here the object goes on behind what is looked at, with a name, or ends.
    inside.is_some_and(|inside| matches!(inside.first(), None | Some(b'"' | b'}')))
}

fn ends_object(header: &str) -> bool {
    let mut bytes = [0; LOOK_AT];
    // Four characters are three bytes, and those in a last group of less belong together, too.
    let start = header.len().saturating_sub(1) / 4 * 4;
    let end = header.get(start.saturating_sub(4)..).unwrap_or_default();
    decode(end, &mut bytes).trim_ascii_end().ends_with(b"}")
}

fn decode<'b>(characters: &str, bytes: &'b mut [u8; LOOK_AT]) -> &'b [u8] {
    let length = URL_SAFE_NO_PAD.decode_slice(characters, bytes).unwrap_or_default();
    bytes.get(..length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(header: &str) -> String {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))
    }

    #[test]
    fn three_segments_with_a_json_object_first_are_a_jwt() {
        for header in [
            "{}",
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            "{ \"alg\": 1 }",
            "{\n  \"alg\": 1\n}\n",
            "\r\n\t {\"alg\":\"HS256\"} \r\n",
            r#"{"a":1} "#,
            r#"{"":""}"#,
        ] {
            for padding in 0..3 {
                let header = header.replacen("alg", &format!("alg{}", "x".repeat(padding)), 1);
                assert!(is_jwt(&encoded(&header)), "{header}");
            }
        }
    }

    #[test]
    fn everything_else_is_not() {
        for header in ["", "[]", "{", "}", r#""{}""#, "{]", "{1}", "{a}", r#"{"a":1"#, "null", "x{}", "{}x"] {
            assert!(!is_jwt(&encoded(header)), "{header}");
        }
        let jwt = encoded(r#"{"alg":"HS256"}"#);
        assert!(is_jwt(&jwt));
        for token in [
            "",
            ".",
            "..",
            "...",
            "opaque",
            "acme_eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
            "ya29.a0AfH6SMC",
            "a.b.c",
            "eyJ.b.c",
            "ey.b.c",
            "e.b.c",
            "{}.b.c",
            &format!("{jwt}.d"),
            &format!("{jwt}.d.e"),
            jwt.trim_end_matches(".c2ln"),
        ] {
            assert!(!is_jwt(token), "{token}");
        }
    }
}
