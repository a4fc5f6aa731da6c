//! A token in a field of its own.

use super::reading::Reading;

/// One field, which holds one b64token and nothing else. Two fields are malformed, whatever they hold.
pub(super) fn read<'r>(mut values: impl Iterator<Item = &'r [u8]>) -> Reading<'r> {
    match (values.next(), values.next()) {
        (None, _) => Reading::Missing,
        (Some(value), None) => Reading::of_value(value),
        (Some(_), Some(_)) => Reading::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_token_in_one_field() {
        let reads = |values: &[&'static str]| read(values.iter().map(|value| value.as_bytes()));
        assert_eq!(reads(&[]), Reading::Missing);
        assert_eq!(reads(&["a.b"]), Reading::Token("a.b".into()));
        for values in [
            &["a", "a"][..],
            &["a", ""],
            &[""],
            &["a b"],
            &["Bearer a"],
            &["\"a\""],
            &["a,b"],
            &["a, a"],
            &["a=b"],
            &["=="],
            &["\u{e9}"],
        ] {
            assert_eq!(reads(values), Reading::Malformed, "{values:?}");
        }
    }
}
