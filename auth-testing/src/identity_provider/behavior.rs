//! How an endpoint answers.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header};

use super::answer::{Answer, Manner};
use super::documents;
use super::endpoint::Endpoint;

/// How an endpoint answers. It applies to the requests that are read from now on; an answer that has begun stays as it
/// is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Behavior {
    /// Answers 200 with the document.
    #[default]
    Normal,
    /// Answers this status, without a body.
    Status(u16),
    /// Answers 301 to this address.
    Redirect(String),
    /// Answers after this time by the provider's clock. The document is the one of the moment when the request was read.
    /// The connection counts as open until then, even if the client closes it.
    Delay(Duration),
    /// Sends the head at once, and one byte of the body each time that this much has passed by the provider's clock.
    Drip(Duration),
    /// Answers 200 with bytes that are neither JSON nor UTF-8.
    Garbage,
    /// Keys only: answers with a set without keys.
    EmptySet,
    /// Keys only: answers with a set of keys that verify no token. One is for encryption, the type of the other is
    /// unknown.
    NoUsableKey,
    /// Pads the document with spaces to this many bytes. It is streamed in chunks, so that no field tells its length.
    Huge(usize),
    /// Sends the whole document, but announces more bytes in `Content-Length`. Then closes the connection.
    Truncated,
    /// Never answers. The connection stays open until the client closes it.
    Hang,
    /// Reads the request, then closes the connection without an answer.
    CloseAtOnce,
    /// Metadata only: names this issuer in the document.
    WrongIssuer(String),
    /// Answers 200 with this body.
    Body(String),
}

impl Behavior {
    /// Panics if this makes no sense at the endpoint.
    pub(crate) fn demand_sense(&self, endpoint: Endpoint) {
        let only = match self {
            Self::EmptySet | Self::NoUsableKey => Endpoint::Keys,
            Self::WrongIssuer(_) => Endpoint::Metadata,
            Self::Status(status) => {
                let known = StatusCode::from_u16(*status).is_ok_and(|status| !status.is_informational());
                assert!(known, "{status} is no status of an answer: use 200 to 999");
                return;
            }
            Self::Redirect(to) => {
                assert!(HeaderValue::from_str(to).is_ok(), "{to:?} cannot be sent in a header");
                return;
            }
            _ => return,
        };
        assert!(endpoint == only, "{self:?} is for Endpoint::{only:?}, not for Endpoint::{endpoint:?}");
    }

    /// Answers with this document, or not.
    pub(crate) fn answer(&self, document: Vec<u8>) -> Answer {
        let (body, manner) = match self {
            Self::Status(status) => return Answer::empty(StatusCode::from_u16(*status).unwrap_or_default()),
            Self::Redirect(to) => return redirect(to),
            // `WrongIssuer` has changed the document already.
            Self::Normal | Self::WrongIssuer(_) => (document, Manner::AtOnce),
            Self::Delay(time) => (document, Manner::After(*time)),
            Self::Drip(interval) => (document, Manner::Drip(*interval)),
            Self::Huge(bytes) => (document, Manner::Padded(*bytes)),
            Self::Truncated => (document, Manner::Short),
            Self::Hang => (document, Manner::Never),
            Self::CloseAtOnce => (document, Manner::Close),
            Self::Garbage => (documents::GARBAGE.into(), Manner::AtOnce),
            Self::EmptySet => (documents::EMPTY_SET.into(), Manner::AtOnce),
            Self::NoUsableKey => (documents::NO_USABLE_KEY.into(), Manner::AtOnce),
            Self::Body(body) => (body.clone().into(), Manner::AtOnce),
        };
        Answer::json(body, manner)
    }
}

fn redirect(to: &str) -> Answer {
    let mut answer = Answer::empty(StatusCode::MOVED_PERMANENTLY);
    answer.fields.extend(HeaderValue::from_str(to).ok().map(|to| (header::LOCATION, to)));
    answer
}
