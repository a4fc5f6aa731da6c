//! Answers as responses: what an answer says is what is sent.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use actix_web::Responder as _;
use actix_web::body::to_bytes;
use actix_web::test::{TestRequest, init_service, try_call_service};
use actix_web::{App, web};
use auth_actix::{AuthResponse, Authenticated, RejectionBody};
use auth_core::Algorithm;
use auth_core::adapter::Answer;
use auth_testing::TestIssuer;
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

/// The same bytes as in the test of this name for axum.
#[actix_web::test]
async fn a_body_can_name_the_path() {
    let auth = TestIssuer::new(Algorithm::Hs256).authenticator().with_rejection_body(|refusal| {
        RejectionBody::json(&serde_json::json!({"detail": refusal.detail(), "instance": refusal.path()}))
    });
    let orders = web::scope("/orders").route("/{id}", web::get().to(async |_: Authenticated| "in"));
    let app = init_service(App::new().app_data(auth).service(orders)).await;
    for (target, token, expected) in [
        ("/orders/a%20b?page=2", None, r#"{"detail":"Not authenticated","instance":"/orders/a%20b"}"#),
        ("/orders/7", Some("bad"), r#"{"detail":"Could not validate credentials","instance":"/orders/7"}"#),
    ] {
        let mut request = TestRequest::get().uri(target);
        if let Some(token) = token {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        let body = match try_call_service(&app, request.to_request()).await {
            Ok(response) => to_bytes(response.into_body()).await.unwrap(),
            Err(error) => to_bytes(error.error_response().into_body()).await.unwrap(),
        };
        assert_eq!(body, expected);
    }
}
