//! Hashes of argon2.

use std::hint::black_box;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq as _;

use super::work;
use crate::login::password_scheme::{InvalidCost, PasswordError, PasswordScheme};

const KIND: &str = "argon2";
const MAX_KIB: u32 = 256 * 1024;
/// Of memory and passes: as much as four passes over all of it.
const MAX_BLOCKS: u64 = 1024 * 1024;
const MAX_LANES: u32 = 64;

/// Hashes of argon2 that cost more than those that [`Passwords`](crate::Passwords) makes, such as those of pwdlib and
/// of passlib.
///
/// [`Passwords`](crate::Passwords) verifies hashes of argon2 without it. But then a login with an expensive hash takes
/// longer, which reveals that the account exists. Accept the highest cost in your database, and every login does that
/// work.
///
/// ```
/// use auth_issuer::{Argon2Hashes, Passwords};
///
/// // The defaults of argon2-cffi, thus of pwdlib and passlib: 64 MiB, three passes, four lanes.
/// let passwords = Passwords::builder().accept(Argon2Hashes::up_to(65_536, 3, 4)?).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// 1. All three variants (`$argon2id$`, `$argon2i$`, `$argon2d$`) are read in PHC format, with version 19, 16 or none,
///    which means 16.
/// 2. A hash may demand 256 MiB, 64 lanes, and a product of memory and passes of 1 GiB.
///    [RFC 9106](https://www.rfc-editor.org/rfc/rfc9106)'s first recommendation, 2 GiB, is beyond that.
/// 3. Lanes are computed one after another.
#[derive(Clone, Debug)]
pub struct Argon2Hashes {
    most: Params,
}

impl Argon2Hashes {
    /// Accepts hashes up to this cost: KiB of memory, passes, and lanes.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidCost`] if no hash may cost as much.
    pub fn up_to(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, InvalidCost> {
        let range =
            "8 KiB per lane to 256 MiB of memory, 1 to 64 lanes, and up to 1 GiB of memory times passes";
        let most = Params::new(memory_kib, passes, lanes, None).ok().filter(is_bounded);
        most.map(Self::with_params).ok_or(InvalidCost { kind: KIND, range })
    }

    pub(in crate::login) fn with_params(most: Params) -> Self {
        Self { most }
    }

    /// Returns whether a hash is one of argon2id with just these costs.
    pub(in crate::login) fn is_made_so(&self, stored: &str) -> bool {
        let costs = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        parse(stored).is_ok_and(|(argon2, hash)| {
            hash.algorithm.as_str() == "argon2id"
                && hash.hash.is_some()
                && hash.version == Some(Version::V0x13.into())
                && costs(argon2.params()) == costs(&self.most)
        })
    }

    /// Returns the parameters of the work that a cheaper hash leaves. Returns `None` if it leaves nothing.
    fn rest(&self, stored: &Params) -> Option<Params> {
        let Self { most } = self;
        let rest = work::rest(KIND, blocks(most), blocks(stored)) / u64::from(most.t_cost());
        let memory = u32::try_from(rest).ok()?.max(8 * most.p_cost());
        Params::new(memory, most.t_cost(), most.p_cost(), None).ok().filter(|_| rest > 0)
    }
}

impl PasswordScheme for Argon2Hashes {
    fn name(&self) -> &'static str {
        KIND
    }

    fn recognizes(&self, stored: &str) -> bool {
        ["$argon2id$", "$argon2i$", "$argon2d$"].iter().any(|kind| stored.starts_with(kind))
    }

    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
        let (argon2, hash) = parse(stored)?;
        let (Some(salt), Some(expected)) = (hash.salt, hash.hash) else {
            return Err(PasswordError::NotAHash);
        };
        let found = compute(&argon2, password, &salt, expected.len())?;
        if let Some(rest) = self.rest(argon2.params()) {
            waste(rest, password)?;
        }
        Ok(found.ct_eq(expected.as_bytes()).into())
    }

    fn decoy(&self, password: &[u8]) {
        // Out of memory, it fails at once, as verifying does.
        _ = waste(self.most.clone(), password);
    }
}

fn waste(params: Params, password: &[u8]) -> Result<(), PasswordError> {
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    compute(&argon2, password, &[0; 16], Params::DEFAULT_OUTPUT_LEN).map(|found| drop(black_box(found)))
}

fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    length: usize,
) -> Result<Vec<u8>, PasswordError> {
    work::count(KIND, blocks(argon2.params()));
    let mut found = vec![0; length];
    let computed = argon2.hash_password_into(password, salt, &mut found);
    computed.map(|()| found).map_err(|_| PasswordError::Unavailable)
}

fn parse(stored: &str) -> Result<(Argon2<'static>, PasswordHash), PasswordError> {
    let hash = PasswordHash::new(stored).map_err(|_| PasswordError::NotAHash)?;
    let algorithm = Algorithm::new(hash.algorithm.as_str()).map_err(|_| PasswordError::NotAHash)?;
    // Hashes of the first version do not name theirs.
    let version = hash.version.map_or(Ok(Version::V0x10), Version::try_from);
    let version = version.map_err(|_| PasswordError::NotAHash)?;
    let params = Params::try_from(&hash).map_err(|_| PasswordError::NotAHash)?;
    if !is_bounded(&params) {
        return Err(PasswordError::TooExpensive);
    }
    Ok((Argon2::new(algorithm, version, params), hash))
}

fn blocks(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

fn is_bounded(params: &Params) -> bool {
    params.m_cost() <= MAX_KIB && blocks(params) <= MAX_BLOCKS && params.p_cost() <= MAX_LANES
}
