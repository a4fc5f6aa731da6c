//! Where the keys of a verifier come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::build_error::Problem;
use super::key_set::KeySet;
use crate::jwk::key::Jwk;
use crate::jwk::set::{JwkSet, JwkSetError, MAX_SET_BYTES};
use crate::key::algorithm::Algorithm;
use crate::key::error::KeyError;
use crate::key::given::GivenInstead;
use crate::key::material::KeyMaterial;
use crate::key::pem;
use crate::key::rules::KeyRules;
use crate::key::verification_key::{UnvettedKey, VerificationKey};

/// Keys to verify with, from one source or several.
///
/// The builder of a [`JwtVerifier`](crate::JwtVerifier) has the same methods; this is for
/// [replacing](crate::jwt::VerifierKeys::replace) the keys of one that serves already.
#[derive(Default)]
pub struct JwtKeys {
    sources: Vec<Source>,
    max_keys: Option<usize>,
}

/// Where keys come from. Read when loaded, for the algorithms must be known by then.
enum Source {
    Secret(Algorithm, Vec<u8>),
    Pem(Vec<u8>),
    Jwk(String),
    JwkSet(String),
    JwkSetFile(PathBuf),
}

impl JwtKeys {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// See [`JwtVerifierBuilder::secret`](crate::jwt::JwtVerifierBuilder::secret).
    #[must_use]
    pub fn secret(self, algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Self {
        self.with(Source::Secret(algorithm, secret.as_ref().to_vec()))
    }

    /// See [`JwtVerifierBuilder::public_key_pem`](crate::jwt::JwtVerifierBuilder::public_key_pem).
    #[must_use]
    pub fn public_key_pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.with(Source::Pem(pem.as_ref().to_vec()))
    }

    /// See [`JwtVerifierBuilder::jwk`](crate::jwt::JwtVerifierBuilder::jwk).
    #[must_use]
    pub fn jwk(self, json: impl Into<String>) -> Self {
        self.with(Source::Jwk(json.into()))
    }

    /// See [`JwtVerifierBuilder::jwks`](crate::jwt::JwtVerifierBuilder::jwks).
    #[must_use]
    pub fn jwks(self, json: impl Into<String>) -> Self {
        self.with(Source::JwkSet(json.into()))
    }

    /// See [`JwtVerifierBuilder::jwks_file`](crate::jwt::JwtVerifierBuilder::jwks_file).
    #[must_use]
    pub fn jwks_file(self, path: impl AsRef<Path>) -> Self {
        self.with(Source::JwkSetFile(path.as_ref().to_owned()))
    }

    /// Refuses all of these keys if more than this many can be used. Without a bound of its own, a JWK Set may have
    /// 256 keys.
    #[must_use]
    pub fn max_keys(self, max_keys: usize) -> Self {
        Self { max_keys: Some(max_keys), ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    fn with(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Reads and vets the keys.
    pub(super) fn load(self, rules: KeyRules<'_>) -> Result<KeySet, Vec<Problem>> {
        if self.sources.is_empty() {
            return Err(vec![Problem::NoKeys]);
        }
        let mut problems = Vec::new();
        let mut set = KeySet::default();
        for (index, source) in self.sources.into_iter().enumerate() {
            match source.load(index + 1, rules) {
                Ok(mut loaded) => {
                    set.keys.append(&mut loaded.keys);
                    set.skipped.append(&mut loaded.skipped);
                }
                Err(problem) => problems.push(problem),
            }
        }
        let is_ambiguous = |(index, key): (usize, &VerificationKey)| {
            set.keys.iter().skip(index + 1).any(|other| key.is_ambiguous_with(other))
        };
        if set.keys.iter().enumerate().any(is_ambiguous) {
            problems.push(Problem::AmbiguousKid);
        }
        let keys = set.keys.len();
        if let Some(at_most) = self.max_keys.filter(|max| keys > *max) {
            problems.push(Problem::TooManyKeys { keys, at_most });
        }
        if problems.is_empty() { Ok(set) } else { Err(problems) }
    }
}

/// Never prints a key.
impl fmt::Debug for JwtKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwtKeys(<{} sources redacted>)", self.sources.len())
    }
}

impl Source {
    /// `position` is the place among the calls that give keys, counted from 1.
    fn load(self, position: usize, rules: KeyRules<'_>) -> Result<JwkSet, Problem> {
        let (method, unvetted) = match self {
            Self::Secret(algorithm, secret) => ("secret", shared_secret(algorithm, secret)),
            Self::Pem(text) => {
                let unvetted = pem::parse(&text).map(UnvettedKey::of);
                ("public_key_pem", unvetted)
            }
            Self::Jwk(text) => ("jwk", single_jwk(&text, rules)),
            Self::JwkSet(text) => return load_set(&text, None, rules),
            Self::JwkSetFile(path) => return load_file(path, rules),
        };
        let loaded = unvetted.and_then(|key| VerificationKey::load(key, rules));
        let key = loaded.map_err(|error| Problem::Key { position, method, error })?;
        Ok(JwkSet { keys: vec![key], skipped: Vec::new() })
    }
}

fn shared_secret(algorithm: Algorithm, secret: Vec<u8>) -> Result<UnvettedKey, KeyError> {
    if algorithm.min_secret_bytes().is_none() {
        return Err(KeyError::NotHmac { algorithm });
    }
    Ok(UnvettedKey { algorithm: Some(algorithm), ..UnvettedKey::of(KeyMaterial::Secret(secret)) })
}

fn single_jwk(text: &str, rules: KeyRules<'_>) -> Result<UnvettedKey, KeyError> {
    Jwk::parse(text).and_then(|jwk| jwk.into_key(rules)).map_err(|error| match error {
        KeyError::Jwk(_) | KeyError::JwkMember("kty") => match GivenInstead::of(text.as_bytes()) {
            None | Some(GivenInstead::Jwk) => error,
            Some(given) => KeyError::Instead(given),
        },
        other => other,
    })
}

fn load_file(path: PathBuf, rules: KeyRules<'_>) -> Result<JwkSet, Problem> {
    let bytes = match read_bounded(&path) {
        Ok(bytes) => bytes,
        Err(error) => return Err(unreadable(path, error.kind())),
    };
    match String::from_utf8(bytes) {
        Ok(text) => load_set(&text, Some(path), rules),
        Err(error) => Err(match GivenInstead::of(error.as_bytes()) {
            Some(given) => Problem::JwkSet { path: Some(path), error: JwkSetError::Instead(given) },
            None => Problem::UnreadableFile { path, error: io::ErrorKind::InvalidData },
        }),
    }
}

/// A text that was given as a path is not printed: it may be a private key.
fn unreadable(path: PathBuf, error: io::ErrorKind) -> Problem {
    match GivenInstead::of(path.as_os_str().as_encoded_bytes()) {
        None | Some(GivenInstead::Path) => Problem::UnreadableFile { path, error },
        Some(GivenInstead::Url) => {
            Problem::JwkSet { path: Some(path), error: JwkSetError::Instead(GivenInstead::Url) }
        }
        Some(given) => Problem::JwkSet { path: None, error: JwkSetError::Instead(given) },
    }
}

/// Reads no more than a set may have, and one byte, so that a larger one is found to be so.
fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SET_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_SET_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn load_set(text: &str, path: Option<PathBuf>, rules: KeyRules<'_>) -> Result<JwkSet, Problem> {
    match JwkSet::parse(text, rules) {
        Ok(set) if set.keys.is_empty() => Err(Problem::NoUsableKey { path, skipped: set.skipped }),
        Ok(set) => Ok(set),
        Err(error) => Err(Problem::JwkSet { path, error }),
    }
}
