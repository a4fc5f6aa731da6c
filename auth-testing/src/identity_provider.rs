//! An identity provider on a port of this machine.

mod answer;
mod behavior;
mod connection;
mod documents;
mod endpoint;
mod endpoint_state;
mod key_ring;
mod opaque;
mod request;
mod server;
mod site;

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use auth_core::{Algorithm, Clock, SystemClock};
use http::{HeaderName, HeaderValue, Request};
use serde_json::{Map, Value};

use self::key_ring::KeyRing;
use self::server::Server;
use self::site::Site;
use crate::clock::TestClock;
use crate::draft::TokenDraft;
use crate::issuer::TestIssuer;

pub use self::behavior::Behavior;
pub use self::endpoint::Endpoint;

/// An OpenID Connect provider on a port of the loopback interface: metadata, a key set, and tokens. It rotates its keys
/// and fails as a test wants it.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
///
/// use auth_testing::{Behavior, Endpoint, TestIdentityProvider};
///
/// let provider = TestIdentityProvider::start();
/// let token = provider.token("alice").scope("orders:read").sign();
///
/// // Here, the code under test fetches `provider.metadata_url()` and verifies the token.
/// let fetch = || -> std::io::Result<String> {
///     let mut stream = TcpStream::connect(provider.issuer().trim_start_matches("http://"))?;
///     stream.write_all(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).map(|_| answer)
/// };
/// assert!(fetch()?.contains(&provider.kid()));
///
/// provider.rotate_at_once();
/// assert!(fetch()?.contains(&provider.kid()));
///
/// provider.behave(Endpoint::Keys, Behavior::Status(503));
/// assert!(fetch()?.starts_with("HTTP/1.1 503 "));
/// assert_eq!(provider.requests(Endpoint::Keys), 3);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// - All times are those of its [`clock`](Self::clock), which stands still until the test moves it. Hand the same clock
///   to the code under test, as a `Timer` and as a `Clock`.
/// - All methods take `&self`: share it between threads.
/// - It speaks HTTP/1.1 and keeps connections open. At most 64 are served at a time; further ones wait.
/// - If it is dropped, it closes all connections and ends all its threads before `drop` returns.
pub struct TestIdentityProvider {
    issuer: String,
    site: Arc<Site>,
    server: Server,
}

impl TestIdentityProvider {
    /// Starts with a key for ES256, and a clock that stands still at the time of the system.
    ///
    /// # Panics
    ///
    /// Panics if no port can be opened on the loopback interface.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with_clock(TestClock::at(SystemClock.now().unwrap_or_default()))
    }

    /// Starts with a key for ES256, and this clock.
    ///
    /// # Panics
    ///
    /// Panics if no port can be opened on the loopback interface.
    #[must_use]
    pub fn start_with_clock(clock: TestClock) -> Self {
        Self::start_with_algorithm(Algorithm::Es256, clock)
    }

    /// Starts with a key for this algorithm, and this clock. RSA keys take a noticeable part of a second to make.
    ///
    /// # Panics
    ///
    /// Panics if no port can be opened on the loopback interface, and for the HMAC algorithms, which have no public key.
    #[must_use]
    pub fn start_with_algorithm(algorithm: Algorithm, clock: TestClock) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("the loopback interface has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let issuer = format!("http://{address}");
        let keys = KeyRing::new(algorithm, clock.clone(), issuer.clone());
        let site = Arc::new(Site::new(clock, keys));
        Self { issuer, server: Server::start(listener, site.clone()), site }
    }

    /// Appends a path to the issuer, such as `/realms/main`, and serves all documents below it. The paths of the
    /// metadata then differ between OpenID Connect and RFC 8414.
    ///
    /// # Panics
    ///
    /// Panics if the path does not begin with `/`, or ends with it.
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        let fits = path.starts_with('/') && !path.ends_with('/');
        assert!(fits, "{path:?} is no path for an issuer: begin with / and do not end with it");
        self.issuer.push_str(path);
        self.site.change(|state| {
            state.keys.issuer.clone_from(&self.issuer);
            state.move_to(path);
        });
        self
    }

    /// Returns the issuer, `http://127.0.0.1:` and the port.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Returns where OpenID Connect Discovery has the metadata.
    #[must_use]
    pub fn metadata_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// Returns where the key set is.
    #[must_use]
    pub fn jwks_uri(&self) -> String {
        documents::jwks_uri(&self.issuer)
    }

    /// Returns where the introspection endpoint is.
    #[must_use]
    pub fn introspection_endpoint(&self) -> String {
        documents::introspection_endpoint(&self.issuer)
    }

    /// Gives out an opaque token. The introspection endpoint
    /// ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)) answers about it with these claims, added to those of a good token
    /// of nobody: `active`, `iss`, `aud` `https://api.example`, `iat`, and `exp` in 300 seconds. A claim that is `null` is
    /// left out.
    ///
    /// The endpoint answers whoever asks: let it refuse by [`Behavior::Status`] 401. About all other tokens, JWTs among
    /// them, it says that they are not active.
    ///
    /// # Panics
    ///
    /// Panics if the claims are not an object.
    pub fn opaque_token(&self, claims: impl Into<Value>) -> String {
        let Value::Object(claims) = claims.into() else { panic!("claims are a JSON object") };
        self.site.change(|state| {
            let now = state.keys.now();
            let mut all = Map::new();
            all.insert("active".to_owned(), true.into());
            all.insert("iss".to_owned(), state.keys.issuer.as_str().into());
            all.insert("aud".to_owned(), "https://api.example".into());
            all.insert("iat".to_owned(), now.into());
            all.insert("exp".to_owned(), now.saturating_add(300).into());
            all.extend(claims);
            all.retain(|_, value| !value.is_null());
            state.opaque.issue(all)
        })
    }

    /// Says from now on that this opaque token is not active.
    ///
    /// # Panics
    ///
    /// Panics if there is no such token.
    pub fn revoke(&self, token: &str) {
        assert!(self.site.change(|state| state.opaque.revoke(token)), "there is no such opaque token");
    }

    /// Signs the answers of the introspection endpoint from now on
    /// ([RFC 9701](https://www.rfc-editor.org/rfc/rfc9701)), for the client of this id.
    pub fn sign_introspection_for(&self, client_id: &str) {
        self.site.change(|state| state.opaque.signed_for = Some(client_id.to_owned()));
    }

    /// Returns its clock.
    #[must_use]
    pub fn clock(&self) -> TestClock {
        self.site.clock.clone()
    }

    /// Starts a good token for this subject, signed by the current key, as [`TestIssuer::token`] does. Its audience is
    /// `https://api.example`.
    #[must_use]
    pub fn token(&self, subject: &str) -> TokenDraft<'static> {
        TokenDraft::new(Cow::Owned(self.signer()), subject)
    }

    /// Returns an issuer with the current key, for tokens that are not good. It keeps this key after a rotation, so that
    /// it mints what a withdrawn key has signed.
    #[must_use]
    pub fn signer(&self) -> TestIssuer {
        self.site.change(|state| state.keys.signing())
    }

    /// Returns the `kid` of the key that signs.
    #[must_use]
    pub fn kid(&self) -> String {
        self.site.change(|state| state.keys.kid())
    }

    /// Signs by a new key from now on; the old ones stay published. If [`publish_next`](Self::publish_next) has
    /// published one, that is the new key. Returns its `kid`.
    pub fn rotate(&self) -> String {
        self.site.change(|state| state.keys.rotate())
    }

    /// Signs by a new key from now on, and withdraws all others at the same moment. Returns its `kid`.
    pub fn rotate_at_once(&self) -> String {
        self.site.change(|state| state.keys.rotate_at_once())
    }

    /// Publishes a new key, by which the next [`rotate`](Self::rotate) signs. Returns its `kid`.
    pub fn publish_next(&self) -> String {
        self.site.change(|state| state.keys.publish_next())
    }

    /// Withdraws a key from the set. If it is the one that signs, it still does.
    ///
    /// # Panics
    ///
    /// Panics if no published key has this `kid`.
    pub fn withdraw(&self, kid: &str) {
        self.site.change(|state| state.keys.withdraw(kid));
    }

    /// Changes how an endpoint answers.
    ///
    /// # Panics
    ///
    /// Panics if the behavior makes no sense there, such as [`Behavior::WrongIssuer`] for the keys.
    pub fn behave(&self, endpoint: Endpoint, behavior: Behavior) {
        behavior.demand_sense(endpoint);
        self.site.change(|state| state.endpoint(endpoint).behavior = behavior);
    }

    /// Serves the metadata at these paths only. At other well-known paths it answers 404.
    pub fn serve_metadata_at(&self, paths: &[&str]) {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        self.site.change(|state| state.metadata_paths = paths);
    }

    /// Sends a header field with every answer of an endpoint, such as `Cache-Control`, `Age`, `Expires` or `Retry-After`.
    /// It replaces the provider's own field of this name.
    ///
    /// A request whose `If-Modified-Since` equals the `Last-Modified` set here is answered 304, whatever the document is by
    /// then: set another date when it changes. As RFC 9110 demands, `If-None-Match` takes precedence.
    ///
    /// # Panics
    ///
    /// Panics if this is no header field.
    pub fn set_header(&self, endpoint: Endpoint, name: &str, value: &str) {
        let name = HeaderName::try_from(name).expect("this is the name of a header field");
        let value = HeaderValue::try_from(value).expect("this is the value of a header field");
        self.site.change(|state| state.endpoint(endpoint).fields.insert(name, value));
    }

    /// Sends only its own header fields again.
    pub fn clear_headers(&self, endpoint: Endpoint) {
        self.site.change(|state| state.endpoint(endpoint).fields.clear());
    }

    /// Sends no `ETag`. Answers 304 only by a validator set with [`set_header`](Self::set_header).
    pub fn without_validators(&self) {
        self.site.change(|state| state.validators = false);
    }

    /// Closes all connections, and each new one as soon as it is accepted, until [`recover`](Self::recover).
    ///
    /// The port stays bound. If it were given back, so that connections are refused, another process might take it.
    pub fn outage(&self) {
        self.server.outage();
    }

    /// Serves again, after an [`outage`](Self::outage).
    pub fn recover(&self) {
        self.server.recover();
    }

    /// Returns how many requests an endpoint has read, whatever it answered.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> usize {
        self.site.change(|state| state.endpoint(endpoint).requests)
    }

    /// Blocks until an endpoint has read at least this many requests. What is delayed then waits for the clock already,
    /// counted from what the clock showed when the request was read.
    pub fn wait_for_requests(&self, endpoint: Endpoint, count: usize) {
        self.site.wait_for_requests(endpoint, count);
    }

    /// Returns how often an endpoint answered 304.
    #[must_use]
    pub fn not_modified(&self, endpoint: Endpoint) -> usize {
        self.site.change(|state| state.endpoint(endpoint).not_modified)
    }

    /// Returns how many connections were accepted, those in an outage included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// Returns the last request that an endpoint has read, with path and headers.
    #[must_use]
    pub fn last_request(&self, endpoint: Endpoint) -> Option<Request<()>> {
        self.last_request_with_body(endpoint).map(|request| request.map(drop))
    }

    /// Returns the last request that an endpoint has read, with its body.
    #[must_use]
    pub fn last_request_with_body(&self, endpoint: Endpoint) -> Option<Request<Vec<u8>>> {
        self.site.change(|state| state.endpoint(endpoint).last_request.clone())
    }
}

impl fmt::Debug for TestIdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIdentityProvider")
            .field("issuer", &self.issuer)
            .field("clock", &self.site.clock)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
