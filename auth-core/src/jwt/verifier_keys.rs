//! The keys of a verifier, to replace them while it serves.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::build_error::{BuildError, Problem};
use super::key_set::KeySet;
use super::key_sources::JwtKeys;
use crate::jwk::set::SkippedKey;
use crate::key::algorithm::Algorithm;
use crate::key::rules::KeyRules;

/// The keys of a [`JwtVerifier`](crate::JwtVerifier), to replace them while it serves: take it from
/// [`JwtVerifier::keys`](crate::JwtVerifier::keys) before the verifier is given away. Clones are of the same
/// keys.
///
/// ```
/// use auth_core::{Algorithm, JwtVerifier};
/// use auth_core::jwt::JwtKeys;
/// # let random = || auth_testing::TestIssuer::new(Algorithm::Hs256).jwk()["k"].to_string();
/// # let (old, new) = (random(), random());
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
/// # Ok::<(), auth_core::jwt::BuildError>(())
/// ```
#[derive(Clone)]
pub struct VerifierKeys {
    shared: Arc<Shared>,
}

struct Shared {
    current: ArcSwap<KeySet>,
    /// The latest epoch. Who replaces the keys holds it, so that each set is compared with the one it replaces.
    replacing: Mutex<u64>,
    settings: KeySettings,
}

/// What a verifier was told about its keys, beside the keys themselves.
pub(super) struct KeySettings {
    pub(super) algorithms: Option<Vec<Algorithm>>,
    /// Keys of SPIFFE may sign too.
    pub(super) spiffe: bool,
    /// The keys come after the verifier was built.
    pub(super) later: bool,
}

impl KeySettings {
    fn rules(&self) -> KeyRules<'_> {
        KeyRules { allowed: self.algorithms.as_deref(), spiffe: self.spiffe }
    }
}

impl VerifierKeys {
    /// Loads the keys; none at all, if they come later.
    pub(super) fn new(keys: JwtKeys, settings: KeySettings) -> Result<Self, Vec<Problem>> {
        let set = match settings.later {
            false => keys.load(settings.rules())?,
            true if keys.is_empty() => KeySet::awaited(),
            true => return Err(vec![Problem::KeysNowAndLater]),
        };
        let current = ArcSwap::from_pointee(set);
        Ok(Self { shared: Arc::new(Shared { current, replacing: Mutex::new(0), settings }) })
    }

    /// Replaces all keys by these, at once.
    ///
    /// If they are the same keys, in any order, tokens that were accepted stay in the cache: an issuer's key set can be
    /// read again and again.
    ///
    /// A verification that begins after this has returned knows these keys only, also for a token that was
    /// accepted before. One that is under way in another thread may end with the old keys; it leaves nothing
    /// behind. What a guard has found in a request counts until that request ends. To go over from one key to the next,
    /// give both for as long as tokens of the old one live.
    ///
    /// # Errors
    ///
    /// [`BuildError`] as when the verifier was built: none of the keys is taken, and those that were there
    /// stay.
    pub fn replace(&self, keys: JwtKeys) -> Result<(), BuildError> {
        let shared = &*self.shared;
        let mut set = keys.load(shared.settings.rules()).map_err(|problems| BuildError { problems })?;
        let mut latest = shared.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let current = shared.current.load();
        if !set.has_same_keys_as(&current) {
            *latest += 1;
        }
        set.epoch = *latest;
        shared.current.store(Arc::new(set));
        Ok(())
    }

    /// How often the keys were replaced by others. The same keys, in any order, do not count.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.shared.current.load().epoch
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
