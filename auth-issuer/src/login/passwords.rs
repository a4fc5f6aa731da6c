//! Passwords, hashed by argon2id.

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task;

use super::hashes::Argon2Hashes;
use super::password_scheme::{PasswordError, PasswordScheme};

/// How many calls may wait for a core.
const MAX_WAITING: usize = 64;

/// Hashes passwords by argon2id ([RFC 9106](https://www.rfc-editor.org/rfc/rfc9106)), and verifies them by the hashes
/// that the database holds. Cheap to clone; make one at start-up.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use auth_issuer::Passwords;
///
/// let passwords = Passwords::new()?;
/// let hash = passwords.hash("correct horse battery staple").await?; // into the database
///
/// assert!(passwords.verify("correct horse battery staple", Some(&hash)).await?);
/// assert!(!passwords.verify("a guess", Some(&hash)).await?);
/// assert!(!passwords.verify("a guess", None).await?); // no such user: takes as long
/// # Ok::<(), auth_issuer::PasswordError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// 1. Hashing runs on threads for blocking work, at most one hash per core at a time. A new hash takes 19 MiB of memory
///    and about 20 ms. A call fails with [`PasswordError::Busy`] if too many others are waiting.
/// 2. All argon2 hashes are verified. Hashes of other kinds are verified if the [builder](Self::builder)
///    accepts them. [`TokenEndpoint`](crate::TokenEndpoint) renews each to argon2id when its user logs in.
/// 3. Every call of [`verify`](Self::verify) does the same work: that of one new hash, and that of each accepted kind, up
///    to its highest cost. The work does not depend on whether the user exists, on the kind of the stored hash, or on
///    whether the password is right. So time reveals none of these, but each accepted kind costs time at every login.
///    Stop accepting a kind when few users are left, and let those reset their passwords.
/// 4. Equal work is not equal time. If a hash is cheaper than the highest cost of its kind, the rest of the work is done
///    too. With argon2 and scrypt this takes less time, since smaller allocations are faster. A hash that is more
///    expensive takes longer, until it is renewed. The log reports it.
/// 5. The work that a stored hash can demand is bounded; see each kind. A hash that demands more is refused with
///    [`PasswordError::TooExpensive`].
///
/// It needs a tokio runtime, which axum and actix-web have. Not checked: how good a password is, and how often somebody
/// has guessed it. Passwords are compared byte by byte, without Unicode normalization.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    argon2: Argon2<'static>,
    own: Argon2Hashes,
    /// Those that are accepted, and `own` as the last, for all argon2 hashes that none of them recognizes.
    schemes: Vec<Box<dyn PasswordScheme>>,
    /// Permits for calls that run or wait.
    entitled: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// Assembles [`Passwords`].
#[must_use]
pub struct PasswordsBuilder {
    params: Params,
    accepted: Vec<Box<dyn PasswordScheme>>,
}

impl Passwords {
    /// Uses the parameters that OWASP recommends: 19 MiB, two passes, one lane. Accepts hashes of argon2 only.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Unavailable`] if the system has no random numbers.
    pub fn new() -> Result<Self, PasswordError> {
        Self::builder().build()
    }

    /// Starts a builder that accepts the hashes of existing users:
    ///
    #[cfg_attr(all(feature = "bcrypt", feature = "pbkdf2"), doc = "```")]
    #[cfg_attr(not(all(feature = "bcrypt", feature = "pbkdf2")), doc = "```text")]
    /// use auth_issuer::{BcryptHashes, Passwords, Pbkdf2Hashes};
    ///
    /// let passwords = Passwords::builder()
    ///     .accept(BcryptHashes::up_to(12)?)
    ///     .accept(Pbkdf2Hashes::sha256_up_to(29_000)?)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder() -> PasswordsBuilder {
        PasswordsBuilder { params: Params::default(), accepted: Vec::new() }
    }

    /// Returns the hash to store, with a salt of its own, in
    /// [PHC format](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Busy`] or [`PasswordError::Unavailable`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        self.run(move |inner| inner.hash(password.as_bytes())).await
    }

    /// Returns whether the stored hash is that of the password. Pass `None` for a user who is unknown or has no
    /// password: the result is `false`, and takes as long.
    ///
    /// # Errors
    ///
    /// Returns a [`PasswordError`] if nothing could be verified.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        self.run(move |inner| inner.verify(password.as_bytes(), stored.as_deref())).await
    }

    /// Returns a new hash for a password that [`verify`](Self::verify) has just accepted, to store instead of
    /// the old one. Returns `None` if the old hash must stay: it [is not outdated](Self::is_outdated), or it
    /// [covers only a part of the password](PasswordScheme::compares_all_of).
    ///
    /// Replace the hash only if the old one is still stored, as
    /// [`AccountStore::renew_password_hash`](crate::AccountStore::renew_password_hash) says.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Busy`] or [`PasswordError::Unavailable`].
    pub async fn renew(&self, password: &str, stored: &str) -> Result<Option<String>, PasswordError> {
        let owner = self.inner.owner(stored);
        let is_whole = owner.is_none_or(|(_, owner)| owner.compares_all_of(password.as_bytes()));
        if is_whole && self.is_outdated(stored) { self.hash(password).await.map(Some) } else { Ok(None) }
    }

    /// Returns whether the hash was made in another way than [`hash`](Self::hash) makes them now. If so,
    /// [renew](Self::renew) it once its password has been verified.
    #[must_use]
    pub fn is_outdated(&self, stored: &str) -> bool {
        !self.inner.own.is_made_so(stored)
    }

    /// Returns whether a login can carry this password. If not, its owner can never log in with it, so check each new
    /// password.
    ///
    /// A password that is empty, or has control characters other than tabs, is none
    /// ([RFC 6749 appendix A](https://www.rfc-editor.org/rfc/rfc6749#appendix-A)). Not checked: how good it is.
    #[must_use]
    pub fn is_sendable(password: &str) -> bool {
        !password.is_empty() && password.chars().all(is_text)
    }

    /// Returns the name of the kind of a stored hash, for the log. A text of no known kind may be a password that was
    /// never hashed, so nothing of it is returned.
    pub(crate) fn kind(&self, stored: &str) -> &'static str {
        let known = |kind: &&str| stored.strip_prefix('$').is_some_and(|rest| rest.starts_with(kind));
        let unaccepted = || KNOWN_KINDS.into_iter().find(known);
        let kind = self.inner.owner(stored).map(|(_, owner)| owner.name()).or_else(unaccepted);
        kind.map_or("unknown", |kind| kind.trim_end_matches('$'))
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let Inner { entitled, running, .. } = &*self.inner;
        let entitled = entitled.clone().try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let running = running.clone().acquire_owned().await.map_err(|_| PasswordError::Unavailable)?;
        let inner = self.inner.clone();
        // The work holds the permits, since it continues after the caller has disconnected.
        let work = move || {
            let outcome = work(&inner);
            drop((entitled, running));
            outcome
        };
        task::spawn_blocking(work).await.map_err(|_| PasswordError::Unavailable)?
    }
}

/// `UNICODECHARNOCRLF` of RFC 6749.
pub(crate) fn is_text(character: char) -> bool {
    character == '\t' || !matches!(character, '\0'..'\x20' | '\x7f' | '\u{fffe}' | '\u{ffff}')
}

/// Of passlib, pwdlib and crypt.
const KNOWN_KINDS: [&str; 16] = [
    "2a$",
    "2b$",
    "2y$",
    "2x$",
    "argon2id$",
    "argon2i$",
    "argon2d$",
    "scrypt$",
    "pbkdf2$",
    "pbkdf2-sha256$",
    "pbkdf2-sha512$",
    "bcrypt-sha256$",
    "1$",
    "5$",
    "6$",
    "y$",
];

impl Inner {
    /// Returns the scheme that verifies a stored hash, and its place.
    fn owner(&self, stored: &str) -> Option<(usize, &dyn PasswordScheme)> {
        let mut schemes = self.schemes.iter().map(|scheme| &**scheme).enumerate();
        if self.own.is_made_so(stored) {
            return schemes.next_back();
        }
        schemes.find(|(_, scheme)| scheme.recognizes(stored))
    }

    /// Verifies by the owner of the hash, and does the work of all other schemes for nothing.
    fn verify(&self, password: &[u8], stored: Option<&str>) -> Result<bool, PasswordError> {
        let owner = stored.and_then(|stored| self.owner(stored));
        let outcome = match (stored, owner) {
            (None, _) => Ok(false),
            (Some(_), None) => Err(PasswordError::NotAHash),
            (Some(stored), Some((_, owner))) => owner.verify(password, stored),
        };
        let done = owner.filter(|_| outcome.is_ok()).map(|(place, _)| place);
        for (place, scheme) in self.schemes.iter().enumerate() {
            if Some(place) != done {
                scheme.decoy(password);
            }
        }
        outcome
    }

    fn hash(&self, password: &[u8]) -> Result<String, PasswordError> {
        let hash: PasswordHash =
            self.argon2.hash_password(password).map_err(|_| PasswordError::Unavailable)?;
        Ok(hash.to_string())
    }
}

impl PasswordsBuilder {
    /// Accepts stored hashes of one more kind. Every [`verify`](Passwords::verify) does the work of each accepted kind.
    ///
    /// A hash that several kinds recognize is verified by the one that was accepted first. What [`Passwords::hash`]
    /// makes is never verified by any of them.
    pub fn accept(mut self, scheme: impl PasswordScheme + 'static) -> Self {
        self.accepted.push(Box::new(scheme));
        self
    }

    /// Builds the passwords.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Unavailable`] if the system has no random numbers.
    pub fn build(self) -> Result<Passwords, PasswordError> {
        let Self { params, accepted: mut schemes } = self;
        // New hashes need salts: better known at start-up than at the first user's login.
        getrandom::fill(&mut [0; 16]).map_err(|_| PasswordError::Unavailable)?;
        let own = Argon2Hashes::with_params(params.clone());
        schemes.push(Box::new(own.clone()));
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let cores = available_parallelism().map_or(1, usize::from);
        let [entitled, running] = [cores + MAX_WAITING, cores].map(|most| Arc::new(Semaphore::new(most)));
        Ok(Passwords { inner: Arc::new(Inner { argon2, own, schemes, entitled, running }) })
    }

    #[cfg(test)]
    fn params(self, params: Params) -> Self {
        Self { params, ..self }
    }
}

/// Never prints a hash.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("schemes", &names(&self.inner.schemes)).finish_non_exhaustive()
    }
}

impl fmt::Debug for PasswordsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordsBuilder").field("schemes", &names(&self.accepted)).finish_non_exhaustive()
    }
}

fn names(schemes: &[Box<dyn PasswordScheme>]) -> Vec<&'static str> {
    schemes.iter().map(|scheme| scheme.name()).collect()
}

#[cfg(test)]
mod tests;
