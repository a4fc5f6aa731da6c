//! One place where credentials are looked for.

use std::borrow::Cow;
use std::fmt;

use http::HeaderName;

use crate::http::bearer::is_token_char;
use crate::http::challenge::Scheme;

/// A place in a request where credentials are looked for. Name them by
/// [`Authenticator::with_credential_sources`](crate::Authenticator::with_credential_sources).
///
/// | source | where the token stands |
/// |---|---|
/// | [`Bearer`](Self::Bearer) | `Authorization: Bearer <token>` ([RFC 6750 section 2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)); the default |
/// | [`Basic`](Self::Basic) | `Authorization: Basic <base64 of user:token>` ([RFC 7617](https://www.rfc-editor.org/rfc/rfc7617)) |
/// | [`Cookie`](Self::Cookie) | `Cookie: name=<token>` ([RFC 6265 section 4.2](https://www.rfc-editor.org/rfc/rfc6265#section-4.2)) |
/// | [`Header`](Self::Header) | `X-API-Key: <token>`, or another field that holds nothing else |
/// | [`WebSocketProtocol`](Self::WebSocketProtocol) | `Sec-WebSocket-Protocol: chat, bearer.<token>` ([RFC 6455 section 11.3.4](https://www.rfc-editor.org/rfc/rfc6455#section-11.3.4)) |
///
/// The name of a cookie or field is checked when an authenticator is given the source.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// The Authorization field with the scheme `Bearer`.
    Bearer,
    /// The Authorization field with the scheme `Basic`, for tools that know nothing else. The password is the token.
    ///
    /// The user name is ignored, and never logged. Tools demand some name, and each demands another one; the token alone
    /// says who calls. A name that had to match would be a second, unverified claim of who that is.
    ///
    /// Browsers remember passwords and send them like cookies: see
    /// [`Authenticator::with_trusted_origins`](crate::Authenticator::with_trusted_origins).
    Basic,
    /// The cookie of this name, in exactly this case. Requests that change something must come from the same origin: see
    /// [`Authenticator::with_trusted_origins`](crate::Authenticator::with_trusted_origins).
    Cookie(Cow<'static, str>),
    /// The field of this name, in any case, which holds the token and nothing else: no scheme before it, no quotation
    /// marks around it.
    ///
    /// Some gateways add it to requests with a cookie of theirs, which any page can start: see
    /// [`Authenticator::with_trusted_origins`](crate::Authenticator::with_trusted_origins).
    Header(Cow<'static, str>),
    /// The one subprotocol of a WebSocket handshake that begins with `bearer.`; the token follows. Answer with another
    /// one of those that the client offers: see [`websocket::offered_protocols`](crate::websocket::offered_protocols).
    WebSocketProtocol,
}

impl CredentialSource {
    /// The cookie of this name.
    pub fn cookie(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Cookie(name.into())
    }

    /// The field of this name.
    pub fn header(name: impl Into<Cow<'static, str>>) -> Self {
        Self::Header(name.into())
    }

    /// The same source with its name checked, and the name of a field in lower case.
    pub(super) fn vetted(self) -> Result<Self, InvalidCredentialSource> {
        match self {
            Self::Cookie(name) if name.is_empty() || !name.bytes().all(is_token_char) => {
                Err(InvalidCredentialSource::CookieName(name.into_owned()))
            }
            Self::Header(name) => {
                let Ok(parsed) = HeaderName::from_bytes(name.as_bytes()) else {
                    return Err(InvalidCredentialSource::HeaderName(name.into_owned()));
                };
                if is_reserved(parsed.as_str()) {
                    return Err(InvalidCredentialSource::ReservedHeader(parsed.as_str().to_owned()));
                }
                Ok(Self::Header(parsed.as_str().to_owned().into()))
            }
            other => Ok(other),
        }
    }

    /// Who puts credentials there.
    pub(super) fn sender(&self) -> Sender {
        match self {
            Self::Bearer | Self::WebSocketProtocol => Sender::Client,
            Self::Cookie(_) => Sender::Browser,
            Self::Basic | Self::Header(_) => Sender::Either,
        }
    }

    /// By which scheme a client is challenged that sends its credentials here.
    pub(crate) fn scheme(&self) -> Scheme {
        match self {
            Self::Basic => Scheme::Basic,
            _ => Scheme::Bearer,
        }
    }
}

/// Who puts credentials into a request. What browsers add by themselves, they add to requests of others' pages, too.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sender {
    /// The program or page that has the token.
    Client,
    /// The browser.
    Browser,
    /// The program; or a browser that remembers a password, or a gateway that knows the browser's cookie.
    Either,
}

/// As a sentence goes on after "the token is expected in".
impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer => f.write_str("`Authorization: Bearer <token>`"),
            Self::Basic => f.write_str("`Authorization: Basic <base64 of user:token>`"),
            Self::Cookie(name) => write!(f, "the cookie `{name}`"),
            Self::Header(name) => write!(f, "the field `{name}`"),
            Self::WebSocketProtocol => f.write_str("`Sec-WebSocket-Protocol: <protocol>, bearer.<token>`"),
        }
    }
}

/// The reason why an authenticator cannot take credentials from these sources.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCredentialSource {
    /// There is no source, so that nobody could authenticate.
    #[error("no credential source: name at least one, such as `CredentialSource::Bearer`")]
    None,
    /// A source is named twice.
    #[error("{0} is named twice as a credential source: name it once")]
    Twice(CredentialSource),
    /// No cookie can have this name ([RFC 6265 section 4.1.1](https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)).
    #[error(
        "no cookie can be called {0:?}: use letters, digits and \"!#$%&'*+-.^_`|~\", such as `__Host-access`"
    )]
    CookieName(String),
    /// No field can have this name ([RFC 9110 section 5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
    #[error("no header field can be called {0:?}: use letters, digits and hyphens, such as `X-API-Key`")]
    HeaderName(String),
    /// The field means something else to browsers, proxies or servers.
    #[error(
        "the field {0:?} has a meaning of its own to browsers, proxies or servers, and cannot hold a token: choose another \
         name, such as `X-API-Key`; for `Authorization`, `Cookie` and `Sec-WebSocket-Protocol` there are sources of their own"
    )]
    ReservedHeader(String),
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for InvalidCredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a field of this name, in lower case, has a meaning that a token in it would collide with.
fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Fields that browsers, proxies or servers write, read, merge or log.
const RESERVED: [&str; 42] = [
    "accept",
    "age",
    "alt-svc",
    "authorization",
    "cache-control",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "early-data",
    "etag",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "keep-alive",
    "last-event-id",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "priority",
    "range",
    "referer",
    "retry-after",
    "save-data",
    "server",
    "set-cookie",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
    "x-real-ip",
];

/// `sec-` and `proxy-` names are forbidden to scripts by the [Fetch
/// standard](https://fetch.spec.whatwg.org/#forbidden-request-header); the others are families.
const RESERVED_PREFIXES: [&str; 8] =
    ["accept-", "access-control-", "content-", "if-", "proxy-", "sec-", "upgrade-", "x-forwarded-"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_vetted() {
        for name in ["__Host-access", "a", "CF_Authorization", "x~!"] {
            assert!(CredentialSource::cookie(name).vetted().is_ok(), "{name}");
        }
        for name in ["", "a b", "a=b", "a;b", "a,b", "\"a\"", "é", "a\0", "a\r\n"] {
            let expected = Err(InvalidCredentialSource::CookieName(name.to_owned()));
            assert_eq!(CredentialSource::cookie(name).vetted(), expected);
        }
        for name in ["X-API-Key", "x-api-key", "Cf-Access-Jwt-Assertion", "X-Goog-IAP-JWT-Assertion", "token"]
        {
            let expected = CredentialSource::Header(name.to_ascii_lowercase().into());
            assert_eq!(CredentialSource::header(name).vetted(), Ok(expected));
        }
        for name in ["", "a b", "a:b", "é", "a\r\n"] {
            let expected = Err(InvalidCredentialSource::HeaderName(name.to_owned()));
            assert_eq!(CredentialSource::header(name).vetted(), expected);
        }
        for name in ["Authorization", "cookie", "Host", "Sec-WebSocket-Protocol", "X-Forwarded-For", "Accept"]
        {
            let expected = Err(InvalidCredentialSource::ReservedHeader(name.to_ascii_lowercase()));
            assert_eq!(CredentialSource::header(name).vetted(), expected);
        }
    }
}
