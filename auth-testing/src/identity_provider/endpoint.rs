//! What is served.

/// A document of a [`TestIdentityProvider`](super::TestIdentityProvider).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Endpoint {
    /// The metadata, at all its paths: every request whose path has a segment `.well-known`.
    Metadata,
    /// The key set.
    Keys,
    /// The introspection endpoint.
    Introspection,
}
