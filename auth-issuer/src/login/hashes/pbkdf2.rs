//! Hashes of PBKDF2.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::work;
use crate::login::password_scheme::{InvalidCost, PasswordError, PasswordScheme};

const MAX_ROUNDS: u32 = 4_000_000;

/// Hashes of PBKDF2 ([RFC 8018](https://www.rfc-editor.org/rfc/rfc8018#section-5.2)), as passlib and Django have stored
/// them. Needs the feature `pbkdf2`.
///
/// ```
/// use auth_issuer::{Passwords, Pbkdf2Hashes};
///
/// let passwords = Passwords::builder().accept(Pbkdf2Hashes::sha256_up_to(29_000)?).build()?;
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let stored = "$pbkdf2-sha256$6400$hfDemxPC2HvPOUdIKQXgPA$GaOcPdgIaetfUwgseRfUhD.r/hSzMJHdK8GjRCSQ93k";
/// assert!(passwords.verify("correct horse battery staple", Some(stored)).await?);
/// # Ok::<(), auth_issuer::PasswordError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// | digest | passlib | Django |
/// |---|---|---|
/// | SHA-1 | `$pbkdf2$rounds$salt$digest` | `pbkdf2_sha1$rounds$salt$digest` |
/// | SHA-256 | `$pbkdf2-sha256$...` | `pbkdf2_sha256$...` |
/// | SHA-512 | `$pbkdf2-sha512$...` | |
///
/// A hash may demand 4,000,000 rounds. Accept each digest that the database holds: every login does the work of each.
///
/// NULs at the end of a password are not compared, since HMAC does not tell them apart. passlib does not, either.
#[derive(Clone, Copy, Debug)]
pub struct Pbkdf2Hashes {
    digest: Digest,
    most: u32,
}

#[derive(Clone, Copy, Debug)]
enum Digest {
    Sha1,
    Sha256,
    Sha512,
}

struct Hash {
    rounds: u32,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl Pbkdf2Hashes {
    /// Accepts hashes with SHA-1 up to this number of rounds.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCost`] unless there are 1 to 4,000,000 rounds.
    pub fn sha1_up_to(rounds: u32) -> Result<Self, InvalidCost> {
        Self::up_to(Digest::Sha1, rounds)
    }

    /// Accepts hashes with SHA-256 up to this number of rounds.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCost`] unless there are 1 to 4,000,000 rounds.
    pub fn sha256_up_to(rounds: u32) -> Result<Self, InvalidCost> {
        Self::up_to(Digest::Sha256, rounds)
    }

    /// Accepts hashes with SHA-512 up to this number of rounds.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCost`] unless there are 1 to 4,000,000 rounds.
    pub fn sha512_up_to(rounds: u32) -> Result<Self, InvalidCost> {
        Self::up_to(Digest::Sha512, rounds)
    }

    fn up_to(digest: Digest, rounds: u32) -> Result<Self, InvalidCost> {
        let is_good = (1..=MAX_ROUNDS).contains(&rounds);
        let invalid = InvalidCost { kind: digest.name(), range: "1 to 4000000 rounds" };
        is_good.then_some(Self { digest, most: rounds }).ok_or(invalid)
    }
}

impl PasswordScheme for Pbkdf2Hashes {
    fn name(&self) -> &'static str {
        self.digest.name()
    }

    fn recognizes(&self, stored: &str) -> bool {
        self.digest.passlib(stored).or_else(|| self.digest.django(stored)).is_some()
    }

    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
        let Self { digest, most } = *self;
        let hash = digest.parse(stored)?;
        let found = digest.compute(password, &hash.salt, hash.rounds);
        let rest = work::rest(digest.name(), most.into(), hash.rounds.into());
        if let Some(rounds) = u32::try_from(rest).ok().filter(|rounds| *rounds > 0) {
            black_box(digest.compute(password, &hash.salt, rounds));
        }
        Ok(found.ct_eq(&hash.digest).into())
    }

    fn decoy(&self, password: &[u8]) {
        black_box(self.digest.compute(password, &[0; 16], self.most));
    }

    fn compares_all_of(&self, password: &[u8]) -> bool {
        // HMAC fills a short key with them.
        !password.ends_with(&[0])
    }
}

impl Digest {
    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "pbkdf2-sha1",
            Self::Sha256 => "pbkdf2-sha256",
            Self::Sha512 => "pbkdf2-sha512",
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    fn compute(self, password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
        work::count(self.name(), rounds.into());
        let mut found = vec![0; self.bytes()];
        match self {
            Self::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, rounds, &mut found),
            Self::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, rounds, &mut found),
            Self::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, rounds, &mut found),
        }
        found
    }

    /// Returns what follows the name in passlib's format.
    fn passlib(self, stored: &str) -> Option<&str> {
        stored.strip_prefix(match self {
            Self::Sha1 => "$pbkdf2$",
            Self::Sha256 => "$pbkdf2-sha256$",
            Self::Sha512 => "$pbkdf2-sha512$",
        })
    }

    /// Returns what follows the name in Django's format.
    fn django(self, stored: &str) -> Option<&str> {
        stored.strip_prefix(match self {
            Self::Sha1 => "pbkdf2_sha1$",
            Self::Sha256 => "pbkdf2_sha256$",
            Self::Sha512 => return None,
        })
    }

    fn parse(self, stored: &str) -> Result<Hash, PasswordError> {
        let parts = |rest: &str| {
            let (rounds, rest) = rest.split_once('$')?;
            let (salt, digest) = rest.split_once('$')?;
            let is_number = !rounds.is_empty() && rounds.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| (rounds.to_owned(), salt.to_owned(), digest.to_owned()))
        };
        let hash = || {
            let (rounds, salt, digest) = match (self.passlib(stored), self.django(stored)) {
                (Some(rest), _) => {
                    let (rounds, salt, digest) = parts(rest)?;
                    // passlib writes `.` for `+`, and reads both.
                    let decode = |text: &str| STANDARD_NO_PAD.decode(text.replace('.', "+")).ok();
                    (rounds, decode(&salt)?, decode(&digest)?)
                }
                (None, Some(rest)) => {
                    let (rounds, salt, digest) = parts(rest)?;
                    (rounds, salt.into_bytes(), STANDARD.decode(digest).ok()?)
                }
                (None, None) => return None,
            };
            // A number that does not fit is too many.
            let rounds = rounds.parse().unwrap_or(u32::MAX);
            Some(Hash { rounds, salt, digest }).filter(|hash| hash.digest.len() == self.bytes())
        };
        match hash().ok_or(PasswordError::NotAHash)? {
            Hash { rounds: 0, .. } => Err(PasswordError::NotAHash),
            hash if hash.rounds > MAX_ROUNDS => Err(PasswordError::TooExpensive),
            hash => Ok(hash),
        }
    }
}
