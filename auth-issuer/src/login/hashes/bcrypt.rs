//! Hashes of bcrypt.

use std::hint::black_box;

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use subtle::ConstantTimeEq as _;

use super::work;
use crate::login::password_scheme::{InvalidCost, PasswordError, PasswordScheme};

const KIND: &str = "bcrypt";
const MIN_COST: u32 = 4;
const MAX_COST: u32 = 16;
/// What bcrypt looks at.
const MAX_BYTES: usize = 72;

/// The last character holds bits that mean nothing, and not all programs clear them.
const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// Hashes of bcrypt (`$2a$`, `$2b$`, `$2y$`), as passlib, pwdlib and most web frameworks have stored them. Needs the
/// feature `bcrypt`.
///
/// ```
/// use auth_issuer::{BcryptHashes, Passwords};
///
/// let passwords = Passwords::builder().accept(BcryptHashes::up_to(12)?).build()?;
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let stored = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// assert!(passwords.verify("U*U", Some(stored)).await?);
/// # Ok::<(), auth_issuer::PasswordError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// 1. A hash may cost 4 to 16.
/// 2. Only the first 72 bytes of a password count, as in passlib and in Python's bcrypt before 5.0. A user with a longer
///    password can still log in. Nothing verifies the bytes after the first 72, so [`Passwords::renew`] does not renew
///    the hash of a password of 72 bytes or more. It stays until the password is changed. (bcrypt 5.0 refuses more than
///    72 bytes.)
/// 3. A password that holds a NUL is wrong. passlib and Python's bcrypt before 4.0 refuse it. bcrypt 4.0 and later
///    accept `a\0a` if `a` is right, since both give the same key.
/// 4. `$2x$`, the hashes of a faulty program, and `$2$`, those of 1997, are malformed here. passlib's `$bcrypt-sha256$`
///    is another kind.
///
/// [`Passwords::renew`]: crate::Passwords::renew
#[derive(Clone, Copy, Debug)]
pub struct BcryptHashes {
    most: u32,
}

struct Hash {
    cost: u32,
    salt: [u8; 16],
    /// The last byte of 24 is never stored.
    digest: [u8; 23],
}

impl BcryptHashes {
    /// Accepts hashes up to this cost: the second number of a hash, such as 12 in `$2b$12$...`. Every login does the
    /// work of that cost.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCost`] unless it is 4 to 16.
    pub fn up_to(cost: u32) -> Result<Self, InvalidCost> {
        let is_good = (MIN_COST..=MAX_COST).contains(&cost);
        is_good.then_some(Self { most: cost }).ok_or(InvalidCost { kind: KIND, range: "a cost of 4 to 16" })
    }
}

impl PasswordScheme for BcryptHashes {
    fn name(&self) -> &'static str {
        KIND
    }

    fn recognizes(&self, stored: &str) -> bool {
        ["$2a$", "$2b$", "$2y$"].iter().any(|version| stored.starts_with(version))
    }

    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
        let hash = parse(stored)?;
        let found = compute(hash.cost, hash.salt, password);
        // From each cost to the next the work doubles: all costs between add up to the difference.
        if work::rest(KIND, 1 << self.most, 1 << hash.cost) > 0 {
            for cost in hash.cost..self.most {
                black_box(compute(cost, hash.salt, password));
            }
        }
        let is_equal: bool = hash.digest.ct_eq(found.first_chunk().unwrap_or(&[0; 23])).into();
        Ok(is_equal && !password.contains(&0))
    }

    fn decoy(&self, password: &[u8]) {
        black_box(compute(self.most, [0; 16], password));
    }

    fn compares_all_of(&self, password: &[u8]) -> bool {
        // One of just as many bytes may be the beginning of the one that was set.
        password.len() < MAX_BYTES
    }
}

fn compute(cost: u32, salt: [u8; 16], password: &[u8]) -> [u8; 24] {
    work::count(KIND, 1 << cost);
    // A NUL ends the key, if there is room for it.
    let key: Vec<u8> = password.iter().copied().chain([0]).take(MAX_BYTES).collect();
    bcrypt::bcrypt(cost, salt, &key)
}

fn parse(stored: &str) -> Result<Hash, PasswordError> {
    let parts = || {
        let (cost, rest) = stored.get(4..)?.split_once('$')?;
        let (salt, digest) = rest.split_at_checked(22)?;
        let decode = |text| BASE64.decode(text).ok();
        let salt = decode(salt)?.try_into().ok()?;
        let digest = decode(digest)?.try_into().ok()?;
        let is_number = cost.len() == 2 && cost.bytes().all(|byte| byte.is_ascii_digit());
        Some(Hash { cost: cost.parse().ok().filter(|_| is_number)?, salt, digest })
    };
    let hash = parts().ok_or(PasswordError::NotAHash)?;
    match hash.cost {
        ..MIN_COST => Err(PasswordError::NotAHash),
        MIN_COST..=MAX_COST => Ok(hash),
        _ => Err(PasswordError::TooExpensive),
    }
}
