//! The JOSE header ([RFC 7515 section 4](https://www.rfc-editor.org/rfc/rfc7515#section-4)).
//!
//! The rules are step 2 of [`JwtVerifier`](crate::JwtVerifier).

use serde::de::MapAccess;

use crate::json::{self, Fault, Members, Text, Value};
use crate::key::algorithm::Algorithm;
use crate::key::verification_key::MAX_KID_BYTES;
use crate::token::error::VerifyError;

/// The most members that a header may have, all levels together.
const MAX_MEMBERS: usize = 32;

/// Which headers are accepted, beside those of RFC 7515.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct HeaderRules {
    pub(super) token_type: TokenType,
    pub(super) zip: Zip,
}

#[cfg(test)]
impl HeaderRules {
    /// Those of a verifier without options.
    pub(super) const STRICT: Self =
        Self { token_type: TokenType::AccessTokenOrUnspecific, zip: Zip::Refused };
}

/// Which values of `typ` are accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TokenType {
    /// Absent, `JWT` or `at+jwt`.
    AccessTokenOrUnspecific,
    /// `at+jwt` only (RFC 9068 section 4).
    AccessToken,
    /// Absent, `JWT`, `at+jwt` or `JOSE` (JWT-SVID section 2.3).
    Spiffe,
    /// `token-introspection+jwt`, to the byte (RFC 9701 section 5).
    Introspection,
}

/// What to do with `zip`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Zip {
    /// Its presence refuses.
    Refused,
    /// `NONE` says that nothing is compressed. Everything else refuses.
    NoneAccepted,
}

/// The parameters that matter, with their types checked.
#[derive(Default)]
pub(super) struct Header<'a> {
    alg: Option<Algorithm>,
    pub(super) kid: Option<Text<'a>>,
    pub(super) typ: Option<Text<'a>>,
    cty: Option<Text<'a>>,
    /// `alg` is `none`.
    pub(super) is_unsecured: bool,
    /// There is a member `nonce`, as in tokens for Microsoft Graph.
    pub(super) has_nonce: bool,
    /// A parameter whose presence refuses.
    refused: Option<&'static str>,
}

impl<'a> Header<'a> {
    pub(super) fn parse(text: &'a str, rules: HeaderRules) -> Result<Self, VerifyError> {
        let mut header = Self::default();
        let mut reader = Reader { header: &mut header, rules };
        json::read_object(text, MAX_MEMBERS, &mut reader).map_err(|fault| match fault {
            Fault::Member(name) => VerifyError::InvalidHeader(name),
            Fault::Syntax | Fault::Duplicate | Fault::TooDeep | Fault::TooManyMembers => {
                VerifyError::MalformedHeader
            }
        })?;
        if let Some(name) = header.refused {
            return Err(VerifyError::InvalidHeader(name));
        }
        if header.kid.as_ref().is_some_and(|kid| kid.0.len() > MAX_KID_BYTES) {
            return Err(VerifyError::InvalidHeader("kid"));
        }
        if header.cty.as_ref().is_some_and(|cty| may_be_token(&cty.0)) {
            return Err(VerifyError::InvalidHeader("cty"));
        }
        Ok(header)
    }

    pub(super) fn algorithm(&self) -> Result<Algorithm, VerifyError> {
        self.alg.ok_or(VerifyError::InvalidHeader("alg"))
    }
}

/// Puts the parameters where they belong.
struct Reader<'r, 'a> {
    header: &'r mut Header<'a>,
    rules: HeaderRules,
}

impl<'de> Members<'de> for Reader<'_, 'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
        let header = &mut *self.header;
        match name {
            "alg" => {
                let Text(name) = value.read("alg")?;
                header.alg = Algorithm::from_name(&name);
                header.is_unsecured = name.eq_ignore_ascii_case("none");
            }
            "nonce" => {
                header.has_nonce = true;
                value.skip()?;
            }
            "kid" => header.kid = Some(value.read("kid")?),
            "typ" => header.typ = Some(value.read("typ")?),
            "cty" => header.cty = Some(value.read("cty")?),
            "crit" => header.refuse("crit", value)?,
            "b64" => header.refuse("b64", value)?,
            "zip" if self.rules.zip == Zip::NoneAccepted => {
                if value.read::<Text<'_>>("zip")?.0 != "NONE" {
                    header.refused = Some("zip");
                }
            }
            "zip" => header.refuse("zip", value)?,
            "enc" => header.refuse("enc", value)?,
            _ => value.skip()?,
        }
        Ok(())
    }
}

impl Header<'_> {
    fn refuse<'de, A: MapAccess<'de>>(
        &mut self,
        name: &'static str,
        value: Value<'_, 'de, A>,
    ) -> Result<(), A::Error> {
        self.refused = Some(name);
        value.skip()
    }
}

/// Compares media types as `typ` and `cty` write them: in any case, `application/` left out or not
/// ([RFC 7515 section 4.1.9](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9)).
pub(super) fn is_media_type(value: &str, short: &str) -> bool {
    const PREFIX: &str = "application/";
    let bare = match value.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
        _ => value,
    };
    bare.eq_ignore_ascii_case(short)
}

/// Whether a content type may be that of a token inside the token, whatever its parameters: `JWT` (RFC 7519
/// section 5.2), a kind of it as `at+jwt` (RFC 8417 section 7.2) or `dc+sd-jwt`, or `JOSE` (RFC 7515 section
/// 9.2).
fn may_be_token(content_type: &str) -> bool {
    let lower = content_type.to_ascii_lowercase();
    ["jwt", "jose"].iter().any(|sign| lower.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: HeaderRules = HeaderRules::STRICT;

    #[track_caller]
    fn refusal(text: &str) -> VerifyError {
        Header::parse(text, STRICT).and_then(|header| header.algorithm()).unwrap_err()
    }

    #[test]
    fn what_matters_is_read() {
        let text = r#"{"alg":"ES256","kid":"k\u0031","typ":"JWT","jku":"https://evil.example","x5c":["a"],"jwk":{"kty":"oct"}}"#;
        let header = Header::parse(text, STRICT).unwrap();
        assert_eq!(header.algorithm(), Ok(Algorithm::Es256));
        assert_eq!(header.kid.unwrap().0, "k1");
        assert_eq!(header.typ.unwrap().0, "JWT");
    }

    #[test]
    fn an_algorithm_must_be_named_exactly() {
        for alg in [
            "\"none\"",
            "\"None\"",
            "\"nOnE\"",
            "\"hs256\"",
            "\"\"",
            "[\"HS256\"]",
            "1",
            "null",
            "{}",
            "\"RSA-OAEP\"",
        ] {
            assert_eq!(refusal(&format!("{{\"alg\":{alg}}}")), VerifyError::InvalidHeader("alg"), "{alg}");
        }
        assert_eq!(refusal("{}"), VerifyError::InvalidHeader("alg"));
    }

    #[test]
    fn parameters_that_change_the_meaning_refuse_whatever_their_value() {
        for name in ["crit", "b64", "zip", "enc"] {
            for value in ["null", "[]", "true", "false", "\"DEF\"", "[\"exp\"]", "{}"] {
                let text = format!("{{\"alg\":\"HS256\",\"{name}\":{value}}}");
                assert!(
                    matches!(refusal(&text), VerifyError::InvalidHeader(found) if found == name),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn where_it_is_accepted_zip_is_none_and_nothing_else() {
        let rules = HeaderRules { zip: Zip::NoneAccepted, ..STRICT };
        let read =
            |zip: &str| Header::parse(&format!("{{\"alg\":\"HS256\",\"zip\":{zip}}}"), rules).map(|_| ());
        assert_eq!(read("\"NONE\""), Ok(()));
        for zip in ["\"DEF\"", "\"none\"", "\"NONE \"", "\"\"", "null", "[\"NONE\"]", "{}", "0"] {
            assert_eq!(read(zip), Err(VerifyError::InvalidHeader("zip")), "{zip}");
        }
        for name in ["crit", "b64", "enc"] {
            let text = format!("{{\"alg\":\"HS256\",\"zip\":\"NONE\",\"{name}\":\"NONE\"}}");
            let refused = Header::parse(&text, rules).err();
            assert!(matches!(refused, Some(VerifyError::InvalidHeader(found)) if found == name), "{name}");
        }
    }

    #[test]
    fn a_nested_jwt_refuses() {
        for cty in [
            "JWT",
            "jwt",
            "application/jwt",
            "APPLICATION/JWT",
            "at+jwt",
            "application/secevent+JWT",
            "application/jwt;charset=utf-8",
            "jwt ",
            "application/dc+sd-jwt",
            "JOSE",
            "jose+json",
        ] {
            let text = format!("{{\"alg\":\"HS256\",\"cty\":\"{cty}\"}}");
            assert_eq!(refusal(&text), VerifyError::InvalidHeader("cty"), "{cty}");
        }
        for cty in ["json", "", "jw", "application/json", "text/plain"] {
            let text = format!("{{\"alg\":\"HS256\",\"cty\":\"{cty}\"}}");
            assert!(Header::parse(&text, STRICT).is_ok(), "{cty}");
        }
    }

    #[test]
    fn types_are_strict() {
        for name in ["kid", "typ", "cty"] {
            for value in ["1", "null", "[]", "[\"a\"]", "{}", "true"] {
                let text = format!("{{\"alg\":\"HS256\",\"{name}\":{value}}}");
                assert!(
                    matches!(refusal(&text), VerifyError::InvalidHeader(found) if found == name),
                    "{text}"
                );
            }
        }
        assert_eq!(refusal(r#"{"alg":"HS256","alg":"HS256"}"#), VerifyError::MalformedHeader);
    }

    #[test]
    fn bounds_are_exact() {
        let kid = |length: usize| format!("{{\"alg\":\"HS256\",\"kid\":\"{}\"}}", "k".repeat(length));
        assert!(Header::parse(&kid(256), STRICT).is_ok());
        assert_eq!(refusal(&kid(257)), VerifyError::InvalidHeader("kid"));

        let members = |count: usize| {
            let others: Vec<_> = (1..count).map(|index| format!("\"{index}\":0")).collect();
            format!("{{\"alg\":\"HS256\",{}}}", others.join(","))
        };
        assert!(Header::parse(&members(32), STRICT).is_ok());
        assert_eq!(refusal(&members(33)), VerifyError::MalformedHeader);
    }

    #[test]
    fn media_types_compare_without_case_and_prefix() {
        for value in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            assert!(is_media_type(value, "at+jwt"), "{value}");
        }
        for value in [
            "at+jwt ",
            "application/",
            "",
            "text/at+jwt",
            "application;at+jwt",
            "application at+jwt",
            "application/application/at+jwt",
            "dpop+jwt",
        ] {
            assert!(!is_media_type(value, "at+jwt"), "{value}");
        }
    }
}
