//! Refusals as gRPC statuses.

use auth_core::adapter;
use auth_core::{Reason, Rejection};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::Full;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::wrappers::AuthRejection;

impl From<AuthRejection> for Status {
    fn from(AuthRejection(rejection): AuthRejection) -> Self {
        status(&rejection)
    }
}

/// The status that a client gets: the detail of the table as its message, challenge and `retry-after` as its metadata.
fn status(rejection: &Rejection) -> Status {
    let mut metadata = HeaderMap::with_capacity(2);
    metadata.extend(rejection.headers().filter(|(name, _)| *name != CONTENT_TYPE));
    let code = code(rejection);
    Status::with_metadata(code, rejection.to_string(), MetadataMap::from_headers(metadata))
}

/// [gRPC's](https://grpc.github.io/grpc/core/md_doc_statuscodes.html) word for the reason. Of a reason that is added to
/// the table later, the HTTP status decides.
fn code(rejection: &Rejection) -> Code {
    match (rejection.reason(), rejection.status().as_u16()) {
        (Reason::Missing | Reason::Malformed | Reason::Invalid, _) | (_, 400 | 401) => Code::Unauthenticated,
        (Reason::Insufficient | Reason::CrossSite, _) | (_, 403) => Code::PermissionDenied,
        (Reason::Unavailable, _) | (_, 503) => Code::Unavailable,
        _ => Code::Internal,
    }
}

/// What the client speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Protocol {
    Grpc,
    GrpcWeb,
    GrpcWebText,
    /// Anything else: a browser, a prober, curl.
    Http,
}

impl Protocol {
    /// By the content type of the request, which all kinds of gRPC have to send.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        let is = |wanted: &[u8]| match content_type.split_at_checked(wanted.len()) {
            // What follows is a format of messages, such as `+proto`, or a parameter.
            Some((start, rest)) => {
                start.eq_ignore_ascii_case(wanted) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
            }
            None => false,
        };
        if is(b"application/grpc") {
            Self::Grpc
        } else if is(b"application/grpc-web") {
            Self::GrpcWeb
        } else if is(b"application/grpc-web-text") {
            Self::GrpcWebText
        } else {
            Self::Http
        }
    }
}

/// The response to a request that is refused before it reaches the service: to a gRPC client a status without a message
/// before it, in the header fields ("trailers-only"); to any other client what all frameworks answer.
pub(crate) fn response(rejection: &Rejection, protocol: Protocol) -> Response<Body> {
    let content_type = match protocol {
        Protocol::Http => {
            return adapter::response::<Bytes>(rejection).map(|body| Body::new(Full::new(body)));
        }
        Protocol::Grpc => "application/grpc",
        Protocol::GrpcWeb => "application/grpc-web+proto",
        Protocol::GrpcWebText => "application/grpc-web-text+proto",
    };
    let mut response = status(rejection).into_http::<Body>();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
