//! The ways in which keys and secrets are written down: quoted, escaped, encoded, in another character set.
//!
//! All of them read leniently. They serve to recognise what was given; what a key is made of is read strictly,
//! where it is used.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The longest text that is looked into, in bytes (256 KiB).
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// The shortest word that is looked into, in bytes: a key of Ed25519 has 59 characters.
const MIN_WORD_BYTES: usize = 40;

const BYTE_ORDER_MARKS: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Every way of reading these bytes as something else that was written down.
pub(super) fn readings(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let plain = Some(plain(bytes)).filter(|plain| **plain != *bytes).map(Cow::into_owned);
    // DER may end in a byte of white space, that `plain` takes away.
    let begun =
        Some(without_mark(bytes).trim_ascii_start()).filter(|begun| *begun != bytes).map(<[u8]>::to_vec);
    // Whatever is hexadecimal would be base64 too, of bytes that nobody has written.
    let decoded = from_hex(bytes).or_else(|| from_base64(bytes));
    [plain, begun, from_utf_16(bytes), from_percent(bytes), decoded].into_iter().flatten()
}

/// The words of a text that may be hexadecimal or base64, decoded: as in `Modulus=...` or a line of `known_hosts`.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let words = text.split(move |byte| !is_of_word(byte));
    let long = words.filter(|word| (MIN_WORD_BYTES..text.len()).contains(&word.len()));
    long.filter_map(|word| from_hex(word).or_else(|| from_base64(word)))
}

/// The text without byte order mark, white space and quotes around it, and without escapes in it.
pub(super) fn plain(bytes: &[u8]) -> Cow<'_, [u8]> {
    let text = without_mark(bytes).trim_ascii();
    let text = match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        _ => text,
    };
    if text.contains(&b'\\') { Cow::Owned(unescaped(text)) } else { Cow::Borrowed(text) }
}

/// UTF-16 in either byte order, with or without a mark: most of it is one byte and a zero. What is more than a byte
/// becomes a question mark.
pub(super) fn from_utf_16(bytes: &[u8]) -> Option<Vec<u8>> {
    let pairs = || without_mark(bytes).chunks_exact(2);
    let zeros = |place: usize| pairs().filter(|pair| pair.get(place) == Some(&0)).count();
    let (high_first, low_first) = (zeros(0), zeros(1));
    let is_text = pairs().any(|pair| matches!(pair, [1..=255, 0] | [0, 1..=255]));
    let byte = |pair: &[u8]| match pair {
        [byte, 0] if low_first >= high_first => *byte,
        [0, byte] if low_first < high_first => *byte,
        _ => b'?',
    };
    (is_text && low_first.max(high_first) * 2 > pairs().len()).then(|| pairs().map(byte).collect())
}

/// Of either alphabet, padded or not, with white space in it.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let standard = |byte: u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let compact: Vec<u8> =
        text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).map(standard).collect();
    BASE64.decode(compact).ok()
}

/// In parts with colons, hyphens, commas or white space between, each perhaps with `0x` before it.
pub(super) fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let parts = text.split(|byte| byte.is_ascii_whitespace() || b":-,".contains(byte));
    let digits = parts.flat_map(|part| part.strip_prefix(b"0x").unwrap_or(part));
    let digits: Vec<u8> = digits.copied().collect();
    digits.chunks(2).map(hex_pair).collect()
}

/// Percent-encoded, with `+` for a space, as forms and addresses have it.
fn from_percent(mut text: &[u8]) -> Option<Vec<u8>> {
    if !text.contains(&b'%') {
        return None;
    }
    let mut plain = Vec::with_capacity(text.len());
    loop {
        let (byte, rest) = match text {
            [] => return Some(plain),
            [b'%', high, low, rest @ ..] => (hex_pair(&[*high, *low])?, rest),
            [b'%', ..] => return None,
            [b'+', rest @ ..] => (b' ', rest),
            [byte, rest @ ..] => (*byte, rest),
        };
        plain.push(byte);
        text = rest;
    }
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    BYTE_ORDER_MARKS.into_iter().find_map(|mark| bytes.strip_prefix(mark)).unwrap_or(bytes)
}

/// The escapes of JSON and of shells, as far as they stand for ASCII; others stay.
fn unescaped(mut text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    loop {
        let (byte, rest) = match text {
            [] => return plain,
            [b'\\', b'n', rest @ ..] => (b'\n', rest),
            [b'\\', b'r', rest @ ..] => (b'\r', rest),
            [b'\\', b't', rest @ ..] => (b'\t', rest),
            [b'\\', byte @ (b'\\' | b'/' | b'"' | b'\''), rest @ ..] => (*byte, rest),
            [b'\\', b'u', b'0', b'0', high, low, rest @ ..] => match hex_pair(&[*high, *low]) {
                Some(byte) => (byte, rest),
                None => (b'?', rest),
            },
            [byte, rest @ ..] => (*byte, rest),
        };
        plain.push(byte);
        text = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_text_goes_and_what_is_escaped_in_it_comes_back() {
        for (written, expected) in [
            ("a", "a"),
            (" a\r\n", "a"),
            ("\u{feff}a", "a"),
            ("\"a\"", "a"),
            ("\u{feff} 'a' ", "a"),
            ("\"a'", "\"a'"),
            ("\"", "\""),
            (r"a\nb\r\n", "a\nb\r\n"),
            (r#""{\"a\":\t1}""#, "{\"a\":\t1}"),
            (r"a\\n\/\u003d\u00zz\x\", "a\\n/=?\\x\\"),
        ] {
            assert_eq!(plain(written.as_bytes()), expected.as_bytes(), "{written}");
        }
    }

    #[test]
    fn utf_16_is_read_in_either_byte_order() {
        let units: Vec<u16> = "some text".encode_utf16().collect();
        for mark in [&[][..], &[0xfeff]] {
            let all = || mark.iter().chain(&units);
            let little: Vec<u8> = all().flat_map(|unit| unit.to_le_bytes()).collect();
            let big: Vec<u8> = all().flat_map(|unit| unit.to_be_bytes()).collect();
            for bytes in [little, big] {
                assert_eq!(from_utf_16(&bytes).as_deref(), Some(&b"some text"[..]));
            }
        }
        assert_eq!(from_utf_16(b"some text"), None);
        assert_eq!(from_utf_16(b""), None);
        let other: Vec<u8> = "ab\u{20ac}c".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(from_utf_16(&other).as_deref(), Some(&b"ab?c"[..]));
        assert_eq!(from_utf_16(&[0; 8]), None);
    }

    #[test]
    fn hex_and_base64_are_read_as_people_write_them() {
        for text in
            ["00ff10", "00FF10", "00:ff:10", " 00 ff 10\n", "0x00ff10", "00-FF-10", "0x00, 0xff, 0x10,"]
        {
            assert_eq!(from_hex(text.as_bytes()), Some(vec![0, 0xff, 0x10]), "{text}");
        }
        for text in ["00f", "0g", "00_ff", "000x"] {
            assert_eq!(from_hex(text.as_bytes()), None, "{text}");
        }
        for text in ["+/8=", "-_8", "+/8", " +/\n8=\r\n", "+/9="] {
            assert_eq!(from_base64(text.as_bytes()), Some(vec![0xfb, 0xff]), "{text}");
        }
        for text in ["+/8==", "a b c?", "=", "a"] {
            assert_eq!(from_base64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn percent_encoding_is_undone() {
        assert_eq!(from_percent(b"a%2Bb+c%0a").as_deref(), Some(&b"a+b c\n"[..]));
        for text in ["a+b", "%", "%2", "%2g", ""] {
            assert_eq!(from_percent(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn words_are_found_between_other_characters() {
        let long = "ab".repeat(20);
        for text in [format!("k={long}"), format!("{long};"), format!("a b:\"{long}\"")] {
            assert_eq!(words(text.as_bytes()).collect::<Vec<_>>(), [vec![0xab; 20]], "{text}");
        }
        // All of a text is read anyhow, and short words are none.
        for text in [long.clone(), format!("k={}", &long[1..])] {
            assert_eq!(words(text.as_bytes()).count(), 0, "{text}");
        }
    }
}
