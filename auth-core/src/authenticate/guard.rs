//! A guard around routes.

use std::sync::Arc;

use futures_util::FutureExt as _;
use http::HeaderValue;

use super::authenticator::Authenticator;
use super::findings::{Finder, Findings};
use super::judge::{Judged, Patience, judge};
use super::setup::Setup;
use super::shared::Handle;
use crate::http::head::RequestHead;
use crate::http::rejection::Rejection;
use crate::policy::policy::{Policy, foreseen_scopes};

/// A guard around routes, of which the adapters make layers and middlewares. Cheap to clone.
///
/// Verifies and asks the policy before anything inside runs. What keeps it closed:
///
/// 1. A guard always verifies. It does not rely on another layer to have done so, so that no order of layers
///    opens a hole.
/// 2. What a guard finds counts for the extractors and guards inside that use the same verifier, as long as the
///    request carries the same token. All others verify for themselves. Only a guard or an extractor can keep such a
///    finding in a request.
/// 3. Anonymous callers are let in only if the guard says so and demands nothing of tokens.
/// 4. A guard looks only at the head of a request: a refused request is refused before its body is read.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Demands>);

/// What a guard demands.
#[derive(Clone, Debug)]
struct Demands {
    authenticator: Authenticator,
    policy: Option<Arc<Policy>>,
    /// Of a request without credentials, if the policy makes it another one than without a policy.
    missing_challenge: Option<HeaderValue>,
    anonymous: Anonymous,
    cors_preflight: CorsPreflight,
}

/// What to do with requests without credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Anonymous {
    Refuse,
    LetIn,
}

/// What to do with CORS preflight requests, which carry no credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum CorsPreflight {
    Refuse,
    LetIn,
}

impl Guard {
    /// Demands a good token.
    #[must_use]
    pub fn new(authenticator: Authenticator) -> Self {
        Self(Arc::new(Demands {
            authenticator,
            policy: None,
            missing_challenge: None,
            anonymous: Anonymous::Refuse,
            cors_preflight: CorsPreflight::Refuse,
        }))
    }

    /// Demands that the token is enough for the policy. If called again, for both policies.
    ///
    /// With a [protected resource](Authenticator::with_protected_resource), a request without credentials is told the scopes
    /// that the policy demands.
    #[must_use]
    pub fn require(mut self, policy: Policy) -> Self {
        let demands = Arc::make_mut(&mut self.0);
        let policy = match demands.policy.take() {
            Some(earlier) => Policy::clone(&earlier).and(policy),
            None => policy,
        };
        let rejections = &demands.authenticator.setup().rejections;
        demands.missing_challenge = rejections.missing_scopes(&foreseen_scopes(&policy));
        demands.policy = Some(Arc::new(policy));
        self
    }

    /// Lets requests without credentials through as anonymous ones. Bad credentials are refused, and so is a cookie that a
    /// page of others has sent.
    ///
    /// A policy demands a token: together with [`require`](Self::require) this has no effect.
    #[must_use]
    pub fn optional(mut self) -> Self {
        Arc::make_mut(&mut self.0).anonymous = Anonymous::LetIn;
        self
    }

    /// Lets CORS preflight requests through, which never carry credentials
    /// ([Fetch standard](https://fetch.spec.whatwg.org/#cors-preflight-request)): `OPTIONS` with the fields
    /// `Origin` and `Access-Control-Request-Method`, and without bearer credentials.
    ///
    /// Only needed if the layer that answers them is inside the guard. Whatever is inside runs for such
    /// requests, and anyone can send them; extractors inside still refuse.
    #[must_use]
    pub fn allow_cors_preflight(mut self) -> Self {
        Arc::make_mut(&mut self.0).cors_preflight = CorsPreflight::LetIn;
        self
    }

    /// Judges a request, and keeps in it what was found for what is inside.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn check(&self, request: &mut impl RequestHead) -> Result<(), Rejection> {
        let judged = judge(self.setup(), request, self.policy(), Patience::Waits).await?;
        self.conclude(judged, request)
    }

    /// Like [`check`](Self::check), but never waits. Returns `None` if the verifier has to; await `check` then.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub fn check_now(&self, request: &mut impl RequestHead) -> Option<Result<(), Rejection>> {
        match judge(self.setup(), request, self.policy(), Patience::WaitsNever).now_or_never()? {
            Ok(Judged::WouldWait) => None,
            Ok(judged) => Some(self.conclude(judged, request)),
            Err(rejection) => Some(Err(rejection)),
        }
    }

    /// Lets in, or not, and keeps what was found.
    fn conclude(&self, judged: Judged, request: &mut impl RequestHead) -> Result<(), Rejection> {
        let findings = match judged {
            Judged::Caller { caller, .. } => caller.into_findings(Finder::Guard, self.0.policy.clone()),
            Judged::Anonymous(earlier) if self.lets_in_anonymous(request) => {
                Findings::new(Finder::Guard, self.setup().clone(), None, None, earlier)
            }
            Judged::Anonymous(_) => {
                let rejection = self.setup().reject_missing(request);
                return Err(rejection.with_challenge(self.0.missing_challenge.clone()));
            }
            // Not reached: a caller who does not want to wait has asked for this before.
            Judged::WouldWait => return Err(Rejection::misconfigured()),
        };
        request.insert_extension(findings);
        Ok(())
    }

    fn lets_in_anonymous(&self, request: &impl RequestHead) -> bool {
        let Demands { policy, anonymous, cors_preflight, .. } = &*self.0;
        let optional = *anonymous == Anonymous::LetIn && policy.is_none();
        optional || *cors_preflight == CorsPreflight::LetIn && is_cors_preflight(request)
    }

    fn setup(&self) -> &Handle<Setup> {
        self.0.authenticator.setup()
    }

    fn policy(&self) -> Option<&Policy> {
        self.0.policy.as_deref()
    }
}

fn is_cors_preflight(request: &impl RequestHead) -> bool {
    let has = |name| request.header_values(name).next().is_some();
    request.method() == "OPTIONS" && has("origin") && has("access-control-request-method")
}
