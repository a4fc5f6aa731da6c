//! Logging in: accounts, passwords, and limits on guessing.

mod account_store;
mod guess_limits;
mod passwords;

pub use self::account_store::{Account, AccountStore};
pub use self::guess_limits::{Attempt, GuessLimits, InvalidLimit, TooManyAttempts};
pub use self::passwords::{PasswordError, Passwords};
