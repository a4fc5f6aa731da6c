//! The kinds of hashes that passlib and pwdlib store.

mod argon2;
#[cfg(feature = "bcrypt")]
mod bcrypt;
#[cfg(feature = "pbkdf2")]
mod pbkdf2;
#[cfg(feature = "scrypt")]
mod scrypt;
pub(super) mod work;

pub use self::argon2::Argon2Hashes;
#[cfg(feature = "bcrypt")]
pub use self::bcrypt::BcryptHashes;
#[cfg(feature = "pbkdf2")]
pub use self::pbkdf2::Pbkdf2Hashes;
#[cfg(feature = "scrypt")]
pub use self::scrypt::ScryptHashes;

#[cfg(test)]
pub(super) mod tests;
