//! The passwords that people may choose, after NIST SP 800-63B-4, section 3.1.1.2.
//!
//! 1. A password has 15 characters or more, since it is the only factor. Passwords that were stored before stay valid.
//! 2. There are no rules about kinds of characters, and passwords do not expire. Only what `TokenEndpoint` refuses in a
//!    password is refused here too: nobody could log in with it.
//! 3. Passwords that attackers try first are refused. zxcvbn estimates the number of guesses, from lists of common
//!    passwords, words and names, keyboard patterns, dates, repetition, and what is known of the user.
//! 4. zxcvbn sees the first 20 characters only. Its time grows steeply with the length of a crafted password: 100
//!    characters took more than a second.
//!
//! The whole password is hashed, whatever its length. Not checked: whether it was stolen elsewhere. If you can, look it up
//! in a list of compromised passwords too.

use auth_issuer::Passwords;
use tokio::task::spawn_blocking;
use zxcvbn::{Score, zxcvbn};

use crate::Failure;

const MIN_CHARACTERS: usize = 15;
/// Bounds the work of hashing. SP 800-63B-4 asks for at least 64.
const MAX_CHARACTERS: usize = 1000;
/// They take up to 20 milliseconds, about as long as a hash.
const ESTIMATED_CHARACTERS: usize = 20;
/// More than 10^10 guesses: years of work for somebody who has stolen the hash.
const MIN_SCORE: Score = Score::Four;

/// Checks length and characters, which takes no time.
pub(crate) fn check_form(password: &str) -> Result<(), Failure> {
    match password.chars().count() {
        _ if !Passwords::is_sendable(password) => Err(Failure::UnsendablePassword),
        ..MIN_CHARACTERS => Err(Failure::ShortPassword),
        MIN_CHARACTERS..=MAX_CHARACTERS => Ok(()),
        _ => Err(Failure::LongPassword),
    }
}

/// Checks how many guesses it takes. `known` is what others know of the user.
pub(crate) async fn check_strength(password: &str, known: &[&str]) -> Result<(), Failure> {
    let begin: String = password.chars().take(ESTIMATED_CHARACTERS).collect();
    let known: Vec<String> = known.iter().map(|&known| known.to_owned()).collect();
    let score = spawn_blocking(move || {
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        zxcvbn(&begin, &known).score()
    });
    // It failed only if zxcvbn panicked.
    let score = score.await.map_err(|_| Failure::Unavailable)?;
    if score >= MIN_SCORE { Ok(()) } else { Err(Failure::CommonPassword) }
}
