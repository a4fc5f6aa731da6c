//! The body of a guarded service's responses.

use bytes::Bytes;
use http_body::Body;
use http_body_util::{Either, Full};

/// The body of a guarded service's responses: that of the service inside, or that of a refusal.
///
/// An adapter for a framework with a body type of its own implements it for a type of its own, so that neither needs
/// another box.
pub trait GuardedBody<R> {
    /// The body of the responses.
    type Body;

    /// Makes it of the body of the service inside.
    fn of_service(body: R) -> Self::Body;

    /// Makes it of the body of a refusal.
    fn of_refusal(body: Bytes) -> Self::Body;
}

/// Goes with every body whose data are [`Bytes`]: the response has either that body or a refusal's.
#[derive(Clone, Copy, Debug)]
pub struct AnyBody;

impl<R: Body<Data = Bytes>> GuardedBody<R> for AnyBody {
    type Body = Either<R, Full<Bytes>>;

    fn of_service(body: R) -> Self::Body {
        Either::Left(body)
    }

    fn of_refusal(body: Bytes) -> Self::Body {
        Either::Right(Full::new(body))
    }
}

/// Goes with every body that can be made from [`Bytes`], whether it is a [`Body`] or not: the response keeps its type.
#[derive(Clone, Copy, Debug)]
pub struct SameBody;

impl<R: From<Bytes>> GuardedBody<R> for SameBody {
    type Body = R;

    fn of_service(body: R) -> R {
        body
    }

    fn of_refusal(body: Bytes) -> R {
        body.into()
    }
}
