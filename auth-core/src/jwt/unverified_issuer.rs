//! Whose verifier a token is for.

use serde::de::MapAccess;

use super::segments::{self, Segments};
use crate::json::{self, Members, Text, Value};
use crate::token::bounds::MAX_CREDENTIALS_BYTES;

/// The issuer that a token names, **not verified**: anyone may have written it. It serves to choose among verifiers of
/// several issuers, each of which verifies the token, its issuer included. Never make an address of it
/// ([RFC 8725 section 3.10](https://www.rfc-editor.org/rfc/rfc8725#section-3.10)).
///
/// `None` if the token is no JWT, is over 64 KiB, or its claims are not one JSON object with one `iss`.
///
/// ```
/// use auth_core::jwt::unverified_issuer;
/// # let token = auth_testing::TestIssuer::default().good("alice");
///
/// assert_eq!(unverified_issuer(&token).as_deref(), Some("https://issuer.example"));
/// assert_eq!(unverified_issuer("opaque"), None);
/// ```
#[must_use]
pub fn unverified_issuer(token: &str) -> Option<String> {
    if token.len() > MAX_CREDENTIALS_BYTES {
        return None;
    }
    let payload = segments::decode(Segments::split(token).ok()?.payload).ok()?;
    let mut issuer = Issuer(None);
    json::read_object(std::str::from_utf8(&payload).ok()?, usize::MAX, &mut issuer).ok()?;
    issuer.0
}

struct Issuer(Option<String>);

impl<'de> Members<'de> for Issuer {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
        match name {
            "iss" => {
                let Text(issuer) = value.read("iss")?;
                self.0 = Some(issuer.into_owned());
                Ok(())
            }
            _ => value.skip(),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn the_issuer_is_read_by_the_strict_rules() {
        let token = |claims: &str| format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(claims));
        for (claims, issuer) in [
            (r#"{"iss":"a"}"#, Some("a")),
            (r#"{"sub":{"iss":"b"},"iss":"\u0061"}"#, Some("a")),
            (r#"{"iss":""}"#, Some("")),
            (r#"{"iss":"a","iss":"a"}"#, None),
            (r#"{"iss":"a","x":{"y":1,"y":1}}"#, None),
            (r#"{"iss":"a"}x"#, None),
            (r#"{"iss":["a"]}"#, None),
            (r#"{"iss":null}"#, None),
            (r#"{"sub":{"iss":"b"}}"#, None),
            (r#"["iss","a"]"#, None),
            ("", None),
        ] {
            assert_eq!(unverified_issuer(&token(claims)).as_deref(), issuer, "{claims}");
        }
        assert_eq!(unverified_issuer(&format!("{}.AA", token(r#"{"iss":"a"}"#))), None, "four segments");
        let long = |bytes: usize| token(&format!(r#"{{"iss":"a","x":"{}"}}"#, "x".repeat(bytes)));
        assert_eq!(unverified_issuer(&long(40_000)).as_deref(), Some("a"));
        assert_eq!(unverified_issuer(&long(60_000)), None);
    }
}
