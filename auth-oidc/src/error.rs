//! Why keys could not be had.

use http::StatusCode;

use auth_core::jwt::BuildError;

use crate::fetch::{FetchError, FetchErrorKind};

/// Why a provider's metadata or keys could not be had, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No answer.
    #[error("{address} cannot be fetched: {error}")]
    Fetch {
        /// What was asked for.
        address: String,
        /// Why there is no answer.
        error: FetchError,
    },
    /// No answer in time.
    #[error("{address} did not answer within {seconds} s")]
    TimedOut {
        /// What was asked for.
        address: String,
        /// The time that it had, in seconds.
        seconds: f64,
    },
    /// An answer other than 200.
    #[error("{address} answered {status}{}", if status.is_server_error() { "" } else { ": is it the right address?" })]
    Status {
        /// What was asked for.
        address: String,
        /// The answer.
        status: StatusCode,
    },
    /// A redirect, which is never followed.
    #[error("{address} answered {status} to {location:?}: configure that address")]
    Redirect {
        /// What was asked for.
        address: String,
        /// The answer.
        status: StatusCode,
        /// Where it leads to.
        location: String,
    },
    /// No address where metadata can be has any.
    #[error(
        "no metadata: {} answered 404 or no JSON object. Is it the issuer, as `iss` has it in tokens? If the metadata \
         are elsewhere, call `.metadata_url(..)`; if there are none, `.jwks_uri(..)`",
        tried.join(" and ")
    )]
    NoMetadata {
        /// The addresses that were tried, in order.
        tried: Vec<String>,
    },
    /// The metadata cannot be read.
    #[error("{address} holds no metadata of a provider: {fault}")]
    Metadata {
        /// What was asked for.
        address: String,
        /// What is wrong with it.
        fault: String,
    },
    /// The metadata name no introspection endpoint, though [`introspection`](crate::Oidc::introspection) was called.
    #[error(
        "{address} names no `introspection_endpoint` (RFC 8414 section 2): if the provider has one all the same, call \
         `.endpoint(..)` of the `Introspection`"
    )]
    NoIntrospectionEndpoint {
        /// What was asked for.
        address: String,
    },
    /// The metadata are those of another issuer ([OpenID Connect Discovery section
    /// 4.3](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationValidation)).
    #[error(
        "{address} is of the issuer {found:?}, and the configured one is {expected:?}{difference}. Configure the issuer \
         as the metadata and the tokens have it"
    )]
    IssuerDiffers {
        /// What was asked for.
        address: String,
        /// The configured issuer.
        expected: String,
        /// What the metadata say.
        found: String,
        /// How they differ, in the way of people's mistakes; or nothing.
        difference: &'static str,
    },
    /// The address of the key set must not be used.
    #[error("{0}")]
    Address(#[from] crate::address::AddressError),
    /// None of the keys can be used.
    #[error("{address}: {error}")]
    Keys {
        /// What was asked for.
        address: String,
        /// What is wrong with the key set.
        error: BuildError,
    },
    /// The code that fetches has panicked.
    #[error("the code that fetches has panicked")]
    Panicked,
}

impl SourceError {
    /// Whether it may pass without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fetch { error, .. } => error.kind() == FetchErrorKind::Unreachable,
            Self::TimedOut { .. } => true,
            Self::Status { status, .. } => {
                status.is_server_error()
                    || *status == StatusCode::TOO_MANY_REQUESTS
                    || *status == StatusCode::REQUEST_TIMEOUT
            }
            _ => false,
        }
    }
}

/// Why a verifier could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The configuration is wrong.
    #[error("{0}")]
    Build(#[from] BuildError),
    /// An address must not be used.
    #[error("{0}")]
    Address(#[from] crate::address::AddressError),
    /// The issuer has a query, so that no metadata can be behind it ([RFC 8414 section
    /// 2](https://www.rfc-editor.org/rfc/rfc8414#section-2)).
    #[error(
        "the issuer {issuer:?} has a query, and an issuer has none: leave out what follows the `?`. If `iss` in the \
         tokens has it too, say where to look: call `.metadata_url(..)` or `.jwks_uri(..)`"
    )]
    IssuerHasQuery {
        /// The configured issuer.
        issuer: String,
    },
    /// A setting is out of range.
    #[error("`.{setting}(..)` is out of range: {expected}")]
    OutOfRange {
        /// The method that was called.
        setting: &'static str,
        /// What it takes.
        expected: &'static str,
    },
    /// No introspection endpoint is known: [`jwks_uri`](crate::Oidc::jwks_uri) was called, so that no metadata are read.
    #[error(
        "no introspection endpoint: after `.jwks_uri(..)` no metadata are read that could name it. Call `.endpoint(..)` of \
         the `Introspection`"
    )]
    NoIntrospectionEndpoint,
    /// The client that introspects has no id.
    #[error(
        "the client id of the `Introspection` is empty: give the one that this service has at the issuer"
    )]
    NoClientId,
    /// There is no client: feature `client` is off, and [`fetch`](crate::Oidc::fetch) was not called.
    #[error("no HTTP client: switch the feature `client` of auth-oidc on, or call `.fetch(..)`")]
    NoClient,
    /// Settings of the client of feature `client`, together with [`fetch`](crate::Oidc::fetch), which names another client.
    #[cfg(feature = "client")]
    #[error(
        "`.root_certificate_pem(..)` and `.proxy(..)` are for the client of auth-oidc, and `.fetch(..)` names another \
         one: say it to that client, or leave `.fetch(..)` out"
    )]
    SettingsOfOtherClient,
    /// The client cannot be made.
    #[cfg(feature = "client")]
    #[error("{0}")]
    Client(#[from] crate::client::HttpClientError),
    /// Metadata or keys could not be had.
    #[error("{0}")]
    Source(std::sync::Arc<SourceError>),
    /// There were no keys in time, and [`require_keys_at_start`](crate::Oidc::require_keys_at_start) was called.
    #[error("no keys within {seconds} s")]
    NoKeysInTime {
        /// The time that there was, in seconds.
        seconds: f64,
    },
}
