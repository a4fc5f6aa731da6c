//! Who calls, and what it takes to reject the caller later in the request.

use std::sync::Arc;

use super::context::RequestFacts;
use super::findings::{Accepted, Finder, Findings};
use super::panics::catch_panic;
use super::refusal_kind::Kind;
use super::refusal_log::Refusal;
use super::setup::Setup;
use super::shared::Handle;
use crate::http::challenge::Scheme;
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;
use crate::http::sources::source::CredentialSource;
use crate::policy::policy::{self, Policy};
use crate::policy::sufficient::Sufficient;
use crate::token::scope::Scope;
use crate::token::verified::VerifiedToken;

/// The bearer of a good token.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) accepted: Accepted,
    /// What it was found by.
    pub(crate) setup: Handle<Setup>,
    /// `None` without a hook that may ask.
    pub(crate) facts: Option<Arc<RequestFacts>>,
    /// Of guards and extractors further outside.
    pub(crate) earlier: Option<Arc<Findings>>,
}

impl Caller {
    pub(crate) fn token(&self) -> &VerifiedToken {
        &self.accepted.token
    }

    /// Where the token was found.
    pub(crate) fn source(&self) -> &CredentialSource {
        self.setup.sources.at(self.accepted.source)
    }

    /// By which scheme the token came.
    pub(crate) fn scheme(&self) -> Scheme {
        self.source().scheme()
    }

    /// What the request is to keep of this.
    pub(crate) fn into_findings(self, finder: Finder, policy: Option<Arc<Policy>>) -> Findings {
        let Self { accepted, setup, earlier, .. } = self;
        Findings::new(finder, setup, Some(accepted), policy, earlier)
    }

    pub(crate) fn require(&self, policy: &Policy) -> Result<(), Rejection> {
        match catch_panic(|| policy.allows(self.token())) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.reject_insufficient(policy)),
            Err(_) => {
                tracing::error!(?policy, "request refused: a predicate of the policy panicked");
                Err(self.reject(Reason::Misconfigured))
            }
        }
    }

    /// Rejects a caller whose token is not enough for the policy, and logs it.
    pub(crate) fn reject_insufficient(&self, policy: &Policy) -> Rejection {
        let token = self.token();
        let mut demands = self.earlier.as_ref().map(|earlier| earlier.demands()).unwrap_or_default();
        demands.push((policy, token));
        // A predicate that panics only now tells nothing.
        let sufficient = catch_panic(|| policy::sufficient(&demands)).ok().flatten();
        // No password is a login that could be better.
        let step_up = sufficient.as_ref().filter(|sufficient| sufficient.asks_for_login());
        let step_up = step_up.filter(|_| self.scheme() == Scheme::Bearer);
        let (kind, reason) = match step_up {
            Some(_) => (Kind::INSUFFICIENT_USER_AUTHENTICATION, Reason::InsufficientUserAuthentication),
            None => (Kind::INSUFFICIENT, Reason::Insufficient),
        };
        let refusal = Refusal {
            policy: Some(policy),
            key_id: token.key_id(),
            issuer: token.verifier(),
            ..Refusal::new(kind, reason)
        };
        let roles = || policy.asks_for_roles().then(|| token.roles_unreadable()).flatten();
        let rejections = &self.setup.rejections;
        rejections.log().tell(&refusal, roles);
        match (step_up, &sufficient) {
            (Some(sufficient), _) => {
                let Sufficient { scopes, acr_values, max_age, .. } = sufficient;
                let is_granted = |scope: &&Scope| token.scopes().contains(scope.as_str());
                // RFC 9470 section 3: scopes too, if they are missing as well.
                let scopes: &[_] = if scopes.iter().all(is_granted) { &[] } else { scopes };
                let acr_values = acr_values.as_deref().unwrap_or_default();
                rejections.reject_step_up(scopes, acr_values, *max_age, self.facts.as_deref())
            }
            (None, sufficient) => {
                let by_scopes = sufficient.as_ref().filter(|sufficient| !sufficient.asks_for_login());
                let scopes = by_scopes.map(|sufficient| sufficient.scopes.as_slice()).unwrap_or_default();
                rejections.reject_insufficient(scopes, self.scheme(), self.facts.as_deref())
            }
        }
    }

    /// Rejects for a reason that was logged.
    pub(crate) fn reject(&self, reason: Reason) -> Rejection {
        self.setup.rejections.reject(reason, self.scheme(), self.facts.as_deref())
    }
}
