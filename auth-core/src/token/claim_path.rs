//! Claims at any depth, found again in claims that were read before.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::Text;

/// Where a claim stands: the names of members from the outermost object inwards.
///
/// A text is the name of one outermost claim, with all its dots, since `https://example.com/roles` is such
/// a name too. Deeper ones are given name by name:
///
/// ```
/// use auth_core::ClaimPath;
///
/// let tenant = ClaimPath::from("tenant");
/// let roles = ClaimPath::from(["realm_access", "roles"]);
/// assert_eq!(roles, ClaimPath::realm_access_roles());
/// ```
///
/// ```compile_fail
/// auth_core::ClaimPath::from([""; 0]);
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct ClaimPath(Arc<[Box<str>]>);

impl ClaimPath {
    /// `roles`: Microsoft Entra ID's app roles, RFC 9068 section 2.2.3.1, and the default.
    #[must_use]
    pub fn roles() -> Self {
        "roles".into()
    }

    /// `realm_access.roles`: Keycloak's roles of the realm.
    #[must_use]
    pub fn realm_access_roles() -> Self {
        ["realm_access", "roles"].into()
    }

    /// `resource_access.<client>.roles`: Keycloak's roles of one client.
    #[must_use]
    pub fn resource_access_roles(client: &str) -> Self {
        ["resource_access", client, "roles"].into()
    }

    /// `permissions`: Auth0's permissions of an API.
    #[must_use]
    pub fn permissions() -> Self {
        "permissions".into()
    }

    /// `groups`: RFC 9068 section 2.2.3.1, Okta, Microsoft Entra ID and others.
    #[must_use]
    pub fn groups() -> Self {
        "groups".into()
    }

    /// `cognito:groups`: the groups of Amazon Cognito.
    #[must_use]
    pub fn cognito_groups() -> Self {
        "cognito:groups".into()
    }

    pub(crate) fn begins_with(&self, name: &str) -> bool {
        self.0.first().is_some_and(|first| **first == *name)
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        [name].into()
    }
}

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        [name].into()
    }
}

impl<S: Into<Box<str>>, const N: usize> From<[S; N]> for ClaimPath {
    fn from(names: [S; N]) -> Self {
        const { assert!(N > 0, "a path has at least one name") }
        Self(names.into_iter().map(Into::into).collect())
    }
}

/// The names with dots between.
impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl fmt::Debug for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimPath({self})")
    }
}

/// A value that a claim is compared with: a text, a truth value or a whole number.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum ClaimValue {
    /// A string, compared byte by byte.
    Text(Box<str>),
    /// `true` or `false`.
    Bool(bool),
    /// A number that is written without a fraction or an exponent.
    Integer(i64),
}

impl From<&str> for ClaimValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for ClaimValue {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for ClaimValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for ClaimValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl fmt::Debug for ClaimValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
        }
    }
}

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
        Self { first: None, others: &path.0 }
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

    /// What the claims, whose text this is, answer; `None` if the path ends before its claim, or the claim
    /// has another type than the question.
    pub(crate) fn ask(&self, text: &str, path: Steps<'_>, question: Question<'_>) -> Option<bool> {
        let (first, inner) = path.split_first()?;
        let listed = self.names.iter().find_map(|(start, end)| {
            let (start, end) = (usize::try_from(*start).ok()?, usize::try_from(*end).ok()?);
            (text.get(start..end)? == first).then(|| text.get(end..))?
        });
        match listed {
            Some(rest) => {
                let value = rest.strip_prefix('"')?.trim_start().strip_prefix(':')?;
                read(value, Descend { path: inner, question })
            }
            None if self.has_gaps => read(text, Descend { path, question }),
            None => None,
        }
    }
}

/// Reads the one value that the text begins with.
fn read(text: &str, seed: Descend<'_>) -> Option<bool> {
    seed.deserialize(&mut serde_json::Deserializer::from_str(text)).ok()?
}

/// Goes down a path and asks there. An error is a wrong type on the way.
#[derive(Clone, Copy)]
struct Descend<'a> {
    path: Steps<'a>,
    question: Question<'a>,
}

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = Option<bool>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<bool>, D::Error> {
        match (self.path.split_first(), self.question) {
            (Some(_), _) => deserializer.deserialize_map(self),
            (None, Question::Contains(_)) => deserializer.deserialize_seq(self),
            (None, Question::Equals(value)) => Compare(value).deserialize(deserializer).map(Some),
        }
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = Option<bool>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the path leads to")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<bool>, A::Error> {
        let mut answer = None;
        let Some((wanted, path)) = self.path.split_first() else { return Ok(None) };
        while let Some(Text(name)) = map.next_key()? {
            if name == wanted {
                answer = map.next_value_seed(Descend { path, ..self })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(answer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<bool>, A::Error> {
        let Question::Contains(value) = self.question else { return Ok(None) };
        let mut found = false;
        while let Some(equal) = seq.next_element_seed(Compare(value))? {
            found |= equal;
        }
        Ok(Some(found))
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
    use super::*;
    use crate::token::claims::RegisteredClaims;

    #[track_caller]
    fn ask(claims: &str, path: impl Into<ClaimPath>, question: Question<'_>) -> Option<bool> {
        RegisteredClaims::parse(claims).unwrap().members().ask(claims, Steps::from(&path.into()), question)
    }

    #[test]
    fn an_array_of_strings_contains() {
        let admin = ClaimValue::from("admin");
        let contains = |claims| ask(claims, "roles", Question::Contains(&admin));
        assert_eq!(contains(r#"{"a":["x"],"roles":["reader","admin"]}"#), Some(true));
        assert_eq!(contains(r#"{"roles" : [ "\u0061dmin" ]}"#), Some(true));
        assert_eq!(contains(r#"{"\u0072oles":["admin"]}"#), Some(true), "an escaped name");
        assert_eq!(contains(r#"{"\u0061":1,"roles":["admin"]}"#), Some(true), "beside an escaped name");
        for text in [r#"{"roles":["reader"]}"#, r#"{"roles":["Admin"]}"#, r#"{"roles":[]}"#] {
            assert_eq!(contains(text), Some(false), "{text}");
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
            assert_eq!(contains(text), None, "{text}");
        }
    }

    #[test]
    fn a_path_leads_through_objects_only() {
        let admin = ClaimValue::from("admin");
        let contains = |claims, path: ClaimPath| ask(claims, path, Question::Contains(&admin));
        let keycloak = r#"{"realm_access":{"x":[],"roles":["admin"]},
            "resource_access":{"account":{"roles":[]},"shop":{"roles":["admin"]}}}"#;
        assert_eq!(contains(keycloak, ClaimPath::realm_access_roles()), Some(true));
        assert_eq!(contains(keycloak, ClaimPath::resource_access_roles("shop")), Some(true));
        assert_eq!(contains(keycloak, ClaimPath::resource_access_roles("account")), Some(false));
        for unknown in [
            ClaimPath::resource_access_roles("other"),
            ClaimPath::roles(),
            "realm_access.roles".into(),
            ["realm_access"].into(),
            ["realm_access", "roles", "admin"].into(),
            ["realm_access", ""].into(),
        ] {
            assert_eq!(contains(keycloak, unknown.clone()), None, "{unknown}");
        }
        for wrong in
            [r#"{"realm_access":["roles"]}"#, r#"{"realm_access":"roles"}"#, r#"{"realm_access":null}"#]
        {
            assert_eq!(contains(wrong, ClaimPath::realm_access_roles()), None, "{wrong}");
        }
        let dotted = r#"{"https://example.com/roles":["admin"],"cognito:groups":["admin"]}"#;
        assert_eq!(contains(dotted, "https://example.com/roles".into()), Some(true));
        assert_eq!(contains(dotted, ClaimPath::cognito_groups()), Some(true));
    }

    #[test]
    fn equal_means_of_the_same_type_too() {
        let equals = |value: &str, wanted: ClaimValue| {
            ask(&format!(r#"{{"a":{value},"b":0}}"#), "a", Question::Equals(&wanted))
        };
        assert_eq!(equals(r#""x""#, "x".into()), Some(true));
        assert_eq!(equals(r#""X""#, "x".into()), Some(false));
        assert_eq!(equals("true", true.into()), Some(true));
        assert_eq!(equals("true", false.into()), Some(false));
        assert_eq!(equals("-3", (-3).into()), Some(true));
        assert_eq!(equals("3", 4.into()), Some(false));
        assert_eq!(equals("-3", (-4).into()), Some(false));
        assert_eq!(equals("18446744073709551615", (-1).into()), Some(false));
        assert_eq!(equals("9223372036854775807", i64::MAX.into()), Some(true));
        for value in ["1", "null", "[\"x\"]", "{}", "true"] {
            assert_eq!(equals(value, "x".into()), None, "{value}");
        }
        for value in ["\"true\"", "1", "null", "[true]"] {
            assert_eq!(equals(value, true.into()), None, "{value}");
        }
        for value in ["\"3\"", "3.0", "3e0", "null", "true", "[3]"] {
            assert_eq!(equals(value, 3.into()), None, "{value}");
        }
    }

    #[test]
    fn numbers_and_truth_values_are_contained_too() {
        let contains = |claims, value: ClaimValue| ask(claims, "a", Question::Contains(&value));
        assert_eq!(contains(r#"{"a":[1,2]}"#, 2.into()), Some(true));
        assert_eq!(contains(r#"{"a":[1,"2"]}"#, 1.into()), None);
        assert_eq!(contains(r#"{"a":[false]}"#, true.into()), Some(false));
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
