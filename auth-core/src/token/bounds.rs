//! Bounds that are checked before any work is done.

/// The longest token that is looked at, in bytes (8 KiB). Longer ones are refused unread.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;
