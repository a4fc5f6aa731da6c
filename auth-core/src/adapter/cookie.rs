//! What a route needs that reads a cookie itself, such as one that exchanges refresh tokens.

use std::borrow::Cow;

use crate::authenticate::authenticator::Authenticator;
use crate::http::bearer::Credentials;
use crate::http::challenge::Scheme;
use crate::http::head::RequestHead;
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;
use crate::http::sources::cookie;
use crate::http::sources::reading::Reading;

/// Reads the cookie of this name, as [`CredentialSource::Cookie`](crate::CredentialSource::Cookie) is read: one cookie of
/// exactly this name, which holds one token and nothing else.
///
/// Whether a page of the application has sent it is not checked: see
/// [`Authenticator::require_same_origin`].
pub fn cookie<'r>(request: &'r impl RequestHead, name: &str) -> Credentials<'r> {
    match cookie::read(request.header_values("cookie"), name) {
        Reading::Missing => Credentials::Missing,
        Reading::TooLong => Credentials::TooLong,
        Reading::Token(Cow::Borrowed(token)) => Credentials::Token(token),
        // A cookie is read where it stands: none is owned.
        Reading::Malformed | Reading::Token(Cow::Owned(_)) => Credentials::Malformed,
    }
}

/// Returns the refusal for this reason of a token that is not in a password, in the authenticator's words. The log is the
/// caller's part.
#[must_use]
pub fn refuse(authenticator: &Authenticator, reason: Reason, request: &impl RequestHead) -> Rejection {
    let rejections = &authenticator.setup().rejections;
    rejections.reject(reason, Scheme::Bearer, rejections.facts(request).as_deref())
}
