//! A refusal as an actix error.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use auth_core::Rejection;

use crate::convert;

/// A refusal: the error of every extractor here, and one for handlers to return.
///
/// What is sent was decided by `auth-core`; see [`Rejection`] for what it says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthRejection(pub Rejection);

impl From<Rejection> for AuthRejection {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl ResponseError for AuthRejection {
    fn status_code(&self) -> StatusCode {
        convert::status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        convert::response(&self.0)
    }
}

impl fmt::Display for AuthRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AuthRejection {}
