//! Where a provider's keys come from, and one attempt to get them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use auth_core::jwt::{JwtKeys, VerifierKeys};
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::address::{Address, AddressRules};
use crate::counters::{Counters, count};
use crate::error::SourceError;
use crate::fetch::{Fetch, FetchError, FetchErrorKind, MaxBytes};
use crate::freshness::{freshness, retry_after};
use crate::introspection::Endpoint;
use crate::metadata::{Metadata, Needs};
use crate::network::Network;
use crate::place::Place;
use crate::timer::Timer;

/// The most bytes of metadata that are read (64 KiB).
const MAX_METADATA_BYTES: usize = 64 * 1024;

/// The most bytes of a key set that are read (256 KiB), as many as a verifier takes.
const MAX_KEYS_BYTES: usize = 256 * 1024;

/// The most usable keys of a set. One that has more is refused as a whole, and the keys from before stay: to take a part of
/// it would refuse tokens that the rest has signed, by the accident of their order.
const MAX_KEYS: usize = 100;

/// For how long metadata count, once they were read.
const METADATA_FRESH: Duration = Duration::from_secs(60 * 60);

/// Gets the keys of one provider.
pub(crate) struct Source {
    pub(crate) issuer: String,
    pub(crate) place: Place,
    pub(crate) rules: AddressRules,
    pub(crate) fetch: Arc<dyn Fetch>,
    pub(crate) timer: Arc<dyn Timer>,
    /// How long one request may take.
    pub(crate) attempt_timeout: Duration,
    pub(crate) keys: VerifierKeys,
    pub(crate) counters: Arc<Counters>,
    /// What the metadata are read for.
    pub(crate) needs: Needs,
    /// Where to say which introspection endpoint the metadata name.
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    /// What was learnt from the last success.
    pub(crate) known: Known,
}

/// What one success tells for the next attempt.
#[derive(Default)]
pub(crate) struct Known {
    /// Where the keys are, if they are needed, and when the metadata said so.
    jwks_uri: Option<(Option<Address>, Duration)>,
    /// The fields by which the provider recognises the key set that we have.
    validators: HeaderMap,
}

/// What an attempt came to.
pub(crate) struct Failure {
    pub(crate) error: SourceError,
    /// The pause that the provider demands.
    pub(crate) retry_after: Option<Duration>,
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self { error, retry_after: None }
    }
}

impl Source {
    /// Gets the keys and gives them to the verifier. Says for how long they are fresh.
    pub(crate) async fn attempt(&mut self) -> Result<Duration, Failure> {
        let outcome = self.refresh().await;
        if outcome.as_ref().is_err_and(|failure| !failure.error.is_transient()) {
            // The metadata may say by now that the keys are somewhere else.
            self.known = Known::default();
        }
        outcome
    }

    async fn refresh(&mut self) -> Result<Duration, Failure> {
        let Some(address) = self.locate().await? else { return Ok(METADATA_FRESH) };
        let validators = self.known.validators.clone();
        let response = self.get(&address, MAX_KEYS_BYTES, &validators).await?;
        let fresh_for = freshness(response.headers());
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if !validators.is_empty() => {
                count(&self.counters.not_modified);
                return Ok(fresh_for);
            }
            _ => return Err(self.refusal(&address, &response)),
        }
        let validators = validators_of(response.headers());
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let changes = self.keys.changes();
        if let Err(error) = self.keys.replace(JwtKeys::new().jwks(text).max_keys(MAX_KEYS)) {
            return Err(SourceError::Keys { address: address.to_string(), error }.into());
        }
        if self.keys.changes() != changes {
            count(&self.counters.key_changes);
            tracing::info!(issuer = self.issuer, keys = ?self.keys, "the provider's keys have changed");
        }
        self.known.validators = validators;
        Ok(fresh_for)
    }

    /// Says where the keys are. The metadata are read again now and then, since they may name another address by now; while
    /// they cannot be had, the last one counts.
    async fn locate(&mut self) -> Result<Option<Address>, Failure> {
        let addresses = match &self.place {
            Place::Keys(address) => return Ok(Some(address.clone()).filter(|_| self.needs.keys)),
            // Nothing in them is of use.
            Place::Metadata(_) if !self.needs.keys && !self.needs.introspection => return Ok(None),
            Place::Metadata(addresses) => addresses,
        };
        let now = self.timer.elapsed();
        let known = self.known.jwks_uri.as_ref();
        if let Some((address, _)) = known.filter(|(_, read_at)| now.saturating_sub(*read_at) < METADATA_FRESH)
        {
            return Ok(address.clone());
        }
        match self.discover(addresses).await {
            Ok(address) => {
                if known.is_some_and(|(known, _)| *known != address) {
                    self.known.validators.clear();
                }
                self.known.jwks_uri = Some((address.clone(), now));
                Ok(address)
            }
            Err(failure) => match known.filter(|_| failure.error.is_transient()) {
                Some((address, _)) => Ok(address.clone()),
                None => Err(failure),
            },
        }
    }

    /// Looks for the metadata, and says where they have the keys. The next address is tried only if there is nothing at
    /// all at one.
    async fn discover(&self, addresses: &[Address]) -> Result<Option<Address>, Failure> {
        for address in addresses {
            let response = self.get(address, MAX_METADATA_BYTES, &HeaderMap::new()).await?;
            match response.status() {
                StatusCode::OK => {
                    let text = address.to_string();
                    let metadata = Metadata::read(&text, response.body(), &self.issuer, self.needs);
                    if let Some(metadata) = metadata {
                        let reached = response.extensions().get::<Network>().copied().unwrap_or_default();
                        return Ok(self.take(&metadata?, address, reached)?);
                    }
                }
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::GONE => {}
                _ => return Err(self.refusal(address, &response)),
            }
        }
        Err(SourceError::NoMetadata { tried: addresses.iter().map(Address::to_string).collect() }.into())
    }

    /// Takes the addresses that the metadata at this one name, once all of them may be fetched.
    fn take(
        &self,
        metadata: &Metadata,
        address: &Address,
        reached: Network,
    ) -> Result<Option<Address>, SourceError> {
        let named = |text: &Option<String>| {
            text.as_ref().map(|text| address.named(text, reached, self.rules)).transpose()
        };
        let (keys, endpoint) = (named(&metadata.jwks_uri)?, named(&metadata.introspection_endpoint)?);
        if let (Some(place), Some(endpoint)) = (&self.endpoint, endpoint) {
            place.set(endpoint);
        }
        Ok(keys)
    }

    /// Sends one request. Takes no longer than it may.
    async fn get(
        &self,
        address: &Address,
        max_bytes: usize,
        validators: &HeaderMap,
    ) -> Result<Response<Bytes>, SourceError> {
        let failed = |error| SourceError::Fetch { address: address.to_string(), error };
        let mut request = address.request(MaxBytes(max_bytes));
        request.headers_mut().extend(validators.clone());
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        count(&self.counters.requests);
        let end = self.timer.elapsed() + self.attempt_timeout;
        let response = tokio::select! {
            biased;
            response = self.fetch.fetch(request) => response.map_err(failed)?,
            () = self.timer.sleep_until(end) => {
                let seconds = self.attempt_timeout.as_secs_f64();
                return Err(SourceError::TimedOut { address: address.to_string(), seconds });
            }
        };
        // Of a client that does not look at the bound.
        if response.body().len() > max_bytes {
            let error = format!("the body has more than {max_bytes} bytes");
            return Err(failed(FetchError::new(FetchErrorKind::TooLarge, error)));
        }
        Ok(response)
    }

    /// An answer that is neither what was asked for nor 304.
    fn refusal(&self, address: &Address, response: &Response<Bytes>) -> Failure {
        let (address, status) = (address.to_string(), response.status());
        let location = response.headers().get(LOCATION).filter(|_| status.is_redirection());
        let error = match location.map(|location| String::from_utf8_lossy(location.as_bytes()).into_owned()) {
            Some(location) => SourceError::Redirect { address, status, location },
            None => SourceError::Status { address, status },
        };
        Failure { error, retry_after: retry_after(response.headers(), SystemTime::now()) }
    }
}

/// What to send along to be answered 304 while the document stays the same.
fn validators_of(headers: &HeaderMap) -> HeaderMap {
    let pairs = [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)];
    let fields = pairs
        .into_iter()
        .filter_map(|(of_answer, of_request)| Some((of_request, headers.get(of_answer)?.clone())));
    // An entity tag is enough, and more exact (RFC 9110 section 13.1.3).
    fields.take(1).collect()
}
