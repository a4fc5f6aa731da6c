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
        let [one, other] = [passwords.hash("secret").await.unwrap(), passwords.hash("secret").await.unwrap()];
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
        let mut work = Box::pin(passwords.run(move |_| wait.recv().map_err(|_| PasswordError::Unavailable)));
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
