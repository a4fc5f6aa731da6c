//! Answers as actix responses and errors.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder, ResponseError};
use auth_core::adapter::Answer;

use crate::convert;
use crate::wrappers::{AuthRejection, AuthResponse};

impl ResponseError for AuthRejection {
    fn status_code(&self) -> StatusCode {
        convert::status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        convert::response(&self.0)
    }
}

impl<A: Answer> Responder for AuthResponse<A> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        convert::response(&self.0)
    }
}
