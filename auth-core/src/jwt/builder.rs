//! Assembles a [`JwtVerifier`], and says everything that is wrong with the configuration at once.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::audience::AudienceSettings;
use super::build_error::{BuildError, Problem};
use super::header::{HeaderRules, TokenType};
use super::issuer::IssuerSettings;
use super::key_sources::JwtKeys;
use super::options::Options;
use super::verifier::JwtVerifier;
use super::verifier_keys::{KeySettings, VerifierKeys};
use crate::clock::{Clock, SystemClock};
use crate::key::algorithm::Algorithm;
use crate::token::claim_path::ClaimPath;
use crate::token::claim_rules::ClaimRules;
use crate::verify::cache::{CacheLimits, TokenCache};

const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// What is expected of tokens, and the keys that verify them.
///
/// An issuer, an audience and a key must be given. Every mistake is kept until
/// [`build`](Self::build), which reports them all.
pub struct JwtVerifierBuilder {
    pub(super) issuers: IssuerSettings,
    pub(super) audiences: AudienceSettings,
    pub(super) options: Options,
    /// What was wrong before the builder was there.
    pub(super) problems: Vec<Problem>,
    token_type: TokenType,
    leeway: Duration,
    max_age: Option<Duration>,
    max_lifetime: Option<Duration>,
    clock: Arc<dyn Clock>,
    algorithms: Option<Vec<Algorithm>>,
    pub(super) keys: JwtKeys,
    cache: Option<CacheLimits>,
    roles: Option<ClaimPath>,
}

impl Default for JwtVerifierBuilder {
    fn default() -> Self {
        Self {
            issuers: IssuerSettings::default(),
            audiences: AudienceSettings::default(),
            options: Options::default(),
            problems: Vec::new(),
            token_type: TokenType::AccessTokenOrUnspecific,
            leeway: DEFAULT_LEEWAY,
            max_age: None,
            max_lifetime: None,
            clock: Arc::new(SystemClock),
            algorithms: None,
            keys: JwtKeys::new(),
            cache: Some(CacheLimits::DEFAULT),
            roles: None,
        }
    }
}

impl JwtVerifier {
    /// Begins with no keys and nothing expected.
    #[must_use]
    pub fn builder() -> JwtVerifierBuilder {
        JwtVerifierBuilder::default()
    }
}

impl JwtVerifierBuilder {
    /// Claim `iss` must be this, byte for byte: a trailing slash counts.
    ///
    /// Called again, it adds another name of the same issuer, as Google has two; one of them is enough. Every name
    /// counts for every key: for issuers with keys of their own, chain verifiers
    /// ([`VerifierChain`](crate::VerifierChain)).
    #[must_use]
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.names.push(issuer.into());
        self
    }

    /// Claim `aud` must name this, byte for byte. Called again, it adds another name for this
    /// service; one of them is enough.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.names.push(audience.into());
        self
    }

    /// Leaves claim `iss` unchecked: any holder of one of the keys may name any issuer.
    #[must_use]
    pub fn dangerously_accept_any_issuer(mut self) -> Self {
        self.issuers.anyone = true;
        self
    }

    /// Leaves claim `aud` unchecked: a token made for another service of the same issuer is accepted,
    /// and that service can use the tokens it is sent to act as its users here.
    #[must_use]
    pub fn dangerously_accept_any_audience(mut self) -> Self {
        self.audiences.anyone = true;
        self
    }

    /// A secret shared with the issuer, as bytes, for one of the HMAC algorithms.
    ///
    /// At least 32 bytes for HS256, 48 for HS384, 64 for HS512
    /// ([RFC 7518 section 3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)), from a random
    /// generator: a password is not a key. The bytes are taken as they are: a secret that was handed to
    /// you in base64 or hex has to be decoded first, and a line end after it is a part of it.
    ///
    /// Refused, in whatever encoding: a key (PEM, DER, JWK, SSH) or the modulus of one, bytes that repeat, and secrets
    /// that documents show. One of 35 random secrets of exactly 256, 384, 512 or 1024 bytes looks like a modulus.
    #[must_use]
    pub fn secret(mut self, algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Self {
        self.keys = self.keys.secret(algorithm, secret);
        self
    }

    /// A public key in PEM: RSA, EC (P-256, P-384, P-521, secp256k1) or Ed25519.
    ///
    /// `-----BEGIN PUBLIC KEY-----`, or for RSA also `-----BEGIN RSA PUBLIC KEY-----`. The key serves
    /// tokens with any `kid` that no other key has. An RSA key serves RS256 to PS512, if
    /// [`algorithms`](Self::algorithms) does not restrict it.
    ///
    /// Also accepted, as environment variables and admin pages have it: the two characters `\n` for line ends, quotes
    /// around the text, the whole text in base64, and the body without its lines BEGIN and END.
    #[must_use]
    pub fn public_key_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.keys = self.keys.public_key_pem(pem);
        self
    }

    /// One key as a JWK in JSON: a public key, or a shared secret (`"kty":"oct"`).
    #[must_use]
    pub fn jwk(mut self, json: impl Into<String>) -> Self {
        self.keys = self.keys.jwk(json);
        self
    }

    /// The public keys of a JWK Set in JSON. Keys that cannot be used are skipped with a warning,
    /// shared secrets and private keys among them; one usable key must remain.
    #[must_use]
    pub fn jwks(mut self, json: impl Into<String>) -> Self {
        self.keys = self.keys.jwks(json);
        self
    }

    /// As [`jwks`](Self::jwks), from a file that is read once, when built. Nothing is ever fetched from a
    /// URL; when the issuer changes its keys, [replace](crate::jwt::VerifierKeys::replace) them.
    #[must_use]
    pub fn jwks_file(mut self, path: impl AsRef<Path>) -> Self {
        self.keys = self.keys.jwks_file(path);
        self
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

    /// Where this issuer's tokens have their roles, for [`Policy::role`](crate::Policy::role): an array of strings,
    /// unless the path has another [shape](ClaimPath#shapes). `roles` if nothing else is said.
    ///
    /// ```
    /// use auth_core::{ClaimPath, JwtVerifier};
    ///
    /// let verifier = JwtVerifier::builder().roles(ClaimPath::realm_access_roles()); // Keycloak
    /// ```
    #[must_use]
    pub fn roles(mut self, path: impl Into<ClaimPath>) -> Self {
        self.roles = Some(path.into());
        self
    }

    /// The clock to ask, instead of the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Bounds the cache of accepted tokens. It is on by default, with 10,000 tokens and 16 MiB; see
    /// [`no_cache`](Self::no_cache).
    ///
    /// A cached token is accepted without verifying its signature again. The cache never changes an answer:
    ///
    /// 1. Only accepted tokens enter. A flood of bad ones evicts nothing.
    /// 2. A token is found by all of its bytes.
    /// 3. An entry counts only for the keys that it was verified with: replacing the keys empties the cache at once, and
    ///    a verification that was under way meanwhile leaves nothing behind that counts.
    /// 4. The times of a token are checked at each hit.
    ///
    /// The bytes of the token and its claims are counted, those of the application's own claims type are not. That type
    /// is decoded once for each cached token.
    #[must_use]
    pub fn cache_limits(mut self, tokens: usize, bytes: usize) -> Self {
        self.cache = Some(CacheLimits { tokens, bytes });
        self
    }

    /// Turns the cache off: verifies every token each time, however often it is sent.
    #[must_use]
    pub fn no_cache(mut self) -> Self {
        self.cache = None;
        self
    }

    /// Reads and vets the keys.
    ///
    /// # Errors
    ///
    /// [`BuildError`] with every [`Problem`] there is.
    pub fn build(self) -> Result<JwtVerifier, BuildError> {
        let mut problems = self.problems;
        let issuer = self.issuers.into_rule(&mut problems);
        let audience = self.audiences.into_rule(&mut problems);
        let options = self.options.vetted(self.token_type, &mut problems);
        if self.leeway > MAX_LEEWAY {
            problems.push(Problem::LeewayTooLong { leeway: self.leeway });
        }
        // With no algorithm allowed every key would be complained of.
        if self.algorithms.as_ref().is_some_and(Vec::is_empty) {
            problems.push(Problem::NoAlgorithms);
            return Err(BuildError { problems });
        }
        let settings = KeySettings {
            algorithms: self.algorithms,
            spiffe: options.token_type == TokenType::Spiffe,
            later: options.keys_later,
        };
        let keys = VerifierKeys::new(self.keys, settings);
        let keys = match keys {
            Ok(keys) if problems.is_empty() => keys,
            Ok(_) => return Err(BuildError { problems }),
            Err(of_keys) => {
                problems.extend(of_keys);
                return Err(BuildError { problems });
            }
        };
        Ok(JwtVerifier {
            claims: ClaimRules { empty_audience: audience.empty_audience(), ..options.claims },
            issuer,
            audience,
            clients: options.clients,
            required: options.required,
            subject: options.subject,
            header: HeaderRules { token_type: options.token_type, zip: options.zip },
            max_token_bytes: options.max_token_bytes,
            leeway: self.leeway.as_secs(),
            max_age: self.max_age.map(|age| age.as_secs()),
            max_lifetime: self.max_lifetime.map(|lifetime| lifetime.as_secs()),
            clock: self.clock,
            keys,
            cache: self.cache.map(|limits| TokenCache::new(limits, options.max_token_bytes)),
            roles: self.roles,
        })
    }
}

impl fmt::Debug for JwtVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtVerifierBuilder(<keys redacted>)")
    }
}
