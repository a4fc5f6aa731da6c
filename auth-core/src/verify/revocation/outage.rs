//! What is not known, and what happens then.

/// What happens to a token while it is not known whether it was revoked.
///
/// There is no default: either can be right, and the choice must be made on purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OnOutage {
    /// Refuses every token with 503, since it may have been revoked.
    Refuse,
    /// Accepts tokens as if nothing more was revoked, and logs a warning when that begins.
    Accept,
}

/// A revocation was not recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRecorded {
    /// The memory for revocations is full. Until the revoked tokens expire, [`OnOutage`] decides about every token.
    #[error(
        "the revocation was not recorded, since there are {max_entries} already: raise \
         `RevocationsBuilder::max_entries`, or let tokens live shorter"
    )]
    Full {
        /// How many there may be.
        max_entries: usize,
    },
    /// The token has no claim `jti`, by which alone it can be told from others.
    #[error(
        "the token was not revoked, since it has no claim `jti`: revoke its subject or its session, or have the issuer \
         add the claim"
    )]
    NoTokenId,
    /// The clock does not know the time.
    #[error("the revocation was not recorded, since the clock does not know the time: try again")]
    NoTime,
}
