//! The one table from reasons to status, challenge and detail.

use http::StatusCode;

/// Why a request was refused: the class that the client sees.
///
/// | reason | status | `WWW-Authenticate` | detail |
/// |---|---|---|---|
/// | [`Missing`](Self::Missing) | 401 | `Bearer` | Not authenticated |
/// | [`Malformed`](Self::Malformed) | 400 | `Bearer error="invalid_request"` | Malformed credentials |
/// | [`Invalid`](Self::Invalid) | 401 | `Bearer error="invalid_token"` | Could not validate credentials |
/// | [`Insufficient`](Self::Insufficient) | 403 | `Bearer error="insufficient_scope"`, and `scope="..."` where scopes would have sufficed | Not enough permissions |
/// | [`InsufficientUserAuthentication`](Self::InsufficientUserAuthentication) | 401 | `Bearer error="insufficient_user_authentication"`, `scope="..."` if one is missing too, and `acr_values="..."`, `max_age="..."` as they are demanded | A stronger or more recent login is required |
/// | [`CrossSite`](Self::CrossSite) | 403 | none | Cross-site request refused |
/// | [`Unavailable`](Self::Unavailable) | 503, `Retry-After` | none | Authentication is temporarily unavailable |
/// | [`Misconfigured`](Self::Misconfigured) | 500 | none | Internal server error |
///
/// The challenges are those of bearer tokens, cookies, fields and subprotocols. For `Basic` they are:
///
/// | configured | reason | `WWW-Authenticate` |
/// |---|---|---|
/// | `Basic` alone, or with fields | `Missing` | `Basic realm="api"` |
/// | `Basic` and bearer tokens, no cookie | `Missing` | `Bearer`, and in a second field `Basic realm="api"` |
/// | `Basic` and a cookie | `Missing` | `Bearer`, since browsers ask for a password where `Basic` is offered |
/// | `Basic`, and the token came by it | `Invalid` | `Basic realm="api"` |
/// | `Basic`, and the token came by it | `Insufficient` | none: `Basic` has no errors |
/// | `Basic` alone | `Malformed` | none |
///
/// With a [protected resource](crate::Authenticator::with_protected_resource), every `Bearer` challenge ends with
/// `resource_metadata="..."`, and that of `Missing` names the scopes that the guard demands: `Bearer scope="orders:read",
/// resource_metadata="https://api.example/.well-known/oauth-protected-resource"`. The parameters are in the order `realm`,
/// `error`, `scope`, `acr_values`, `max_age`, `resource_metadata`.
///
/// With a realm configured, every challenge begins `Bearer realm="..."`, and `Basic` names that realm. The body is a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the detail, unless the application
/// [writes its own](crate::Authenticator::with_rejection_body). Nothing of the request is in it;
/// what exactly was wrong is logged at `DEBUG`, with the target `auth_core`; where that is not enabled, the first of
/// each kind at `WARN` or `INFO`.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// No credentials were given where they are looked for.
    Missing,
    /// The credentials break the syntax, or were given more than once or in several places.
    Malformed,
    /// Anything at all is wrong with the token.
    Invalid,
    /// The token is good; what it grants is not enough.
    Insufficient,
    /// The token is good, and another login of the user would make it enough: a policy demands one by
    /// [`Policy::acr`](crate::Policy::acr) or [`Policy::authenticated_within`](crate::Policy::authenticated_within)
    /// ([RFC 9470 section 3](https://www.rfc-editor.org/rfc/rfc9470#section-3)). A token that came by `Basic` is refused as
    /// `Insufficient`: no password is a login.
    InsufficientUserAuthentication,
    /// The token came in a cookie, or in another place where a browser may have added it by itself, and the request was not
    /// sent by the application's own page. Whether the token is good was
    /// not asked. [`Authenticator::with_trusted_origins`](crate::Authenticator::with_trusted_origins) has the rules.
    ///
    /// There is no challenge: a 403 needs none ([RFC 9110 section
    /// 15.5.4](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.4)), no error of
    /// [RFC 6750 section 3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1) means this, and another token would be
    /// refused likewise.
    CrossSite,
    /// No verdict could be had.
    Unavailable,
    /// The library is wired wrongly.
    Misconfigured,
}

impl Reason {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Missing | Self::Invalid | Self::InsufficientUserAuthentication => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Insufficient | Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `error` of a challenge; `None` where there is no error to tell or no challenge to make.
    pub(crate) fn error(self) -> Option<&'static str> {
        match self {
            Self::Malformed => Some("invalid_request"),
            Self::Invalid => Some("invalid_token"),
            Self::Insufficient => Some("insufficient_scope"),
            Self::InsufficientUserAuthentication => Some("insufficient_user_authentication"),
            Self::Missing | Self::CrossSite | Self::Unavailable | Self::Misconfigured => None,
        }
    }

    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::Missing => "Not authenticated",
            Self::Malformed => "Malformed credentials",
            Self::Invalid => "Could not validate credentials",
            Self::Insufficient => "Not enough permissions",
            Self::InsufficientUserAuthentication => "A stronger or more recent login is required",
            Self::CrossSite => "Cross-site request refused",
            Self::Unavailable => "Authentication is temporarily unavailable",
            Self::Misconfigured => "Internal server error",
        }
    }

    pub(crate) fn problem(self) -> &'static str {
        match self {
            Self::Missing => {
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Not authenticated"}"#
            }
            Self::Malformed => {
                r#"{"type":"about:blank","title":"Bad Request","status":400,"detail":"Malformed credentials"}"#
            }
            Self::Invalid => {
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"Could not validate credentials"}"#
            }
            Self::Insufficient => {
                r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Not enough permissions"}"#
            }
            Self::InsufficientUserAuthentication => {
                r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"A stronger or more recent login is required"}"#
            }
            Self::CrossSite => {
                r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Cross-site request refused"}"#
            }
            Self::Unavailable => {
                r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"Authentication is temporarily unavailable"}"#
            }
            Self::Misconfigured => {
                r#"{"type":"about:blank","title":"Internal Server Error","status":500,"detail":"Internal server error"}"#
            }
        }
    }
}
