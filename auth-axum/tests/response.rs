//! Answers as responses: what an answer says is what is sent.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use auth_axum::AuthResponse;
use auth_core::adapter::Answer;
use axum::body::{Bytes, to_bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;

/// No answer of the library, so that nothing that the library knows can be sent in its place.
struct Teapot;

impl Answer for Teapot {
    fn status(&self) -> StatusCode {
        StatusCode::IM_A_TEAPOT
    }

    fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"token\"")),
            (header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
        ]
        .into_iter()
    }

    fn body(&self) -> Bytes {
        Bytes::from_static(b"{\"tea\":true}")
    }
}

#[tokio::test]
async fn an_answer_is_sent_unchanged() {
    let response = AuthResponse(Teapot).into_response();
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    let fields: Vec<_> =
        response.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    assert_eq!(fields, Teapot.headers().collect::<Vec<_>>(), "a repeated field is sent as often");
    assert_eq!(to_bytes(response.into_body(), 100).await.unwrap(), Teapot.body());
}
