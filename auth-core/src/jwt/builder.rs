//! Assembles a [`JwtVerifier`], and says everything that is wrong with the configuration at once.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::checks::TokenType;
use super::key::{KeyMaterial, UnvettedKey, VerificationKey};
use super::key_error::KeyError;
use super::problem::{BuildError, Problem};
use super::{Algorithm, JwtVerifier, pem};
use crate::clock::{Clock, SystemClock};
use crate::jwk::{Jwk, JwkSet, MAX_SET_BYTES};

const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// What is expected of tokens, and the keys that verify them.
///
/// An issuer, an audience and a key must be given. Every mistake is kept until
/// [`build`](Self::build), which reports them all.
pub struct JwtVerifierBuilder {
    issuer: Expected<String>,
    audiences: Expected<Vec<String>>,
    token_type: TokenType,
    leeway: Duration,
    max_age: Option<Duration>,
    max_lifetime: Option<Duration>,
    clock: Arc<dyn Clock>,
    algorithms: Option<Vec<Algorithm>>,
    sources: Vec<Source>,
}

/// What a claim has to be.
enum Expected<T> {
    NotSaid,
    Value(T),
    Anything,
}

/// Where keys come from. Read when built, for the algorithms must be known by then.
enum Source {
    Secret(Algorithm, Vec<u8>),
    Pem(Vec<u8>),
    Jwk(String),
    JwkSet(String),
    JwkSetFile(PathBuf),
}

impl Default for JwtVerifierBuilder {
    fn default() -> Self {
        Self {
            issuer: Expected::NotSaid,
            audiences: Expected::NotSaid,
            token_type: TokenType::AccessTokenOrUnspecific,
            leeway: DEFAULT_LEEWAY,
            max_age: None,
            max_lifetime: None,
            clock: Arc::new(SystemClock),
            algorithms: None,
            sources: Vec::new(),
        }
    }
}

impl JwtVerifierBuilder {
    /// Claim `iss` must be this, byte for byte: a trailing slash counts. A verifier is for one issuer, so
    /// the last call counts.
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Expected::Value(issuer.into());
        self
    }

    /// Claim `aud` must name this, byte for byte. Called again, it adds another name for this
    /// service; one of them is enough.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        match &mut self.audiences {
            Expected::Value(audiences) => audiences.push(audience.into()),
            audiences => *audiences = Expected::Value(vec![audience.into()]),
        }
        self
    }

    /// Leaves claim `iss` unchecked: whoever holds one of the keys may call himself what he likes.
    #[must_use]
    pub fn dangerously_accept_any_issuer(mut self) -> Self {
        self.issuer = Expected::Anything;
        self
    }

    /// Leaves claim `aud` unchecked: a token made for another service of the same issuer is accepted,
    /// and that service can use the tokens it is sent to act as its users here.
    #[must_use]
    pub fn dangerously_accept_any_audience(mut self) -> Self {
        self.audiences = Expected::Anything;
        self
    }

    /// A secret shared with the issuer, as bytes, for one of the HMAC algorithms.
    ///
    /// At least 32 bytes for HS256, 48 for HS384, 64 for HS512
    /// ([RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)), from a random
    /// generator: a password is not a key. The bytes are taken as they are: a secret that was handed to
    /// you in base64 or hex has to be decoded first, and a line end after it is a part of it.
    #[must_use]
    pub fn secret(self, algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Self {
        self.source(Source::Secret(algorithm, secret.as_ref().to_vec()))
    }

    /// A public key in PEM: RSA, EC (P-256, P-384, P-521, secp256k1) or Ed25519.
    ///
    /// `-----BEGIN PUBLIC KEY-----`, or for RSA also `-----BEGIN RSA PUBLIC KEY-----`. The key serves
    /// tokens with any `kid` that no other key has. An RSA key serves RS256 to PS512, if
    /// [`algorithms`](Self::algorithms) does not restrict it.
    #[must_use]
    pub fn public_key_pem(self, pem: impl AsRef<[u8]>) -> Self {
        self.source(Source::Pem(pem.as_ref().to_vec()))
    }

    /// One key as a JWK in JSON: a public key, or a shared secret (`"kty":"oct"`).
    #[must_use]
    pub fn jwk(self, json: impl Into<String>) -> Self {
        self.source(Source::Jwk(json.into()))
    }

    /// The public keys of a JWK Set in JSON. Keys that cannot be used are skipped with a warning,
    /// shared secrets and private keys among them; one usable key must remain.
    #[must_use]
    pub fn jwks(self, json: impl Into<String>) -> Self {
        self.source(Source::JwkSet(json.into()))
    }

    /// As [`jwks`](Self::jwks), from a file that is read once, when built. Nothing is ever fetched from a
    /// URL; when the issuer changes its keys, build anew.
    #[must_use]
    pub fn jwks_file(self, path: impl AsRef<Path>) -> Self {
        self.source(Source::JwkSetFile(path.as_ref().to_owned()))
    }

    /// Restricts the algorithms beyond what the keys do: a key is used only with those of its own
    /// algorithms that are listed.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// How far the issuer's clock may be off: 60 seconds unless said otherwise, at most 300. Whole
    /// seconds count.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Refuses tokens issued (`iat`) longer ago than this, or not saying when. Whole seconds count.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Refuses tokens that live longer than this from `iat` to `exp`, or do not say when they were
    /// issued. Whole seconds count.
    #[must_use]
    pub fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = Some(max_lifetime);
        self
    }

    /// Accepts only tokens whose header says `"typ":"at+jwt"`
    /// ([RFC 9068 section 4](https://www.rfc-editor.org/rfc/rfc9068#section-4)).
    ///
    /// By default `JWT` and no `typ` at all are accepted too, for most issuers do not follow RFC 9068
    /// yet. If yours does, demand it: it keeps out the issuer's ID tokens.
    #[must_use]
    pub fn require_access_token_type(mut self) -> Self {
        self.token_type = TokenType::AccessToken;
        self
    }

    /// The clock to ask, instead of the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn source(mut self, source: Source) -> Self {
        self.sources.push(source);
        self
    }

    /// Reads and vets the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every [`Problem`] there is.
    pub fn build(self) -> Result<JwtVerifier, BuildError> {
        let mut problems = Vec::new();
        let mut keys = Vec::new();
        let mut skipped = Vec::new();
        let allowed = self.algorithms.as_deref();

        match &self.issuer {
            Expected::NotSaid => problems.push(Problem::NoIssuer),
            Expected::Value(issuer) if issuer.is_empty() => problems.push(Problem::EmptyIssuer),
            Expected::Value(_) | Expected::Anything => {}
        }
        match &self.audiences {
            Expected::NotSaid => problems.push(Problem::NoAudience),
            Expected::Value(names) if names.iter().any(String::is_empty) => {
                problems.push(Problem::EmptyAudience);
            }
            Expected::Value(_) | Expected::Anything => {}
        }
        if self.leeway > MAX_LEEWAY {
            problems.push(Problem::LeewayTooLong { leeway: self.leeway });
        }
        if allowed.is_some_and(<[_]>::is_empty) {
            problems.push(Problem::NoAlgorithms);
        }
        if self.sources.is_empty() {
            problems.push(Problem::NoKeys);
        }
        // With no algorithm allowed every key would be complained of.
        if problems.contains(&Problem::NoAlgorithms) {
            return Err(BuildError { problems });
        }
        for (index, source) in self.sources.into_iter().enumerate() {
            match source.load(index + 1, allowed) {
                Ok(mut set) => {
                    keys.append(&mut set.keys);
                    skipped.append(&mut set.skipped);
                }
                Err(problem) => problems.push(problem),
            }
        }
        if keys
            .iter()
            .enumerate()
            .any(|(index, key)| keys.iter().skip(index + 1).any(|other| key.is_ambiguous_with(other)))
        {
            problems.push(Problem::AmbiguousKid);
        }
        if !problems.is_empty() {
            return Err(BuildError { problems });
        }
        Ok(JwtVerifier {
            issuer: self.issuer.value(),
            audiences: self.audiences.value(),
            token_type: self.token_type,
            leeway: self.leeway.as_secs(),
            max_age: self.max_age.map(|age| age.as_secs()),
            max_lifetime: self.max_lifetime.map(|lifetime| lifetime.as_secs()),
            clock: self.clock,
            keys,
            skipped,
        })
    }
}

impl<T> Expected<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::NotSaid | Self::Anything => None,
        }
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

impl fmt::Debug for JwtVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtVerifierBuilder(<keys redacted>)")
    }
}
