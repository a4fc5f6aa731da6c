//! Strict reading of JSON objects: one pass, serde_json underneath, our rules on top.
//!
//! The rules, for JOSE headers, claims and keys alike:
//!
//! 1. Without a byte order mark; one object, and only white space after it.
//! 2. No member twice, at any depth, however its name is escaped: two parsers may disagree about
//!    which one counts ([RFC 8725 section 2.5], [RFC 7519 section 4]).
//! 3. Nesting, and the number of members over all levels, are bounded. The work is linear in the length of the
//!    text, so that the number may be left to the bound of its bytes.
//! 4. Every string is decoded, so that a lone surrogate is an error also where nobody asks for the
//!    member.
//! 5. The names by which serde_json marks JSON within a string, and numbers, refuse. A number that it has
//!    marked itself, as it does if any crate has switched its `arbitrary_precision` on, has to be one that an
//!    `f64` holds, as without.
//! 6. A member that is asked for has the JSON type that its specification says; `null` is no
//!    substitute for absence, unless the caller asks for an `Option`.
//!
//! No error holds anything of the input.
//!
//! [RFC 8725 section 2.5]: https://www.rfc-editor.org/rfc/rfc8725#section-2.5
//! [RFC 7519 section 4]: https://www.rfc-editor.org/rfc/rfc7519#section-4

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::open_names::OpenNames;

/// The deepest nesting that is read; the outermost object is the first level.
pub(crate) const MAX_DEPTH: usize = 16;

/// A name that serde_json takes for a sign, if any crate has switched its `raw_value` on: what stands in
/// the string beside it would be read as JSON, which nobody has checked.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// The name of the only member of the object that serde_json makes of a number, if any crate has switched its
/// `arbitrary_precision` on.
const NUMBER: &str = "$serde_json::private::Number";

/// What is wrong with a JSON text, in the words of a specification and never in its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Not one JSON object in UTF-8.
    Syntax,
    /// A member twice in one object.
    Duplicate,
    /// Over [`MAX_DEPTH`] levels.
    TooDeep,
    /// More members than the caller allows.
    TooManyMembers,
    /// The named member has the wrong type or value.
    Member(&'static str),
}

/// Who takes the members of the outermost object.
pub(crate) trait Members<'de> {
    /// Takes the value of one member, or leaves it to `value.skip()`.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error>;
}

/// The value of the member at hand.
pub(crate) struct Value<'a, 'de, A> {
    map: &'a mut A,
    walk: &'a mut Walk<'de>,
}

impl<'de, A: MapAccess<'de>> Value<'_, 'de, A> {
    /// Reads the value as `T`; `name` is the member that a failure names.
    pub(crate) fn read<T: de::Deserialize<'de>>(self, name: &'static str) -> Result<T, A::Error> {
        self.read_with(name, PhantomData)
    }

    /// As [`read`](Self::read), by a seed.
    pub(crate) fn read_with<S: DeserializeSeed<'de>>(
        self,
        name: &'static str,
        seed: S,
    ) -> Result<S::Value, A::Error> {
        self.walk.reading = Some(name);
        let value = self.map.next_value_seed(seed)?;
        self.walk.reading = None;
        Ok(value)
    }

    /// Passes over the value by the rules of this module.
    pub(crate) fn skip(self) -> Result<(), A::Error> {
        self.map.next_value_seed(Strict { walk: self.walk, depth: 2 })
    }

    /// As [`skip`](Self::skip), and says what it was.
    pub(crate) fn skip_noting(self) -> Result<Seen<'de>, A::Error> {
        self.map.next_value_seed(Noting(Strict { walk: self.walk, depth: 2 }))
    }
}

/// What a value was that was passed over.
pub(crate) enum Seen<'de> {
    Null,
    Text(Cow<'de, str>),
    Other,
}

/// Reads one object of at most `max_members` members over all levels; `usize::MAX` if the caller has bounded the
/// bytes of the text. Yields the names of the outermost ones, in order.
pub(crate) fn read_object<'de>(
    text: &'de str,
    max_members: usize,
    members: &mut impl Members<'de>,
) -> Result<Vec<Cow<'de, str>>, Fault> {
    let names = OpenNames::with_capacity(24);
    let mut walk = Walk { names, members_left: max_members, reading: None, fault: None };
    let mut json = serde_json::Deserializer::from_str(text);
    let outcome = json.deserialize_map(Outermost { walk: &mut walk, members }).and_then(|()| json.end());
    match outcome {
        Ok(()) => Ok(walk.names.into_names()),
        Err(error) => {
            let of_member = walk.reading.filter(|_| error.is_data()).map(Fault::Member);
            Err(walk.fault.or(of_member).unwrap_or(Fault::Syntax))
        }
    }
}

struct Walk<'de> {
    names: OpenNames<'de>,
    members_left: usize,
    reading: Option<&'static str>,
    fault: Option<Fault>,
}

impl<'de> Walk<'de> {
    fn fail<E: de::Error>(&mut self, fault: Fault) -> E {
        self.fault = Some(fault);
        E::custom("refused")
    }

    /// Notes a name in the object whose names begin at `start`.
    fn enter<E: de::Error>(&mut self, start: usize, name: Cow<'de, str>) -> Result<(), E> {
        if name == RAW_VALUE || name == NUMBER {
            return Err(self.fail(Fault::Syntax));
        }
        if !self.names.enter(start, name) {
            return Err(self.fail(Fault::Duplicate));
        }
        let Some(left) = self.members_left.checked_sub(1) else {
            return Err(self.fail(Fault::TooManyMembers));
        };
        self.members_left = left;
        Ok(())
    }

    /// Passes over a number that serde_json has marked.
    fn number<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        // Of an object in the text, that is only called so, nothing would be counted.
        let Ok(Digits(digits)) = map.next_value() else {
            return Err(self.fail(Fault::Syntax));
        };
        if digits.parse().is_ok_and(f64::is_finite) { Ok(()) } else { Err(self.fail(Fault::Syntax)) }
    }
}

/// The text of a number that serde_json has marked. It hands that over owned, and no string of a text.
struct Digits(String);

impl<'de> de::Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DigitsVisitor;

        impl Visitor<'_> for DigitsVisitor {
            type Value = Digits;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the digits of a number")
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Digits, E> {
                Err(E::custom("not of serde_json's making"))
            }

            fn visit_string<E>(self, digits: String) -> Result<Digits, E> {
                Ok(Digits(digits))
            }
        }

        deserializer.deserialize_string(DigitsVisitor)
    }
}

struct Outermost<'a, 'de, M> {
    walk: &'a mut Walk<'de>,
    members: &'a mut M,
}

impl<'de, M: Members<'de>> Visitor<'de> for Outermost<'_, 'de, M> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            self.walk.enter(0, name.clone())?;
            self.members.member(&name, Value { map: &mut map, walk: self.walk })?;
        }
        Ok(())
    }
}

/// Walks over a value of any type at the given depth.
struct Strict<'a, 'de> {
    walk: &'a mut Walk<'de>,
    depth: usize,
}

impl<'de> Strict<'_, 'de> {
    fn descend<E: de::Error>(&mut self) -> Result<(), E> {
        if self.depth > MAX_DEPTH {
            return Err(self.walk.fail(Fault::TooDeep));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.descend()?;
        let depth = self.depth + 1;
        while seq.next_element_seed(Strict { walk: self.walk, depth })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let start = self.walk.names.open();
        let mut next = map.next_key()?;
        if matches!(&next, Some(Text(name)) if name == NUMBER) {
            return self.walk.number(map);
        }
        self.descend()?;
        while let Some(Text(name)) = next {
            self.walk.enter(start, name)?;
            map.next_value_seed(Strict { walk: self.walk, depth: self.depth + 1 })?;
            next = map.next_key()?;
        }
        self.walk.names.close(start);
        Ok(())
    }
}

/// Walks over a value and says what it was.
struct Noting<'a, 'de>(Strict<'a, 'de>);

impl<'de> DeserializeSeed<'de> for Noting<'_, 'de> {
    type Value = Seen<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Seen<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Noting<'_, 'de> {
    type Value = Seen<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Seen<'de>, E> {
        Ok(Seen::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Seen<'de>, E> {
        Ok(Seen::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Seen<'de>, E> {
        Ok(Seen::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Seen<'de>, E> {
        Ok(Seen::Other)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Seen<'de>, E> {
        Ok(Seen::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Seen<'de>, E> {
        Ok(Seen::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Seen<'de>, E> {
        Ok(Seen::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Seen<'de>, A::Error> {
        self.0.visit_seq(seq).map(|()| Seen::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Seen<'de>, A::Error> {
        self.0.visit_map(map).map(|()| Seen::Other)
    }
}

/// A JSON string and nothing else; borrowed unless it holds an escape.
#[derive(Clone)]
pub(crate) struct Text<'de>(pub(crate) Cow<'de, str>);

impl<'de> de::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `n` as a number, skips everything else.
    #[derive(Default)]
    struct Probe(Option<u64>);

    impl<'de> Members<'de> for Probe {
        fn member<A: MapAccess<'de>>(
            &mut self,
            name: &str,
            value: Value<'_, 'de, A>,
        ) -> Result<(), A::Error> {
            match name {
                "n" => self.0 = Some(value.read("n")?),
                _ => value.skip()?,
            }
            Ok(())
        }
    }

    #[track_caller]
    fn read(text: impl AsRef<str>) -> Result<Option<u64>, Fault> {
        let mut probe = Probe::default();
        read_object(text.as_ref(), 32, &mut probe).map(|_| probe.0)
    }

    fn nested(levels: usize) -> String {
        let inner = levels - 1;
        format!("{{\"a\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
    }

    #[test]
    fn json_within_a_string_is_not_smuggled_in() {
        for name in [RAW_VALUE, "\\u0024serde_json::private::RawValue"] {
            for text in [
                format!(r#"{{"{name}":"{{\\"a\\":1,\\"a\\":2}}"}}"#),
                format!(r#"{{"a":[{{"{name}":"[]"}}]}}"#),
            ] {
                assert_eq!(read(&text), Err(Fault::Syntax), "{text}");
            }
        }
        assert_eq!(read(format!(r#"{{"a":"{RAW_VALUE}","$serde_json":1}}"#)), Ok(None));
    }

    /// Where an application has switched serde_json's arbitrary precision on, this tries another code.
    #[test]
    fn a_number_is_no_level_and_no_member() {
        let deepest = |number| format!("{{\"a\":{}{number}{}}}", "[".repeat(15), "]".repeat(15));
        let most = |number: &str| format!("{{\"a\":[1{}]}}", format!(",{number}").repeat(100));
        for number in ["1", "-1.5e3", "18446744073709551616", "1e308"] {
            assert_eq!(read(deepest(number)), Ok(None), "{number}");
            assert_eq!(read(most(number)), Ok(None), "{number}");
        }
        for number in ["1e309", "-1e309", "1e400", "+1", ".5", "01", "inf", "NaN"] {
            assert_eq!(read(deepest(number)), Err(Fault::Syntax), "{number}");
        }
    }

    #[test]
    fn an_object_that_is_called_a_number_is_refused() {
        for value in [r#""1""#, r#""-1.5e3""#, r#""1e400""#, r#""""#, "1", "null", "{}", r#""1","b":1"#] {
            for text in [
                format!(r#"{{"{NUMBER}":{value}}}"#),
                format!(r#"{{"a":[{{"{NUMBER}":{value}}}]}}"#),
                format!(r#"{{"a":{{"b":1,"{NUMBER}":{value}}}}}"#),
                format!(r#"{{"a":{{"\u0024serde_json::private::Number":{value}}}}}"#),
            ] {
                assert_eq!(read(&text), Err(Fault::Syntax), "{text}");
            }
        }
        assert_eq!(read(r#"{"a":"$serde_json::private::Number","$serde_json::private":1}"#), Ok(None));
    }

    #[test]
    fn sound_objects_are_read() {
        assert_eq!(read("{}"), Ok(None));
        assert_eq!(read(r#" {"n":7,"a":[1,-1,1.5,"x",true,null,{"n":1},{"n":2}]} "#), Ok(Some(7)));
        assert_eq!(read(r#"{"\u006e":7}"#), Ok(Some(7)), "names are compared unescaped");
    }

    #[test]
    fn duplicates_are_found_at_any_depth_and_in_any_escaping() {
        for text in [
            r#"{"n":1,"n":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[{"b":{"c":1,"\u0063":2}}]}"#,
            r#"{"a":{"b":{}},"c":{"d":1,"e":{"d":1},"d":1}}"#,
        ] {
            assert_eq!(read(text), Err(Fault::Duplicate), "{text}");
        }
        assert_eq!(
            read(r#"{"a":{"b":1},"b":{"a":1,"b":{"a":1}}}"#),
            Ok(None),
            "the twin: same names elsewhere"
        );
    }

    #[test]
    fn broken_texts_are_refused() {
        for text in [
            "",
            " ",
            "[]",
            "1",
            "null",
            "\"a\"",
            "{",
            "{}x",
            "{}{}",
            "\u{feff}{}",
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\ud800\u0061"}"#,
            r#"{"\udc00":1}"#,
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":1e400}",
            "{\"a\":NaN}",
            "{/**/}",
            "{}//",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\" 1}",
            "{}\0",
        ] {
            assert_eq!(read(text), Err(Fault::Syntax), "{text:?}");
        }
    }

    #[test]
    fn the_bounds_are_exact() {
        assert_eq!(read(nested(16)), Ok(None));
        assert_eq!(read(nested(17)), Err(Fault::TooDeep));

        let objects = |levels: usize| format!("{}0{}", "{\"a\":".repeat(levels), "}".repeat(levels));
        assert_eq!(read(objects(16)), Ok(None));
        assert_eq!(read(objects(17)), Err(Fault::TooDeep));
        let mixed = |pairs: usize| format!("{{\"a\":{}0{}}}", "[{\"a\":".repeat(pairs), "}]".repeat(pairs));
        assert_eq!(read(mixed(7)), Ok(None), "15 levels");
        assert_eq!(read(mixed(8)), Err(Fault::TooDeep), "17 levels");

        let members = |count: usize| {
            let inner: Vec<_> = (1..count).map(|index| format!("\"{index}\":0")).collect();
            format!("{{\"a\":{{{}}}}}", inner.join(","))
        };
        assert_eq!(read(members(32)), Ok(None));
        assert_eq!(read(members(33)), Err(Fault::TooManyMembers));
    }

    /// Skips `v` and notes what it was.
    struct Witness(Option<String>);

    impl<'de> Members<'de> for Witness {
        fn member<A: MapAccess<'de>>(&mut self, _: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
            self.0 = Some(match value.skip_noting()? {
                Seen::Null => "null".to_owned(),
                Seen::Text(text) => format!("text {text}"),
                Seen::Other => "other".to_owned(),
            });
            Ok(())
        }
    }

    #[test]
    fn what_was_passed_over_is_told_and_was_judged() {
        let seen = |value: &str| {
            let mut witness = Witness(None);
            read_object(&format!("{{\"v\":{value}}}"), 32, &mut witness).map(|_| witness.0.unwrap())
        };
        assert_eq!(seen("null").as_deref(), Ok("null"));
        assert_eq!(seen(r#""a""#).as_deref(), Ok("text a"));
        assert_eq!(seen(r#""\u0061""#).as_deref(), Ok("text a"));
        for other in ["1", "-1", "1.5", "true", "[null]", r#"{"a":null}"#, "1e300", "18446744073709551616"] {
            assert_eq!(seen(other).as_deref(), Ok("other"), "{other}");
        }
        assert_eq!(seen(r#"{"a":1,"a":1}"#), Err(Fault::Duplicate));
        assert_eq!(seen(r#"[{"a":1,"\u0061":1}]"#), Err(Fault::Duplicate));
        assert_eq!(seen(&format!("{}{}", "[".repeat(16), "]".repeat(16))), Err(Fault::TooDeep));
        for broken in [r#""\ud800""#, "nul", "1e400", "[1,]"] {
            assert_eq!(seen(broken), Err(Fault::Syntax), "{broken}");
        }
    }

    #[test]
    fn members_may_be_bounded_by_the_bytes_alone() {
        fn read_unbounded(text: &str) -> Result<Vec<Cow<'_, str>>, Fault> {
            read_object(text, usize::MAX, &mut Probe::default())
        }
        let flat = |count: usize| {
            let members: Vec<_> = (0..count).map(|index| format!("\"m{index}\":{{\"m0\":0}}")).collect();
            members.join(",")
        };
        for count in [33, 257, 5_000] {
            let members = flat(count);
            let text = format!("{{{members}}}");
            let outermost = read_unbounded(&text).unwrap();
            assert_eq!(outermost.len(), count);
            assert_eq!(outermost.last().map(|name| &**name), Some(&*format!("m{}", count - 1)));
            let inner = format!("{{\"a\":[{{{members}}},{{{members}}}]}}");
            assert_eq!(read_unbounded(&inner).unwrap(), ["a"]);
            for repeated in ["m0", "\\u006d0", &format!("m{}", count - 1)] {
                for text in [
                    format!("{{{members},\"{repeated}\":0}}"),
                    format!("{{\"{repeated}\":0,{members}}}"),
                    format!("{{\"a\":[{{{members}}},{{{members},\"{repeated}\":0}}]}}"),
                ] {
                    assert_eq!(read_unbounded(&text), Err(Fault::Duplicate), "{count} {repeated}");
                }
            }
        }
        let bounded = format!("{{{}}}", flat(32));
        let read_bounded = |bound| read_object(&bounded, bound, &mut Probe::default()).map(|_| ());
        assert_eq!(read_bounded(63), Err(Fault::TooManyMembers));
        assert_eq!(read_bounded(64), Ok(()));
    }

    #[test]
    fn a_member_of_the_wrong_type_is_named() {
        for value in ["\"7\"", "null", "[]", "{}", "true", "-1", "1.5"] {
            assert_eq!(read(format!("{{\"n\":{value}}}")), Err(Fault::Member("n")), "{value}");
        }
    }
}
