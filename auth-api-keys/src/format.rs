//! What a key looks like.

/// Of the part that a store looks a key up by.
const ID_CHARACTERS: usize = 16;
const SECRET_CHARACTERS: usize = 32;
const CHECKSUM_CHARACTERS: usize = 6;
/// What follows the prefix.
const BODY_CHARACTERS: usize = ID_CHARACTERS + SECRET_CHARACTERS + CHECKSUM_CHARACTERS;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const MAX_NAME_BYTES: usize = 20;

/// The form of the keys of one product: `name_`, an id, a secret, a checksum of all that.
#[derive(Debug)]
pub(crate) struct Format {
    /// With its underscore.
    prefix: String,
}

/// A prefix that keys cannot have.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is no prefix of API keys: use 2 to {MAX_NAME_BYTES} characters a-z, 0-9 and single underscores between \
     them, a letter first, for example \"acme\" or \"acme_live\"; the underscore at the end is added"
)]
pub struct InvalidKeyPrefix(String);

/// A key that was made up just now.
pub(crate) struct Fresh {
    pub(crate) id: String,
    pub(crate) text: String,
}

/// A text that has the form of a key, checksum included.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'t> {
    pub(crate) id: &'t str,
    pub(crate) text: &'t str,
}

/// Why a text is no key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    OtherPrefix,
    TooShort,
    TooLong,
    OtherCharacters,
    Checksum,
}

impl Format {
    pub(crate) fn new(name: &str) -> Result<Self, InvalidKeyPrefix> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let is_sound = (2..=MAX_NAME_BYTES).contains(&name.len())
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.split('_').all(is_word);
        if is_sound {
            Ok(Self { prefix: format!("{name}_") })
        } else {
            Err(InvalidKeyPrefix(name.to_owned()))
        }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How many characters a key has.
    pub(crate) fn characters(&self) -> usize {
        self.prefix.len() + BODY_CHARACTERS
    }

    pub(crate) fn pattern(&self) -> String {
        format!(r"\b{}[0-9A-Za-z]{{{BODY_CHARACTERS}}}\b", self.prefix)
    }

    pub(crate) fn make_up(&self) -> Result<Fresh, getrandom::Error> {
        let id = random(ID_CHARACTERS)?;
        let secret = random(SECRET_CHARACTERS)?;
        let mut text = format!("{}{id}{secret}", self.prefix);
        text.extend(checksum(&text).map(char::from));
        Ok(Fresh { id, text })
    }

    /// Reads a text as a key. What passes was made by somebody who knows the form, or without a typo.
    pub(crate) fn read<'t>(&self, text: &'t str) -> Result<Presented<'t>, Fault> {
        let body = text.strip_prefix(&*self.prefix).ok_or(Fault::OtherPrefix)?;
        match body.len() {
            BODY_CHARACTERS => {}
            ..BODY_CHARACTERS => return Err(Fault::TooShort),
            _ => return Err(Fault::TooLong),
        }
        // So every place is between two characters.
        if !body.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Fault::OtherCharacters);
        }
        let (checked, sum) =
            text.split_at_checked(text.len() - CHECKSUM_CHARACTERS).ok_or(Fault::TooShort)?;
        if !checksum(checked).eq(sum.bytes()) {
            return Err(Fault::Checksum);
        }
        let id = body.get(..ID_CHARACTERS).ok_or(Fault::TooShort)?;
        Ok(Presented { id, text })
    }
}

/// CRC-32 in base62, the most significant digit first, with zeros before it.
fn checksum(text: &str) -> impl Iterator<Item = u8> + use<> {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARACTERS];
    for digit in digits.iter_mut().rev() {
        *digit = base62(rest % 62);
        rest /= 62;
    }
    digits.into_iter()
}

fn base62(value: u32) -> u8 {
    usize::try_from(value).ok().and_then(|value| BASE62.get(value)).copied().unwrap_or(b'0')
}

/// Characters of base62 that are all as likely: of the 64 values of six bits, the two without a character are left out.
fn random(characters: usize) -> Result<String, getrandom::Error> {
    let mut text = String::with_capacity(characters);
    while text.len() < characters {
        let mut bytes = [0; 64];
        getrandom::fill(&mut bytes)?;
        let drawn = bytes.iter().filter_map(|byte| BASE62.get(usize::from(byte & 63)));
        text.extend(drawn.take(characters - text.len()).map(|character| char::from(*character)));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn format() -> Format {
        Format::new("acme").unwrap()
    }

    fn fault(text: &str) -> Option<Fault> {
        format().read(text).err()
    }

    #[test]
    fn a_key_is_its_prefix_an_id_a_secret_and_a_checksum() {
        let Fresh { id, text } = format().make_up().unwrap();
        assert_eq!((text.len(), format().characters()), (59, 59));
        assert!(text.starts_with(&format!("acme_{id}")) && id.len() == 16);
        let presented = format().read(&text).unwrap();
        assert_eq!((presented.id, presented.text), (&*id, &*text));
        assert!(regex::Regex::new(&format().pattern()).unwrap().is_match(&format!("KEY=\"{text}\"")));
        // 32 characters of 62: 190 bits.
        assert!(32.0 * 62_f64.log2() > 190.0);
    }

    #[test]
    fn the_checksum_is_that_of_other_software() {
        // Of `zlib.crc32` in Python.
        let crc = crc32fast::hash(format!("acme_{}", "0".repeat(48)).as_bytes());
        assert_eq!(crc, CRC_OF_ZEROS);
        let sum: String = checksum(&format!("acme_{}", "0".repeat(48))).map(char::from).collect();
        assert_eq!(sum, SUM_OF_ZEROS);
        assert_eq!(fault(&format!("acme_{}{SUM_OF_ZEROS}", "0".repeat(48))), None);
    }

    const CRC_OF_ZEROS: u32 = 2_497_442_109;
    const SUM_OF_ZEROS: &str = "2j10mL";

    #[test]
    fn every_character_is_drawn_as_often() {
        let drawn = random(62_000).unwrap();
        let mut counts = BTreeMap::new();
        for character in drawn.chars() {
            *counts.entry(character).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 62);
        // Ten standard deviations.
        assert!(counts.values().all(|count| (690..1310).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_is_no_key_says_why() {
        let key = format().make_up().unwrap().text;
        let other = Format::new("other").unwrap().make_up().unwrap().text;
        assert_eq!(fault(&other), Some(Fault::OtherPrefix));
        assert_eq!(
            fault(&other.replace("other_", "acme_")),
            Some(Fault::Checksum),
            "the prefix is part of it"
        );
        assert_eq!(fault(&key.replace("acme_", "ACME_")), Some(Fault::OtherPrefix));
        assert_eq!(fault(&key.replace("acme_", "acme-")), Some(Fault::OtherPrefix));
        assert_eq!(fault(&Format::new("acme_live").unwrap().make_up().unwrap().text), Some(Fault::TooLong));
        assert_eq!(fault("acme_"), Some(Fault::TooShort));
        assert_eq!(fault(""), Some(Fault::OtherPrefix));
        assert_eq!(fault(&key[..58]), Some(Fault::TooShort));
        assert_eq!(fault(&format!("{key}0")), Some(Fault::TooLong));
        assert_eq!(fault(&format!("{}é", &key[..57])), Some(Fault::OtherCharacters));
        assert_eq!(fault(&format!("{}_", &key[..58])), Some(Fault::OtherCharacters));
    }

    #[test]
    fn a_prefix_is_one_that_scanners_find() {
        for name in ["acme", "ab", "acme_live", "a1_b2_c3", "abcdefghij0123456789"] {
            assert_eq!(Format::new(name).unwrap().prefix(), format!("{name}_"));
        }
        for name in [
            "",
            "a",
            "Acme",
            "acme_",
            "_acme",
            "ac__me",
            "acme-live",
            "1acme",
            "ac me",
            "acmé",
            "acme.live",
            "abcdefghij01234567890",
        ] {
            let error = Format::new(name).unwrap_err();
            assert!(error.to_string().contains("acme_live"), "{name}");
        }
    }

    proptest! {
        #[test]
        fn one_other_character_anywhere_is_noticed(place in 0_usize..59, other in 0_usize..62) {
            let key = format().make_up().unwrap().text;
            let mut bytes = key.clone().into_bytes();
            bytes[place] = BASE62[other];
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(fault(&changed).is_none(), changed == key);
        }

        #[test]
        fn two_characters_that_changed_places_are_noticed(place in 5_usize..58) {
            let key = format().make_up().unwrap().text;
            let mut bytes = key.clone().into_bytes();
            bytes.swap(place, place + 1);
            let changed = String::from_utf8(bytes).unwrap();
            prop_assert_eq!(fault(&changed).is_none(), changed == key);
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in ".*") {
            prop_assert!(fault(&text).is_some());
            let with_prefix = format!("acme_{text}");
            prop_assert!(fault(&with_prefix).is_some());
        }
    }
}
