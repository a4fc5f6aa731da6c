//! Why the issuer's word on a token could not be had.

use std::fmt;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use auth_core::{VerifyError, VerifyFailure};
use http::StatusCode;

use super::authentication::CannotAsk;
use crate::error::SourceError;

/// From one line in the log to the next of the same kind.
const LOG_PAUSE: Duration = Duration::from_secs(60);

/// Why the issuer's word on a token could not be had. Says nothing about the token. Never holds it, nor a secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("{error}")]
    NoAnswer { error: SourceError, retry_after: Option<Duration> },
    #[error("{address}: {error}")]
    TooLarge { address: String, error: String },
    #[error(
        "{address} answered {status}: it refuses the credentials of the client {client_id:?}. Compare the client's id, its \
         secret or key, and its authentication method with what the issuer has; is it allowed to introspect?"
    )]
    CredentialsRefused { address: String, status: StatusCode, client_id: String },
    #[error(
        "{address} answered {status} about a JWT: it does not introspect JWTs. Leave `.introspect_everything()` out"
    )]
    RefusesJwts { address: String, status: StatusCode },
    #[error("{address} answered with what RFC 7662 section 2.2 does not allow: {fault}")]
    Unreadable { address: String, fault: Fault },
    #[error(
        "{address} answered without a signature, and `.signed()` demands one (RFC 9701): register this client for signed \
         answers (`introspection_signed_response_alg`), or leave `.signed()` out"
    )]
    NotSigned { address: String },
    #[error("{address}: the signed answer (RFC 9701) cannot be accepted: {fault}")]
    BadSignature { address: String, fault: Fault },
    #[error("{0}")]
    CannotAsk(#[from] CannotAsk),
    #[error("the provider's metadata, which name the introspection endpoint, could not be had yet")]
    EndpointUnknown,
    #[error("the code that asks has panicked")]
    Panicked,
}

/// What is wrong with an answer.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) VerifyFailure);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.hint() {
            Some(hint) => write!(f, "{}: {hint}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Trouble {
    /// Whether what the issuer said before may stand in: it is the issuer, or the way to it, that fails.
    pub(crate) fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::NoAnswer { .. }
                | Self::TooLarge { .. }
                | Self::Unreadable { .. }
                | Self::NotSigned { .. }
                | Self::BadSignature { .. }
        )
    }

    /// The answer to the request.
    pub(crate) fn verdict(&self) -> VerifyFailure {
        let pause = match self {
            Self::NoAnswer { retry_after, .. } => retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let retry_after = Some(pause.max(Duration::from_secs(1)));
        let failure = VerifyFailure::from(VerifyError::Unavailable { retry_after });
        failure.with_hint("the issuer's word on the token cannot be had: another line says why")
    }

    /// Whether it is for somebody to change something here.
    fn is_ours(&self) -> bool {
        matches!(
            self,
            Self::CredentialsRefused { .. } | Self::RefusesJwts { .. } | Self::CannotAsk(_) | Self::Panicked
        )
    }
}

/// Writes the first trouble, and then one line a minute at most.
#[derive(Debug, Default)]
pub(crate) struct TroubleLog {
    ours: Mutex<Option<Duration>>,
    issuers: Mutex<Option<Duration>>,
}

impl TroubleLog {
    pub(crate) fn note(&self, trouble: &Trouble, issuer: &str, now: Duration) {
        let last = if trouble.is_ours() { &self.ours } else { &self.issuers };
        {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.is_some_and(|last| now < last + LOG_PAUSE) {
                return;
            }
            *last = Some(now);
        }
        if trouble.is_ours() {
            tracing::error!(issuer, error = %trouble, "tokens cannot be introspected: requests are answered 503");
        } else {
            tracing::warn!(issuer, error = %trouble, "tokens cannot be introspected: requests are answered 503");
        }
    }
}
