//! Who asks for tokens, and which are issued.

use std::net::IpAddr;

use auth_core::Scope;

use crate::sign::SignedToken;

/// Who asks for tokens.
pub(crate) struct Asker<'a> {
    /// The client, which has authenticated.
    pub(crate) client_id: &'a str,
    pub(crate) address: IpAddr,
    pub(crate) user_agent: Option<&'a str>,
    /// The longest access token that it can take, in bytes.
    pub(crate) longest_token: usize,
}

/// What is issued.
pub(crate) struct Issued {
    pub(crate) signed: SignedToken,
    pub(crate) granted: Vec<Scope>,
    /// `None` if the endpoint issues none.
    pub(crate) refresh_token: Option<RefreshToken>,
}

pub(crate) struct RefreshToken {
    pub(crate) token: String,
    /// How long it is valid.
    pub(crate) seconds: u64,
}
