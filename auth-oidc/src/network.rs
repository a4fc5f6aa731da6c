//! Which networks a fetch may reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which networks a request may reach; an extension of each request.
///
/// 1. Never reached: link-local, unspecified, multicast and broadcast addresses, and the metadata services of cloud
///    platforms. No provider lives there, but credentials do.
/// 2. Reached under [`Private`](Self::Private) only: private, shared, unique local, reserved and loopback addresses.
/// 3. An IPv6 address that carries an IPv4 address is judged by that one: IPv4-mapped, IPv4-compatible, IPv4-translated,
///    NAT64, 6to4 and Teredo.
///
/// An address that the operator configured may be private. One that a provider's metadata name may be private only if
/// the configured one is, or if `allow_private_networks` was called.
///
/// `HttpClient` checks every address that a name resolves to. A [`Fetch`](crate::Fetch) of your own may call
/// [`permits`](Self::permits) for the same; without it, only IP addresses written as such are checked.
///
/// ```
/// use auth_oidc::Network;
///
/// assert!(Network::Public.permits("8.8.8.8".parse()?));
/// assert!(!Network::Public.permits("10.0.0.1".parse()?));
/// assert!(Network::Private.permits("10.0.0.1".parse()?));
/// assert!(!Network::Private.permits("169.254.169.254".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Network {
    /// The internet.
    #[default]
    Public,
    /// The internet, private networks and this machine.
    Private,
}

impl Network {
    /// Returns the network of an address, or `None` if it is never reached.
    #[must_use]
    pub fn of(ip: IpAddr) -> Option<Self> {
        match ip {
            IpAddr::V4(ip) => of_v4(ip),
            IpAddr::V6(ip) => of_v6(ip),
        }
    }

    /// Whether a request may reach this address.
    #[must_use]
    pub fn permits(self, ip: IpAddr) -> bool {
        Self::of(ip).is_some_and(|network| network <= self)
    }
}

/// Whether what is sent to this address stays on this machine. Stricter than the rules above: only the kernel's own
/// addresses count, no tunnel to another machine's.
pub(crate) fn is_this_machine(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Metadata services that are not link-local: Azure, Alibaba Cloud, Oracle Cloud.
const METADATA_V4: [Ipv4Addr; 3] =
    [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];

/// Metadata services that are not link-local: AWS, Google Cloud, Oracle Cloud.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
];

fn of_v4(ip: Ipv4Addr) -> Option<Network> {
    if METADATA_V4.contains(&ip) {
        return None;
    }
    match ip.octets() {
        [0 | 224..=239, ..] | [169, 254, ..] | [255, 255, 255, 255] => None,
        [10 | 127 | 240..=255, ..]
        | [100, 64..=127, ..]
        | [172, 16..=31, ..]
        | [192, 168, ..]
        | [192, 0, 0, _]
        | [198, 18..=19, ..] => Some(Network::Private),
        _ => Some(Network::Public),
    }
}

fn of_v6(ip: Ipv6Addr) -> Option<Network> {
    if METADATA_V6.contains(&ip) {
        return None;
    }
    match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xfe80..=0xfebf | 0xff00..=0xffff, ..] => None,
        [0, 0, 0, 0, 0, 0, 0, 1] | [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Some(Network::Private),
        // NAT64 of somebody's own network (RFC 8215) is private, whatever is behind it.
        [0x64, 0xff9b, 1, .., high, low] => of_v4(ipv4(high, low)).map(|_| Network::Private),
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => of_v4(ipv4(high, low)),
        [0x2001, 0, .., high, low] => of_v4(ipv4(!high, !low)),
        _ => Some(Network::Public),
    }
}

fn ipv4(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ip: &str) -> Option<Network> {
        Network::of(ip.parse().unwrap())
    }

    #[test]
    fn edges_of_each_ipv4_range() {
        let ranges = [
            ("0.0.0.0", "0.255.255.255", None),
            ("1.0.0.0", "9.255.255.255", Some(Network::Public)),
            ("10.0.0.0", "10.255.255.255", Some(Network::Private)),
            ("11.0.0.0", "100.63.255.255", Some(Network::Public)),
            ("100.64.0.0", "100.127.255.255", Some(Network::Private)),
            ("100.128.0.0", "126.255.255.255", Some(Network::Public)),
            ("127.0.0.0", "127.255.255.255", Some(Network::Private)),
            ("128.0.0.0", "169.253.255.255", Some(Network::Public)),
            ("169.254.0.0", "169.254.255.255", None),
            ("169.255.0.0", "172.15.255.255", Some(Network::Public)),
            ("172.16.0.0", "172.31.255.255", Some(Network::Private)),
            ("172.32.0.0", "191.255.255.255", Some(Network::Public)),
            ("192.0.0.0", "192.0.0.255", Some(Network::Private)),
            ("192.0.1.0", "192.167.255.255", Some(Network::Public)),
            ("192.168.0.0", "192.168.255.255", Some(Network::Private)),
            ("192.169.0.0", "198.17.255.255", Some(Network::Public)),
            ("198.18.0.0", "198.19.255.255", Some(Network::Private)),
            ("198.20.0.0", "223.255.255.255", Some(Network::Public)),
            ("224.0.0.0", "239.255.255.255", None),
            ("240.0.0.0", "255.255.255.254", Some(Network::Private)),
            ("255.255.255.255", "255.255.255.255", None),
        ];
        let mut next = 0;
        for (first, last, network) in ranges {
            assert_eq!(u64::from(first.parse::<Ipv4Addr>().unwrap().to_bits()), next, "a gap before {first}");
            next = u64::from(last.parse::<Ipv4Addr>().unwrap().to_bits()) + 1;
            for ip in [first, last] {
                assert_eq!(of(ip), network, "{ip}");
            }
        }
        assert_eq!(next, 1 << 32);
    }

    #[test]
    fn edges_of_each_ipv6_range() {
        let ranges = [
            ("::", "::", None),
            ("::1", "::1", Some(Network::Private)),
            ("2000::", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(Network::Public)),
            ("fbff::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(Network::Public)),
            ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(Network::Private)),
            ("fe00::", "fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(Network::Public)),
            ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
            ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(Network::Private)),
            ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ];
        for (first, last, network) in ranges {
            for ip in [first, last] {
                assert_eq!(of(ip), network, "{ip}");
            }
        }
    }

    /// Every form in which an IPv6 address carries an IPv4 address.
    #[test]
    fn an_ipv6_address_is_judged_by_the_ipv4_address_inside() {
        for ip in
            ["8.8.8.8", "10.1.2.3", "127.0.0.1", "169.254.169.254", "192.168.255.255", "0.0.0.0", "224.0.0.1"]
        {
            let inner: Ipv4Addr = ip.parse().unwrap();
            let bits = inner.to_bits();
            let (high, low) = (bits >> 16, bits & 0xffff);
            let forms = [
                format!("::ffff:{ip}"),
                format!("::ffff:0:{ip}"),
                format!("64:ff9b::{ip}"),
                format!("2002:{high:x}:{low:x}::1"),
                format!("2001:0:4136:e378:8000:63bf:{:x}:{:x}", high ^ 0xffff, low ^ 0xffff),
            ];
            for form in forms {
                assert_eq!(of(&form), of_v4(inner), "{form}");
            }
            if !inner.is_unspecified() {
                assert_eq!(of(&format!("::{ip}")), of_v4(inner), "compatible {ip}");
            }
        }
        assert_eq!(of("64:ff9b:1::8.8.8.8"), Some(Network::Private));
        assert_eq!(of("64:ff9b:1::169.254.169.254"), None);
    }

    #[test]
    fn metadata_services_are_never_reached() {
        for ip in METADATA_V4 {
            assert_eq!(Network::of(ip.into()), None, "{ip}");
            assert_eq!(Network::of(ip.to_ipv6_mapped().into()), None, "mapped {ip}");
        }
        for ip in METADATA_V6 {
            assert_eq!(Network::of(ip.into()), None, "{ip}");
        }
    }

    /// What goes through a tunnel leaves the machine, so it needs TLS.
    #[test]
    fn only_the_kernels_own_loopback_is_this_machine() {
        for ip in ["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"] {
            assert!(is_this_machine(ip.parse().unwrap()), "{ip}");
        }
        for ip in
            ["126.255.255.255", "128.0.0.0", "::2", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::1"]
        {
            assert!(!is_this_machine(ip.parse().unwrap()), "{ip}");
        }
    }
}
