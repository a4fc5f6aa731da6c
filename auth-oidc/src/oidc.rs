//! What is said of a provider before its verifier is made.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use auth_core::jwt::{JwtVerifierBuilder, Provider};
use auth_core::{Clock, JwtVerifier};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::address::AddressRules;
use crate::configured_client::ConfiguredClient;
use crate::counters::Counters;
use crate::driver::Driver;
use crate::error::ConnectError;
use crate::fetch::Fetch;
use crate::introspection::Introspection;
use crate::keys::{Keys, MAX_WAITING};
use crate::metadata::Needs;
use crate::place::{ConfiguredPlace, Place};
use crate::source::{Known, Source};
use crate::status::{Gate, Status};
use crate::timer::{Timer, TokioTimer};
use crate::verifier::OidcVerifier;

/// The time that one request to the provider has, unless it is said otherwise.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// For how long the start waits for keys.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// For how long keys are used that cannot be refreshed, unless it is said otherwise.
const MAX_STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest that it can be said to be.
const LONGEST_STALE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A provider of tokens: OpenID Connect, or OAuth 2.0 with metadata (RFC 8414).
///
/// ```no_run
/// # async fn run() -> Result<(), auth_oidc::ConnectError> {
/// use auth_oidc::Oidc;
///
/// let verifier = Oidc::issuer("https://id.example/realms/shop").audience("orders-api").connect().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is fetched before `connect`"]
pub struct Oidc {
    issuer: String,
    place: ConfiguredPlace,
    rules: AddressRules,
    verifier: JwtVerifierBuilder,
    client: ConfiguredClient,
    timer: Arc<dyn Timer>,
    attempt_timeout: Duration,
    max_stale: Duration,
    require_keys_at_start: bool,
    introspection: Option<Introspection>,
}

impl Oidc {
    /// Begins with the issuer, byte for byte as `iss` in its tokens and `issuer` in its metadata have it.
    pub fn issuer(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        let verifier = JwtVerifier::builder().issuer(&*issuer);
        Self::new(issuer, ConfiguredPlace::BehindIssuer, verifier)
    }

    /// Begins with a preset, which knows where the provider has what, and how its tokens look.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), auth_oidc::ConnectError> {
    /// use auth_core::jwt::Provider;
    /// use auth_oidc::Oidc;
    ///
    /// let keycloak = Provider::keycloak("https://id.example/realms/shop");
    /// let verifier = Oidc::provider(&keycloak).audience("orders-api").connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn provider(provider: &Provider) -> Self {
        let place = match provider.metadata_uri() {
            Some(address) => ConfiguredPlace::Metadata(address.to_owned()),
            None => ConfiguredPlace::Keys(provider.jwks_uri().to_owned()),
        };
        Self::new(provider.issuer().to_owned(), place, provider.verifier())
    }

    fn new(issuer: String, place: ConfiguredPlace, verifier: JwtVerifierBuilder) -> Self {
        Self {
            issuer,
            place,
            rules: AddressRules::default(),
            verifier,
            client: ConfiguredClient::default(),
            timer: Arc::new(TokioTimer::new()),
            attempt_timeout: ATTEMPT_TIMEOUT,
            max_stale: MAX_STALE,
            require_keys_at_start: false,
            introspection: None,
        }
    }

    /// The issuer, as it was given.
    pub(crate) fn issuer_name(&self) -> &str {
        &self.issuer
    }

    /// Accepts tokens for this audience, as [`JwtVerifierBuilder::audience`].
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.verifier(|verifier| verifier.audience(audience))
    }

    /// Sets what else a [`JwtVerifierBuilder`] can: roles, claims that are demanded, bounds, options. Give it no keys.
    ///
    /// ```
    /// # use auth_oidc::Oidc;
    /// use auth_core::ClaimPath;
    ///
    /// let provider = Oidc::issuer("https://id.example")
    ///     .audience("orders-api")
    ///     .verifier(|verifier| verifier.roles(ClaimPath::groups()).require_claim("token_use", "access"));
    /// ```
    pub fn verifier(mut self, set: impl FnOnce(JwtVerifierBuilder) -> JwtVerifierBuilder) -> Self {
        self.verifier = set(self.verifier);
        self
    }

    /// Asks the issuer about tokens that are no JWTs ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)), beside verifying
    /// those that are. Audience, roles and the other options count for both. See [`Introspection`].
    pub fn introspection(self, introspection: Introspection) -> Self {
        Self { introspection: Some(introspection), ..self }
    }

    /// Reads the metadata at this address, and nowhere else: for a provider that has an internal address beside the public
    /// one. They have to name the issuer all the same.
    pub fn metadata_url(self, address: impl Into<String>) -> Self {
        Self { place: ConfiguredPlace::Metadata(address.into()), ..self }
    }

    /// Reads the keys at this address, and no metadata.
    pub fn jwks_uri(self, address: impl Into<String>) -> Self {
        Self { place: ConfiguredPlace::Keys(address.into()), ..self }
    }

    /// Fetches over plain http from other machines than this one too. **Whoever is on the way can put keys of his own in the
    /// place of the provider's, and sign any token.**
    pub fn dangerously_allow_http(mut self) -> Self {
        self.rules.allow_http = true;
        self
    }

    /// Lets the metadata of a provider in the internet name an address in a private network for its keys. If the provider
    /// is in a private network itself, they may without this.
    pub fn allow_private_networks(mut self) -> Self {
        self.rules.allow_private_networks = true;
        self
    }

    /// Fetches by this client instead of the one of feature `client`.
    pub fn fetch(self, fetch: impl Fetch) -> Self {
        Self { client: self.client.own(fetch), ..self }
    }

    /// Trusts these root certificates too, one or several in PEM: for a provider whose certificate a company's own
    /// authority has signed. See [`HttpClientBuilder`](crate::HttpClientBuilder) for all that the client can be told.
    #[cfg(feature = "client")]
    pub fn root_certificate_pem(self, pem: &str) -> Self {
        Self { client: self.client.set(|client| client.root_certificate_pem(pem)), ..self }
    }

    /// Fetches through this proxy, whatever the environment says: `http://host:3128`, or `http://user:password@host:3128`.
    #[cfg(feature = "client")]
    pub fn proxy(self, url: &str) -> Self {
        Self { client: self.client.set(|client| client.proxy(url)), ..self }
    }

    /// Judges tokens by this clock, and lets time pass by it: for tests, with `TestClock` of `auth-testing`.
    pub fn clock(self, clock: impl Clock + Timer + Clone) -> Self {
        let timer = Arc::new(clock.clone());
        Self { timer, ..self }.verifier(|verifier| verifier.clock(clock))
    }

    /// How long one request to the provider may take: 5 seconds unless said otherwise, 1 to 60 seconds.
    pub fn attempt_timeout(self, timeout: Duration) -> Self {
        Self { attempt_timeout: timeout, ..self }
    }

    /// For how long keys are used that cannot be refreshed: 24 hours unless said otherwise, up to 7 days. After that, every
    /// request is answered 503.
    ///
    /// It is the price of an outage: a key that is withdrawn during one is accepted until its end, or so long.
    pub fn max_stale(self, time: Duration) -> Self {
        Self { max_stale: time, ..self }
    }

    /// Lets [`connect`](Self::connect) fail if there are no keys within 10 seconds, instead of starting without.
    pub fn require_keys_at_start(self) -> Self {
        Self { require_keys_at_start: true, ..self }
    }

    /// Makes the verifier, and keeps its keys fresh by a task on the current Tokio runtime until the last clone of the
    /// verifier is dropped. In actix-web call it before `HttpServer::new`, not in the closure that makes each worker's
    /// application.
    ///
    /// Waits for the first keys, 10 seconds at most. If the provider is down then, the verifier starts without keys:
    /// requests are answered 503 until they come ([`health`](OidcVerifier::health), [`ready`](OidcVerifier::ready)).
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if somebody has to change something: a setting, an address, a certificate, metadata of another
    /// issuer, a key set without a usable key. Trouble that may pass is an error only after
    /// [`require_keys_at_start`](Self::require_keys_at_start).
    ///
    /// # Panics
    ///
    /// Panics outside of a Tokio runtime: see [`connect_with_driver`](Self::connect_with_driver).
    pub async fn connect(self) -> Result<OidcVerifier, ConnectError> {
        let require_keys = self.require_keys_at_start;
        let (verifier, driver) = self.connect_with_driver()?;
        let _task = tokio::spawn(driver);
        verifier.start(START_TIMEOUT, require_keys).await?;
        Ok(verifier)
    }

    /// Makes the verifier without waiting, and the future that keeps its keys fresh: run it wherever you like. It ends when
    /// the last clone of the verifier is dropped. If it is dropped before, the keys are used until they are too old
    /// ([`max_stale`](Self::max_stale)).
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), for what can be said without fetching.
    pub fn connect_with_driver(
        self,
    ) -> Result<(OidcVerifier, impl Future<Output = ()> + Send + 'static), ConnectError> {
        self.vet()?;
        let place = self.place.vet(&self.issuer, self.rules)?;
        let fetch = self.client.build()?;
        let jwt = self.verifier.keys_later().build()?;
        let (want, wanted) = mpsc::channel(1);
        let (sender, status) = watch::channel(Status::at_start(self.timer.elapsed()));
        let (gate, counters) = (Arc::new(Gate::new()), Arc::new(Counters::default()));
        let endpoint = self.introspection.as_ref().map(|asked| asked.vet(self.rules)).transpose()?;
        let needs = Needs {
            keys: self.introspection.as_ref().is_none_or(Introspection::needs_keys),
            introspection: endpoint.as_ref().is_some_and(|endpoint| endpoint.is_awaited()),
        };
        if needs.introspection && matches!(place, Place::Keys(_)) {
            return Err(ConnectError::NoIntrospectionEndpoint);
        }
        let source = Source {
            issuer: self.issuer.clone(),
            place,
            rules: self.rules,
            fetch: fetch.clone(),
            timer: self.timer.clone(),
            attempt_timeout: self.attempt_timeout,
            keys: jwt.keys(),
            counters: counters.clone(),
            needs,
            endpoint: endpoint.clone(),
            known: Known::default(),
        };
        let max_stale = self.max_stale;
        let driver = Driver { source, wanted, status: sender, gate: gate.clone(), max_stale, failures: 0 };
        let keys = Arc::new(Keys {
            jwt,
            issuer: self.issuer,
            want,
            status,
            gate,
            timer: self.timer,
            waiting: Semaphore::new(MAX_WAITING),
            max_stale,
            counters,
        });
        let introspector = self.introspection.zip(endpoint).map(|(introspection, endpoint)| {
            introspection.start(keys.clone(), endpoint, fetch, self.attempt_timeout)
        });
        Ok((OidcVerifier::new(keys, introspector), driver.run()))
    }

    fn vet(&self) -> Result<(), ConnectError> {
        let seconds = Duration::from_secs(1)..=Duration::from_secs(60);
        if !seconds.contains(&self.attempt_timeout) {
            return Err(ConnectError::OutOfRange { setting: "attempt_timeout", expected: "1 to 60 seconds" });
        }
        if self.max_stale > LONGEST_STALE {
            return Err(ConnectError::OutOfRange { setting: "max_stale", expected: "7 days at most" });
        }
        Ok(())
    }
}

/// Prints whose tokens it is about.
impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("issuer", &self.issuer)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
