//! What is said of the introspection of tokens before their verifier is made.

mod assertion;
mod authentication;
mod cache;
mod endpoint;
mod introspector;
mod question;
mod trouble;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth_core::jwt::IntrospectionRules;

pub use self::assertion::SignAssertion;
use self::authentication::{Authentication, Proof};
pub(crate) use self::endpoint::Endpoint;
pub(crate) use self::introspector::Introspector;
use self::introspector::Memory;
use self::question::Asker;
use crate::address::{Address, AddressRules};
use crate::error::ConnectError;
use crate::fetch::Fetch;
use crate::keys::Keys;

/// For how long an answer counts, unless it is said otherwise.
const CACHE_FOR: Duration = Duration::from_secs(60);

/// The longest that it can be said to be.
const LONGEST_CACHE: Duration = Duration::from_secs(300);

/// The longest that an answer can stand in during an outage.
const LONGEST_STALE: Duration = Duration::from_secs(60 * 60);

/// Asks the issuer about tokens that are no JWTs
/// ([RFC 7662](https://www.rfc-editor.org/rfc/rfc7662)): give it to [`Oidc::introspection`](crate::Oidc::introspection).
///
/// ```no_run
/// # async fn run(secret: String) -> Result<(), auth_oidc::ConnectError> {
/// use auth_oidc::{Introspection, Oidc};
///
/// let verifier = Oidc::issuer("https://id.example")
///     .audience("orders-api")
///     .introspection(Introspection::client_secret_basic("orders-api", secret))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// # Which tokens
///
/// A token of three segments whose first one is a JSON object is a JWT and verified by its signature. Every other token is
/// opaque, and the issuer is asked about it. A JWT that is refused is never asked about, unless
/// [`introspect_everything`](Self::introspect_everything) sends all tokens to the issuer.
///
/// # What is checked
///
/// The rules of [`JwtVerifier::judge_introspected`](auth_core::JwtVerifier::judge_introspected), with the issuer, audience, roles, leeway
/// and options of the [`Oidc`](crate::Oidc): the answer is judged as the claims of a JWT are. `active` has to be `true`, `aud`
/// and `exp` have to be there, `iss` is compared if it is there, and tokens that are bound to a key are refused.
///
/// # How often the issuer is asked
///
/// - An accepted token counts for 60 seconds ([`cache_for`](Self::cache_for)), and never after its `exp`. **A token that is
///   revoked at the issuer is accepted until then.** 10,000 tokens are kept.
/// - A refused token is refused for 10 seconds. 10,000 of these are kept, apart from the accepted ones.
/// - Requests that bring the same token at the same time share one question.
/// - At most 64 questions are under way. A further token is answered 503 with `Retry-After: 1`.
/// - A question takes 5 seconds at most ([`attempt_timeout`](crate::Oidc::attempt_timeout)). It is sent a second time if the
///   connection fails, or after 502, 503 or 504.
///
/// # If the issuer does not answer
///
/// A token that is not known is answered 503 with `Retry-After`: after a timeout, 5xx, an answer of more than 64 KiB, or one
/// that RFC 7662 does not allow. See [`stale_if_error`](Self::stale_if_error). If the issuer refuses the credentials of this
/// service (401 or 403), requests are answered 503, and one ERROR a minute names the client.
///
/// # Not checked
///
/// Whether the issuer was right. Without [`signed`](Self::signed), TLS alone shows that it was the issuer who answered.
#[must_use = "it does nothing by itself: give it to `Oidc::introspection`"]
pub struct Introspection {
    authentication: Authentication,
    endpoint: Option<String>,
    rules: IntrospectionRules,
    cache_for: Duration,
    stale_if_error: Duration,
    signed: bool,
    everything: bool,
    prefix: Option<String>,
}

impl Introspection {
    /// Authenticates by id and secret in the field Authorization, each form-encoded before
    /// ([RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)). What most issuers take.
    pub fn client_secret_basic(client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::new(client_id.into(), Proof::Basic(secret.into()))
    }

    /// Authenticates by id and secret in the body.
    pub fn client_secret_post(client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self::new(client_id.into(), Proof::Post(secret.into()))
    }

    /// Authenticates by an assertion that is signed for each question
    /// ([RFC 7523 section 2.2](https://www.rfc-editor.org/rfc/rfc7523#section-2.2)). Its audience is the issuer.
    pub fn private_key_jwt(client_id: impl Into<String>, signer: impl SignAssertion) -> Self {
        Self::new(client_id.into(), Proof::PrivateKeyJwt(Arc::new(signer)))
    }

    /// Authenticates by a bearer token that the issuer gave this service. Its client id is for logs, and the audience of
    /// signed answers.
    pub fn bearer(client_id: impl Into<String>, token: impl Into<String>) -> Self {
        Self::new(client_id.into(), Proof::Bearer(token.into()))
    }

    /// Authenticates by the certificate of the client that fetches
    /// ([RFC 8705 section 2](https://www.rfc-editor.org/rfc/rfc8705#section-2)): give one that has it to
    /// [`Oidc::fetch`](crate::Oidc::fetch). The id is sent in the body.
    pub fn mutual_tls(client_id: impl Into<String>) -> Self {
        Self::new(client_id.into(), Proof::MutualTls)
    }

    fn new(client_id: String, proof: Proof) -> Self {
        Self {
            authentication: Authentication { client_id, proof },
            endpoint: None,
            rules: IntrospectionRules::new(),
            cache_for: CACHE_FOR,
            stale_if_error: Duration::ZERO,
            signed: false,
            everything: false,
            prefix: None,
        }
    }

    /// Asks at this address, whatever `introspection_endpoint` in the provider's metadata says.
    pub fn endpoint(self, address: impl Into<String>) -> Self {
        Self { endpoint: Some(address.into()), ..self }
    }

    /// For how long an accepted token counts without asking again: 60 seconds unless said otherwise, 0 to 300 seconds. So
    /// long it takes until a revocation at the issuer is seen.
    pub fn cache_for(self, time: Duration) -> Self {
        Self { cache_for: time, ..self }
    }

    /// While the issuer does not answer, accepts tokens about which it was asked at most so long ago: not at all unless
    /// said otherwise, up to an hour. In an outage, a revocation is seen so much later.
    pub fn stale_if_error(self, time: Duration) -> Self {
        Self { stale_if_error: time, ..self }
    }

    /// Demands signed answers ([RFC 9701](https://www.rfc-editor.org/rfc/rfc9701)): one that is not is answered 503. The keys
    /// are those of the provider's tokens. At the issuer, register this client for signed answers. Answers that are
    /// encrypted, or signed with the client's secret, are not supported.
    pub fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    /// Asks about JWTs too: for issuers whose JWTs can be revoked, at the price of a question for each token. Keys are not
    /// fetched then, unless answers are [`signed`](Self::signed).
    pub fn introspect_everything(self) -> Self {
        Self { everything: true, ..self }
    }

    /// Says what this issuer's opaque tokens begin with, such as `ory_at_`: others are refused without asking. It tells the
    /// tokens of several [`Issuers`](crate::Issuers) apart.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: Some(prefix.into()), ..self }
    }

    /// Accepts answers without `aud`, or with an empty array. An `aud` that names somebody still has to name this service.
    /// **Unless the issuer answers `active` for tokens of this service only, a token that was made for another service is
    /// accepted.**
    pub fn accept_missing_audience(self) -> Self {
        Self { rules: self.rules.accept_missing_audience(), ..self }
    }

    /// Accepts answers without `exp`: tokens that never expire, unless the issuer says that they are no longer active.
    pub fn accept_missing_expiry(self) -> Self {
        Self { rules: self.rules.accept_missing_expiry(), ..self }
    }

    /// Accepts this `token_type` beside `Bearer`, in any case, for issuers that have another name for access tokens.
    pub fn accept_token_type(self, token_type: &str) -> Self {
        Self { rules: self.rules.accept_token_type(token_type), ..self }
    }

    /// Whether the provider's keys are needed.
    pub(crate) fn needs_keys(&self) -> bool {
        self.signed || !self.everything
    }

    /// Where the issuer is asked, as far as that can be said before anything is fetched.
    pub(crate) fn vet(&self, rules: AddressRules) -> Result<Arc<Endpoint>, ConnectError> {
        let out_of_range = |setting, expected| Err(ConnectError::OutOfRange { setting, expected });
        if self.cache_for > LONGEST_CACHE {
            return out_of_range("cache_for", "300 seconds at most");
        }
        if self.stale_if_error > LONGEST_STALE {
            return out_of_range("stale_if_error", "an hour at most");
        }
        if self.authentication.client_id.is_empty() {
            return Err(ConnectError::NoClientId);
        }
        if self.prefix.as_ref().is_some_and(String::is_empty) {
            return out_of_range("prefix", "at least one character");
        }
        Ok(Arc::new(match &self.endpoint {
            Some(address) => Endpoint::configured(Address::configured(address, rules)?),
            None => Endpoint::default(),
        }))
    }

    /// Begins to introspect.
    pub(crate) fn start(
        self,
        keys: Arc<Keys>,
        endpoint: Arc<Endpoint>,
        fetch: Arc<dyn Fetch>,
        timeout: Duration,
    ) -> Arc<Introspector> {
        let Self { authentication, rules, cache_for, stale_if_error, signed, everything, prefix, .. } = self;
        Arc::new(Introspector {
            asker: Asker { keys, authentication, endpoint, fetch, timeout, signed },
            rules,
            everything,
            prefix: prefix.map(String::into_boxed_str),
            cache_for,
            stale_if_error,
            memory: Memory::default(),
        })
    }
}

/// Prints who asks and how, and no secret.
impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Introspection")
            .field("client", &self.authentication)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
