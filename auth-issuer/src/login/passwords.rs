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
    #[cfg_attr(not(all(feature = "bcrypt", feature = "pbkdf2")), doc = "```ignore")]
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
mod tests {
    use super::*;
    use crate::login::hashes::{self, work};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_current_thread().build().unwrap()
    }

    fn params(memory: u32, passes: u32) -> Params {
        Params::new(memory, passes, 1, None).unwrap()
    }

    fn cheap() -> PasswordsBuilder {
        Passwords::builder().params(params(64, 1))
    }

    fn with_permits(entitled: usize, running: usize) -> Passwords {
        let mut inner = Arc::into_inner(cheap().build().unwrap().inner).unwrap();
        inner.entitled = Arc::new(Semaphore::new(entitled));
        inner.running = Arc::new(Semaphore::new(running));
        Passwords { inner: Arc::new(inner) }
    }

    #[test]
    fn the_right_password_matches_and_no_other() {
        let passwords = cheap().build().unwrap();
        runtime().block_on(async {
            for password in ["secret", "", "p\0q", "pässwörd", &"x".repeat(5000)] {
                let hash = passwords.hash(password).await.unwrap();
                assert_eq!(passwords.verify(password, Some(&hash)).await, Ok(true));
                for other in ["Secret", "secret ", "p", "x", &"x".repeat(4999)] {
                    assert_eq!(passwords.verify(other, Some(&hash)).await, Ok(false), "{other}");
                }
                assert_eq!(passwords.verify(password, None).await, Ok(false), "no such user");
                assert_eq!(passwords.renew(password, &hash).await, Ok(None), "it is new");
            }
            let [one, other] =
                [passwords.hash("secret").await.unwrap(), passwords.hash("secret").await.unwrap()];
            assert_ne!(one, other, "each has its own salt");
        });
    }

    #[test]
    fn what_is_no_hash_of_an_accepted_kind_is_told() {
        let passwords = cheap().build().unwrap();
        let runtime = runtime();
        let good = runtime.block_on(passwords.hash("secret")).unwrap();
        for stored in [
            "",
            "secret",
            "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ",
            "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m",
            &good.replace("argon2id", "argon2"),
            &good.replace("argon2id", "pbkdf2-sha256"),
            &good.replace("v=19", "v=99"),
            &good.replace("p=1", "p=0"),
        ] {
            let outcome = runtime.block_on(passwords.verify("secret", Some(stored)));
            assert_eq!(outcome, Err(PasswordError::NotAHash), "{stored}");
            assert!(passwords.is_outdated(stored), "{stored}");
        }
        assert!(!passwords.is_outdated(&good));
        assert!(Passwords::new().unwrap().is_outdated(&good), "weaker than what is made now");
        for other in ["argon2i", "argon2d"] {
            assert!(passwords.is_outdated(&good.replace("argon2id", other)));
        }
        assert!(passwords.is_outdated(&good.replace("v=19", "v=16")));
    }

    #[test]
    fn the_log_gets_the_name_of_a_known_kind_only() {
        let passwords = cheap().build().unwrap();
        for (stored, kind) in [
            ("$2b$12$GhvMmNVjRW29ulnudl", "2b"),
            ("$pbkdf2-sha256$29000$x$y", "pbkdf2-sha256"),
            ("$argon2id$v=99", "argon2"),
            ("$hunter2$never-hashed", "unknown"),
            ("2b$never-hashed", "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(passwords.kind(stored), kind, "{stored}");
        }
    }

    /// 38,912 KiB times passes: what a new hash costs, for a user who is unknown, too.
    #[test]
    fn a_login_costs_what_a_new_hash_costs() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.inner.hash(b"secret").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for stored in [None, Some(&*hash), Some("$2b$12$GhvMmNVjRW29ulnudl"), Some("")] {
            work::take();
            _ = passwords.inner.verify(b"secret", stored);
            assert_eq!(work::take(), [("argon2", 19_456 * 2)].into(), "{stored:?}");
        }
    }

    /// Schemes of the application's own have no address by which to tell them apart, if they hold nothing.
    #[test]
    fn each_scheme_works_once_at_each_login() {
        static CALLS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
        struct Own<const N: usize>;
        impl<const N: usize> PasswordScheme for Own<N> {
            fn name(&self) -> &'static str {
                "own"
            }

            fn recognizes(&self, stored: &str) -> bool {
                stored.starts_with(["a", "b"][N])
            }

            fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
                if stored.ends_with('!') {
                    return Err(PasswordError::TooExpensive);
                }
                self.decoy(password);
                Ok(stored.as_bytes().get(1..) == Some(password))
            }

            fn decoy(&self, _: &[u8]) {
                CALLS[N].fetch_add(1, Ordering::Relaxed);
            }
        }
        let passwords = cheap().accept(Own::<0>).accept(Own::<1>).build().unwrap();
        let hash = passwords.inner.hash(b"x").unwrap();
        for (stored, outcome) in [
            (None, Ok(false)),
            (Some("ax"), Ok(true)),
            (Some("ay"), Ok(false)),
            (Some("bx"), Ok(true)),
            (Some("b!"), Err(PasswordError::TooExpensive)),
            (Some("c"), Err(PasswordError::NotAHash)),
            (Some(&hash), Ok(true)),
        ] {
            work::take();
            assert_eq!(passwords.inner.verify(b"x", stored), outcome, "{stored:?}");
            let calls = CALLS.each_ref().map(|calls| calls.swap(0, Ordering::Relaxed));
            assert_eq!((calls, work::take()), ([1, 1], [("argon2", 64)].into()), "{stored:?}");
        }
        assert_eq!(format!("{passwords:?}"), r#"Passwords { schemes: ["own", "own", "argon2"], .. }"#);
    }

    /// Even by a scheme that recognizes them, for nobody could log in again once a hash was renewed.
    #[test]
    fn a_scheme_does_not_take_what_is_made_now() {
        struct Greedy;
        impl PasswordScheme for Greedy {
            fn name(&self) -> &'static str {
                "greedy"
            }

            fn recognizes(&self, _: &str) -> bool {
                true
            }

            fn verify(&self, _: &[u8], stored: &str) -> Result<bool, PasswordError> {
                Ok(stored == "old")
            }

            fn decoy(&self, _: &[u8]) {}
        }
        let passwords = cheap().accept(Greedy).build().unwrap();
        let new = passwords.inner.hash(b"secret").unwrap();
        for (stored, is_right) in [("old", true), ("other", false), (&*new, true)] {
            assert_eq!(passwords.inner.verify(b"secret", Some(stored)), Ok(is_right), "{stored}");
        }
        assert_eq!(runtime().block_on(passwords.renew("secret", &new)), Ok(None));
    }

    /// Time is not looked at, since it depends on the machine: the table of `cargo bench -p auth-benches` has it.
    #[test]
    fn a_login_does_the_same_work_whatever_is_stored() {
        let builder = cheap().accept(Argon2Hashes::up_to(128, 2, 2).unwrap());
        #[cfg(feature = "bcrypt")]
        let builder = builder.accept(crate::login::BcryptHashes::up_to(6).unwrap());
        #[cfg(feature = "pbkdf2")]
        let builder = builder
            .accept(crate::login::Pbkdf2Hashes::sha1_up_to(12).unwrap())
            .accept(crate::login::Pbkdf2Hashes::sha256_up_to(20).unwrap())
            .accept(crate::login::Pbkdf2Hashes::sha512_up_to(30).unwrap());
        #[cfg(feature = "scrypt")]
        let builder = builder.accept(crate::login::ScryptHashes::up_to(6, 8, 2).unwrap());
        let passwords = builder.build().unwrap();
        let work = [
            ("argon2", 64 + 128 * 2, true),
            ("bcrypt", 1 << 6, cfg!(feature = "bcrypt")),
            ("pbkdf2-sha1", 12, cfg!(feature = "pbkdf2")),
            ("pbkdf2-sha256", 20, cfg!(feature = "pbkdf2")),
            ("pbkdf2-sha512", 30, cfg!(feature = "pbkdf2")),
            ("scrypt", (1 << 6) * 8 * 2, cfg!(feature = "scrypt")),
        ];
        let is_built = work.into_iter().filter(|(.., is_built)| *is_built);
        let work: work::Done = is_built.map(|(kind, units, _)| (kind, units)).collect();
        let done = |password: &str, stored: Option<&str>| {
            work::take();
            let outcome = passwords.inner.verify(password.as_bytes(), stored);
            assert_eq!(work::take(), work, "{stored:?}");
            outcome
        };
        let own = passwords.inner.hash("pässwörd".as_bytes()).unwrap();
        for stored in hashes::tests::readable().into_iter().chain([&*own]) {
            for password in ["pässwörd", "wrong", ""] {
                assert_eq!(done(password, Some(stored)), Ok(password == "pässwörd"), "{stored}");
            }
        }
        for stored in ["", "$2b$04$", "$scrypt$", "$pbkdf2$", "$pbkdf2-sha512$1", "$argon2id$", "secret"] {
            assert_eq!(done("secret", Some(stored)), Err(PasswordError::NotAHash), "{stored}");
        }
        let too_expensive = own.replace("t=1", "t=99999");
        assert_eq!(done("secret", Some(&too_expensive)), Err(PasswordError::TooExpensive));
        assert_eq!(done("secret", None), Ok(false), "no such user");
    }

    #[cfg(feature = "bcrypt")]
    #[test]
    fn what_was_never_verified_is_in_no_new_hash() {
        let passwords = cheap().accept(crate::login::BcryptHashes::up_to(4).unwrap()).build().unwrap();
        // Of 72 bytes and "yz", by passlib 1.7.4 with bcrypt 4.3.
        let stored = "$2b$04$GuXDta9V2fMVFTJmaUkT5ujHqwZefpJLn2fLWJooQNFbZyAhvTn1e";
        let is_renewed = |password: &str, stored: &str| {
            runtime().block_on(async {
                assert_eq!(passwords.verify(password, Some(stored)).await, Ok(true), "{password}");
                passwords.renew(password, stored).await.unwrap().is_some()
            })
        };
        for tail in ["yz", "typo", ""] {
            assert!(!is_renewed(&format!("{}{tail}", "x".repeat(72)), stored), "{tail}");
        }
        assert!(is_renewed(&"x".repeat(71), "$2b$04$daRxK9pNbB.2Vwy/RBtggOxD71OPEJumqNiyZWm44vtZ121HFOwRy"));
    }

    #[test]
    fn who_would_wait_too_long_is_refused() {
        let passwords = with_permits(1, 9);
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
        let passwords = with_permits(9, 1);
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
        let passwords = cheap();
        assert_eq!(format!("{passwords:?}"), "PasswordsBuilder { schemes: [], .. }");
        assert_eq!(format!("{:?}", passwords.build().unwrap()), r#"Passwords { schemes: ["argon2"], .. }"#);
    }
}
