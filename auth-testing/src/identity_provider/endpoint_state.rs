//! What was said of an endpoint, and what came.

use http::{HeaderMap, Request};

use super::behavior::Behavior;

/// How an endpoint answers, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct EndpointState {
    pub(crate) behavior: Behavior,
    /// Sent with every answer. They replace those of the provider.
    pub(crate) fields: HeaderMap,
    pub(crate) requests: usize,
    pub(crate) not_modified: usize,
    pub(crate) last_request: Option<Request<Vec<u8>>>,
}
