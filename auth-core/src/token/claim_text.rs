//! The text of a claim at any depth.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize as _, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::claim_path::ClaimPath;
use crate::json::Text;

/// What stands at the end of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ClaimText<'t> {
    Absent,
    Null,
    Text(Cow<'t, str>),
    /// Something else than a string, or the path leads through something else than an object.
    OfAnotherType,
}

/// Reads the claim at the path in claims that were found sound before.
pub(crate) fn claim_text<'t>(claims: &'t str, path: &ClaimPath) -> ClaimText<'t> {
    let seed = Descend(path.names());
    seed.deserialize(&mut serde_json::Deserializer::from_str(claims)).unwrap_or(ClaimText::OfAnotherType)
}

/// Reads the value that this part of sound claims begins with.
pub(crate) fn leading_text(claims: &str) -> ClaimText<'_> {
    match Option::<Text<'_>>::deserialize(&mut serde_json::Deserializer::from_str(claims)) {
        Ok(Some(Text(text))) => ClaimText::Text(text),
        Ok(None) => ClaimText::Null,
        Err(_) => ClaimText::OfAnotherType,
    }
}

/// Goes down the names. An error is a wrong type on the way.
struct Descend<'a>(&'a [Box<str>]);

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = ClaimText<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<ClaimText<'de>, D::Error> {
        if self.0.is_empty() {
            let text = Option::<Text<'_>>::deserialize(deserializer)?;
            return Ok(text.map_or(ClaimText::Null, |Text(text)| ClaimText::Text(text)));
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = ClaimText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the path leads to")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ClaimText<'de>, A::Error> {
        let mut found = ClaimText::Absent;
        let Some((wanted, rest)) = self.0.split_first() else { return Ok(ClaimText::OfAnotherType) };
        while let Some(Text(name)) = map.next_key()? {
            if *name == **wanted {
                found = map.next_value_seed(Descend(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_at_any_depth_and_nothing_else_is_a_text() {
        let claims = r#"{"a":"x","b":{"c":"y\u002f","d":{"a":1}},"e":["x"],"f":null,"g":7}"#;
        let at = |path: ClaimPath| claim_text(claims, &path);
        assert_eq!(at("a".into()), ClaimText::Text("x".into()));
        assert_eq!(at(["b", "c"].into()), ClaimText::Text("y/".into()));
        for absent in [ClaimPath::from("c"), ["b", "x"].into(), ["b", "d", "b"].into(), "".into()] {
            assert_eq!(at(absent.clone()), ClaimText::Absent, "{absent}");
        }
        assert_eq!(at("f".into()), ClaimText::Null);
        for other in [ClaimPath::from("e"), "g".into(), "b".into(), ["a", "x"].into(), ["e", "0"].into()] {
            assert_eq!(at(other.clone()), ClaimText::OfAnotherType, "{other}");
        }
    }
}
