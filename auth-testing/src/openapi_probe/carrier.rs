//! Where a request has its token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The place that a security scheme names.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Carrier {
    Bearer,
    Basic,
    Cookie(String),
    Header(String),
    /// A subprotocol that begins with `bearer.`.
    Subprotocol,
}

impl Carrier {
    /// Where the scheme has its credentials, if that is somewhere in the head of a request.
    pub(super) fn of(scheme: &Value) -> Option<Self> {
        let member = |name: &str| scheme.get(name).and_then(Value::as_str).unwrap_or_default();
        match (member("type"), member("in"), member("name")) {
            ("oauth2" | "openIdConnect", ..) => Some(Self::Bearer),
            ("http", ..) if member("scheme").eq_ignore_ascii_case("bearer") => Some(Self::Bearer),
            ("http", ..) if member("scheme").eq_ignore_ascii_case("basic") => Some(Self::Basic),
            ("apiKey", "cookie", name) => Some(Self::Cookie(name.to_owned())),
            ("apiKey", "header", name) if name.eq_ignore_ascii_case("sec-websocket-protocol") => {
                Some(Self::Subprotocol)
            }
            ("apiKey", "header", name) => Some(Self::Header(name.to_owned())),
            _ => None,
        }
    }

    /// The field of a request that has this token there.
    pub(super) fn field(&self, token: &str) -> String {
        match self {
            Self::Bearer => format!("Authorization: Bearer {token}\r\n"),
            Self::Basic => format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("probe:{token}"))),
            Self::Cookie(name) => format!("Cookie: {name}={token}\r\n"),
            Self::Header(name) => format!("{name}: {token}\r\n"),
            Self::Subprotocol => format!("Sec-WebSocket-Protocol: probe, bearer.{token}\r\n"),
        }
    }

    /// How a report tells of it; nothing for what is usual.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Bearer => String::new(),
            Self::Basic => " (as the password of HTTP Basic)".to_owned(),
            Self::Cookie(name) => format!(" (in the cookie {name})"),
            Self::Header(name) => format!(" (in the field {name})"),
            Self::Subprotocol => " (as a subprotocol)".to_owned(),
        }
    }
}
