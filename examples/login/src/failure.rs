//! The application's own refusals, beside those of the library. The same bytes on both frameworks.

use std::fmt;

use auth_core::StoreFailure;
use auth_issuer::{PasswordError, RefreshError, TooManyAttempts};
use serde_json::{Value, json};

const RETRY_AFTER_SECONDS: u64 = 5;

/// What can go wrong, beyond what the library answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failure {
    /// 400: the current password is not that.
    WrongPassword,
    /// 400: the code is wrong, expired, used or replaced, or belongs to another address or purpose.
    WrongCode,
    /// 403: the token allows it, and the user may not any more.
    NotAllowed,
    /// 404.
    NoSuchSession,
    /// 422: the form does not have the expected members, which this names.
    BadForm(&'static str),
    /// 422.
    BadAddress,
    /// 422.
    BadName,
    /// 422: no login can carry it.
    UnsendablePassword,
    /// 422.
    ShortPassword,
    /// 422.
    LongPassword,
    /// 422: it is too easy to guess.
    CommonPassword,
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
            Self::WrongPassword | Self::WrongCode => 400,
            Self::NotAllowed => 403,
            Self::NoSuchSession => 404,
            Self::BadForm(_)
            | Self::BadAddress
            | Self::BadName
            | Self::UnsendablePassword
            | Self::ShortPassword
            | Self::LongPassword
            | Self::CommonPassword => 422,
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
            Self::WrongCode => "The code is wrong, used or expired: request another one",
            Self::NotAllowed => "You may not do this any more",
            Self::NoSuchSession => "No such session",
            Self::BadForm(expected) => expected,
            Self::BadAddress => "Not an e-mail address: send one such as alice@example.com",
            Self::BadName => "Send a full_name with 1 to 100 characters",
            Self::UnsendablePassword => "The password is empty or has control characters: choose one without",
            Self::ShortPassword => "The password is too short: choose one with 15 characters or more",
            Self::LongPassword => "The password is too long: choose one with 1000 characters or fewer",
            Self::CommonPassword => {
                "The password is too easy to guess: begin it with something else, such as a few unrelated words"
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

impl From<StoreFailure> for Failure {
    fn from(failure: StoreFailure) -> Self {
        tracing::error!(%failure, "the database failed");
        Self::Unavailable
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        tracing::error!(%error, "logins failed");
        Self::Unavailable
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        tracing::error!(%error, "a password was not verified");
        Self::Unavailable
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
