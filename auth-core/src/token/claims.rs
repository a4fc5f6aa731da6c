//! Registered claims, read once and strictly.

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize as _, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::audience::{Audience, Span};
use super::claim_fault::ClaimFault;
use super::claim_query::MemberIndex;
use super::claim_rules::{ClaimRules, EmptyAudience, Nulls, ScopeSpelling};
use super::numeric_date::NumericDate;
use super::scope::{InvalidScope, is_scope_token};
use super::scope_set::ScopeSet;
use crate::json::{self, Members, Text, Value};
use crate::token::error::VerifyError;

/// Where issuers put the client that a token was issued to.
pub(crate) const CLIENT_CLAIMS: [&str; 4] = ["client_id", "azp", "cid", "appid"];

/// The claims that this library knows, with their types checked and their values not yet judged
/// ([RFC 7519 section 4.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1),
/// [RFC 9068 section 2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)).
#[derive(Clone, Default)]
pub(crate) struct RegisteredClaims {
    /// All strings, one behind the other, without their escapes.
    texts: String,
    iss: Option<Span>,
    sub: Option<Span>,
    aud: Option<Recipients>,
    jti: Option<Span>,
    client_id: Option<Span>,
    scope: Option<Span>,
    scp: Option<Span>,
    pub(crate) exp: Option<NumericDate>,
    pub(crate) nbf: Option<NumericDate>,
    pub(crate) iat: Option<NumericDate>,
    /// The token is bound to a key that its bearer has to prove possession of (RFC 7800).
    pub(crate) confirmation: bool,
    members: MemberIndex,
}

#[derive(Clone)]
enum Recipients {
    One(Span),
    Many(Vec<Span>),
}

impl RegisteredClaims {
    /// Reads claims that deviate in nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, VerifyError> {
        Self::read(text, &ClaimRules::STRICT).map_err(ClaimFault::into_error)
    }

    /// Reads claims by these rules.
    pub(crate) fn read(text: &str, rules: &ClaimRules) -> Result<Self, ClaimFault> {
        // No string is longer than it was with its escapes.
        let mut claims = Self { texts: String::with_capacity(text.len()), ..Self::default() };
        let names = json::read_object(text, rules.max_members, &mut Reader { claims: &mut claims, rules })
            .map_err(|fault| ClaimFault::new(fault, text, rules))?;
        claims.members = MemberIndex::new(text, &names);
        Ok(claims)
    }

    /// Takes this for the subject.
    pub(crate) fn set_sub(&mut self, subject: &str) {
        self.sub = Some(keep(&mut self.texts, subject));
    }

    pub(crate) fn iss(&self) -> Option<&str> {
        self.text(self.iss.as_ref())
    }

    pub(crate) fn sub(&self) -> Option<&str> {
        self.text(self.sub.as_ref())
    }

    pub(crate) fn aud(&self) -> Option<Audience<'_>> {
        let spans = match self.aud.as_ref()? {
            Recipients::One(span) => std::slice::from_ref(span),
            Recipients::Many(spans) => spans,
        };
        Some(Audience::new(&self.texts, spans))
    }

    pub(crate) fn jti(&self) -> Option<&str> {
        self.text(self.jti.as_ref())
    }

    pub(crate) fn client_id(&self) -> Option<&str> {
        self.text(self.client_id.as_ref())
    }

    /// Of `scope`; of `scp` only where there is no `scope`.
    pub(crate) fn scopes(&self) -> ScopeSet<'_> {
        let granted = self.scope.as_ref().or(self.scp.as_ref());
        ScopeSet::of_sound(self.text(granted).unwrap_or_default())
    }

    pub(crate) fn members(&self) -> &MemberIndex {
        &self.members
    }

    /// How much memory they take beside their own size, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let recipients = match &self.aud {
            Some(Recipients::Many(spans)) => spans.capacity(),
            _ => 0,
        };
        self.texts.capacity() + recipients * size_of::<Span>() + self.members.bytes()
    }

    fn text(&self, span: Option<&Span>) -> Option<&str> {
        self.texts.get(span?.clone())
    }
}

/// Puts the members where they belong.
struct Reader<'a> {
    claims: &'a mut RegisteredClaims,
    rules: &'a ClaimRules,
}

impl<'de> Members<'de> for Reader<'_> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
        let Self { claims, rules } = self;
        let texts = &mut claims.texts;
        match name {
            "iss" => claims.iss = Some(value.read_with("iss", KeepText(texts))?),
            "sub" => claims.sub = Some(value.read_with("sub", KeepText(texts))?),
            "aud" => claims.aud = Some(value.read_with("aud", KeepRecipients(texts, rules.empty_audience))?),
            "exp" => claims.exp = Some(value.read("exp")?),
            "nbf" => claims.nbf = optional(value, "nbf", PhantomData, rules.nulls)?,
            "iat" => claims.iat = Some(value.read("iat")?),
            "jti" => claims.jti = optional(value, "jti", KeepText(texts), rules.nulls)?,
            "client_id" => claims.client_id = optional(value, "client_id", KeepText(texts), rules.nulls)?,
            "scope" => {
                claims.scope = match rules.scopes {
                    ScopeSpelling::Strict => optional(value, "scope", KeepScopes(texts), rules.nulls)?,
                    ScopeSpelling::Lenient => {
                        optional(value, "scope", KeepLenientScopes(texts), rules.nulls)?
                    }
                }
            }
            "scp" => {
                claims.scp = Some(match rules.scopes {
                    ScopeSpelling::Strict => value.read_with("scp", KeepScopeOrScopes(texts))?,
                    ScopeSpelling::Lenient => value.read_with("scp", KeepLenientScopes(texts))?,
                });
            }
            "cnf" => {
                claims.confirmation = true;
                value.skip()?;
            }
            _ => value.skip()?,
        }
        Ok(())
    }
}

/// Reads a claim that may be `null` where the rules take that for absent.
fn optional<'de, A: MapAccess<'de>, S: DeserializeSeed<'de>>(
    value: Value<'_, 'de, A>,
    name: &'static str,
    seed: S,
    nulls: Nulls,
) -> Result<Option<S::Value>, A::Error> {
    match nulls {
        Nulls::Refused => value.read_with(name, seed).map(Some),
        Nulls::Absent => value.read_with(name, UnlessNull(seed)),
    }
}

/// Reads what is not `null`.
struct UnlessNull<S>(S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for UnlessNull<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for UnlessNull<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(deserializer).map(Some)
    }
}

fn keep(texts: &mut String, text: &str) -> Span {
    let start = texts.len();
    texts.push_str(text);
    start..texts.len()
}

/// Keeps a string.
struct KeepText<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for KeepText<'_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Span, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        Ok(keep(self.0, &text))
    }
}

/// Keeps a list of scopes, if it is one.
struct KeepScopes<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for KeepScopes<'_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Span, D::Error> {
        let Text(list) = Text::deserialize(deserializer)?;
        ScopeSet::parse(&list).map_err(de::Error::custom)?;
        Ok(keep(self.0, &list))
    }
}

/// Keeps a list of scopes, or an array of them, which becomes such a list.
struct KeepScopeOrScopes<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for KeepScopeOrScopes<'_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Span, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeepScopeOrScopes<'_> {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of scopes, in a string or in an array of strings")
    }

    fn visit_str<E: de::Error>(self, list: &str) -> Result<Span, E> {
        ScopeSet::parse(list).map_err(E::custom)?;
        Ok(keep(self.0, list))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Span, A::Error> {
        let start = self.0.len();
        while let Some(Text(name)) = seq.next_element()? {
            if !is_scope_token(name.as_bytes()) {
                return Err(de::Error::custom(InvalidScope));
            }
            if self.0.len() > start {
                self.0.push(' ');
            }
            self.0.push_str(&name);
        }
        let span = start..self.0.len();
        ScopeSet::parse(self.0.get(span.clone()).unwrap_or_default()).map_err(de::Error::custom)?;
        Ok(span)
    }
}

/// Keeps a list of scopes, or an array of them, in whatever spelling, as the list that it stands for.
struct KeepLenientScopes<'a>(&'a mut String);

impl KeepLenientScopes<'_> {
    fn keep<'n, E: de::Error>(self, names: impl Iterator<Item = &'n str>) -> Result<Span, E> {
        let start = self.0.len();
        let mut seen = HashSet::new();
        for name in names {
            if !is_scope_token(name.as_bytes()) {
                return Err(E::custom(InvalidScope));
            }
            if seen.insert(name) {
                if self.0.len() > start {
                    self.0.push(' ');
                }
                self.0.push_str(name);
            }
        }
        Ok(start..self.0.len())
    }
}

impl<'de> DeserializeSeed<'de> for KeepLenientScopes<'_> {
    type Value = Span;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Span, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeepLenientScopes<'_> {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names of scopes, in a string or in an array of strings")
    }

    fn visit_str<E: de::Error>(self, list: &str) -> Result<Span, E> {
        self.keep(list.split(' ').filter(|name| !name.is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Span, A::Error> {
        let mut names = Vec::new();
        while let Some(Text(name)) = seq.next_element()? {
            names.push(name);
        }
        self.keep(names.iter().map(AsRef::as_ref))
    }
}

/// Keeps a string, or an array of strings: one or more, unless nobody asks whom the token is for.
struct KeepRecipients<'a>(&'a mut String, EmptyAudience);

impl<'de> DeserializeSeed<'de> for KeepRecipients<'_> {
    type Value = Recipients;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Recipients, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeepRecipients<'_> {
    type Value = Recipients;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of one or more strings")
    }

    fn visit_str<E>(self, recipient: &str) -> Result<Recipients, E> {
        Ok(Recipients::One(keep(self.0, recipient)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Recipients, A::Error> {
        let mut recipients = Vec::new();
        while let Some(recipient) = seq.next_element_seed(KeepText(self.0))? {
            recipients.push(recipient);
        }
        if recipients.is_empty() && self.1 == EmptyAudience::Refused {
            return Err(de::Error::invalid_length(0, &self));
        }
        Ok(Recipients::Many(recipients))
    }
}

#[cfg(test)]
mod tests {
    use super::super::numeric_date::MAX_DATE;
    use super::*;

    #[track_caller]
    fn parse(text: &str) -> RegisteredClaims {
        RegisteredClaims::parse(text).unwrap()
    }

    #[track_caller]
    fn refuses(name: &'static str, value: &str) {
        let outcome = RegisteredClaims::parse(&format!("{{\"{name}\":{value}}}"));
        assert_eq!(outcome.err(), Some(VerifyError::InvalidClaim(name)), "{name}: {value}");
    }

    #[test]
    fn strings_are_strings() {
        let claims = parse(r#"{"iss":"i","sub":"s\u0075b","jti":"j","client_id":"c"}"#);
        assert_eq!(claims.iss(), Some("i"));
        assert_eq!(claims.sub(), Some("sub"));
        assert_eq!(claims.jti(), Some("j"));
        assert_eq!(claims.client_id(), Some("c"));
        for name in ["iss", "sub", "jti", "client_id"] {
            for value in ["null", "1", "true", "[]", "[\"i\"]", "{}"] {
                refuses(name, value);
            }
        }
    }

    #[test]
    fn an_audience_is_a_string_or_strings() {
        for text in [r#"{"aud":"me"}"#, r#"{"aud":["me"]}"#, r#"{"aud":["you","me"]}"#] {
            let claims = parse(text);
            let audience = claims.aud().unwrap();
            assert!(audience.contains("me"), "{text}");
            for other in ["m", "mee", "Me", "", "you me"] {
                assert!(!audience.contains(other), "{text} {other}");
            }
        }
        let claims = parse(r#"{"aud":["you","m\u0065"]}"#);
        let audience = claims.aud().unwrap();
        assert_eq!(audience.iter().collect::<Vec<_>>(), ["you", "me"]);
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
        assert!(parse(r#"{"scope":"a b"}"#).scopes().contains("b"));
        for value in ["null", "1", "[\"a\"]", "{}", "\"a\\tb\"", "\"a a\"", "\"a  b\"", "\" a\""] {
            refuses("scope", value);
        }
    }

    #[test]
    fn scp_is_a_string_or_an_array_of_distinct_names() {
        for scp in ["\"a b\"", "[\"a\",\"b\"]", "[\"\\u0061\",\"b\"]"] {
            let claims = parse(&format!("{{\"sub\":\"x\",\"scp\":{scp},\"jti\":\"y\"}}"));
            assert_eq!(claims.scopes(), ScopeSet::parse("a b").unwrap(), "{scp}");
            assert_eq!((claims.sub(), claims.jti()), (Some("x"), Some("y")));
        }
        for scp in ["\"\"", "[]"] {
            assert!(parse(&format!("{{\"scp\":{scp}}}")).scopes().is_empty(), "{scp}");
        }
        for value in [
            "null",
            "1",
            "true",
            "{}",
            "\"a a\"",
            "\"a  b\"",
            "[\"a\",\"a\"]",
            "[\"a b\"]",
            "[\"\"]",
            "[\"a\",\"\"]",
            "[1]",
            "[\"a\",null]",
            "[[\"a\"]]",
            "[\"\u{e9}\"]",
        ] {
            refuses("scp", value);
        }
    }

    #[test]
    fn where_there_is_scope_scp_grants_nothing() {
        for text in [r#"{"scope":"a","scp":["b"]}"#, r#"{"scp":"b","scope":"a"}"#] {
            assert_eq!(parse(text).scopes(), ScopeSet::parse("a").unwrap(), "{text}");
        }
        assert!(parse(r#"{"scope":"","scp":"b"}"#).scopes().is_empty());
        assert_eq!(
            RegisteredClaims::parse(r#"{"scope":"a","scp":1}"#).err(),
            Some(VerifyError::InvalidClaim("scp"))
        );
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
        assert!(RegisteredClaims::parse(&claims(256)).is_ok());
        assert_eq!(RegisteredClaims::parse(&claims(257)).err(), Some(VerifyError::MalformedClaims));
    }
}
