//! Bounds that are checked before any work is done.

/// The longest JWT that a verifier accepts, in bytes (8 KiB), unless
/// [`max_token_bytes`](crate::jwt::JwtVerifierBuilder::max_token_bytes) says otherwise. Longer ones are refused unread.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest credentials that are shown to any verifier, in bytes (64 KiB).
pub const MAX_CREDENTIALS_BYTES: usize = 64 * 1024;
