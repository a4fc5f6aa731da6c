//! Requests and responses. actix-web 4 speaks `http` 0.2, the core speaks `http` 1: this is the one file that knows both.

use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, Responder, ResponseError};
use auth_core::adapter::{Answer, Kept, RequestHead};

use crate::wrappers::{AuthRejection, AuthResponse};

/// The head of an actix request, as the core sees it: for what takes an `impl RequestHead`, such as
/// `Authenticator::require_same_origin` and the `SessionCookies` of `auth-issuer`.
#[derive(Clone, Copy)]
pub struct Head<'a>(pub &'a HttpRequest);

/// Prints nothing of the request, since any field may hold a token.
impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Head")
    }
}

impl RequestHead for Head<'_> {
    fn method(&self) -> &str {
        self.0.method().as_str()
    }

    fn target(&self) -> &str {
        self.0.uri().path_and_query().map(actix_web::http::uri::PathAndQuery::as_str).unwrap_or_default()
    }

    fn authority(&self) -> Option<&str> {
        self.0.uri().authority().map(actix_web::http::uri::Authority::as_str)
    }

    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        // The one that every request is asked for, found without reading its name each time.
        let values = match name {
            "authorization" => self.0.headers().get_all(AUTHORIZATION),
            _ => self.0.headers().get_all(name),
        };
        values.map(HeaderValue::as_bytes)
    }

    fn extension<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        let extensions = self.0.extensions();
        let kept = extensions.get::<Kept>().and_then(Kept::extension);
        kept.or_else(|| extensions.get().cloned())
    }

    /// Writes to the request's own extensions before anything has waited, and never later.
    fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        let kept = self.0.extensions().get::<Kept>().cloned();
        match kept {
            Some(kept) => kept.insert_extension(value),
            None => _ = self.0.extensions_mut().insert(value),
        }
    }
}

impl ResponseError for AuthRejection {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        response(&self.0)
    }
}

impl<A: Answer> Responder for AuthResponse<A> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        response(&self.0)
    }
}

/// An answer as an actix response.
pub(crate) fn response(answer: &impl Answer) -> HttpResponse {
    // A code that `http` 0.2 cannot hold would be a 500.
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers() {
        response.append_header((name.as_str(), value.as_bytes()));
    }
    response.body(answer.body())
}
