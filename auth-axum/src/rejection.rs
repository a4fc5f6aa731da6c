//! A refusal as an axum response.

use std::fmt;

use auth_core::Rejection;
use axum_core::body::Body;
use axum_core::response::{IntoResponse, Response};

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
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.0.body()));
        *response.status_mut() = self.0.status();
        response.headers_mut().extend(self.0.headers());
        response
    }
}

impl fmt::Display for AuthRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for AuthRejection {}
