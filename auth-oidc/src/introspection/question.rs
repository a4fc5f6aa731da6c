//! One question to the issuer about one token, and its answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::VerifyError;
use auth_core::jwt::is_jwt;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::LOCATION;
use http::{Response, StatusCode};
use serde::Deserialize;

use super::authentication::Authentication;
use super::endpoint::Endpoint;
use super::trouble::{Fault, Trouble};
use crate::address::Address;
use crate::counters::count;
use crate::error::SourceError;
use crate::fetch::{Fetch, FetchErrorKind, MaxBytes};
use crate::freshness::retry_after;
use crate::keys::Keys;

/// The most bytes of an answer that are read (64 KiB).
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Asks the issuer.
pub(crate) struct Asker {
    pub(crate) keys: Arc<Keys>,
    pub(crate) authentication: Authentication,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) fetch: Arc<dyn Fetch>,
    /// How long a question may take, a second attempt included.
    pub(crate) timeout: Duration,
    /// Answers have to be signed.
    pub(crate) signed: bool,
}

impl Asker {
    /// What the issuer says of the token: JSON, unread, by whom it was promised.
    pub(crate) async fn ask(&self, token: &str) -> Result<String, Trouble> {
        let address = self.endpoint.get().ok_or(Trouble::EndpointUnknown)?;
        let timer = &self.keys.timer;
        let end = timer.elapsed() + self.timeout;
        tokio::select! {
            biased;
            answer = AssertUnwindSafe(self.ask_at(&address, token)).catch_unwind() => {
                answer.unwrap_or(Err(Trouble::Panicked))
            }
            () = timer.sleep_until(end) => {
                let (address, seconds) = (address.to_string(), self.timeout.as_secs_f64());
                Err(no_answer(SourceError::TimedOut { address, seconds }))
            }
        }
    }

    async fn ask_at(&self, address: &Address, token: &str) -> Result<String, Trouble> {
        let answer = match self.send(address, token).await {
            // To ask again changes nothing at the issuer.
            Err(trouble) if may_pass(&trouble) => self.send(address, token).await?,
            answer => answer?,
        };
        let text = std::str::from_utf8(&answer).map_err(|_| {
            let (address, fault) = (address.to_string(), Fault(VerifyError::MalformedClaims.into()));
            Trouble::Unreadable { address, fault }
        })?;
        if self.signed { self.open(address, text).await } else { Ok(text.to_owned()) }
    }

    async fn send(&self, address: &Address, token: &str) -> Result<Bytes, Trouble> {
        let mut request = address.request(MaxBytes(MAX_ANSWER_BYTES));
        self.authentication.ask(&mut request, token, &self.keys.issuer, self.signed).await?;
        count(&self.keys.counters.introspections);
        let response = match self.fetch.fetch(request).await {
            Ok(response) => response,
            Err(error) if error.kind() == FetchErrorKind::TooLarge => {
                return Err(Trouble::TooLarge { address: address.to_string(), error: error.to_string() });
            }
            Err(error) => return Err(no_answer(SourceError::Fetch { address: address.to_string(), error })),
        };
        if response.status() != StatusCode::OK {
            return Err(self.refusal(address, &response, token));
        }
        // Of a client that does not look at the bound.
        if response.body().len() > MAX_ANSWER_BYTES {
            let error = format!("the answer has more than {MAX_ANSWER_BYTES} bytes");
            return Err(Trouble::TooLarge { address: address.to_string(), error });
        }
        Ok(response.into_body())
    }

    fn refusal(&self, address: &Address, response: &Response<Bytes>, token: &str) -> Trouble {
        let (address, status) = (address.to_string(), response.status());
        let is_refused = matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        if is_refused || error_code(response.body()).as_deref() == Some("invalid_client") {
            let client_id = self.authentication.client_id.clone();
            return Trouble::CredentialsRefused { address, status, client_id };
        }
        if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS && is_jwt(token) {
            return Trouble::RefusesJwts { address, status };
        }
        let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
        let error = match location.map(|location| String::from_utf8_lossy(location.as_bytes()).into_owned()) {
            Some(location) => SourceError::Redirect { address, status, location },
            None => SourceError::Status { address, status },
        };
        Trouble::NoAnswer { error, retry_after: retry_after(response.headers(), SystemTime::now()) }
    }

    /// Opens a signed answer. One by an unknown key brings about a fetch of the keys, as a JWT does.
    async fn open(&self, address: &Address, answer: &str) -> Result<String, Trouble> {
        let answer = answer.trim_ascii();
        if answer.starts_with(['{', '[']) {
            return Err(Trouble::NotSigned { address: address.to_string() });
        }
        let open = || self.keys.jwt.open_introspection_answer(answer, &self.authentication.client_id);
        let opened = match open() {
            Err(failure)
                if matches!(failure.error(), VerifyError::UnknownKey | VerifyError::Unavailable { .. }) =>
            {
                self.keys.next_attempt().await;
                open()
            }
            opened => opened,
        };
        opened
            .map_err(|failure| Trouble::BadSignature { address: address.to_string(), fault: Fault(failure) })
    }
}

fn no_answer(error: SourceError) -> Trouble {
    Trouble::NoAnswer { error, retry_after: None }
}

/// Whether a second attempt is made.
fn may_pass(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::NoAnswer { error: SourceError::Fetch { error, .. }, .. } => {
            error.kind() == FetchErrorKind::Unreachable
        }
        Trouble::NoAnswer { error: SourceError::Status { status, .. }, .. } => matches!(
            *status,
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT
        ),
        _ => false,
    }
}

/// What an error answer calls itself (RFC 6749 section 5.2).
fn error_code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
    }
    serde_json::from_slice(body).ok().map(|Refusal { error }| error)
}
