//! Why a request has no credentials, or broken ones, where other sources than bearer tokens are configured: found out after
//! the refusal, by a second look at the request, and for the log alone. Nothing of the request is told.

use std::fmt;

use super::basic::{self, NoPassword};
use super::find::{Sources, read};
use super::reading::Reading;
use super::source::CredentialSource;
use super::{cookie, subprotocol};
use crate::http::bearer::{after_scheme, has_access_token_parameter};
use crate::http::diagnosis::BrokenRule;
use crate::http::head::{AUTHORIZATION, RequestHead};

/// What a request without credentials should have had.
pub(crate) struct Nowhere<'s> {
    sources: &'s [CredentialSource],
    has_authorization: bool,
    in_query: bool,
}

impl<'s> Nowhere<'s> {
    pub(crate) fn of(sources: &'s Sources, request: &impl RequestHead) -> Self {
        Self {
            sources: sources.all(),
            has_authorization: request.header_values(AUTHORIZATION).next().is_some(),
            in_query: has_access_token_parameter(request.target()),
        }
    }

    /// Whether something stands where credentials could be.
    pub(crate) fn is_elsewhere(&self) -> bool {
        self.has_authorization || self.in_query
    }
}

impl fmt::Display for Nowhere<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_authorization {
            f.write_str("the Authorization field has a scheme that is not read here: ")?;
        }
        if self.in_query {
            f.write_str(
                "an `access_token` stands in the query, and is not read there (RFC 6750 section 5.3): ",
            )?;
        }
        f.write_str("the token is expected in ")?;
        for (place, source) in self.sources.iter().enumerate() {
            write!(f, "{}{source}", if place == 0 { "" } else { " or " })?;
        }
        Ok(())
    }
}

/// Which rule malformed credentials break.
#[derive(Debug)]
pub(crate) enum SourceFault<'s> {
    /// Several sources hold something.
    Several(Vec<&'s CredentialSource>),
    /// One holds something broken.
    Broken(&'s CredentialSource, Fault),
    InQueryToo,
}

/// What is wrong with what one source holds.
#[derive(Debug)]
pub(crate) enum Fault {
    Bearer(BrokenRule),
    Told(&'static str),
}

impl<'s> SourceFault<'s> {
    /// Looks again at a request that was refused as malformed.
    pub(crate) fn of(sources: &'s Sources, request: &impl RequestHead) -> Self {
        let mut holding = Vec::new();
        for source in sources.all() {
            match read(source, request) {
                Reading::Missing => {}
                Reading::Malformed => return Self::Broken(source, fault(source, request)),
                Reading::TooLong | Reading::Token(_) => holding.push(source),
            }
        }
        if holding.len() > 1 { Self::Several(holding) } else { Self::InQueryToo }
    }
}

fn fault(source: &CredentialSource, request: &impl RequestHead) -> Fault {
    let told = match source {
        CredentialSource::Bearer => {
            return Fault::Bearer(BrokenRule::of(|| request.header_values(AUTHORIZATION)));
        }
        CredentialSource::Basic => of_basic(request),
        CredentialSource::Cookie(name) => {
            let mut values = cookie::values(request.header_values("cookie"), name);
            match (values.next(), values.next()) {
                (_, Some(_)) => {
                    "the cookie is there twice: see whether another path or a parent domain has one of this name"
                }
                (Some(Some(value)), None) => of_value(value),
                _ => "no `=` stands directly behind the cookie's name",
            }
        }
        CredentialSource::Header(name) => {
            let mut values = request.header_values(name);
            match (values.next(), values.next()) {
                (Some(value), None) => of_value(value),
                _ => "the field is there twice: send one, and see whether a proxy adds its own",
            }
        }
        CredentialSource::WebSocketProtocol => {
            let mut tokens = subprotocol::tokens(request.header_values("sec-websocket-protocol"));
            match (tokens.next(), tokens.next()) {
                (_, Some(_)) => "more than one subprotocol begins with `bearer.`: offer one",
                (Some(Some(token)), None) => of_value(token),
                _ => "`bearer.` has to be written in lower case",
            }
        }
    };
    Fault::Told(told)
}

fn of_basic(request: &impl RequestHead) -> &'static str {
    let mut values = request.header_values(AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else {
        return "the request has several Authorization fields: send one, and see whether a proxy adds its own";
    };
    let Ok(encoded) = after_scheme(value, basic::SCHEME) else {
        return "the field does not begin with `Basic` and a space";
    };
    match basic::password(encoded) {
        Err(NoPassword::NotBase64) => {
            "what follows `Basic` is not base64 with its padding (RFC 7617 section 2)"
        }
        Err(NoPassword::ControlCharacter) => "a control character stands in user name or password",
        Err(NoPassword::NoColon) => "no colon stands between user name and password",
        Err(NoPassword::Empty) => "the password is empty: the token is the password, not the user name",
        Err(NoPassword::NoToken) | Ok(_) => "a character stands in the password that no token has",
    }
}

fn of_value(value: &[u8]) -> &'static str {
    let is_quote = |byte: Option<&u8>| byte.is_some_and(|byte| b"\"'`".contains(byte));
    if value.is_empty() {
        "it is empty: leave it out if there is no token"
    } else if is_quote(value.first()) || is_quote(value.last()) {
        "the token stands in quotation marks: send it without"
    } else if value.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"Bearer ")) {
        "the word `Bearer` stands before the token: send the token alone"
    } else {
        "a character stands in it that no token has"
    }
}

impl fmt::Display for SourceFault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Several(sources) => {
                f.write_str("credentials stand in several places, and which ones count is not for a server to choose: ")?;
                for (place, source) in sources.iter().enumerate() {
                    write!(f, "{}{source}", if place == 0 { "" } else { " and " })?;
                }
                f.write_str("; send them in one")
            }
            Self::Broken(_, Fault::Bearer(rule)) => rule.fmt(f),
            Self::Broken(source, Fault::Told(what)) => {
                write!(f, "{source}: {what}; expected is one token of letters, digits and `-._~+/`")
            }
            Self::InQueryToo => f.write_str(
                "the query has an access_token beside the token in its own place: send it in one place (RFC 6750 section 2)",
            ),
        }
    }
}
