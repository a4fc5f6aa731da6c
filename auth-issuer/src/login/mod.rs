//! Logging in: accounts, passwords, and limits on guessing.

mod account_store;
mod guess_limits;
mod hashes;
mod password_scheme;
mod passwords;

pub use self::account_store::{Account, AccountStore};
pub use self::guess_limits::{Attempt, GuessLimits, InvalidLimit, LoginAttempt, TooManyAttempts};
pub use self::hashes::Argon2Hashes;
#[cfg(feature = "bcrypt")]
pub use self::hashes::BcryptHashes;
#[cfg(feature = "pbkdf2")]
pub use self::hashes::Pbkdf2Hashes;
#[cfg(feature = "scrypt")]
pub use self::hashes::ScryptHashes;
pub use self::password_scheme::{InvalidCost, PasswordError, PasswordScheme};
pub(crate) use self::passwords::is_text;
pub use self::passwords::{Passwords, PasswordsBuilder};
