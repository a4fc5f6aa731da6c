//! What can go wrong beyond what the library answers. The same bytes on both frameworks.

use std::fmt;

use auth_issuer::TooManyAttempts;
use serde_json::{Value, json};

const RETRY_AFTER_SECONDS: u64 = 5;

/// What can go wrong, beyond what the library answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// 400: the current password is not that.
    WrongPassword,
    /// 403: the token allows it, and the user may not any more.
    NotAllowed,
    /// 404.
    NoSuchSession,
    /// 422.
    BadForm,
    /// 429.
    TooManyAttempts {
        /// In how many seconds to try again.
        retry_after: u64,
    },
    /// 503, and a line in the log.
    Unavailable,
}

impl Failure {
    fn status(self) -> u16 {
        match self {
            Self::WrongPassword => 400,
            Self::NotAllowed => 403,
            Self::NoSuchSession => 404,
            Self::BadForm => 422,
            Self::TooManyAttempts { .. } => 429,
            Self::Unavailable => 503,
        }
    }

    fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooManyAttempts { retry_after } => Some(retry_after),
            Self::Unavailable => Some(RETRY_AFTER_SECONDS),
            _ => None,
        }
    }

    fn body(self) -> Value {
        json!({ "message": self.to_string() })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongPassword => "The current password is wrong",
            Self::NotAllowed => "You may not do this any more",
            Self::NoSuchSession => "No such session",
            Self::BadForm => {
                "Send {\"current_password\":\"...\",\"new_password\":\"...\"}, the new one with 8 to 1000 characters"
            }
            Self::TooManyAttempts { .. } => "Too many attempts, try again later",
            Self::Unavailable => "The service is temporarily unavailable",
        })
    }
}

impl From<TooManyAttempts> for Failure {
    fn from(refused: TooManyAttempts) -> Self {
        Self::TooManyAttempts { retry_after: refused.retry_after }
    }
}

impl axum::response::IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        let status = axum::http::StatusCode::from_u16(self.status()).unwrap_or_default();
        let mut response = (status, axum::Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(axum::http::header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl actix_web::ResponseError for Failure {
    fn status_code(&self) -> actix_web::http::StatusCode {
        actix_web::http::StatusCode::from_u16(self.status()).unwrap_or_default()
    }

    fn error_response(&self) -> actix_web::HttpResponse {
        let mut response = actix_web::HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after() {
            response.insert_header((actix_web::http::header::RETRY_AFTER, seconds));
        }
        response.json(self.body())
    }
}
