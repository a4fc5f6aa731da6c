use http::Uri;
use http::uri::Scheme;

use crate::address::Host;
use crate::{FetchError, FetchErrorKind};

/// What a request's address says of where to connect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a> {
    pub(super) uri: &'a Uri,
    /// Without the brackets of an IPv6 address.
    pub(super) name: &'a str,
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) https: bool,
}

impl<'a> Target<'a> {
    /// # Errors
    ///
    /// Forbidden if it is no address that [`Address`](crate::address::Address) would take. A request may come from
    /// elsewhere.
    pub(super) fn of(uri: &'a Uri) -> Result<Self, FetchError> {
        let forbidden =
            || FetchError::new(FetchErrorKind::Forbidden, format!("{uri} is not an http or https address"));
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(forbidden()),
        };
        let host = uri.host().ok_or_else(forbidden)?;
        Ok(Self {
            uri,
            name: host.trim_start_matches('[').trim_end_matches(']'),
            host: Host::parse(host).ok_or_else(forbidden)?,
            port: uri.port_u16().unwrap_or(if https { 443 } else { 80 }),
            https,
        })
    }

    /// For `CONNECT`, where the port is never left out.
    pub(super) fn authority(&self) -> String {
        match self.name.contains(':') {
            true => format!("[{}]:{}", self.name, self.port),
            false => format!("{}:{}", self.name, self.port),
        }
    }
}
