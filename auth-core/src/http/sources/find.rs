//! The credentials of a request, out of all configured sources.

use std::borrow::Cow;
use std::sync::Arc;

use super::reading::Reading;
use super::source::{CredentialSource, InvalidCredentialSource, Sender};
use super::{basic, cookie, field, subprotocol};
use crate::http::bearer::{Credentials, has_access_token_parameter};
use crate::http::cross_site::{CrossSite, cross_site};
use crate::http::head::{AUTHORIZATION, RequestHead};
use crate::http::origin::TrustedOrigins;

/// Where credentials are looked for.
#[derive(Clone, Debug)]
pub(crate) struct Sources {
    /// `None` for the default, bearer tokens in the Authorization field alone: nothing else is looked at then.
    several: Option<Arc<[CredentialSource]>>,
    pub(crate) trusted_origins: TrustedOrigins,
}

/// What a request carries.
pub(crate) enum Found<'r> {
    Missing,
    /// One source holds something broken, or several hold something, or the query has a token too.
    Malformed,
    TooLong {
        source: usize,
    },
    /// A token that a browser has added to a request of others.
    CrossSite(CrossSite),
    Token(Given<'r>),
}

/// The one token of a request, not verified.
pub(crate) struct Given<'r> {
    pub(crate) text: Cow<'r, str>,
    /// The place of its source among the configured ones.
    pub(crate) source: usize,
}

impl Sources {
    pub(crate) fn bearer_alone() -> Self {
        Self { several: None, trusted_origins: TrustedOrigins::default() }
    }

    /// The same origins with other sources.
    pub(crate) fn with(
        &self,
        sources: impl IntoIterator<Item = CredentialSource>,
    ) -> Result<Self, InvalidCredentialSource> {
        let vetted: Vec<_> = sources.into_iter().map(CredentialSource::vetted).collect::<Result<_, _>>()?;
        if vetted.is_empty() {
            return Err(InvalidCredentialSource::None);
        }
        for (place, source) in vetted.iter().enumerate() {
            if vetted.iter().take(place).any(|earlier| earlier == source) {
                return Err(InvalidCredentialSource::Twice(source.clone()));
            }
        }
        let several = (*vetted != [CredentialSource::Bearer]).then(|| vetted.into());
        Ok(Self { several, trusted_origins: self.trusted_origins.clone() })
    }

    /// Whether it is the default.
    pub(crate) fn is_bearer_alone(&self) -> bool {
        self.several.is_none()
    }

    pub(crate) fn all(&self) -> &[CredentialSource] {
        self.several.as_deref().unwrap_or(&[CredentialSource::Bearer])
    }

    /// The source at this place.
    pub(crate) fn at(&self, place: usize) -> &CredentialSource {
        self.all().get(place).unwrap_or(&CredentialSource::Bearer)
    }

    /// What the request carries.
    pub(crate) fn find<'r>(&self, request: &'r impl RequestHead) -> Found<'r> {
        let found = match &self.several {
            None => match Credentials::from_fields(request.header_values(AUTHORIZATION)) {
                Credentials::Missing => return Found::Missing,
                Credentials::Malformed => return Found::Malformed,
                Credentials::TooLong => return Found::TooLong { source: 0 },
                Credentials::Token(token) => Found::Token(Given { text: Cow::Borrowed(token), source: 0 }),
            },
            Some(several) => match the_only_one(several, request) {
                Found::Token(given) => self.of_own_page(given, request),
                found => return found,
            },
        };
        // RFC 6750 section 2: a client must not use more than one method to transmit the token.
        if has_access_token_parameter(request.target()) { Found::Malformed } else { found }
    }

    /// The token, unless a page of others has made a browser send it.
    fn of_own_page<'r>(&self, given: Given<'r>, request: &impl RequestHead) -> Found<'r> {
        let fault = match self.at(given.source).sender() {
            Sender::Client => None,
            Sender::Browser => cross_site(request, &self.trusted_origins),
            Sender::Either => {
                cross_site(request, &self.trusted_origins).filter(|fault| *fault != CrossSite::NoOrigin)
            }
        };
        fault.map_or(Found::Token(given), Found::CrossSite)
    }
}

/// What the one source holds that holds anything.
fn the_only_one<'r>(sources: &[CredentialSource], request: &'r impl RequestHead) -> Found<'r> {
    let mut only = Found::Missing;
    for (place, source) in sources.iter().enumerate() {
        match (read(source, request), &only) {
            (Reading::Missing, _) => {}
            (Reading::Malformed, _) => return Found::Malformed,
            (reading, Found::Missing) => only = found(reading, place),
            (Reading::TooLong | Reading::Token(_), _) => return Found::Malformed,
        }
    }
    only
}

fn found(reading: Reading<'_>, source: usize) -> Found<'_> {
    match reading {
        Reading::Missing => Found::Missing,
        Reading::Malformed => Found::Malformed,
        Reading::TooLong => Found::TooLong { source },
        Reading::Token(text) => Found::Token(Given { text, source }),
    }
}

/// What one source holds.
pub(super) fn read<'r>(source: &CredentialSource, request: &'r impl RequestHead) -> Reading<'r> {
    match source {
        CredentialSource::Bearer => Credentials::from_fields(request.header_values(AUTHORIZATION)).into(),
        CredentialSource::Basic => basic::read(request.header_values(AUTHORIZATION)),
        CredentialSource::Cookie(name) => cookie::read(request.header_values("cookie"), name),
        CredentialSource::Header(name) => field::read(request.header_values(name)),
        CredentialSource::WebSocketProtocol => {
            subprotocol::read(request.header_values("sec-websocket-protocol"))
        }
    }
}
