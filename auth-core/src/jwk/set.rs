//! JWK Sets ([RFC 7517 section 5](https://www.rfc-editor.org/rfc/rfc7517#section-5)), vetted key by
//! key: a bad key is skipped with a warning, the rest serve. One for another use is skipped without.

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::key::Jwk;
use crate::json::{self, Fault, Members, Value};
use crate::key::error::KeyError;
use crate::key::given::GivenInstead;
use crate::key::rules::KeyRules;
use crate::key::verification_key::{MAX_KID_BYTES, VerificationKey};

/// The largest key set that is read, in bytes (256 KiB).
pub(crate) const MAX_SET_BYTES: usize = 256 * 1024;

/// The most keys of a set.
const MAX_KEYS: usize = 256;

/// The most members of the set itself, its keys not counted.
const MAX_MEMBERS: usize = 64;

/// The keys of a set that can be used, and those that cannot.
pub(crate) struct JwkSet {
    pub(crate) keys: Vec<VerificationKey>,
    pub(crate) skipped: Vec<SkippedKey>,
}

/// A key of a JWK Set that is not used.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SkippedKey {
    /// Its place in the set, counted from 0.
    pub index: usize,
    /// Its `kid`, if it could be read; no more than its first 256 characters.
    pub kid: Option<String>,
    /// What is wrong with it.
    pub error: KeyError,
}

/// Why a text is not a JWK Set.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// Over 256 KiB.
    #[error("it is larger than 256 KiB")]
    TooLarge,
    /// Over 256 keys.
    #[error("it holds more than 256 keys")]
    TooManyKeys,
    /// Nested over 16 levels, or over 64 members beside the keys.
    #[error("it is nested too deep, or has too many members beside `keys`")]
    TooComplex,
    /// Not one strict JSON object.
    #[error(
        "it is not one sound JSON object: expected `{{\"keys\":[...]}}` in UTF-8 without byte order mark \
         (`jwks` takes the text, `jwks_file` a path)"
    )]
    Syntax,
    /// A member stands twice in the set.
    #[error("a member stands in it twice")]
    DuplicateMember,
    /// One key instead of a set.
    #[error("it is a single key: give it to `jwk`, or put it into `{{\"keys\":[...]}}`")]
    SingleKey,
    /// The metadata of an issuer (RFC 8414) instead of its keys.
    #[error("it is the issuer's metadata: get the key set from the address that it has as `jwks_uri`")]
    IssuerMetadata,
    /// Something else, that was recognised.
    #[error("{0}")]
    Instead(GivenInstead),
    /// No array `keys`.
    #[error("it has no array `keys`: expected `{{\"keys\":[...]}}`")]
    NoKeys,
}

impl JwkSetError {
    /// What was given instead, or `otherwise` if it is unknown or looks like a set.
    pub(crate) fn instead(given: &[u8], otherwise: Self) -> Self {
        match GivenInstead::of(given) {
            None | Some(GivenInstead::JwkSet) => otherwise,
            Some(GivenInstead::Jwk) => Self::SingleKey,
            Some(GivenInstead::IssuerMetadata) => Self::IssuerMetadata,
            Some(given) => Self::Instead(given),
        }
    }
}

impl JwkSet {
    pub(crate) fn parse(text: &str, rules: KeyRules<'_>) -> Result<Self, JwkSetError> {
        if text.len() > MAX_SET_BYTES {
            return Err(JwkSetError::TooLarge);
        }
        let mut document = Document::default();
        json::read_object(text, MAX_MEMBERS, &mut document).map_err(|fault| match fault {
            Fault::Member(_) => JwkSetError::NoKeys,
            Fault::Duplicate => JwkSetError::DuplicateMember,
            Fault::Syntax => JwkSetError::instead(text.as_bytes(), JwkSetError::Syntax),
            Fault::TooDeep | Fault::TooManyMembers => JwkSetError::TooComplex,
        })?;
        if document.keys.as_ref().is_some_and(|keys| keys.len() > MAX_KEYS) {
            return Err(JwkSetError::TooManyKeys);
        }
        let Some(keys) = document.keys else {
            let instead = || JwkSetError::instead(text.as_bytes(), JwkSetError::NoKeys);
            return Err(document.otherwise.unwrap_or_else(instead));
        };
        let mut set = Self { keys: Vec::new(), skipped: Vec::new() };
        for (index, key) in keys.iter().enumerate() {
            set.add(index, key.get(), rules);
        }
        Ok(set)
    }

    fn add(&mut self, index: usize, text: &str, rules: KeyRules<'_>) {
        let mut kid = None;
        let load = |kid: &mut Option<String>| {
            let jwk = Jwk::parse(text)?;
            *kid = jwk.kid().map(|kid| kid.chars().take(MAX_KID_BYTES).collect());
            if jwk.is_secret() {
                return Err(KeyError::SecretInSet);
            }
            let key = VerificationKey::load(jwk.into_key(rules)?, rules)?;
            if self.keys.iter().any(|earlier| earlier.is_ambiguous_with(&key)) {
                return Err(KeyError::AmbiguousKid);
            }
            Ok(key)
        };
        match load(&mut kid) {
            Ok(key) => self.keys.push(key),
            Err(error) => {
                // Keys for another use belong into a set as much as these do, and many issuers have some there.
                match error {
                    KeyError::WrongUse("use") | KeyError::ForSpiffe => {
                        tracing::debug!(index, kid, %error, "key of the JWK Set skipped");
                    }
                    _ => tracing::warn!(index, kid, %error, "key of the JWK Set skipped"),
                }
                self.skipped.push(SkippedKey { index, kid, error });
            }
        }
    }
}

/// The set with its keys unread, so that one that is broken does not take the others along.
#[derive(Default)]
struct Document<'a> {
    keys: Option<Vec<&'a RawValue>>,
    /// What it looks like, should it have no keys.
    otherwise: Option<JwkSetError>,
}

impl<'de> Members<'de> for Document<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: Value<'_, 'de, A>) -> Result<(), A::Error> {
        match name {
            "keys" => self.keys = Some(value.read("keys")?),
            _ => {
                match name {
                    "kty" => self.otherwise = Some(JwkSetError::SingleKey),
                    "jwks_uri" => self.otherwise = Some(JwkSetError::IssuerMetadata),
                    _ => {}
                }
                value.skip()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(member: &str) -> String {
        format!(r#"{{{member}"kty":"RSA","n":"{}","e":"AQAB"}}"#, "_".repeat(341) + "w")
    }

    #[track_caller]
    fn outcome(member: &str, rules: KeyRules<'_>) -> Result<Option<String>, KeyError> {
        let set = JwkSet::parse(&format!(r#"{{"keys":[{}]}}"#, key(member)), rules);
        let mut set = set.unwrap_or_else(|error| panic!("{error}"));
        match set.keys.pop() {
            Some(key) => Ok(key.issuer().map(str::to_owned)),
            None => Err(set.skipped.remove(0).error),
        }
    }

    #[test]
    fn the_use_of_spiffe_is_accepted_by_rule_only() {
        let (usual, spiffe) = (KeyRules::default(), KeyRules { spiffe: true, ..KeyRules::default() });
        for (member, usually, in_spiffe) in [
            (r#""use":"jwt-svid","#, false, true),
            (r#""use":"sig","#, true, true),
            ("", true, true),
            (r#""use":null,"#, true, true),
            (r#""use":"x509-svid","#, false, false),
            (r#""use":"enc","#, false, false),
            (r#""use":"JWT-SVID","#, false, false),
            (r#""use":"jwt-svid","key_ops":["sign"],"#, false, false),
            (r#""use":"jwt-svid","d":"AAAA","#, false, false),
        ] {
            assert_eq!(outcome(member, usual).is_ok(), usually, "{member}");
            assert_eq!(outcome(member, spiffe).is_ok(), in_spiffe, "{member}");
        }
        assert_eq!(outcome(r#""use":"jwt-svid","#, usual), Err(KeyError::ForSpiffe));
        assert_eq!(outcome(r#""use":"enc","#, usual), Err(KeyError::WrongUse("use")));
    }

    #[test]
    fn the_issuer_of_a_key_is_kept() {
        for (member, issuer) in [
            (
                r#""issuer":"https://login.example/{tenantid}/v2.0","#,
                Some("https://login.example/{tenantid}/v2.0"),
            ),
            (r#""issuer":"\u0061","#, Some("a")),
            (r#""issuer":7,"#, None),
            (r#""issuer":["a"],"#, None),
            (r#""issuer":null,"#, None),
            ("", None),
        ] {
            assert_eq!(outcome(member, KeyRules::default()), Ok(issuer.map(str::to_owned)), "{member}");
        }
        let twice = outcome(r#""issuer":"a","issuer":"a","#, KeyRules::default());
        assert!(matches!(twice, Err(KeyError::Jwk(_))), "{twice:?}");
        let within = outcome(r#""issuer":{"a":1,"a":1},"#, KeyRules::default());
        assert!(matches!(within, Err(KeyError::Jwk(_))), "{within:?}");
    }
}
