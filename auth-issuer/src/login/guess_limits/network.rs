//! Who stands behind an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns what one customer controls: an IPv4 address, or a /56 of IPv6.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => match address.segments() {
            // RFC 6052: a translator's address for an IPv4 address.
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
                Ipv4Addr::new(a, b, c, d).into()
            }
            _ => first_bits(address, 56).into(),
        },
        address @ IpAddr::V4(_) => address,
    }
}

/// Returns the network around that of [`network`]: the /48 of an IPv6 address. Returns `None` for IPv4.
pub(super) fn wider_network(address: IpAddr) -> Option<Ipv6Addr> {
    match network(address) {
        IpAddr::V6(address) => Some(first_bits(address, 48)),
        IpAddr::V4(_) => None,
    }
}

fn first_bits(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & !(u128::MAX >> bits))
}
