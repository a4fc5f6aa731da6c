//! Passwords, hashed by argon2id.

use std::fmt;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use tokio::task;

/// How many calls may wait for a core.
const MAX_WAITING: usize = 64;

/// Hashes and verifies passwords by argon2id ([RFC 9106](https://www.rfc-editor.org/rfc/rfc9106)). Cheap to clone; make
/// one at start-up.
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
/// 1. Hashing runs on threads for blocking work, at most one hash per core at a time. Each takes 19 MiB of memory and
///    about 20 ms. A call fails with [`PasswordError::Busy`] if too many others are waiting.
/// 2. An unknown user takes as long as a known one: a hash is computed even if no hash is stored, or if the stored hash
///    is not argon2id.
/// 3. A stored hash with other parameters than those of new hashes takes a different time, until a login renews it. If
///    it is cheaper, the rest of the work is done too. That still takes less time, since memory is faster to get in
///    smaller pieces. If it is more expensive, it takes longer.
///
/// It needs a tokio runtime, which axum and actix-web bring. Not checked: how good a password is, and how often it was
/// guessed. Passwords are compared byte by byte, without Unicode normalization.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    argon2: Argon2<'static>,
    /// The hash of a password that nobody knows.
    decoy: String,
    /// Permits for calls that run or wait.
    entitled: Arc<Semaphore>,
    running: Arc<Semaphore>,
}

/// The reason why a password could be neither hashed nor verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many calls are waiting already. Answer 503 with `Retry-After`.
    #[error("too many passwords are being verified at once")]
    Busy,
    /// The stored text is not an argon2id hash: `$argon2id$v=19$m=...`.
    #[error("the stored password hash is not one of argon2id in PHC format")]
    NotAHash,
    /// The system has no random numbers or no memory.
    #[error("a password cannot be hashed now")]
    Unavailable,
}

impl Passwords {
    /// Uses the parameters that OWASP recommends: 19 MiB, two passes, one lane.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Unavailable`] if the system has no random numbers.
    pub fn new() -> Result<Self, PasswordError> {
        Self::with_params(Params::default())
    }

    fn with_params(params: Params) -> Result<Self, PasswordError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut unknown = [0; 32];
        getrandom::fill(&mut unknown).map_err(|_| PasswordError::Unavailable)?;
        let decoy = hash(&argon2, &unknown)?;
        let cores = available_parallelism().map_or(1, usize::from);
        let [entitled, running] = [cores + MAX_WAITING, cores].map(|most| Arc::new(Semaphore::new(most)));
        Ok(Self { inner: Arc::new(Inner { argon2, decoy, entitled, running }) })
    }

    /// Returns the hash to store, with a salt of its own, in
    /// [PHC format](https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::Busy`] or [`PasswordError::Unavailable`].
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        self.run(move |inner| hash(&inner.argon2, password.as_bytes())).await
    }

    /// Returns whether the stored hash is that of the password. Pass `None` for a user who is unknown or has no
    /// password: the result is `false`, and takes as long.
    ///
    /// # Errors
    ///
    /// Returns a [`PasswordError`] if nothing could be verified.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        self.run(move |inner| {
            let Inner { argon2, decoy, .. } = inner;
            let password = password.as_bytes();
            let decoy = || verify(argon2, password, decoy).map_err(|_| PasswordError::Unavailable);
            let Some(stored) = stored else { return decoy().map(|_| false) };
            let outcome = verify(argon2, password, &stored);
            match rest(&stored, argon2.params()) {
                Some(rest) if outcome.is_ok() => waste(rest, password)?,
                _ if outcome.is_err() => drop(decoy()?),
                _ => {}
            }
            outcome
        })
        .await
    }

    /// Returns whether the hash was made with other parameters than [`hash`](Self::hash) uses now. If so, store a new
    /// one once its password has been verified.
    #[must_use]
    pub fn is_outdated(&self, stored: &str) -> bool {
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        let stored = parse(stored).ok().and_then(|hash| Params::try_from(&hash.params).ok());
        stored.as_ref().map(costs) != Some(costs(self.inner.argon2.params()))
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

/// Returns the parameters of the work that a cheaper hash leaves. Returns `None` if it leaves nothing, or is no hash.
fn rest(stored: &str, own: &Params) -> Option<Params> {
    let stored = parse(stored).ok().and_then(|hash| Params::try_from(&hash.params).ok())?;
    let done = u64::from(stored.m_cost()) * u64::from(stored.t_cost()) / u64::from(own.t_cost());
    let rest = u32::try_from(u64::from(own.m_cost()).checked_sub(done)?).ok()?;
    Params::new(rest.max(Params::MIN_M_COST), own.t_cost(), own.p_cost(), None).ok().filter(|_| rest > 0)
}

/// Takes as long as a hash with these parameters.
fn waste(params: Params, password: &[u8]) -> Result<(), PasswordError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    hash(&argon2, password).map(drop)
}

fn hash(argon2: &Argon2<'_>, password: &[u8]) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2.hash_password(password).map_err(|_| PasswordError::Unavailable)?;
    Ok(hash.to_string())
}

fn verify(argon2: &Argon2<'_>, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
    match argon2.verify_password(password, &parse(stored)?) {
        Ok(()) => Ok(true),
        Err(password_hash::Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(PasswordError::NotAHash),
    }
}

fn parse(stored: &str) -> Result<PasswordHash, PasswordError> {
    let hash = PasswordHash::new(stored).map_err(|_| PasswordError::NotAHash)?;
    if hash.algorithm.as_str() == "argon2id" && hash.hash.is_some() {
        Ok(hash)
    } else {
        Err(PasswordError::NotAHash)
    }
}

/// Never prints a hash.
impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    fn cheap() -> Passwords {
        Passwords::with_params(Params::new(64, 1, 1, None).unwrap()).unwrap()
    }

    #[test]
    fn the_right_password_matches_and_no_other() {
        let passwords = cheap();
        runtime().block_on(async {
            for password in ["secret", "", "p\0q", "pässwörd", &"x".repeat(5000)] {
                let hash = passwords.hash(password).await.unwrap();
                assert_eq!(passwords.verify(password, Some(&hash)).await, Ok(true));
                for other in ["Secret", "secret ", "p", "x", &"x".repeat(4999)] {
                    assert_eq!(passwords.verify(other, Some(&hash)).await, Ok(false), "{other}");
                }
                assert_eq!(passwords.verify(password, None).await, Ok(false), "no such user");
            }
            let [one, other] =
                [passwords.hash("secret").await.unwrap(), passwords.hash("secret").await.unwrap()];
            assert_ne!(one, other, "each has its own salt");
        });
    }

    /// What is computed for a user who is not known is what is computed for one who is.
    #[test]
    fn the_decoy_costs_what_a_new_hash_costs() {
        let passwords = Passwords::new().unwrap();
        assert!(passwords.inner.decoy.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!passwords.is_outdated(&passwords.inner.decoy));
        assert_ne!(passwords.inner.decoy, Passwords::new().unwrap().inner.decoy, "nobody knows its password");
        // Broken, it would be an error: so it is looked at.
        let broken = Inner { decoy: "$argon2id$".to_owned(), ..inner_of(&cheap()) };
        let broken = Passwords { inner: Arc::new(broken) };
        assert_eq!(runtime().block_on(broken.verify("x", None)), Err(PasswordError::Unavailable));
    }

    fn inner_of(passwords: &Passwords) -> Inner {
        Inner {
            argon2: passwords.inner.argon2.clone(),
            decoy: passwords.inner.decoy.clone(),
            entitled: Arc::new(Semaphore::new(9)),
            running: Arc::new(Semaphore::new(9)),
        }
    }

    #[test]
    fn what_is_no_hash_of_argon2id_is_told() {
        let passwords = cheap();
        let runtime = runtime();
        let good = runtime.block_on(passwords.hash("secret")).unwrap();
        for stored in [
            "",
            "secret",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
            "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m",
            &good.replace("argon2id", "argon2i"),
            &good.replace("argon2id", "pbkdf2-sha256"),
        ] {
            let outcome = runtime.block_on(passwords.verify("secret", Some(stored)));
            assert_eq!(outcome, Err(PasswordError::NotAHash), "{stored}");
            assert!(passwords.is_outdated(stored), "{stored}");
        }
        assert!(!passwords.is_outdated(&good));
        assert!(Passwords::new().unwrap().is_outdated(&good), "weaker than what is made now");
    }

    /// What is left to do is as much work as is missing.
    #[test]
    fn what_takes_less_time_is_made_up_for() {
        let params = |m, t| Params::new(m, t, 1, None).unwrap();
        let own = params(19_456, 2);
        let stored = |m, t| {
            let weak = Passwords::with_params(params(m, t)).unwrap();
            runtime().block_on(weak.hash("secret")).unwrap()
        };
        let left = |m, t| rest(&stored(m, t), &own).map(|rest| (rest.m_cost(), rest.t_cost()));
        assert_eq!(left(12_288, 3), Some((19_456 - 12_288 * 3 / 2, 2)));
        assert_eq!(left(4_096, 1), Some((19_456 - 2_048, 2)));
        assert_eq!(left(19_456, 2), None);
        assert_eq!(left(19_456, 3), None);
        let now = Passwords::new().unwrap();
        for password in ["secret", "other"] {
            let verified = runtime().block_on(now.verify(password, Some(&stored(64, 1))));
            assert_eq!(verified, Ok(password == "secret"));
        }
    }

    /// Seen by the decoy, which is an error of another kind here if it is looked at.
    #[test]
    fn what_is_no_hash_takes_as_long_as_one() {
        let own = runtime().block_on(cheap().hash("secret")).unwrap();
        let other_version = own.replace("v=19", "v=99");
        for (decoy, error) in [("$argon2id$", PasswordError::Unavailable), (&*own, PasswordError::NotAHash)] {
            let passwords = Inner { decoy: decoy.to_owned(), ..inner_of(&cheap()) };
            let passwords = Passwords { inner: Arc::new(passwords) };
            for stored in ["$2b$12$GhvMmNVjRW29ulnudl", &*other_version, ""] {
                let outcome = runtime().block_on(passwords.verify("secret", Some(stored)));
                assert_eq!(outcome, Err(error), "{stored}");
            }
            assert_eq!(runtime().block_on(passwords.verify("secret", Some(&own))), Ok(true), "not asked");
        }
    }

    #[test]
    fn who_would_wait_too_long_is_refused() {
        let passwords = Passwords {
            inner: Arc::new(Inner { entitled: Arc::new(Semaphore::new(1)), ..inner_of(&cheap()) }),
        };
        runtime().block_on(async {
            let taken = passwords.inner.entitled.acquire().await.unwrap();
            assert_eq!(passwords.verify("x", None).await, Err(PasswordError::Busy));
            drop(taken);
            assert_eq!(passwords.verify("x", None).await, Ok(false));
        });
    }

    /// Otherwise clients that disconnect at once could start any number of hashes.
    #[test]
    fn work_that_nobody_waits_for_still_counts() {
        let passwords = Passwords {
            inner: Arc::new(Inner { running: Arc::new(Semaphore::new(1)), ..inner_of(&cheap()) }),
        };
        runtime().block_on(async {
            let (finish, wait) = std::sync::mpsc::channel::<()>();
            let mut work =
                Box::pin(passwords.run(move |_| wait.recv().map_err(|_| PasswordError::Unavailable)));
            let polled =
                std::future::poll_fn(|context| std::task::Poll::Ready(work.as_mut().poll(context))).await;
            assert!(polled.is_pending());
            drop(work);
            let Inner { entitled, running, .. } = &*passwords.inner;
            assert_eq!((running.available_permits(), entitled.available_permits()), (0, 8));
            finish.send(()).unwrap();
            assert_eq!(passwords.verify("x", None).await, Ok(false));
        });
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert_eq!(format!("{:?}", cheap()), "Passwords { .. }");
    }
}
