//! Answers as axum responses.

use auth_core::adapter::{self, Answer};
use axum_core::response::{IntoResponse, Response};

use crate::wrappers::{AuthRejection, AuthResponse};

impl IntoResponse for AuthRejection {
    fn into_response(self) -> Response {
        adapter::response(&self.0)
    }
}

impl<A: Answer> IntoResponse for AuthResponse<A> {
    fn into_response(self) -> Response {
        adapter::response(&self.0)
    }
}
