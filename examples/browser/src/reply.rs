//! The application's own answers. The same bytes on both frameworks.

use auth_core::adapter::Answer;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// An answer as data, which `AuthResponse` of either framework sends.
#[derive(Clone, Debug)]
pub struct Reply {
    status: StatusCode,
    fields: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Reply {
    /// JSON that depends on the user, so that nobody may store it.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self::new(status, "application/json", body).field(header::CACHE_CONTROL, "no-store")
    }

    /// What was wrong, and what to do.
    pub(crate) fn error(status: StatusCode, message: &'static str) -> Self {
        Self::json(status, &serde_json::json!({ "message": message }))
    }

    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let fields = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        Self { status, fields, body: body.into() }
    }

    /// 303: the browser gets the page again, and a reload does not send the form twice.
    pub(crate) fn see_other(path: &'static str) -> Self {
        let fields = vec![(header::LOCATION, HeaderValue::from_static(path))];
        Self { status: StatusCode::SEE_OTHER, fields, body: Bytes::new() }
    }

    /// 426: the request is for a WebSocket, and does not ask for one.
    #[must_use]
    pub fn upgrade_required() -> Self {
        Self::error(StatusCode::UPGRADE_REQUIRED, "Open a WebSocket here, such as new WebSocket(\"/ws\")")
            .field(header::UPGRADE, "websocket")
    }

    pub(crate) fn field(mut self, name: HeaderName, value: &'static str) -> Self {
        self.fields.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl Answer for Reply {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.fields.iter().cloned()
    }

    fn body(&self) -> Bytes {
        self.body.clone()
    }
}
