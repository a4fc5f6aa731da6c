//! A refusal as an axum response.

use std::fmt;

use auth_core::Rejection;
use auth_core::adapter::Answer;
use axum_core::response::IntoResponse;
use bytes::Bytes;
use http::Response;

/// A refusal: the rejection of every extractor here, and an error for handlers to return.
///
/// What is sent was decided by `auth-core`; see [`Rejection`] for what it says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AuthRejection(pub Rejection);

impl From<Rejection> for AuthRejection {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl IntoResponse for AuthRejection {
    fn into_response(self) -> axum_core::response::Response {
        response(&self.0)
    }
}

pub(crate) fn response<B: From<Bytes>>(answer: &impl Answer) -> Response<B> {
    let mut response = Response::new(answer.body().into());
    *response.status_mut() = answer.status();
    response.headers_mut().extend(answer.headers());
    response
}

impl fmt::Display for AuthRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AuthRejection {}
