//! Origins of web pages.

use core::net::Ipv6Addr;
use std::sync::Arc;

use http::uri::Authority;

/// Origins whose pages may send requests with cookies, as browsers write them in the Origin field.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedOrigins(Arc<[Box<str>]>);

/// An origin that no browser sends.
///
/// Browsers send scheme, host and port as the [URL standard](https://url.spec.whatwg.org/#concept-url-origin) serializes
/// them, and this library compares byte by byte.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "no browser sends the origin {0:?}: write `https://` or `http://`, the host in lower case (punycode for other letters), \
     and the port unless it is the default, with nothing after it, such as `https://app.example`"
)]
pub struct InvalidOrigin(String);

impl TrustedOrigins {
    pub(crate) fn new(origins: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, InvalidOrigin> {
        let vetted = origins.into_iter().map(|origin| {
            let origin = origin.into();
            if is_serialized(&origin) { Ok(origin.into_boxed_str()) } else { Err(InvalidOrigin(origin)) }
        });
        Ok(Self(vetted.collect::<Result<_, _>>()?))
    }

    pub(crate) fn contains(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|trusted| trusted.as_bytes() == origin)
    }
}

/// Host and port of an origin, without a default port; `None` if the scheme is not one of the web's.
pub(crate) fn host_of(origin: &[u8]) -> Option<&[u8]> {
    let host = origin.strip_prefix(b"https://").or_else(|| origin.strip_prefix(b"http://"))?;
    let is_sound = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(byte);
    (!host.is_empty() && host.iter().all(is_sound)).then_some(host)
}

pub(crate) fn is_serialized(origin: &str) -> bool {
    let Some(host) = host_of(origin.as_bytes()) else { return false };
    let default_port = if origin.starts_with("https:") { 443 } else { 80 };
    if host.iter().any(u8::is_ascii_uppercase) {
        return false;
    }
    let Ok(authority) = Authority::try_from(host) else { return false };
    let is_host = match authority.host().strip_prefix('[') {
        Some(address) => address.strip_suffix(']').is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        None => !authority.host().is_empty() && !authority.host().contains(['[', ']']),
    };
    let rest = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    let is_port = match rest.strip_prefix(':') {
        None => rest.is_empty(),
        Some(written) => {
            written.parse::<u16>().is_ok_and(|port| port != default_port && port.to_string() == written)
        }
    };
    is_host && is_port
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_vetted() {
        for origin in [
            "https://app.example",
            "http://app.example",
            "https://app.example:8443",
            "http://127.0.0.1:3000",
            "http://localhost:443",
            "https://[::1]:3000",
            "https://[2001:db8::1]",
            "https://xn--exmple-cua.com",
        ] {
            assert!(TrustedOrigins::new([origin]).is_ok(), "{origin}");
        }
        for origin in [
            "",
            "null",
            "*",
            "app.example",
            "https://",
            "https://app.example/",
            "https://app.example/path",
            "https://app.example?a",
            "https://app.example#a",
            "https://App.example",
            "HTTPS://app.example",
            "https://app.example:443",
            "http://app.example:80",
            "https://app.example:",
            "https://app.example:08443",
            "https://app.example:65536",
            "https://app.example:x",
            "https://user@app.example",
            "https://*.app.example",
            "https://[::1",
            "https://[app]",
            "https://ex\u{e4}mple.com",
            "wss://app.example",
            "file://app.example",
            "https://app.example https://other.example",
            "https://app.example,https://other.example",
        ] {
            assert_eq!(TrustedOrigins::new([origin]).unwrap_err(), InvalidOrigin(origin.to_owned()));
        }
        let trusted = TrustedOrigins::new(["https://a.example", "https://b.example"]).unwrap();
        assert!(trusted.contains(b"https://b.example"));
        for other in
            ["http://b.example", "https://b.example:8443", "https://B.example", "b.example", "null", ""]
        {
            assert!(!trusted.contains(other.as_bytes()), "{other}");
        }
    }
}
