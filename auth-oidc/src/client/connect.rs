use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};

use super::fault::{forbidden, unreachable};
use super::proxy::{Proxies, Proxy};
use super::resolve::Resolve;
use super::stream::{Connection, Form, Stream};
use super::target::Target;
use super::tls::Tls;
use crate::address::Host;
use crate::network::is_this_machine;
use crate::{FetchError, Network};

/// Opens connections.
pub(super) struct Connector {
    pub(super) resolver: Arc<dyn Resolve>,
    pub(super) proxies: Proxies,
    pub(super) tls: Tls,
    pub(super) timeout: Duration,
}

impl Connector {
    /// Connects to the target within the time allowed: name, TCP, proxy and TLS together.
    pub(super) async fn connect(
        &self,
        target: &Target<'_>,
        network: Network,
    ) -> Result<Connection, FetchError> {
        timeout(self.timeout, self.open(target, network)).await.unwrap_or_else(|_| {
            Err(unreachable(format!("no connection to {} within {:?}", target.authority(), self.timeout)))
        })
    }

    async fn open(&self, target: &Target<'_>, network: Network) -> Result<Connection, FetchError> {
        let mut connection = match self.proxies.for_target(target)? {
            Some(proxy) => self.open_through(&proxy, target, network).await?,
            None => self.open_directly(target, network).await?,
        };
        if target.https {
            connection.stream = self.tls.connect(target.name, connection.stream).await?;
        }
        Ok(connection)
    }

    async fn open_directly(&self, target: &Target<'_>, network: Network) -> Result<Connection, FetchError> {
        let ips = permitted(target, network, self.resolve(target).await?)?;
        let (stream, ip) = self.open_any(target, &ips).await?;
        Ok(Connection { stream, network: Network::of(ip).unwrap_or_default(), form: Form::Origin })
    }

    /// The proxy's own address is the operator's affair. The target's is checked if it is written as such.
    async fn open_through(
        &self,
        proxy: &Proxy,
        target: &Target<'_>,
        network: Network,
    ) -> Result<Connection, FetchError> {
        let reached = match target.host {
            Host::Ip(ip) => {
                permitted(target, network, vec![ip]).map(|_| Network::of(ip).unwrap_or_default())?
            }
            Host::Localhost | Host::Name => Network::Public,
        };
        let at = proxy.target()?;
        let (mut stream, _) = self.open_any(&at, &self.resolve(&at).await?).await?;
        if at.https {
            stream = self.tls.connect(at.name, stream).await?;
        }
        if !target.https {
            return Ok(Connection { stream, network: reached, form: Form::Absolute(proxy.authorization()) });
        }
        stream = proxy.tunnel(target, stream).await?;
        Ok(Connection { stream, network: reached, form: Form::Origin })
    }

    async fn resolve(&self, target: &Target<'_>) -> Result<Vec<IpAddr>, FetchError> {
        if let Host::Ip(ip) = target.host {
            return Ok(vec![ip]);
        }
        let unresolved =
            |why: String| unreachable(format!("the name {} does not resolve: {why}", target.name));
        let ips = self.resolver.resolve(target.name).await.map_err(|error| unresolved(error.to_string()))?;
        if ips.is_empty() {
            return Err(unresolved("it has no addresses".to_owned()));
        }
        Ok(ips)
    }

    /// Tries one after the other. Each has its share of the time, so that one which is silent leaves some to the next.
    async fn open_any(
        &self,
        target: &Target<'_>,
        ips: &[IpAddr],
    ) -> Result<(Box<dyn Stream>, IpAddr), FetchError> {
        let end = Instant::now() + self.timeout;
        let mut failures = Vec::new();
        for (left, &ip) in (1..=u32::try_from(ips.len()).unwrap_or(u32::MAX)).rev().zip(ips) {
            let share = end.saturating_duration_since(Instant::now()) / left;
            match timeout_at(Instant::now() + share, TcpStream::connect(SocketAddr::new(ip, target.port)))
                .await
            {
                Ok(Ok(stream)) => {
                    // What is written is one request: nothing is gained by waiting for more.
                    let _ = stream.set_nodelay(true);
                    return Ok((Box::new(stream), ip));
                }
                Ok(Err(error)) => failures.push(format!("{ip}: {error}")),
                Err(_) => failures.push(format!("{ip}: no answer within {share:?}")),
            }
        }
        Err(unreachable(format!("no connection to {}: {}", target.authority(), failures.join("; "))))
    }
}

/// Those of the addresses that may be reached. What was checked is what is connected to, so a name that resolves to
/// something else the next time gains nothing.
fn permitted(target: &Target<'_>, network: Network, mut ips: Vec<IpAddr>) -> Result<Vec<IpAddr>, FetchError> {
    let resolved = ips.first().copied();
    ips.retain(|ip| network.permits(*ip) && (target.host != Host::Localhost || is_this_machine(*ip)));
    match resolved {
        Some(ip) if ips.is_empty() => Err(refusal(target, ip)),
        _ => Ok(ips),
    }
}

fn refusal(target: &Target<'_>, ip: IpAddr) -> FetchError {
    let name = target.name;
    forbidden(match Network::of(ip) {
        None => format!(
            "{name} is at {ip}, a link-local, unspecified, multicast or broadcast address, or the metadata service of \
             a cloud platform: it is never fetched"
        ),
        Some(_) if target.host == Host::Localhost => format!("{name} is at {ip}, which is not this machine"),
        Some(_) => format!(
            "{name} is at {ip}, in a private network or on this machine, while the configured provider is public: \
             call `allow_private_networks` if this is intended"
        ),
    })
}
