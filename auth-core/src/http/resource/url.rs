//! URLs in metadata and challenges.
//!
//! 1. They are absolute, and written as every client writes them, since clients compare byte by byte.
//! 2. They consist of the characters of RFC 3986. None of these has to be escaped in a quoted string or in JSON.
//! 3. They are https, or http on this machine where that was allowed by name.
//! 4. Resource and authorization servers have no fragment and no query.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::error::{InvalidResource, UrlFault, UrlPlace};
use crate::http::origin::is_serialized;

const MAX_BYTES: usize = 2048;

/// Whether http is allowed for this machine.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum LoopbackHttp {
    #[default]
    Refused,
    Allowed,
}

pub(super) fn vet(place: UrlPlace, url: &str, loopback_http: LoopbackHttp) -> Result<(), InvalidResource> {
    fault(place, url, loopback_http)
        .map_or(Ok(()), |fault| Err(InvalidResource::Url { place, url: shown(url), fault }))
}

/// The path of a vetted URL: empty, or from its first slash on.
pub(super) fn path(url: &str) -> &str {
    let (_, rest) = split(url);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// Scheme and authority, and the rest.
pub(super) fn split(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |colon| colon + 3);
    let length = url.get(authority..).and_then(|rest| rest.find(['/', '?', '#']));
    url.split_at(length.map_or(url.len(), |length| authority + length))
}

fn fault(place: UrlPlace, url: &str, loopback_http: LoopbackHttp) -> Option<UrlFault> {
    if url.len() > MAX_BYTES {
        return Some(UrlFault::TooLong);
    }
    if let Some(other) = foreign_character(url) {
        return Some(UrlFault::Character(other));
    }
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Some(UrlFault::NoHttps);
    }
    let (origin, rest) = split(url);
    if origin.contains('@') {
        return Some(UrlFault::UserInfo);
    }
    if !is_serialized(origin) {
        return Some(UrlFault::Host);
    }
    if origin.starts_with("http://") && !(loopback_http == LoopbackHttp::Allowed && is_loopback(origin)) {
        return Some(UrlFault::PlainHttp);
    }
    if place != UrlPlace::Documentation && rest.contains('#') {
        return Some(UrlFault::Fragment);
    }
    if place != UrlPlace::Documentation && rest.contains('?') {
        return Some(UrlFault::Query);
    }
    let is_dots = |segment: &str| matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..");
    path(url).split('/').any(is_dots).then_some(UrlFault::DotSegment)
}

fn foreign_character(url: &str) -> Option<char> {
    let is_foreign = |c: &char| !c.is_ascii_alphanumeric() && !"-._~:/?#[]@!$&'()*+,;=%".contains(*c);
    let other = url.chars().find(is_foreign);
    let is_escape = |rest: &str| {
        let mut digits = rest.bytes().take(2);
        digits.len() == 2 && digits.all(|digit| digit.is_ascii_hexdigit())
    };
    other.or_else(|| url.split('%').skip(1).any(|rest| !is_escape(rest)).then_some('%'))
}

/// RFC 8252 section 7.3, and the name that every system resolves to it.
fn is_loopback(origin: &str) -> bool {
    let host = origin.strip_prefix("http://").unwrap_or_default();
    match host.strip_prefix('[') {
        Some(rest) => rest
            .split_once(']')
            .is_some_and(|(ip, _)| ip.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())),
        None => {
            let name = host.split_once(':').map_or(host, |(name, _)| name);
            name == "localhost" || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

/// The text for an error: without what may be a password, and not endless.
fn shown(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let mut shown = match rest.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}://…@{rest}"),
        None => url.to_owned(),
    };
    if let Some((end, _)) = shown.char_indices().nth(200) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [UrlPlace; 3] =
        [UrlPlace::Resource, UrlPlace::AuthorizationServer, UrlPlace::Documentation];

    #[test]
    fn sound_urls_are_accepted() {
        for url in [
            "https://api.example.com",
            "https://api.example.com/",
            "https://api.example.com/mcp",
            "https://api.example.com:8443/a/b.c/~d/%C3%A9/",
            "https://[2001:db8::1]/mcp",
            "https://127.0.0.1/mcp",
            "https://api.example.com/'()*,;=:@!$&+",
            "https://api.example.com/...",
        ] {
            for place in PLACES {
                assert_eq!(fault(place, url, LoopbackHttp::Refused), None, "{url}");
            }
        }
        assert_eq!(path("https://api.example.com"), "");
        assert_eq!(path("https://api.example.com/mcp/?a#b"), "/mcp/");
        assert_eq!(split("https://api.example.com?a/b"), ("https://api.example.com", "?a/b"));
    }

    #[test]
    fn others_are_refused_for_what_is_wrong() {
        let long = format!("https://a.example/{}", "a".repeat(MAX_BYTES));
        for (url, expected) in [
            ("", UrlFault::NoHttps),
            ("api.example.com", UrlFault::NoHttps),
            ("HTTPS://api.example.com", UrlFault::NoHttps),
            ("ftp://api.example.com", UrlFault::NoHttps),
            ("https:/api.example.com", UrlFault::NoHttps),
            ("http://api.example.com", UrlFault::PlainHttp),
            ("http://localhost:3000", UrlFault::PlainHttp),
            ("https://", UrlFault::Host),
            ("https:///mcp", UrlFault::Host),
            ("https://API.example.com", UrlFault::Host),
            ("https://api.example.com:443/mcp", UrlFault::Host),
            ("https://api.example.com:0443", UrlFault::Host),
            ("https://api.example.com:", UrlFault::Host),
            ("https://[::1/mcp", UrlFault::Host),
            ("https://alice:secret@api.example.com", UrlFault::UserInfo),
            ("https://api.example.com/a\"b", UrlFault::Character('"')),
            ("https://api.example.com/a\\b", UrlFault::Character('\\')),
            ("https://api.example.com/a b", UrlFault::Character(' ')),
            ("https://api.example.com/\r\nX: y", UrlFault::Character('\r')),
            ("https://api.example.com/{tenant}", UrlFault::Character('{')),
            ("https://api.example.com/\u{e9}", UrlFault::Character('\u{e9}')),
            ("https://api.example.com/%", UrlFault::Character('%')),
            ("https://api.example.com/%4", UrlFault::Character('%')),
            ("https://api.example.com/%4g", UrlFault::Character('%')),
            ("https://api.example.com/./mcp", UrlFault::DotSegment),
            ("https://api.example.com/a/..", UrlFault::DotSegment),
            ("https://api.example.com/a/%2E%2e/b", UrlFault::DotSegment),
            (&long, UrlFault::TooLong),
        ] {
            for place in PLACES {
                assert_eq!(fault(place, url, LoopbackHttp::Refused), Some(expected), "{url}");
            }
        }
        for (end, expected) in [
            ("#", UrlFault::Fragment),
            ("/mcp#tools", UrlFault::Fragment),
            ("?", UrlFault::Query),
            ("/mcp?tenant=1", UrlFault::Query),
        ] {
            let url = format!("https://api.example.com{end}");
            for place in [UrlPlace::Resource, UrlPlace::AuthorizationServer] {
                assert_eq!(fault(place, &url, LoopbackHttp::Refused), Some(expected), "{url}");
            }
            assert_eq!(fault(UrlPlace::Documentation, &url, LoopbackHttp::Refused), None, "{url}");
        }
    }

    #[test]
    fn http_is_for_this_machine_alone() {
        for url in [
            "http://localhost",
            "http://localhost:3000/mcp",
            "http://127.0.0.1:3000",
            "http://127.1.2.3",
            "http://[::1]:3000/mcp",
        ] {
            assert_eq!(fault(UrlPlace::Resource, url, LoopbackHttp::Allowed), None, "{url}");
            let refused = fault(UrlPlace::Resource, url, LoopbackHttp::Refused);
            assert_eq!(refused, Some(UrlFault::PlainHttp), "{url}");
        }
        for url in [
            "http://api.example.com",
            "http://localhost.example.com",
            "http://mylocalhost",
            "http://127.0.0.1.example.com",
            "http://128.0.0.1",
            "http://10.0.0.1",
            "http://[::2]",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0",
        ] {
            let refused = fault(UrlPlace::Resource, url, LoopbackHttp::Allowed);
            assert_eq!(refused, Some(UrlFault::PlainHttp), "{url}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let error = vet(UrlPlace::Resource, "https://alice:secret@a.example/\"", LoopbackHttp::Refused);
        let text = error.unwrap_err().to_string();
        assert!(text.contains("a.example") && !text.contains("secret"), "{text}");
    }
}
