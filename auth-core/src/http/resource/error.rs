//! Why a protected resource cannot be described.

use std::fmt;

use crate::token::scope::Scope;

/// Why a [`ProtectedResource`](crate::ProtectedResource) cannot be described. The texts name what was configured, but for
/// what stands before an `@` in a URL, since that may be a password.
#[derive(Clone, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidResource {
    /// A URL that cannot be used.
    #[error("the {place} {url:?} {fault}")]
    Url {
        /// What the URL is of.
        place: UrlPlace,
        /// The URL.
        url: String,
        /// What is wrong with it.
        fault: UrlFault,
    },
    /// No authorization server was named.
    #[error(
        "no authorization server is named, so that no client could get a token: name the issuer whose tokens the verifier \
         accepts, by `.authorization_server(\"https://issuer.example\")`"
    )]
    NoAuthorizationServer,
    /// An authorization server was named twice.
    #[error("the authorization server {0:?} is named twice: name it once")]
    AuthorizationServerTwice(String),
    /// A scope was named twice.
    #[error("the scope {0} is named twice: name it once")]
    ScopeTwice(Scope),
    /// The scope `offline_access` was named.
    #[error(
        "the scope offline_access is between clients and the authorization server, and no resource demands it: leave it \
         away; clients that want a refresh token ask for it themselves"
    )]
    OfflineAccess,
    /// The name has no characters, too many, or control characters.
    #[error(
        "the resource's name is empty, longer than 256 bytes, or has a control character: use a short line of text"
    )]
    Name,
}

/// What a URL is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum UrlPlace {
    /// The protected resource.
    Resource,
    /// An authorization server.
    AuthorizationServer,
    /// The documentation.
    Documentation,
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// It has more than 2,048 bytes.
    #[error("is longer than 2048 bytes: use a shorter one")]
    TooLong,
    /// It has a character that no URL has, or `%` without two hexadecimal digits.
    #[error("has the character {0:?}, which stands in no URL like this: percent-encode it, or remove it")]
    Character(char),
    /// It has neither scheme `https` nor `http`.
    #[error(
        "does not begin with `https://`: write it whole, in lower case, like https://api.example.com/mcp"
    )]
    NoHttps,
    /// It has scheme `http`.
    #[error(
        "begins with `http://`, where anyone on the way could change it: use `https://`; for development on this machine, \
         with host localhost, 127.0.0.1 or [::1], call `.allow_http_on_loopback()`"
    )]
    PlainHttp,
    /// It has a user name or a password.
    #[error("has a user name or a password: remove what stands before the `@`")]
    UserInfo,
    /// Its host and port are not as every client would write them.
    #[error(
        "has a host or port that clients would write in another way, and they compare byte by byte: write the host in \
         lower case (punycode for other letters), and the port only if it is not the default"
    )]
    Host,
    /// It has a fragment.
    #[error("has a fragment, which no server ever sees (RFC 9728 section 1.2): remove `#` and what follows")]
    Fragment,
    /// It has a query.
    #[error(
        "has a query, by which no route is told from another (RFC 9728 section 1.2): remove `?` and what follows, and \
         tell resources apart by their paths"
    )]
    Query,
    /// Its path has a segment `.` or `..`.
    #[error(
        "has a path with a segment `.` or `..`, which clients resolve before they ask: write the path that is left"
    )]
    DotSegment,
}

/// Prints the message, since a `main` that returns an error prints it by `Debug`.
impl fmt::Debug for InvalidResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for UrlPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resource => "protected resource",
            Self::AuthorizationServer => "authorization server",
            Self::Documentation => "documentation",
        })
    }
}
