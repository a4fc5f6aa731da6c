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
        let refusal = Refusal {
            policy: Some(policy),
            key_id: token.key_id(),
            issuer: token.verifier(),
            ..Refusal::new(Kind::INSUFFICIENT, Reason::Insufficient)
        };
        let roles = || policy.asks_for_roles().then(|| token.roles_unreadable()).flatten();
        self.setup.rejections.log().tell(&refusal, roles);
        let mut demands = self.earlier.as_ref().map(|earlier| earlier.demands()).unwrap_or_default();
        demands.push((policy, self.token()));
        // A predicate that panics only now tells no scopes.
        let scopes = catch_panic(|| policy::sufficient_scopes(&demands)).unwrap_or_default();
        self.setup.rejections.reject_insufficient(&scopes, self.scheme(), self.facts.as_deref())
    }

    /// Rejects for a reason that was logged.
    pub(crate) fn reject(&self, reason: Reason) -> Rejection {
        self.setup.rejections.reject(reason, self.scheme(), self.facts.as_deref())
    }
}
