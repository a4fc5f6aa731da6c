//! The answers to a login, a refresh and a logout.

use std::fmt;

use auth_core::Scope;
use auth_core::adapter::Answer;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;

use super::set_cookie::{ACCESS, REFRESH, delete, set};
use crate::token_endpoint::Issued;

/// An answer of [`SessionCookies`](crate::SessionCookies) as data: what an adapter has to send.
///
/// `auth_axum::AuthResponse` and `auth_actix::AuthResponse` send it, like any other [`Answer`]. Every answer says
/// `Cache-Control: no-store`, and no body holds a token.
#[derive(Clone, Eq, PartialEq)]
pub struct SessionAnswer {
    status: StatusCode,
    fields: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl SessionAnswer {
    /// Sends the tokens in cookies. Returns `None` if no cookie can hold them.
    pub(super) fn issued(issued: &Issued) -> Option<Self> {
        let refresh = issued.refresh_token.as_ref()?;
        let names: Vec<_> = issued.granted.iter().map(Scope::as_str).collect();
        let body = json!({ "expires_in": issued.signed.expires_in, "scope": names.join(" ") });
        let fields = vec![
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, NO_STORE),
            (header::SET_COOKIE, set(ACCESS, &issued.signed.token, issued.signed.expires_in)?),
            (header::SET_COOKIE, set(REFRESH, &refresh.token, refresh.seconds)?),
        ];
        Some(Self { status: StatusCode::OK, fields, body: body.to_string().into() })
    }

    /// The user is logged out: 204, without the cookies.
    pub(super) fn logged_out() -> Self {
        let fields = vec![(header::CACHE_CONTROL, NO_STORE)];
        Self { status: StatusCode::NO_CONTENT, fields, body: Bytes::new() }.without_cookies()
    }

    /// Says what another answer says. The cookies stay as they are.
    pub(super) fn like(answer: &impl Answer) -> Self {
        let mut fields: Vec<_> = answer.headers().collect();
        if !fields.iter().any(|(name, _)| name == header::CACHE_CONTROL) {
            fields.push((header::CACHE_CONTROL, NO_STORE));
        }
        Self { status: answer.status(), fields, body: answer.body() }
    }

    /// Has the browser delete both cookies.
    pub(super) fn without_cookies(mut self) -> Self {
        let deleted = [ACCESS, REFRESH].into_iter().filter_map(delete);
        self.fields.extend(deleted.map(|value| (header::SET_COOKIE, value)));
        self
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The header fields to send. `Set-Cookie` is there twice, or not at all.
    pub fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.fields.iter().cloned()
    }

    /// The body: JSON, or nothing.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.body.clone()
    }
}

impl Answer for SessionAnswer {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.headers()
    }

    fn body(&self) -> Bytes {
        self.body()
    }
}

/// Prints the status only, since the cookies hold tokens.
impl fmt::Debug for SessionAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionAnswer").field("status", &self.status).finish_non_exhaustive()
    }
}
