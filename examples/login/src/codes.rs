//! One-time codes by e-mail. Whoever presents one reads the mail of an address. Copy this file if you need them.
//!
//! 1. A code has 256 bits from the system's random generator, so nobody guesses one.
//! 2. The database holds a hash of the code, so reading the database yields no code. A fast hash is enough: unlike a
//!    password, a random code cannot be found by trying.
//! 3. A code is valid for one purpose and one address. The next code for both replaces it. Whatever else makes it
//!    pointless deletes it: a password that was changed voids a code to reset it.
//! 4. A code expires.
//! 5. Deleting the row spends the code, in the transaction of the change that it permits. Of two simultaneous requests,
//!    one finds no row. If the transaction fails, the code stays valid.
//! 6. Requesting a code does not tell whether one was sent. If nobody should get one, the same row is written for nobody,
//!    which takes as long.
//!
//! Not checked here: how often somebody guesses. The caller counts a wrong code like a wrong password. With 256 bits that
//! is a precaution. If you shorten the code so that people can type it, everything depends on it: delete a code of 6
//! digits after 3 wrong guesses.

use std::fmt;

use auth_core::StoreFailure;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rusqlite::Transaction;
use sha2::{Digest as _, Sha256};

use crate::db::seconds;

/// The table: one row for each purpose and address.
pub(crate) const TABLE: &str = "
    CREATE TABLE codes (
        purpose TEXT NOT NULL, address TEXT NOT NULL, code_hash TEXT NOT NULL, expires_at INTEGER NOT NULL,
        PRIMARY KEY (purpose, address)
    );";

const CODE_BYTES: usize = 32;
/// Stands in for an address. No real address is empty.
const NOBODY: &str = "";

/// What a code permits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// Create an account with this address.
    Register,
    /// Set the password of the account with this address.
    ResetPassword,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ResetPassword => "reset-password",
        }
    }

    fn lifetime_seconds(self) -> u64 {
        match self {
            // Some people read their mail once a day, and a stolen code harms no account.
            Self::Register => 24 * 60 * 60,
            Self::ResetPassword => 30 * 60,
        }
    }
}

/// A code as the mail shows it.
#[derive(Clone)]
pub(crate) struct Code(String);

impl Code {
    pub(crate) fn random() -> Result<Self, StoreFailure> {
        let mut bytes = [0; CODE_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Takes a code that somebody sent, without white space that was copied along.
    pub(crate) fn sent(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.0.as_bytes()))
    }
}

/// Never prints the code.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(<redacted>)")
    }
}

/// Stores a code for an address, or for nobody. It replaces the previous one.
pub(crate) fn issue(
    transaction: &Transaction<'_>,
    purpose: Purpose,
    address: Option<&str>,
    code: &Code,
    now: u64,
) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM codes WHERE expires_at <= ?1", [seconds(now)])?;
    let expires_at = seconds(now.saturating_add(purpose.lifetime_seconds()));
    let insert =
        "INSERT OR REPLACE INTO codes (purpose, address, code_hash, expires_at) VALUES (?1, ?2, ?3, ?4)";
    transaction.execute(insert, (purpose.name(), address.unwrap_or(NOBODY), code.hash(), expires_at))?;
    Ok(())
}

/// Spends a code. Returns whether it was valid.
pub(crate) fn spend(
    transaction: &Transaction<'_>,
    purpose: Purpose,
    address: &str,
    code: &Code,
    now: u64,
) -> rusqlite::Result<bool> {
    let delete =
        "DELETE FROM codes WHERE purpose = ?1 AND address = ?2 AND code_hash = ?3 AND expires_at > ?4";
    let spent = transaction.execute(delete, (purpose.name(), address, code.hash(), seconds(now)))?;
    Ok(spent == 1 && address != NOBODY)
}

/// Deletes the code of an address, if there is one.
pub(crate) fn void(transaction: &Transaction<'_>, purpose: Purpose, address: &str) -> rusqlite::Result<()> {
    transaction
        .execute("DELETE FROM codes WHERE purpose = ?1 AND address = ?2", [purpose.name(), address])?;
    Ok(())
}
