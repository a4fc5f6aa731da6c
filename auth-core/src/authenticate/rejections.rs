//! How an authenticator rejects: the challenges, whose words the body is in, and a line in the log.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use tracing::{error, warn};

use super::context::{RejectionContext, RequestFacts};
use super::refusal_kind::Kind;
use super::refusal_log::{Refusal, RefusalLog};
use crate::http::body::RejectionBody;
use crate::http::challenge::{Realm, Scheme};
use crate::http::challenges::{Challenges, Named};
use crate::http::cross_site::CrossSite;
use crate::http::diagnosis::{BrokenRule, Elsewhere};
use crate::http::head::{AUTHORIZATION, RequestHead};
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;
use crate::http::resource::protected_resource::ProtectedResource;
use crate::http::sources::fault::{Nowhere, SourceFault};
use crate::http::sources::find::Sources;
use crate::token::error::VerifyError;
use crate::token::scope::Scope;
use crate::verify::failure::VerifyFailure;

/// After how many seconds to try again, if nothing better is known.
const RETRY_AFTER_SECONDS: u64 = 5;

/// Makes rejections.
#[derive(Clone, Debug)]
pub(crate) struct Rejections {
    challenges: Challenges,
    hook: Option<BodyHook>,
    log: Arc<RefusalLog>,
}

impl Rejections {
    pub(crate) fn new(named: Named, sources: &Sources) -> Self {
        let challenges = Challenges::new(named, sources);
        Self { challenges, hook: None, log: Arc::new(RefusalLog::new()) }
    }

    pub(crate) fn with_realm(&self, realm: Realm, sources: &Sources) -> Self {
        Self { challenges: self.challenges.with_realm(realm, sources), ..self.clone() }
    }

    pub(crate) fn with_resource(&self, resource: &ProtectedResource, sources: &Sources) -> Self {
        Self { challenges: self.challenges.with_resource(resource, sources), ..self.clone() }
    }

    pub(crate) fn with_sources(&self, sources: &Sources) -> Self {
        Self { challenges: self.challenges.with_sources(sources), ..self.clone() }
    }

    pub(crate) fn with_hook(
        &self,
        hook: impl Fn(&RejectionContext<'_>) -> RejectionBody + Send + Sync + 'static,
    ) -> Self {
        Self { hook: Some(BodyHook(Arc::new(hook))), ..self.clone() }
    }

    /// What a rejection later in the request has to know of the request. Nothing without a hook that may ask.
    pub(crate) fn facts(&self, request: &impl RequestHead) -> Option<Arc<RequestFacts>> {
        self.hook.is_some().then(|| Arc::new(RequestFacts::of(request)))
    }

    /// Where it is told why requests are refused.
    pub(crate) fn log(&self) -> &RefusalLog {
        &self.log
    }

    /// Rejects a request without credentials in any of the sources, and logs it.
    pub(crate) fn reject_missing(&self, sources: &Sources, request: &impl RequestHead) -> Rejection {
        let refusal = |is_elsewhere: bool| {
            let kind = if is_elsewhere { Kind::ELSEWHERE } else { Kind::MISSING };
            Refusal::new(kind, Reason::Missing)
        };
        if sources.is_bearer_alone() {
            let elsewhere = Elsewhere::of(request.header_values(AUTHORIZATION), request.target());
            self.log.tell(&refusal(elsewhere.is_some()), || elsewhere);
        } else {
            let nowhere = Nowhere::of(sources, request);
            self.log.tell(&refusal(nowhere.is_elsewhere()), || Some(&nowhere));
        }
        self.reject(Reason::Missing, Scheme::Bearer, self.facts(request).as_deref())
    }

    /// The challenge of a request without credentials, where these scopes are demanded, if it is one of its own.
    pub(crate) fn missing_scopes(&self, scopes: &[&Scope]) -> Option<HeaderValue> {
        self.challenges.missing_scopes(scopes)
    }

    /// Rejects a request with malformed credentials, and logs it.
    pub(crate) fn reject_malformed(&self, sources: &Sources, request: &impl RequestHead) -> Rejection {
        let refusal = Refusal::new(Kind::MALFORMED, Reason::Malformed);
        if sources.is_bearer_alone() {
            self.log.tell(&refusal, || Some(BrokenRule::of(|| request.header_values(AUTHORIZATION))));
        } else {
            self.log.tell(&refusal, || Some(SourceFault::of(sources, request)));
        }
        self.reject(Reason::Malformed, Scheme::Bearer, self.facts(request).as_deref())
    }

    /// Rejects what a page of others has made a browser send, and logs it.
    pub(crate) fn reject_cross_site(&self, cross_site: CrossSite, request: &impl RequestHead) -> Rejection {
        self.log.tell(&Refusal::new(Kind::CROSS_SITE, Reason::CrossSite), || Some(cross_site));
        self.reject(Reason::CrossSite, Scheme::Bearer, self.facts(request).as_deref())
    }

    /// Rejects for what a verifier said of a token that came by this scheme, and logs it.
    pub(crate) fn reject_token(
        &self,
        failure: &VerifyFailure,
        scheme: Scheme,
        facts: Option<&RequestFacts>,
    ) -> Rejection {
        let error = failure.error();
        let reason = Reason::from(error);
        let (key_id, issuer) = (failure.key_id(), failure.verifier());
        let hint = failure.hint().map(tracing::field::display);
        match (Kind::of_token(error), reason) {
            (Some(kind), _) => {
                let refusal = Refusal { error: Some(error), key_id, issuer, ..Refusal::new(kind, reason) };
                self.log.tell(&refusal, || failure.hint());
            }
            (None, Reason::Misconfigured) => error!(?reason, %error, hint, key_id, issuer, "request refused"),
            // No verdict can be had.
            (None, _) => warn!(?reason, %error, hint, key_id, issuer, "request refused"),
        }
        let retry_after = match error {
            VerifyError::Unavailable { retry_after } => *retry_after,
            _ => None,
        };
        self.with_retry_after(reason, scheme, retry_after, facts)
    }

    /// Rejects for a reason that was logged.
    pub(crate) fn reject(&self, reason: Reason, scheme: Scheme, facts: Option<&RequestFacts>) -> Rejection {
        self.with_retry_after(reason, scheme, None, facts)
    }

    /// Rejects a good token that is not enough, which was logged. `scopes` would have sufficed; empty if no scopes
    /// would.
    pub(crate) fn reject_insufficient(
        &self,
        scopes: &[&Scope],
        scheme: Scheme,
        facts: Option<&RequestFacts>,
    ) -> Rejection {
        let challenge = self.challenges.insufficient(scopes, scheme);
        self.with_body_of_hook(Rejection::new(Reason::Insufficient, challenge, None), facts)
    }

    /// Rejects a good token whose user must log in again, which was logged. One of `acr_values`, at most `max_age` seconds
    /// ago, and `scopes` would have sufficed.
    pub(crate) fn reject_step_up(
        &self,
        scopes: &[&Scope],
        acr_values: &[&str],
        max_age: Option<u64>,
        facts: Option<&RequestFacts>,
    ) -> Rejection {
        let challenge = self.challenges.step_up(scopes, acr_values, max_age);
        let reason = Reason::InsufficientUserAuthentication;
        self.with_body_of_hook(Rejection::new(reason, Some(challenge), None), facts)
    }

    fn with_retry_after(
        &self,
        reason: Reason,
        scheme: Scheme,
        wait: Option<Duration>,
        facts: Option<&RequestFacts>,
    ) -> Rejection {
        let retry_after = (reason == Reason::Unavailable)
            .then(|| HeaderValue::from(wait.map_or(RETRY_AFTER_SECONDS, whole_seconds)));
        let rejection = Rejection::new(reason, self.challenges.of(reason, scheme), retry_after)
            .with_second_challenge(self.challenges.second(reason));
        self.with_body_of_hook(rejection, facts)
    }

    fn with_body_of_hook(&self, rejection: Rejection, facts: Option<&RequestFacts>) -> Rejection {
        match &self.hook {
            Some(hook) => {
                let body = hook.body(rejection.reason(), facts);
                rejection.with_body(body)
            }
            None => rejection,
        }
    }
}

impl From<&VerifyError> for Reason {
    fn from(error: &VerifyError) -> Self {
        match error {
            VerifyError::Unavailable { .. } => Self::Unavailable,
            VerifyError::Misconfigured(_) => Self::Misconfigured,
            _ => Self::Invalid,
        }
    }
}

/// Rounded up, since a client that comes back too early gains nothing.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// The application's function that writes the body.
#[derive(Clone)]
struct BodyHook(Arc<dyn Fn(&RejectionContext<'_>) -> RejectionBody + Send + Sync>);

impl BodyHook {
    /// The hook's body, or the library's own if the hook panics.
    fn body(&self, reason: Reason, facts: Option<&RequestFacts>) -> RejectionBody {
        let context = RejectionContext::new(reason, facts);
        catch_unwind(AssertUnwindSafe(|| (self.0)(&context))).unwrap_or_else(|_| {
            error!(?reason, "the hook that writes the body of a refusal panicked");
            RejectionBody::problem()
        })
    }
}

impl fmt::Debug for BodyHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyHook")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(rejection: &Rejection) -> String {
        let headers: Vec<_> =
            rejection.headers().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let body = String::from_utf8(rejection.body().to_vec()).unwrap();
        format!("{}\n{}\n\n{body}", rejection.status(), headers.join("\n"))
    }

    const ALL: [Reason; 8] = [
        Reason::Missing,
        Reason::Malformed,
        Reason::Invalid,
        Reason::Insufficient,
        Reason::InsufficientUserAuthentication,
        Reason::CrossSite,
        Reason::Unavailable,
        Reason::Misconfigured,
    ];

    fn rejections(realm: Option<Realm>) -> Rejections {
        Rejections::new(Named { realm, ..Named::default() }, &Sources::bearer_alone())
    }

    #[test]
    fn the_table() {
        let rejections = rejections(None);
        let table: Vec<_> =
            ALL.iter().map(|reason| printed(&rejections.reject(*reason, Scheme::Bearer, None))).collect();
        insta::assert_snapshot!(table.join("\n\n---\n"));
    }

    #[test]
    fn the_table_with_a_realm() {
        let rejections = rejections(Some(Realm::new("the api").unwrap()));
        let scopes = [&Scope::from_static("orders:read"), &Scope::from_static("orders:write")];
        let mut table: Vec<_> =
            ALL.iter().map(|reason| printed(&rejections.reject(*reason, Scheme::Bearer, None))).collect();
        table.push(printed(&rejections.reject_insufficient(&scopes, Scheme::Bearer, None)));
        insta::assert_snapshot!(table.join("\n\n---\n"));
    }

    #[test]
    fn bodies_are_json_that_agrees_with_the_rest() {
        for reason in ALL {
            let body: serde_json::Value = serde_json::from_str(reason.problem()).unwrap();
            let expected = serde_json::json!({
                "type": "about:blank",
                "title": reason.status().canonical_reason().unwrap(),
                "status": reason.status().as_u16(),
                "detail": reason.detail(),
            });
            assert_eq!(body, expected);
        }
    }

    #[test]
    fn retry_after_is_rounded_up() {
        let rejections = rejections(None);
        for (millis, field) in
            [(1500, "retry-after: 2\n"), (2000, "retry-after: 2\n"), (0, "retry-after: 0\n")]
        {
            let wait = Some(Duration::from_millis(millis));
            let rejection = rejections.reject_token(
                &VerifyError::Unavailable { retry_after: wait }.into(),
                Scheme::Bearer,
                None,
            );
            assert!(printed(&rejection).contains(field), "{}", printed(&rejection));
        }
    }

    #[test]
    fn as_an_error_it_says_what_the_client_is_told() {
        let rejections = rejections(None);
        for reason in ALL {
            assert_eq!(rejections.reject(reason, Scheme::Bearer, None).to_string(), reason.detail());
        }
    }
}
