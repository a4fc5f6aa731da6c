use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::is_this_machine;

/// The host of an address, as it is spelled in a `Uri`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Host {
    Ip(IpAddr),
    /// `localhost`, which is this machine by RFC 6761, section 6.3. What it resolves to is held to that.
    Localhost,
    Name,
}

impl Host {
    /// `None` if it is neither a name nor an IP address in its usual spelling.
    pub(crate) fn parse(host: &str) -> Option<Self> {
        if let Some(ip) = host.strip_prefix('[') {
            return ip.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(|ip| Self::Ip(ip.into()));
        }
        if let Ok(ip) = host.parse::<Ipv4Addr>() {
            return Some(Self::Ip(ip.into()));
        }
        let name = host.strip_suffix('.').unwrap_or(host);
        if name.split('.').any(|label| !is_label(label)) || ends_in_number(name) {
            return None;
        }
        Some(if name.eq_ignore_ascii_case("localhost") { Self::Localhost } else { Self::Name })
    }

    pub(crate) fn is_this_machine(self) -> bool {
        match self {
            Self::Ip(ip) => is_this_machine(ip),
            Self::Localhost => true,
            Self::Name => false,
        }
    }
}

/// Underscores are in no host name of the internet, but in those of containers.
fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// C libraries read `127.1`, `0x7f.1` and `2130706433` as IPv4 addresses, and URL parsers do (WHATWG URL, "ends in a
/// number"). No name of the internet ends so.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|byte| byte.is_ascii_digit())
        || hexadecimal.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
