//! Which addresses may be fetched.

/// Why an address must not be fetched.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Placeholder until the rules are there.
    #[error("{0:?} is no absolute address")]
    NotAbsolute(String),
}
