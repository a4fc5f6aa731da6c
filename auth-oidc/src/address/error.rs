use thiserror::Error;

/// Why an address is not fetched. The texts name the address, without what stands before an `@`, since that may be a
/// password.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum AddressError {
    /// Has more than 2,048 bytes.
    #[error("the address that begins with {0:?} is too long: at most 2048 bytes are allowed")]
    TooLong(String),
    /// Has `{` or `}`.
    #[error("{0:?} is a template: replace what stands in braces, such as {{tenantid}}, by its value")]
    Template(String),
    /// Has white space, a control character, or another character that no address has.
    #[error("{0:?} has the character {1:?}, which no address has: remove it, or percent-encode it")]
    Character(String, char),
    /// Has `#`.
    #[error("{0:?} has a fragment, which no server ever sees: remove `#` and what follows")]
    Fragment(String),
    /// Has a user name or a password.
    #[error("{0:?} has a user name or a password: remove what stands before the `@`")]
    UserInfo(String),
    /// Has no scheme, or is malformed otherwise.
    #[error("{0:?} is not an absolute address: write it like https://idp.example.com/realms/x")]
    NotAbsolute(String),
    /// Has another scheme than https or http.
    #[error("{0:?} has the scheme {1:?}: use https")]
    Scheme(String, String),
    /// Has no host.
    #[error("{0:?} has no host: write it like https://idp.example.com/realms/x")]
    NoHost(String),
    /// The host is neither a name nor an IP address in its usual spelling.
    #[error(
        "the host of {0:?} is neither a name nor an IP address: write an IPv4 address as four decimal numbers, an IPv6 \
         address in brackets without a zone, and a name in its ASCII form"
    )]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("the port of {0:?} is not a number from 1 to 65535")]
    Port(String),
    /// Has the scheme http, and leaves this machine.
    #[error(
        "{0:?} is fetched without TLS, so anyone on the way could replace the keys: use https, or call \
         `dangerously_allow_http`; localhost, 127.0.0.0/8 and [::1] need neither"
    )]
    PlainHttp(String),
    /// Has the scheme http, though the metadata that name it were fetched by https.
    #[error(
        "{address:?} is fetched without TLS, while the metadata that name it, at {metadata:?}, are fetched with TLS: \
         make the provider announce an https address, or configure `jwks_uri`"
    )]
    Downgrade {
        /// The address of the keys.
        address: String,
        /// The address of the metadata.
        metadata: String,
    },
    /// Is an address that is never reached.
    #[error(
        "{0:?} is a link-local, unspecified, multicast or broadcast address, or the metadata service of a cloud \
         platform, and is never fetched: configure the address of the provider"
    )]
    Forbidden(String),
    /// Is in a private network, though the provider that names it is public.
    #[error(
        "{0:?} is in a private network or on this machine, while the configured provider is public: call \
         `allow_private_networks` if this is intended"
    )]
    PrivateNetwork(String),
}
