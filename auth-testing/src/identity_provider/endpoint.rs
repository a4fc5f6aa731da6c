//! What is served, and what came.

use http::{HeaderMap, Request};

use super::behavior::Behavior;

/// A document of a [`TestIdentityProvider`](super::TestIdentityProvider).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Endpoint {
    /// The metadata, at all its paths: every request whose path has a segment `.well-known`.
    Metadata,
    /// The key set.
    Keys,
}

/// How an endpoint answers, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct EndpointState {
    pub(crate) behavior: Behavior,
    /// Sent with every answer. They replace those of the provider.
    pub(crate) fields: HeaderMap,
    pub(crate) requests: usize,
    pub(crate) not_modified: usize,
    pub(crate) last_request: Option<Request<()>>,
}
