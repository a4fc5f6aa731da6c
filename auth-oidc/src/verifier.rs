//! The verifier of a provider's tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::jwt::is_jwt;
use auth_core::{TokenVerifier, VerifiedToken, VerifyError, VerifyFailure};

use crate::counters::{Stats, count};
use crate::error::ConnectError;
use crate::introspection::Introspector;
use crate::keys::Keys;
use crate::status::{GateState, Health};

/// Verifies the tokens of one provider, whose keys are kept fresh. Made by [`Oidc::connect`](crate::Oidc::connect). Clones
/// are one verifier; when the last one is dropped, nothing is fetched any more.
///
/// # What is answered
///
/// 1. While there are no keys yet, or they could not be refreshed for 24 hours
///    ([`max_stale`](crate::Oidc::max_stale)): 503.
/// 2. A token whose key is known is judged at once, whether the provider can be reached or not.
/// 3. A token that names an unknown key brings about one fetch, 30 seconds after the last one at the earliest, since the
///    provider may have changed its keys ([OpenID Connect Core section 10.1.1]). It waits for that 5 seconds at most, and
///    1,024 requests at most wait. Within the 30 seconds it is answered at once, and the keys are fetched at their end.
/// 4. If the key is still unknown: 401 after an attempt that succeeded, 503 after one that failed.
///
/// A signature that does not verify under a known key never brings about a fetch.
///
/// With [`introspection`](crate::Oidc::introspection), tokens that are no JWTs are judged by what the issuer says of them:
/// see [`Introspection`](crate::Introspection). Whether there are keys does not matter for these.
///
/// # For how long a withdrawn key is accepted
///
/// Until the next fetch: one hour at most, by what the provider says of the freshness of its keys. In an outage 24 hours at
/// most.
///
/// [OpenID Connect Core section 10.1.1]: https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys
#[derive(Clone)]
pub struct OidcVerifier {
    keys: Arc<Keys>,
    introspector: Option<Arc<Introspector>>,
}

impl OidcVerifier {
    pub(crate) fn new(keys: Arc<Keys>, introspector: Option<Arc<Introspector>>) -> Self {
        Self { keys, introspector }
    }

    /// How it stands with the keys, for an endpoint that tells whether this service is ready.
    #[must_use]
    pub fn health(&self) -> Health {
        let health = self.keys.status.borrow().health(self.keys.timer.elapsed(), self.keys.max_stale);
        match (self.keys.gate.state(), health) {
            (GateState::Closed, Health::Ready { age } | Health::Stale { since: age }) => {
                Health::NoKeys { since: age }
            }
            (_, health) => health,
        }
    }

    /// Waits until there are keys.
    pub async fn ready(&self) {
        let mut status = self.keys.status.clone();
        while matches!(self.health(), Health::NoKeys { .. }) {
            if status.changed().await.is_err() {
                // Nobody looks after the keys any more, so that there will be none.
                std::future::pending::<()>().await;
            }
        }
    }

    /// What has happened so far, in numbers.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.keys.counters.stats()
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.keys.issuer
    }

    /// Every `iss` that its tokens may have.
    pub(crate) fn names(&self) -> Vec<String> {
        self.keys.jwt.issuers().unwrap_or_default()
    }

    /// What its opaque tokens begin with, if it introspects them: nothing in particular if empty.
    pub(crate) fn opaque_prefix(&self) -> Option<&str> {
        let introspector = self.introspector.as_ref()?;
        Some(introspector.prefix.as_deref().unwrap_or_default())
    }

    /// Who judges this token, if that is its issuer.
    fn introspector_of(&self, token: &str) -> Option<&Arc<Introspector>> {
        let introspector = self.introspector.as_ref()?;
        (introspector.everything || !is_jwt(token)).then_some(introspector)
    }

    /// Waits for the first keys: until they are there, an attempt shows that the configuration is wrong, or time is up.
    pub(crate) async fn start(&self, timeout: Duration, require_keys: bool) -> Result<(), ConnectError> {
        let mut status = self.keys.status.clone();
        let end = self.keys.timer.elapsed() + timeout;
        loop {
            let (is_loaded, failure) = {
                let status = status.borrow_and_update();
                (status.loaded_at.is_some(), status.failure.clone())
            };
            if is_loaded {
                return Ok(());
            }
            if let Some(error) = failure.filter(|error| !error.is_transient()) {
                return Err(ConnectError::Source(error));
            }
            let is_in_time = tokio::select! {
                changed = status.changed() => changed.is_ok(),
                () = self.keys.timer.sleep_until(end) => false,
            };
            if !is_in_time {
                break;
            }
        }
        let failure = status.borrow().failure.clone();
        match (require_keys, failure) {
            (false, _) => Ok(()),
            (true, Some(error)) => Err(ConnectError::Source(error)),
            (true, None) => Err(ConnectError::NoKeysInTime { seconds: timeout.as_secs_f64() }),
        }
    }
}

/// Whether another key could change the verdict.
fn lacks_key(failure: &VerifyFailure) -> bool {
    matches!(failure.error(), VerifyError::UnknownKey | VerifyError::Unavailable { .. })
}

#[async_trait]
impl TokenVerifier for OidcVerifier {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        if let Some(verdict) = self.verify_now(token) {
            return verdict;
        }
        if let Some(introspector) = self.introspector_of(token) {
            return introspector.verdict(token).await;
        }
        let keys = &*self.keys;
        if !keys.next_attempt().await {
            return Err(keys.unavailable());
        }
        match keys.jwt.verify(token).await {
            Err(failure) if lacks_key(&failure) => Err(keys.verdict_of_unknown(failure)),
            verdict => verdict,
        }
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        if let Some(introspector) = self.introspector_of(token) {
            return introspector.verdict_now(token);
        }
        let keys = &*self.keys;
        if !keys.may_judge() {
            return Some(Err(keys.unavailable()));
        }
        // Not moved out of its place: the verdict on a token that was seen before costs little more than moving it.
        let verdict = keys.jwt.verify_now(token);
        if !matches!(&verdict, Some(Err(failure)) if lacks_key(failure)) {
            return verdict;
        }
        let failure = verdict?.err()?;
        count(&keys.counters.unknown_keys);
        if !keys.cools_down() {
            return None;
        }
        keys.ask();
        Some(Err(keys.verdict_of_unknown(failure)))
    }
}

/// Prints whose tokens it is about.
impl fmt::Debug for OidcVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcVerifier").field("issuer", &self.keys.issuer).finish_non_exhaustive()
    }
}
