//! Whether a request with a cookie, or something else that browsers add by themselves, comes from a page of the application.
//!
//! A browser sends cookies with requests that pages of others have started. The rules are those of tower-http's `csrf` and
//! of Go's `CrossOriginProtection`, made stricter where both let in what names no origin at all:
//!
//! 1. `GET`, `HEAD` and `OPTIONS` are safe ([RFC 9110 section 9.2.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.2.1))
//!    unless they ask for a WebSocket, whose handshake any page can start. All others are not, `TRACE` among them.
//! 2. More than one `Sec-Fetch-Site` or `Origin` field is refused: no browser sends them.
//! 3. `Sec-Fetch-Site: same-origin` or `none` (the user typed the address) is let in, byte by byte. No page can write this
//!    field. `Origin` is not asked then: it is `null` for a page's own forms under `Referrer-Policy: no-referrer`.
//! 4. A trusted origin is let in, whatever `Sec-Fetch-Site` says.
//! 5. Another `Sec-Fetch-Site` is refused: `same-site` too, since other ports and subdomains are other applications.
//! 6. Without `Sec-Fetch-Site`, the host and port of `Origin` must be the request's own. `null` never is.
//! 7. Without both, it is refused. All browsers of today send one of them; tower-http and Go let it in. So does the caller
//!    of this for what programs send too: passwords and fields.
//!
//! What is not checked: the scheme of an origin that is not a trusted one, since the server does not know its own; and
//! `X-Forwarded-Host` and the like, which anyone can write.

use std::fmt;

use super::head::RequestHead;
use super::origin::{TrustedOrigins, host_of};

/// Why a request with credentials of a browser was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum CrossSite {
    SeveralSites,
    SeveralOrigins,
    OtherSite(Site),
    NullOrigin,
    OtherOrigin,
    /// The origin could not be compared, as the request does not name one host.
    NoHost,
    NoOrigin,
}

/// What `Sec-Fetch-Site` says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Site {
    Cross,
    Same,
    Unknown,
}

/// Why a request with credentials of a browser has to be refused; `None` if it may be let in.
pub(crate) fn cross_site(request: &impl RequestHead, trusted: &TrustedOrigins) -> Option<CrossSite> {
    if is_safe(request) { None } else { not_own_page(request, trusted) }
}

/// The same whatever the method is: rules 2 to 7.
pub(crate) fn not_own_page(request: &impl RequestHead, trusted: &TrustedOrigins) -> Option<CrossSite> {
    let Ok(site) = at_most_one(request.header_values("sec-fetch-site")) else {
        return Some(CrossSite::SeveralSites);
    };
    let Ok(origin) = at_most_one(request.header_values("origin")) else {
        return Some(CrossSite::SeveralOrigins);
    };
    let is_trusted = origin.is_some_and(|origin| trusted.contains(origin));
    match (site, origin) {
        (Some(b"same-origin" | b"none"), _) => None,
        _ if is_trusted => None,
        (Some(b"cross-site"), _) => Some(CrossSite::OtherSite(Site::Cross)),
        (Some(b"same-site"), _) => Some(CrossSite::OtherSite(Site::Same)),
        (Some(_), _) => Some(CrossSite::OtherSite(Site::Unknown)),
        (None, None) => Some(CrossSite::NoOrigin),
        (None, Some(b"null")) => Some(CrossSite::NullOrigin),
        (None, Some(origin)) => match (host_of(origin), host(request)) {
            (_, None) => Some(CrossSite::NoHost),
            (Some(of_origin), Some(of_request)) if of_origin == of_request => None,
            _ => Some(CrossSite::OtherOrigin),
        },
    }
}

fn is_safe(request: &impl RequestHead) -> bool {
    matches!(request.method(), "GET" | "HEAD" | "OPTIONS") && !asks_for_websocket(request)
}

/// Whether any server could take it for a WebSocket handshake. Over HTTP/2 the method is `CONNECT`, which is not safe.
fn asks_for_websocket(request: &impl RequestHead) -> bool {
    const WEBSOCKET: &[u8] = b"websocket";
    let mut windows = request.header_values("upgrade").flat_map(|value| value.windows(WEBSOCKET.len()));
    windows.any(|window| window.eq_ignore_ascii_case(WEBSOCKET))
}

/// The host and port that the request is for.
fn host(request: &impl RequestHead) -> Option<&[u8]> {
    match request.authority() {
        Some(authority) => Some(authority.as_bytes()),
        None => at_most_one(request.header_values("host")).ok().flatten(),
    }
}

struct Several;

fn at_most_one<'r>(mut values: impl Iterator<Item = &'r [u8]>) -> Result<Option<&'r [u8]>, Several> {
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        _ => Err(Several),
    }
}

/// For the log. Nothing of the request is in it.
impl fmt::Display for CrossSite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SeveralSites => "the request has several Sec-Fetch-Site fields, and no browser sends more than one",
            Self::SeveralOrigins => "the request has several Origin fields, and no browser sends more than one",
            Self::OtherSite(Site::Cross) => "Sec-Fetch-Site says that a page of another site has sent it (`cross-site`)",
            Self::OtherSite(Site::Same) => {
                "Sec-Fetch-Site says that a page of another port, scheme or subdomain has sent it (`same-site`)"
            }
            Self::OtherSite(Site::Unknown) => "Sec-Fetch-Site says something that no browser says",
            Self::NullOrigin => "Origin is `null`: a sandboxed frame, a file or a redirect has sent it",
            Self::OtherOrigin => "Origin names another host or port than the request is for",
            Self::NoHost => "Origin cannot be compared, since the request does not have exactly one Host field",
            Self::NoOrigin => {
                "neither Sec-Fetch-Site nor Origin says which page has sent it: a client that is no browser has to send \
                 `Origin`, or the token in another place than a cookie"
            }
        })?;
        f.write_str(match self {
            Self::OtherSite(Site::Cross | Site::Same) | Self::OtherOrigin => {
                "; expected is the application's own origin. If that page is one of the application's, or a proxy changes \
                 the Host field, name the page's origin by `Authenticator::with_trusted_origins`"
            }
            _ => "",
        })
    }
}
