//! Bounds that are checked before any work is done.

/// The longest token that is looked at, in bytes (8 KiB), unless a verifier
/// [says otherwise](crate::TokenVerifier::max_token_bytes). Longer ones are refused unread.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest token that a verifier can be made to look at, in bytes (64 KiB).
pub(crate) const UTMOST_TOKEN_BYTES: usize = 64 * 1024;
