//! Hashes of scrypt.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use scrypt::{Params, scrypt};
use subtle::ConstantTimeEq as _;

use super::work;
use crate::login::password_scheme::{InvalidCost, PasswordError, PasswordScheme};

const KIND: &str = "scrypt";
/// 256 MiB, in blocks of 128 bytes.
const MAX_MEMORY: u64 = 1 << 21;
/// 1 GiB, counted likewise.
const MAX_WORK: u64 = 1 << 23;
const MAX_R: u32 = 32;
const MAX_P: u32 = 16;
const DIGEST_BYTES: usize = 32;

/// Hashes of scrypt ([RFC 7914](https://www.rfc-editor.org/rfc/rfc7914)) in passlib's format,
/// `$scrypt$ln=16,r=8,p=1$salt$digest`. Needs the feature `scrypt`.
///
/// ```
/// use auth_issuer::{Passwords, ScryptHashes};
///
/// // passlib's defaults: N = 2^16, r = 8, p = 1.
/// let passwords = Passwords::builder().accept(ScryptHashes::up_to(16, 8, 1)?).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A hash may demand 256 MiB (128 bytes times N times r), r up to 32, p up to 16, and 1 GiB of memory times p. Lanes are
/// computed one after another. The format `$7$` of libsodium and crypt is malformed here.
///
/// NULs at the end of a password are not compared, since HMAC does not tell them apart. passlib does not, either.
#[derive(Clone, Copy, Debug)]
pub struct ScryptHashes {
    most: Cost,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Cost {
    log_n: u8,
    r: u32,
    p: u32,
}

struct Hash {
    cost: Cost,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl ScryptHashes {
    /// Accepts hashes up to this cost: `ln`, `r` and `p` of a hash. Every login does that work.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCost`] if no hash may cost as much.
    pub fn up_to(log_n: u8, r: u32, p: u32) -> Result<Self, InvalidCost> {
        let range = "up to 256 MiB of memory, r of 1 to 32, p of 1 to 16, and 1 GiB of memory times p";
        let most = Cost { log_n, r, p };
        most.is_possible()
            .then_some(most)
            .filter(|most| most.is_bounded())
            .map(|most| Self { most })
            .ok_or(InvalidCost { kind: KIND, range })
    }

    /// Returns the costs whose work adds up to what a cheaper hash leaves, but for less than one block for each `r`.
    fn rest(self, stored: Cost) -> Vec<Cost> {
        let Cost { log_n, r, .. } = self.most;
        let rest = work::rest(KIND, self.most.work(), stored.work()) / u64::from(r);
        let whole = u32::try_from(rest >> log_n).unwrap_or(0);
        let whole = Some(Cost { log_n, r, p: whole }).filter(|cost| cost.p > 0);
        let powers = (1..log_n).rev().filter(|log_n| rest >> log_n & 1 == 1);
        whole.into_iter().chain(powers.map(|log_n| Cost { log_n, r, p: 1 })).collect()
    }
}

impl PasswordScheme for ScryptHashes {
    fn name(&self) -> &'static str {
        KIND
    }

    fn recognizes(&self, stored: &str) -> bool {
        stored.starts_with("$scrypt$")
    }

    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
        let hash = parse(stored)?;
        let found = compute(password, &hash.salt, hash.cost)?;
        for cost in self.rest(hash.cost) {
            black_box(compute(password, &hash.salt, cost)?);
        }
        Ok(found.ct_eq(&hash.digest).into())
    }

    fn decoy(&self, password: &[u8]) {
        // It cannot fail: the cost was looked at.
        _ = black_box(compute(password, &[0; 16], self.most));
    }

    fn compares_all_of(&self, password: &[u8]) -> bool {
        // HMAC fills a short key with them.
        !password.ends_with(&[0])
    }
}

impl Cost {
    fn is_possible(self) -> bool {
        (1..64).contains(&self.log_n) && self.r > 0 && self.p > 0
    }

    fn is_bounded(self) -> bool {
        let memory = self.memory();
        self.r <= MAX_R && self.p <= MAX_P && memory <= MAX_MEMORY && self.work() <= MAX_WORK
    }

    fn memory(self) -> u64 {
        u64::from(self.r).saturating_mul(1 << self.log_n)
    }

    fn work(self) -> u64 {
        self.memory().saturating_mul(self.p.into())
    }
}

fn compute(password: &[u8], salt: &[u8], cost: Cost) -> Result<Vec<u8>, PasswordError> {
    work::count(KIND, cost.work());
    let params = Params::new(cost.log_n, cost.r, cost.p).map_err(|_| PasswordError::NotAHash)?;
    let mut found = vec![0; DIGEST_BYTES];
    let computed = scrypt(password, salt, &params, &mut found);
    computed.map(|()| found).map_err(|_| PasswordError::NotAHash)
}

fn parse(stored: &str) -> Result<Hash, PasswordError> {
    let parts = || {
        let (costs, rest) = stored.strip_prefix("$scrypt$")?.split_once('$')?;
        let (salt, digest) = rest.split_once('$')?;
        let mut costs = costs.split(',');
        let mut cost = |name| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
        let (log_n, r, p) = (cost("ln=")?, cost("r=")?, cost("p=")?);
        let cost = Cost { log_n: u8::try_from(log_n).ok()?, r, p };
        let hash = Hash {
            cost,
            salt: STANDARD_NO_PAD.decode(salt).ok()?,
            digest: STANDARD_NO_PAD.decode(digest).ok()?,
        };
        let is_whole = costs.next().is_none() && hash.digest.len() == DIGEST_BYTES && cost.is_possible();
        is_whole.then_some(hash)
    };
    let hash = parts().ok_or(PasswordError::NotAHash)?;
    if hash.cost.is_bounded() { Ok(hash) } else { Err(PasswordError::TooExpensive) }
}
