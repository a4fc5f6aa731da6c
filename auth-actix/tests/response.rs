//! Answers as responses: what an answer says is what is sent.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use actix_web::Responder as _;
use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use auth_actix::AuthResponse;
use auth_core::adapter::Answer;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};

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

#[actix_web::test]
async fn an_answer_is_sent_unchanged() {
    let response = AuthResponse(Teapot).respond_to(&TestRequest::default().to_http_request());
    assert_eq!(response.status().as_u16(), 418);
    // actix keeps the values of one name in their order, and the names in none.
    let mut fields: Vec<_> = response.headers().iter().collect();
    fields.sort_by_key(|(name, _)| name.as_str());
    let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let expected: Vec<_> = Teapot.headers().collect();
    let expected: Vec<_> = expected.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(fields, expected, "a repeated field is sent as often");
    assert_eq!(to_bytes(response.into_body()).await.unwrap(), Teapot.body());
}
