//! Registered claims, read once and strictly.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::VerifyError;
use crate::json::{self, Fault, Members, Text, Value};
use crate::scope::ScopeSet;

/// The most members that claims may have, all levels together.
const MAX_MEMBERS: usize = 256;

/// The end of the year 9999 in seconds since 1970. A time past it is an error of the issuer.
const MAX_DATE: u64 = 253_402_300_799;

/// The claims that this library knows, with their types checked and their values not yet judged
/// ([RFC 7519 section 4.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1),
/// [RFC 9068 section 2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)).
#[derive(Default)]
pub(crate) struct RegisteredClaims {
    pub(crate) iss: Option<Box<str>>,
    pub(crate) sub: Option<Box<str>>,
    pub(crate) aud: Option<Audience>,
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
    pub(crate) jti: Option<Box<str>>,
    pub(crate) client_id: Option<Box<str>>,
    pub(crate) scopes: ScopeSet,
    /// The token is bound to a key that its bearer has to prove possession of (RFC 7800).
    pub(crate) confirmation: bool,
}

impl RegisteredClaims {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, VerifyError> {
        let mut claims = Self::default();
        json::read_object(text, MAX_MEMBERS, &mut claims).map_err(|fault| match fault {
            Fault::Member(name) => VerifyError::InvalidClaim(name),
            Fault::Syntax | Fault::Duplicate | Fault::TooDeep | Fault::TooManyMembers => {
                VerifyError::MalformedClaims
            }
        })?;
        Ok(claims)
    }
}

impl<'de> Members<'de> for RegisteredClaims {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
        match name {
            "iss" => self.iss = Some(value.read::<Text<'_>>("iss")?.0.into()),
            "sub" => self.sub = Some(value.read::<Text<'_>>("sub")?.0.into()),
            "aud" => self.aud = Some(value.read("aud")?),
            "exp" => self.exp = Some(value.read("exp")?),
            "nbf" => self.nbf = Some(value.read("nbf")?),
            "iat" => self.iat = Some(value.read("iat")?),
            "jti" => self.jti = Some(value.read::<Text<'_>>("jti")?.0.into()),
            "client_id" => self.client_id = Some(value.read::<Text<'_>>("client_id")?.0.into()),
            "scope" => self.scopes = value.read("scope")?,
            "cnf" => {
                self.confirmation = true;
                value.skip()?;
            }
            _ => value.skip()?,
        }
        Ok(())
    }
}

/// The recipients that a token is meant for: one or more strings, compared byte by byte
/// ([RFC 7519 section 4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)).
#[derive(Clone, Eq, PartialEq)]
pub struct Audience(Recipients);

#[derive(Clone, Eq, PartialEq)]
enum Recipients {
    One(Box<str>),
    Many(Vec<Box<str>>),
}

impl Audience {
    /// Whether the recipient is among them.
    #[must_use]
    pub fn contains(&self, recipient: &str) -> bool {
        self.iter().any(|listed| listed == recipient)
    }

    /// The recipients, in the order of the claim.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match &self.0 {
            Recipients::One(one) => std::slice::from_ref(one).iter(),
            Recipients::Many(many) => many.iter(),
        }
        .map(AsRef::as_ref)
    }
}

/// Audiences are claims: only their number is printed.
impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience(<{} redacted>)", self.iter().count())
    }
}

impl<'de> de::Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AudienceVisitor;

        impl<'de> Visitor<'de> for AudienceVisitor {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of one or more strings")
            }

            fn visit_str<E>(self, recipient: &str) -> Result<Audience, E> {
                Ok(Audience(Recipients::One(recipient.into())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Audience, A::Error> {
                let mut recipients = Vec::new();
                while let Some(Text(recipient)) = seq.next_element()? {
                    recipients.push(recipient.into());
                }
                if recipients.is_empty() {
                    return Err(de::Error::invalid_length(0, &self));
                }
                Ok(Audience(Recipients::Many(recipients)))
            }
        }

        deserializer.deserialize_any(AudienceVisitor)
    }
}

impl<'de> de::Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(list) = Text::deserialize(deserializer)?;
        Self::parse(&list).map_err(de::Error::custom)
    }
}

/// A point in time in seconds since 1970-01-01T00:00:00Z, up to the end of the year 9999
/// ([RFC 7519 section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
///
/// A fraction is allowed there, and rounded here to the side that accepts less.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NumericDate {
    /// The last whole second that is not after it.
    pub(crate) floor: u64,
    /// The first whole second that is not before it.
    pub(crate) ceil: u64,
}

impl<'de> de::Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumericDateVisitor;

        impl Visitor<'_> for NumericDateVisitor {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970, up to the end of the year 9999")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
                if seconds > MAX_DATE {
                    return Err(E::custom("out of range"));
                }
                Ok(NumericDate { floor: seconds, ceil: seconds })
            }

            #[allow(clippy::cast_precision_loss, reason = "MAX_DATE is below 2^53")]
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range was checked"
            )]
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
                if !(0.0..=MAX_DATE as f64).contains(&seconds) {
                    return Err(E::custom("out of range"));
                }
                Ok(NumericDate { floor: seconds.floor() as u64, ceil: seconds.ceil() as u64 })
            }
        }

        // Asked for as an integer, for serde_json hands over a number as a map when it is asked for
        // "any" and some other crate has switched its arbitrary precision on.
        deserializer.deserialize_u64(NumericDateVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parse(text: &str) -> RegisteredClaims {
        RegisteredClaims::parse(text.as_bytes()).unwrap()
    }

    #[track_caller]
    fn refuses(name: &'static str, value: &str) {
        let outcome = RegisteredClaims::parse(format!("{{\"{name}\":{value}}}").as_bytes());
        assert_eq!(outcome.err(), Some(VerifyError::InvalidClaim(name)), "{name}: {value}");
    }

    #[test]
    fn strings_are_strings() {
        let claims = parse(r#"{"iss":"i","sub":"s\u0075b","jti":"j","client_id":"c"}"#);
        assert_eq!(claims.iss.as_deref(), Some("i"));
        assert_eq!(claims.sub.as_deref(), Some("sub"));
        assert_eq!(claims.jti.as_deref(), Some("j"));
        assert_eq!(claims.client_id.as_deref(), Some("c"));
        for name in ["iss", "sub", "jti", "client_id"] {
            for value in ["null", "1", "true", "[]", "[\"i\"]", "{}"] {
                refuses(name, value);
            }
        }
    }

    #[test]
    fn an_audience_is_a_string_or_strings() {
        for text in [r#"{"aud":"me"}"#, r#"{"aud":["me"]}"#, r#"{"aud":["you","me"]}"#] {
            let audience = parse(text).aud.unwrap();
            assert!(audience.contains("me"), "{text}");
            for other in ["m", "mee", "Me", "", "you me"] {
                assert!(!audience.contains(other), "{text} {other}");
            }
        }
        let audience = parse(r#"{"aud":["you","me"]}"#).aud.unwrap();
        assert_eq!(format!("{audience:?}"), "Audience(<2 redacted>)");
        for value in ["[]", "null", "1", "{}", "true", "[\"me\",1]", "[\"me\",null]", "[[\"me\"]]"] {
            refuses("aud", value);
        }
    }

    #[test]
    fn dates_are_seconds_up_to_the_year_9999() {
        let date = |text: &str| parse(&format!("{{\"exp\":{text}}}")).exp.unwrap();
        assert_eq!(date("0"), NumericDate { floor: 0, ceil: 0 });
        assert_eq!(date("253402300799"), NumericDate { floor: MAX_DATE, ceil: MAX_DATE });
        assert_eq!(date("1.5"), NumericDate { floor: 1, ceil: 2 });
        assert_eq!(date("1e3"), NumericDate { floor: 1000, ceil: 1000 });
        for name in ["exp", "nbf", "iat"] {
            for value in [
                "253402300800",
                "18446744073709551615",
                "18446744073709551616",
                "1e308",
                "-1",
                "-0.5",
                "-1e308",
                "\"1\"",
                "null",
                "true",
                "[]",
                "[1]",
                "{}",
                "253402300799.5",
            ] {
                refuses(name, value);
            }
        }
    }

    #[test]
    fn scope_is_a_string_of_distinct_names() {
        assert!(parse(r#"{"scope":"a b"}"#).scopes.contains("b"));
        for value in ["null", "1", "[\"a\"]", "{}", "\"a\\tb\"", "\"a a\"", "\"a  b\"", "\" a\""] {
            refuses("scope", value);
        }
    }

    #[test]
    fn a_confirmation_is_seen_whatever_its_type() {
        for value in ["{}", "null", "{\"jkt\":\"x\"}", "1"] {
            assert!(parse(&format!("{{\"cnf\":{value}}}")).confirmation, "{value}");
        }
        assert!(!parse(r#"{"a":{"cnf":{}}}"#).confirmation);
    }

    #[test]
    fn members_are_bounded() {
        let claims = |count: usize| {
            let members: Vec<_> = (0..count).map(|index| format!("\"{index}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        assert!(RegisteredClaims::parse(claims(256).as_bytes()).is_ok());
        assert_eq!(RegisteredClaims::parse(claims(257).as_bytes()).err(), Some(VerifyError::MalformedClaims));
    }
}
