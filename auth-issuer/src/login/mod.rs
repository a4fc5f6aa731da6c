//! Who may log in: accounts, their passwords, and how often one may guess.

mod account_store;
mod guess_limits;
mod passwords;

pub use self::account_store::{Account, AccountStore};
pub use self::guess_limits::{Attempt, GuessLimits, InvalidLimit, TooManyAttempts};
pub use self::passwords::{PasswordError, Passwords};
