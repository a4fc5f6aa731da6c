//! Claims at any depth, found again in claims that were read before.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::claim_path::ClaimPath;
use super::claim_value::ClaimValue;
use super::truth::Truth;
use crate::json::Text;

/// What is left to go of a path.
#[derive(Clone, Copy)]
pub(crate) struct Steps<'a> {
    first: Option<&'a str>,
    others: &'a [Box<str>],
}

impl<'a> Steps<'a> {
    /// To an outermost claim.
    pub(crate) fn one(name: &'a str) -> Self {
        Self { first: Some(name), others: &[] }
    }

    fn split_first(self) -> Option<(&'a str, Self)> {
        let (first, others) = match self.first {
            Some(first) => (first, self.others),
            None => self.others.split_first().map(|(first, others)| (&**first, others))?,
        };
        Some((first, Self { first: None, others }))
    }
}

impl<'a> From<&'a ClaimPath> for Steps<'a> {
    fn from(path: &'a ClaimPath) -> Self {
        Self { first: None, others: path.names() }
    }
}

/// What is asked of the claim at the end of a path.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    Equals(&'a ClaimValue),
    /// Is it an array, all of the value's type, with the value among them?
    Contains(&'a ClaimValue),
}

/// Where the outermost members of the claims stand in their text, so that one is found without reading all.
#[derive(Clone, Default)]
pub(crate) struct MemberIndex {
    /// Start and end of each name, between its quotation marks.
    names: Box<[(u32, u32)]>,
    /// A name has an escape, or lies too far off, and is not listed.
    has_gaps: bool,
}

impl MemberIndex {
    /// `names` are borrowed of the text, but for those with escapes.
    pub(crate) fn new(text: &str, names: &[Cow<'_, str>]) -> Self {
        let place = |name: &Cow<'_, str>| {
            let Cow::Borrowed(name) = name else { return None };
            let start = (name.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
            Some((u32::try_from(start).ok()?, u32::try_from(start + name.len()).ok()?))
        };
        let mut places = Vec::with_capacity(names.len());
        places.extend(names.iter().filter_map(place));
        Self { has_gaps: places.len() < names.len(), names: places.into_boxed_slice() }
    }

    /// How much memory it takes beside its own size, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.names)
    }

    /// What the claims, whose text this is, answer. Unknown if the path ends before its claim, or if the claim
    /// has another type than the question is about.
    pub(crate) fn ask(&self, text: &str, path: Steps<'_>, question: Question<'_>) -> Truth {
        let Some((first, inner)) = path.split_first() else { return Truth::Unknown };
        match self.value_of(text, first) {
            Some(value) => read(value, Descend { path: inner, question }),
            None if self.has_gaps => read(text, Descend { path, question }),
            None => Truth::Unknown,
        }
    }

    /// The text from where the value of the outermost member begins, if the member is listed.
    fn value_of<'t>(&self, text: &'t str, name: &str) -> Option<&'t str> {
        let after_name = self.names.iter().find_map(|(start, end)| {
            let (start, end) = (usize::try_from(*start).ok()?, usize::try_from(*end).ok()?);
            (text.get(start..end)? == name).then(|| text.get(end..))?
        })?;
        after_name.strip_prefix('"')?.trim_start().strip_prefix(':')
    }
}

/// Reads the one value that the text begins with.
fn read(text: &str, seed: Descend<'_>) -> Truth {
    seed.deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap_or(Truth::Unknown)
}

/// Goes down a path and asks there. An error is a wrong type on the way.
#[derive(Clone, Copy)]
struct Descend<'a> {
    path: Steps<'a>,
    question: Question<'a>,
}

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = Truth;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Truth, D::Error> {
        match (self.path.split_first(), self.question) {
            (Some(_), _) => deserializer.deserialize_map(self),
            (None, Question::Contains(_)) => deserializer.deserialize_seq(self),
            (None, Question::Equals(value)) => Compare(value).deserialize(deserializer).map(Truth::from),
        }
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = Truth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the path leads to")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Truth, A::Error> {
        let mut answer = Truth::Unknown;
        let Some((wanted, path)) = self.path.split_first() else { return Ok(Truth::Unknown) };
        while let Some(Text(name)) = map.next_key()? {
            if name == wanted {
                answer = map.next_value_seed(Descend { path, ..self })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(answer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Truth, A::Error> {
        let Question::Contains(value) = self.question else { return Ok(Truth::Unknown) };
        let mut found = false;
        while let Some(equal) = seq.next_element_seed(Compare(value))? {
            found |= equal;
        }
        Ok(found.into())
    }
}

/// Compares one value; an error if it is of another type.
struct Compare<'a>(&'a ClaimValue);

impl<'de> DeserializeSeed<'de> for Compare<'_> {
    type Value = bool;

    /// Asks for the type, for serde_json hands over a number as a map when it is asked for "any" and some
    /// other crate has switched its arbitrary precision on.
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        match self.0 {
            ClaimValue::Text(_) => deserializer.deserialize_str(self),
            ClaimValue::Bool(_) => deserializer.deserialize_bool(self),
            ClaimValue::Integer(_) => deserializer.deserialize_i64(self),
        }
    }
}

impl Visitor<'_> for Compare<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the type that it is compared with")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
        match self.0 {
            ClaimValue::Text(wanted) => Ok(**wanted == *text),
            _ => Err(E::custom("a string")),
        }
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
        match self.0 {
            ClaimValue::Bool(wanted) => Ok(*wanted == value),
            _ => Err(E::custom("a truth value")),
        }
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<bool, E> {
        match self.0 {
            ClaimValue::Integer(wanted) => Ok(*wanted == value),
            _ => Err(E::custom("a number")),
        }
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<bool, E> {
        match self.0 {
            ClaimValue::Integer(wanted) => Ok(u64::try_from(*wanted) == Ok(value)),
            _ => Err(E::custom("a number")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::RegisteredClaims;
    use super::Truth::{No, Unknown, Yes};
    use super::*;

    #[track_caller]
    fn ask(claims: &str, path: impl Into<ClaimPath>, question: Question<'_>) -> Truth {
        RegisteredClaims::parse(claims).unwrap().members().ask(claims, Steps::from(&path.into()), question)
    }

    #[test]
    fn an_array_of_strings_contains() {
        let admin = ClaimValue::from("admin");
        let contains = |claims| ask(claims, "roles", Question::Contains(&admin));
        assert_eq!(contains(r#"{"a":["x"],"roles":["reader","admin"]}"#), Yes);
        assert_eq!(contains(r#"{"roles" : [ "\u0061dmin" ]}"#), Yes);
        assert_eq!(contains(r#"{"\u0072oles":["admin"]}"#), Yes, "an escaped name");
        assert_eq!(contains(r#"{"\u0061":1,"roles":["admin"]}"#), Yes, "beside an escaped name");
        for text in [r#"{"roles":["reader"]}"#, r#"{"roles":["Admin"]}"#, r#"{"roles":[]}"#] {
            assert_eq!(contains(text), No, "{text}");
        }
        for text in [
            r#"{"roles":"admin"}"#,
            r#"{"roles":["admin",1]}"#,
            r#"{"roles":[1,"admin"]}"#,
            r#"{"roles":["admin",null]}"#,
            r#"{"roles":[["admin"]]}"#,
            r#"{"roles":{"admin":true}}"#,
            r#"{"roles":null}"#,
            r#"{"a":{"roles":["admin"]}}"#,
            r#"{"a":"\"roles\":[\"admin\"]"}"#,
            r#"{"\u0061":{"roles":["admin"]}}"#,
            r#"{"Roles":["admin"]}"#,
            r#"{"role":["admin"]}"#,
            r#"{}"#,
        ] {
            assert_eq!(contains(text), Unknown, "{text}");
        }
    }

    #[test]
    fn a_path_leads_through_objects_only() {
        let admin = ClaimValue::from("admin");
        let contains = |claims, path: ClaimPath| ask(claims, path, Question::Contains(&admin));
        let keycloak = r#"{"realm_access":{"x":[],"roles":["admin"]},
            "resource_access":{"account":{"roles":[]},"shop":{"roles":["admin"]}}}"#;
        assert_eq!(contains(keycloak, ClaimPath::realm_access_roles()), Yes);
        assert_eq!(contains(keycloak, ClaimPath::resource_access_roles("shop")), Yes);
        assert_eq!(contains(keycloak, ClaimPath::resource_access_roles("account")), No);
        for unknown in [
            ClaimPath::resource_access_roles("other"),
            ClaimPath::roles(),
            "realm_access.roles".into(),
            ["realm_access"].into(),
            ["realm_access", "roles", "admin"].into(),
            ["realm_access", ""].into(),
        ] {
            assert_eq!(contains(keycloak, unknown.clone()), Unknown, "{unknown}");
        }
        for wrong in
            [r#"{"realm_access":["roles"]}"#, r#"{"realm_access":"roles"}"#, r#"{"realm_access":null}"#]
        {
            assert_eq!(contains(wrong, ClaimPath::realm_access_roles()), Unknown, "{wrong}");
        }
        let dotted = r#"{"https://example.com/roles":["admin"],"cognito:groups":["admin"]}"#;
        assert_eq!(contains(dotted, "https://example.com/roles".into()), Yes);
        assert_eq!(contains(dotted, ClaimPath::cognito_groups()), Yes);
    }

    #[test]
    fn equal_means_of_the_same_type_too() {
        let equals = |value: &str, wanted: ClaimValue| {
            ask(&format!(r#"{{"a":{value},"b":0}}"#), "a", Question::Equals(&wanted))
        };
        assert_eq!(equals(r#""x""#, "x".into()), Yes);
        assert_eq!(equals(r#""X""#, "x".into()), No);
        assert_eq!(equals("true", true.into()), Yes);
        assert_eq!(equals("true", false.into()), No);
        assert_eq!(equals("-3", (-3).into()), Yes);
        assert_eq!(equals("3", 4.into()), No);
        assert_eq!(equals("-3", (-4).into()), No);
        assert_eq!(equals("18446744073709551615", (-1).into()), No);
        assert_eq!(equals("9223372036854775807", i64::MAX.into()), Yes);
        for value in ["1", "null", "[\"x\"]", "{}", "true"] {
            assert_eq!(equals(value, "x".into()), Unknown, "{value}");
        }
        for value in ["\"true\"", "1", "null", "[true]"] {
            assert_eq!(equals(value, true.into()), Unknown, "{value}");
        }
        for value in ["\"3\"", "3.0", "3e0", "null", "true", "[3]"] {
            assert_eq!(equals(value, 3.into()), Unknown, "{value}");
        }
    }

    #[test]
    fn numbers_and_truth_values_are_contained_too() {
        let contains = |claims, value: ClaimValue| ask(claims, "a", Question::Contains(&value));
        assert_eq!(contains(r#"{"a":[1,2]}"#, 2.into()), Yes);
        assert_eq!(contains(r#"{"a":[1,"2"]}"#, 1.into()), Unknown);
        assert_eq!(contains(r#"{"a":[false]}"#, true.into()), No);
    }

    #[test]
    fn a_path_is_printed_with_dots() {
        assert_eq!(ClaimPath::resource_access_roles("shop").to_string(), "resource_access.shop.roles");
        assert_eq!(format!("{:?}", ClaimPath::permissions()), "ClaimPath(permissions)");
        assert_eq!(ClaimPath::groups(), ClaimPath::from("groups".to_owned()));
        let values: [ClaimValue; 3] = ["x".into(), true.into(), 7.into()];
        assert_eq!(format!("{values:?}"), r#"["x", true, 7]"#);
    }
}
