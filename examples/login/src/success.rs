//! The application's own answers with a status other than 200. The same bytes on both frameworks.

use serde_json::json;

use crate::User;

/// What was done.
#[derive(Clone, Debug)]
pub enum Success {
    /// 201: the new account.
    Created(User),
    /// 202: what happens next. The text is the same whether or not there is an account.
    Accepted(&'static str),
    /// 204.
    Done,
}

impl Success {
    fn status(&self) -> u16 {
        match self {
            Self::Created(_) => 201,
            Self::Accepted(_) => 202,
            Self::Done => 204,
        }
    }
}

impl axum::response::IntoResponse for Success {
    fn into_response(self) -> axum::response::Response {
        let status = axum::http::StatusCode::from_u16(self.status()).unwrap_or_default();
        match self {
            Self::Created(user) => (status, axum::Json(user)).into_response(),
            Self::Accepted(message) => (status, axum::Json(json!({ "message": message }))).into_response(),
            Self::Done => status.into_response(),
        }
    }
}

impl actix_web::Responder for Success {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> actix_web::HttpResponse {
        let status = actix_web::http::StatusCode::from_u16(self.status()).unwrap_or_default();
        let mut response = actix_web::HttpResponse::build(status);
        match self {
            Self::Created(user) => response.json(user),
            Self::Accepted(message) => response.json(json!({ "message": message })),
            Self::Done => response.finish(),
        }
    }
}
