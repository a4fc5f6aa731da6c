//! The keys of a verifier: where they come from, and how they are swapped while it serves.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::build_error::{BuildError, Problem};
use crate::jwk::key::Jwk;
use crate::jwk::set::{JwkSet, MAX_SET_BYTES, SkippedKey};
use crate::key::algorithm::Algorithm;
use crate::key::crypto::SignatureVerifier;
use crate::key::error::KeyError;
use crate::key::material::KeyMaterial;
use crate::key::pem;
use crate::key::verification_key::{UnvettedKey, VerificationKey};

/// Keys to verify with, from one source or several.
///
/// The builder of a [`JwtVerifier`](crate::JwtVerifier) has the same methods; this is for
/// [replacing](VerifierKeys::replace) the keys of one that serves already.
#[derive(Default)]
pub struct JwtKeys {
    sources: Vec<Source>,
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

    /// See [`JwtVerifierBuilder::secret`](crate::JwtVerifierBuilder::secret).
    #[must_use]
    pub fn secret(self, algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Self {
        self.with(Source::Secret(algorithm, secret.as_ref().to_vec()))
    }

    /// See [`JwtVerifierBuilder::public_key_pem`](crate::JwtVerifierBuilder::public_key_pem).
    #[must_use]
    pub fn public_key_pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.with(Source::Pem(pem.as_ref().to_vec()))
    }

    /// See [`JwtVerifierBuilder::jwk`](crate::JwtVerifierBuilder::jwk).
    #[must_use]
    pub fn jwk(self, json: impl Into<String>) -> Self {
        self.with(Source::Jwk(json.into()))
    }

    /// See [`JwtVerifierBuilder::jwks`](crate::JwtVerifierBuilder::jwks).
    #[must_use]
    pub fn jwks(self, json: impl Into<String>) -> Self {
        self.with(Source::JwkSet(json.into()))
    }

    /// See [`JwtVerifierBuilder::jwks_file`](crate::JwtVerifierBuilder::jwks_file).
    #[must_use]
    pub fn jwks_file(self, path: impl AsRef<Path>) -> Self {
        self.with(Source::JwkSetFile(path.as_ref().to_owned()))
    }

    fn with(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Reads and vets the keys, for the algorithms that are allowed.
    pub(super) fn load(self, allowed: Option<&[Algorithm]>) -> Result<KeySet, Vec<Problem>> {
        if self.sources.is_empty() {
            return Err(vec![Problem::NoKeys]);
        }
        let mut problems = Vec::new();
        let mut set = KeySet::default();
        for (index, source) in self.sources.into_iter().enumerate() {
            match source.load(index + 1, allowed) {
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
    fn load(self, position: usize, allowed: Option<&[Algorithm]>) -> Result<JwkSet, Problem> {
        let (method, unvetted) = match self {
            Self::Secret(algorithm, secret) => ("secret", shared_secret(algorithm, secret)),
            Self::Pem(text) => {
                let unvetted =
                    pem::parse(&text).map(|material| UnvettedKey { kid: None, algorithm: None, material });
                ("public_key_pem", unvetted)
            }
            Self::Jwk(text) => ("jwk", Jwk::parse(&text).and_then(Jwk::into_key)),
            Self::JwkSet(text) => return load_set(&text, None, allowed),
            Self::JwkSetFile(path) => {
                return match read_bounded(&path) {
                    Ok(text) => load_set(&text, Some(path), allowed),
                    Err(error) => Err(Problem::UnreadableFile { path, error: error.kind() }),
                };
            }
        };
        let loaded = unvetted.and_then(|key| VerificationKey::load(key, allowed));
        let key = loaded.map_err(|error| Problem::Key { position, method, error })?;
        Ok(JwkSet { keys: vec![key], skipped: Vec::new() })
    }
}

fn shared_secret(algorithm: Algorithm, secret: Vec<u8>) -> Result<UnvettedKey, KeyError> {
    if algorithm.min_secret_bytes().is_none() {
        return Err(KeyError::NotHmac { algorithm });
    }
    Ok(UnvettedKey { kid: None, algorithm: Some(algorithm), material: KeyMaterial::Secret(secret) })
}

/// Reads no more than a set may have, and one byte, so that a larger one is found to be so.
fn read_bounded(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_SET_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_SET_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn load_set(text: &str, path: Option<PathBuf>, allowed: Option<&[Algorithm]>) -> Result<JwkSet, Problem> {
    match JwkSet::parse(text, allowed) {
        Ok(set) if set.keys.is_empty() => Err(Problem::NoUsableKey { path, skipped: set.skipped }),
        Ok(set) => Ok(set),
        Err(error) => Err(Problem::JwkSet { path, error }),
    }
}

/// Keys that were vetted, as they serve together.
#[derive(Default)]
pub(super) struct KeySet {
    /// Tells this set from all others that the verifier has had.
    pub(super) epoch: u64,
    pub(super) keys: Vec<VerificationKey>,
    pub(super) skipped: Vec<SkippedKey>,
    known_headers: [OnceLock<KnownHeader>; 4],
}

/// The header segment of a token whose signature was verified, and the one key that can have signed a token
/// with it.
///
/// All tokens that an issuer signs with a key mostly have the same header, to the byte. Its verdict depends on
/// nothing but itself, the keys and the configuration, so that it need not be read again.
struct KnownHeader {
    segment: Box<str>,
    /// The place of the key in the set.
    key: usize,
    algorithm: Algorithm,
}

impl KeySet {
    /// The only candidate for tokens with this header segment, and its place, if the header is known to be
    /// sound.
    pub(super) fn recognise(&self, header: &str) -> Option<(usize, &SignatureVerifier)> {
        let known = self.known_headers.iter().map_while(OnceLock::get);
        let known = known.into_iter().find(|known| *known.segment == *header)?;
        Some((known.key, self.keys.get(known.key)?.verifier(known.algorithm)?))
    }

    /// Remembers the header segment of a token that the key at this place, the only candidate, has signed.
    /// The first few stay; whoever has no key cannot bring one in.
    pub(super) fn remember(&self, header: &str, key: usize, algorithm: Algorithm) {
        for slot in &self.known_headers {
            let known = slot.get_or_init(|| KnownHeader { segment: header.into(), key, algorithm });
            if *known.segment == *header {
                return;
            }
        }
    }
}

/// The keys of a [`JwtVerifier`](crate::JwtVerifier), to replace them while it serves: take it from
/// [`JwtVerifier::keys`](crate::JwtVerifier::keys) before the verifier is given away. Clones are of the same
/// keys.
///
/// ```
/// use auth_core::{Algorithm, JwtKeys, JwtVerifier};
/// # let (old, new) = ([1; 32], [2; 32]);
///
/// let verifier = JwtVerifier::builder()
///     .issuer("https://issuer.example")
///     .audience("https://api.example")
///     .secret(Algorithm::Hs256, old)
///     .build()?;
/// let keys = verifier.keys();
///
/// // Later, from anywhere:
/// keys.replace(JwtKeys::new().secret(Algorithm::Hs256, new))?;
/// # Ok::<(), auth_core::BuildError>(())
/// ```
#[derive(Clone)]
pub struct VerifierKeys {
    shared: Arc<Shared>,
}

struct Shared {
    current: ArcSwap<KeySet>,
    epochs: AtomicU64,
    allowed: Option<Vec<Algorithm>>,
}

impl VerifierKeys {
    pub(super) fn new(keys: JwtKeys, allowed: Option<Vec<Algorithm>>) -> Result<Self, Vec<Problem>> {
        let current = ArcSwap::from_pointee(keys.load(allowed.as_deref())?);
        Ok(Self { shared: Arc::new(Shared { current, epochs: AtomicU64::new(0), allowed }) })
    }

    /// Puts these keys in the place of all that were there, at once.
    ///
    /// A verification that begins after this has returned knows these keys only, also for a token that was
    /// accepted before. One that is under way in another thread may end with the old keys; it leaves nothing
    /// behind. To go over from one key to the next, give both for as long as tokens of the old one live.
    ///
    /// # Errors
    ///
    /// [`BuildError`] as when the verifier was built: none of the keys is taken, and those that were there
    /// stay.
    pub fn replace(&self, keys: JwtKeys) -> Result<(), BuildError> {
        let shared = &*self.shared;
        let mut set = keys.load(shared.allowed.as_deref()).map_err(|problems| BuildError { problems })?;
        set.epoch = shared.epochs.fetch_add(1, Ordering::Relaxed) + 1;
        shared.current.store(Arc::new(set));
        Ok(())
    }

    /// The keys of JWK Sets that are not used, and why.
    #[must_use]
    pub fn skipped(&self) -> Vec<SkippedKey> {
        self.shared.current.load().skipped.clone()
    }

    pub(super) fn current(&self) -> arc_swap::Guard<Arc<KeySet>> {
        self.shared.current.load()
    }
}

/// Prints only `kid` and algorithms.
impl fmt::Debug for VerifierKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = self.current();
        let keys =
            set.keys.iter().map(|key| (key.kid(), key.algorithms().map(Algorithm::name).collect::<Vec<_>>()));
        f.debug_list().entries(keys).finish()
    }
}
