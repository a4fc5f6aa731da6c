//! Claims at any depth, found again in claims that were read before.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    self, Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::claim_path::{ClaimPath, Shape};
use super::claim_value::ClaimValue;
use super::truth::Truth;
use crate::json::Text;

/// What is left to go of a path, and the shape of the claim at its end.
#[derive(Clone, Copy)]
pub(crate) struct Steps<'a> {
    first: Option<&'a str>,
    others: &'a [Box<str>],
    shape: Shape,
}

impl<'a> Steps<'a> {
    /// To an outermost claim that is an array.
    pub(crate) fn one(name: &'a str) -> Self {
        Self { first: Some(name), others: &[], shape: Shape::Array }
    }

    fn split_first(self) -> Option<(&'a str, Self)> {
        let (first, others) = match self.first {
            Some(first) => (first, self.others),
            None => self.others.split_first().map(|(first, others)| (&**first, others))?,
        };
        Some((first, Self { first: None, others, ..self }))
    }
}

impl<'a> From<&'a ClaimPath> for Steps<'a> {
    fn from(path: &'a ClaimPath) -> Self {
        Self { first: None, others: path.names(), shape: path.shape() }
    }
}

/// What is asked of the claim at the end of a path.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    Equals(&'a ClaimValue),
    /// Has it the shape that the path says, with values of this type only, and the value among them?
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
    /// has another type or shape than the question is about.
    pub(crate) fn ask(&self, text: &str, path: Steps<'_>, question: Question<'_>) -> Truth {
        self.find(text, path).map_or(Truth::Unknown, |value| answer(value, path.shape, question))
    }

    /// The text from where the value at the end of the path begins, whatever its type and shape, if there is one.
    pub(crate) fn find<'t>(&self, text: &'t str, path: Steps<'_>) -> Option<&'t str> {
        let (first, inner) = path.split_first()?;
        match self.value_of(text, first) {
            Some(value) => descend(value, inner),
            None if self.has_gaps => descend(text, path),
            None => None,
        }
    }

    /// The text from where the value of the outermost member begins, if the member is listed.
    fn value_of<'t>(&self, text: &'t str, name: &str) -> Option<&'t str> {
        let after_name = self.names.iter().find_map(|(start, end)| {
            let (start, end) = (usize::try_from(*start).ok()?, usize::try_from(*end).ok()?);
            // The lengths tell most names apart.
            (end - start == name.len() && text.get(start..end)? == name).then(|| text.get(end..))?
        })?;
        after_name.strip_prefix('"')?.trim_start().strip_prefix(':')
    }
}

/// The text from where the value begins that the path leads to within the value that the text begins with.
fn descend<'t>(text: &'t str, path: Steps<'_>) -> Option<&'t str> {
    if path.split_first().is_none() {
        return Some(text);
    }
    Descend(path).deserialize(&mut serde_json::Deserializer::from_str(text)).ok().flatten()
}

/// Goes down a path. An error is a wrong type on the way.
struct Descend<'a>(Steps<'a>);

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = Option<&'de str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0.split_first() {
            Some(_) => deserializer.deserialize_map(self),
            None => <&RawValue>::deserialize(deserializer).map(|value| Some(value.get())),
        }
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object on the way of the path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        let Some((wanted, path)) = self.0.split_first() else { return Ok(None) };
        while let Some(Text(name)) = map.next_key()? {
            if name == wanted {
                found = map.next_value_seed(Descend(path))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// What the claim answers whose value the text begins with.
fn answer(text: &str, shape: Shape, question: Question<'_>) -> Truth {
    let json = &mut serde_json::Deserializer::from_str(text);
    let answer = match (question, shape) {
        (Question::Contains(value), Shape::Keys) => json.deserialize_map(Keys(value)),
        (Question::Contains(value), Shape::Array) => json.deserialize_seq(Elements(value)),
        (Question::Contains(value), Shape::SingleOrArray) if text.trim_start().starts_with('[') => {
            json.deserialize_seq(Elements(value))
        }
        (Question::Contains(value), Shape::Single | Shape::SingleOrArray) | (Question::Equals(value), _) => {
            Compare(value).deserialize(json).map(Truth::from)
        }
    };
    answer.unwrap_or(Truth::Unknown)
}

/// Looks for a value in an array; an error if any of its elements is of another type.
struct Elements<'a>(&'a ClaimValue);

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = Truth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Truth, A::Error> {
        let mut found = false;
        while let Some(equal) = seq.next_element_seed(Compare(self.0))? {
            found |= equal;
        }
        Ok(found.into())
    }
}

/// Looks for a value among the keys of an object.
struct Keys<'a>(&'a ClaimValue);

impl<'de> Visitor<'de> for Keys<'_> {
    type Value = Truth;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Truth, A::Error> {
        let ClaimValue::Text(wanted) = self.0 else { return Err(de::Error::custom("keys are strings")) };
        let mut answer = Truth::No;
        while let Some(Text(key)) = map.next_key()? {
            if *key == **wanted {
                let value: &RawValue = map.next_value()?;
                // The issuer says that the role is off, or nothing. Neither grants it, negated or not.
                let is_off = matches!(value.get(), "null" | "false");
                answer = if is_off { Truth::Unknown } else { Truth::Yes };
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(answer)
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
    fn a_claim_of_another_shape_is_there_all_the_same() {
        let is_there = |claims: &str, path: ClaimPath| {
            RegisteredClaims::parse(claims).unwrap().members().find(claims, Steps::from(&path)).is_some()
        };
        for value in ["null", "false", "0", "\"\"", "[]", "{}", "[1]", "{\"roles\":null}"] {
            for (claims, path) in [
                (format!(r#"{{"a":1,"roles" : {value} ,"b":2}}"#), ClaimPath::roles()),
                (format!(r#"{{"\u0072oles":{value}}}"#), ClaimPath::roles().keys()),
                (
                    format!(r#"{{"realm_access":{{"a":{{}},"roles" : {value} }}}}"#),
                    ClaimPath::realm_access_roles(),
                ),
                (format!(r#"{{"o":{{"r\u006fl":{value},"a":1}}}}"#), ClaimPath::clerk_org_role()),
            ] {
                assert!(is_there(&claims, path), "{claims}");
            }
        }
        for (claims, path) in [
            (r#"{}"#, ClaimPath::roles()),
            (r#"{"\u0061":1,"b":{"roles":[]}}"#, ClaimPath::roles()),
            (r#"{"realm_access":{}}"#, ClaimPath::realm_access_roles()),
            (r#"{"realm_access":"roles"}"#, ClaimPath::realm_access_roles()),
        ] {
            assert!(!is_there(claims, path), "{claims}");
        }
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
        let shapes = ClaimPath::groups;
        assert_eq!(format!("{:?}", shapes().single()), "ClaimPath(groups, single)");
        assert_eq!(format!("{:?}", shapes().single_or_array()), "ClaimPath(groups, single or array)");
        assert_eq!(format!("{:?}", shapes().keys()), "ClaimPath(groups, keys)");
        assert_eq!(shapes().keys().to_string(), "groups", "where it stands");
        assert_ne!(shapes().keys(), shapes());
        assert_eq!(shapes().keys().single(), shapes().single(), "the last one counts");
        let values: [ClaimValue; 3] = ["x".into(), true.into(), 7.into()];
        assert_eq!(format!("{values:?}"), r#"["x", true, 7]"#);
    }
}
