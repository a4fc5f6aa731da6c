use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Resolves names to IP addresses. The default asks the system.
///
/// What it answers is checked: see [`Network`](crate::Network).
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// Resolves a name. IP addresses are not asked for.
    ///
    /// # Errors
    ///
    /// If the name does not resolve.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// The resolver of the system, on Tokio's threads for blocking work.
pub(super) struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|socket| socket.ip()).collect())
    }
}
