//! Which addresses are fetched.
//!
//! 1. An address is absolute, has at most 2,048 bytes, and consists of the characters that RFC 3986 allows. It has no
//!    user name, no password and no fragment. It may have a query.
//! 2. Its scheme is https. It may be http for this machine, or if `dangerously_allow_http` was called.
//! 3. Metadata fetched by https may name https addresses only, whatever was called.
//! 4. A host that is an IP address obeys [`Network`]; spellings of it that only some resolvers read are refused.
//!
//! Names are judged when they are resolved, which is up to the [`Fetch`](crate::Fetch). No address comes from a token.

mod error;
mod host;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;
use http::{Request, Uri};

pub use self::error::AddressError;
pub(crate) use self::host::Host;
use crate::{MaxBytes, Network};

const MAX_LENGTH: usize = 2048;

/// What the operator has allowed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AddressRules {
    /// http is allowed for other machines than this one.
    pub(crate) allow_http: bool,
    /// Metadata of a public provider may name private addresses.
    pub(crate) allow_private_networks: bool,
}

/// An address that may be fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Address {
    text: String,
    uri: Uri,
    host: Host,
    network: Network,
}

impl Address {
    /// Takes an address that the operator configured, which may be in a private network.
    pub(crate) fn configured(text: &str, rules: AddressRules) -> Result<Self, AddressError> {
        let address = Self::parse(text, Network::Private)?;
        address.check_http(rules)?;
        Ok(address)
    }

    /// Takes an address that the metadata at this one name. They were fetched from the network `reached`, as the
    /// response's extension says.
    pub(crate) fn named(
        &self,
        text: &str,
        reached: Network,
        rules: AddressRules,
    ) -> Result<Self, AddressError> {
        let network =
            if rules.allow_private_networks { Network::Private } else { reached.max(self.written()) };
        let address = Self::parse(text, network)?;
        if self.is_https() && !address.is_https() {
            return Err(AddressError::Downgrade { address: shown(text), metadata: self.text.clone() });
        }
        address.check_http(rules)?;
        Ok(address)
    }

    /// A request for it.
    pub(crate) fn request(&self, max: MaxBytes) -> Request<Bytes> {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.uri.clone();
        request.extensions_mut().insert(max);
        request.extensions_mut().insert(self.network);
        request
    }

    /// What it says by itself of the network that it is in. Names say nothing, except `localhost`.
    pub(crate) fn written(&self) -> Network {
        match self.host {
            Host::Ip(ip) => Network::of(ip).unwrap_or_default(),
            Host::Localhost => Network::Private,
            Host::Name => Network::Public,
        }
    }

    fn is_https(&self) -> bool {
        self.uri.scheme() == Some(&http::uri::Scheme::HTTPS)
    }

    fn check_http(&self, rules: AddressRules) -> Result<(), AddressError> {
        if self.is_https() || self.host.is_this_machine() || rules.allow_http {
            return Ok(());
        }
        Err(AddressError::PlainHttp(self.text.clone()))
    }

    fn parse(text: &str, network: Network) -> Result<Self, AddressError> {
        check_characters(text)?;
        let uri: Uri = text.parse().map_err(|_| AddressError::NotAbsolute(shown(text)))?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(AddressError::NotAbsolute(shown(text)));
        };
        if authority.as_str().contains('@') {
            return Err(AddressError::UserInfo(shown(text)));
        }
        if *scheme != http::uri::Scheme::HTTPS && *scheme != http::uri::Scheme::HTTP {
            return Err(AddressError::Scheme(shown(text), scheme.to_string()));
        }
        if authority.host().is_empty() {
            return Err(AddressError::NoHost(shown(text)));
        }
        let host = Host::parse(authority.host()).ok_or_else(|| AddressError::Host(shown(text)))?;
        check_port(authority).ok_or_else(|| AddressError::Port(shown(text)))?;
        let address = Self { text: text.to_owned(), host, network, uri };
        address.check_network()?;
        Ok(address)
    }

    fn check_network(&self) -> Result<(), AddressError> {
        match self.host {
            Host::Ip(ip) if Network::of(ip).is_none() => Err(AddressError::Forbidden(self.text.clone())),
            _ if self.written() > self.network => Err(AddressError::PrivateNetwork(self.text.clone())),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Done on the text, since `Uri` drops a fragment and takes characters that have no place in an address.
fn check_characters(text: &str) -> Result<(), AddressError> {
    if text.len() > MAX_LENGTH {
        return Err(AddressError::TooLong(shown(text)));
    }
    if text.contains(['{', '}']) {
        return Err(AddressError::Template(shown(text)));
    }
    if let Some(other) =
        text.chars().find(|c| !c.is_ascii_alphanumeric() && !"-._~:/?#[]@!$&'()*+,;=%".contains(*c))
    {
        return Err(AddressError::Character(shown(text), other));
    }
    if text.contains('#') {
        return Err(AddressError::Fragment(shown(text)));
    }
    Ok(())
}

fn check_port(authority: &http::uri::Authority) -> Option<()> {
    match authority.as_str().strip_prefix(authority.host())? {
        "" => Some(()),
        // `parse` alone would take `+1`.
        port => {
            let digits =
                port.strip_prefix(':').filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()))?;
            digits.parse().ok().filter(|port: &u16| *port != 0).map(|_| ())
        }
    }
}

/// The text for an error: without what stands before an `@`, which may be a password, and not endless.
fn shown(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let mut shown = match rest.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}://…@{rest}"),
        None => text.to_owned(),
    };
    if let Some((end, _)) = shown.char_indices().nth(200) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}
