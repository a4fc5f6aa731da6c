//! A kind of password hash that the database holds already.

/// Verifies password hashes that other software has stored. [`PasswordsBuilder::accept`] registers it.
///
/// [`Argon2Hashes`], and behind features `BcryptHashes`, `Pbkdf2Hashes` and `ScryptHashes`, implement it for the hashes of
/// passlib and pwdlib. Implement it for a kind of your own:
///
/// ```
/// use auth_issuer::{PasswordError, PasswordScheme, Passwords};
/// # use std::collections::hash_map::DefaultHasher;
/// # use std::hash::{Hash, Hasher};
/// # fn slow_digest(salt: &[u8], password: &[u8]) -> String {
/// #     let mut hasher = DefaultHasher::new();
/// #     (salt, password).hash(&mut hasher);
/// #     hasher.finish().to_string()
/// # }
/// # fn equal_in_constant_time(one: &str, other: &str) -> bool { one == other }
///
/// /// Hashes of the old shop: `shop:<salt>:<digest>`.
/// struct ShopHashes;
///
/// impl PasswordScheme for ShopHashes {
///     fn name(&self) -> &'static str {
///         "shop"
///     }
///
///     fn recognizes(&self, stored: &str) -> bool {
///         stored.starts_with("shop:")
///     }
///
///     fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError> {
///         let (salt, digest) = stored
///             .strip_prefix("shop:")
///             .and_then(|rest| rest.split_once(':'))
///             .ok_or(PasswordError::NotAHash)?;
///         Ok(equal_in_constant_time(&slow_digest(salt.as_bytes(), password), digest))
///     }
///
///     fn decoy(&self, password: &[u8]) {
///         std::hint::black_box(slow_digest(b"any salt", password));
///     }
/// }
///
/// let passwords = Passwords::builder().accept(ShopHashes).build()?;
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let stored = format!("shop:salt:{}", slow_digest(b"salt", b"correct horse"));
/// assert!(passwords.verify("correct horse", Some(&stored)).await?);
/// let renewed = passwords.renew("correct horse", &stored).await?;
/// assert!(renewed.is_some_and(|hash| hash.starts_with("$argon2id$")));
/// # Ok::<(), PasswordError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// All methods run on threads for blocking work, so they may take long. They get each password that somebody types in:
/// never log it, and bound the work that a stored hash can demand. If a method panics, the login fails with
/// [`PasswordError::Unavailable`].
///
/// [`PasswordsBuilder::accept`]: crate::PasswordsBuilder::accept
/// [`Argon2Hashes`]: crate::Argon2Hashes
pub trait PasswordScheme: Send + Sync {
    /// Returns the name of this kind of hash, for the log.
    fn name(&self) -> &'static str;

    /// Returns whether a stored text claims to be a hash of this kind. The first scheme that recognizes it verifies it.
    fn recognizes(&self, stored: &str) -> bool;

    /// Returns whether the stored hash is that of the password. Compare in constant time.
    ///
    /// It must do as much work as [`decoy`](Self::decoy), whether the password is right or not. If a stored hash is
    /// cheaper, do the rest of the work too. [`Passwords`](crate::Passwords) does the work of a failed `verify` again,
    /// by `decoy`, so that an error need not cost anything.
    ///
    /// # Errors
    ///
    /// Returns [`PasswordError::NotAHash`] if the text is malformed, and [`PasswordError::TooExpensive`] if it demands
    /// more work than you accept. Either is logged as an error, and the login is refused.
    fn verify(&self, password: &[u8], stored: &str) -> Result<bool, PasswordError>;

    /// Does the work of [`verify`](Self::verify) for nothing. Called at each login whose account has no hash of this
    /// kind, or does not exist. Pass the result to [`std::hint::black_box`], so that the compiler keeps the work.
    fn decoy(&self, password: &[u8]);

    /// Returns whether [`verify`](Self::verify) compares the whole password. The default is `true`.
    ///
    /// If not, the login succeeds, but the hash is not renewed: the rest of the password, which nothing has verified,
    /// would become part of it. bcrypt ignores what follows the first 72 bytes.
    fn compares_all_of(&self, password: &[u8]) -> bool {
        let _ = password;
        true
    }
}

/// The reason why a password could be neither hashed nor verified.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// Too many calls are waiting already. Answer 503 with `Retry-After`.
    #[error("too many passwords are being verified at once")]
    Busy,
    /// The stored text is neither an argon2 hash (`$argon2id$v=19$m=...`) nor one of an accepted kind.
    #[error("the stored password hash is of no accepted kind, or malformed")]
    NotAHash,
    /// The stored hash demands more work or memory than its kind allows.
    #[error("the stored password hash costs more than is accepted")]
    TooExpensive,
    /// The system has no random numbers or no memory.
    #[error("a password cannot be hashed now")]
    Unavailable,
}

/// A cost is out of the range that is accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("hashes of {kind} are accepted with {range}")]
pub struct InvalidCost {
    pub(crate) kind: &'static str,
    pub(crate) range: &'static str,
}
