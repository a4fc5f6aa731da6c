//! A guard around routes: verification and policy before anything inside is run.
//!
//! What keeps it closed:
//!
//! 1. A guard always verifies. It does not rely on another layer having done so, so that the order of layers
//!    opens no hole.
//! 2. What a guard found out is handed inwards as a [`Pass`], which only a guard can make. It counts for
//!    extractors and guards with the same verifier, as long as the request still brings the same token; others
//!    verify for themselves.
//! 3. Anonymous callers are let in only where the guard says so and demands nothing of tokens.
//! 4. Only the head of the request is looked at: whoever is refused is refused before the body is read.

use std::fmt;
use std::sync::Arc;

use crate::authenticate::authenticated::{Caller, More};
use crate::authenticate::authenticator::{AUTHORIZATION, Authenticator, RequestHead, Verdict};
use crate::authenticate::rejections::Refuser;
use crate::http::bearer;
use crate::http::rejection::{Reason, Rejection};
use crate::policy::Policy;
use crate::token::verified::VerifiedToken;
use crate::verify::verifier::Evidence;

/// What the adapters' layers and middlewares are made of. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Guard(Arc<Terms>);

#[derive(Clone, Debug)]
struct Terms {
    authenticator: Authenticator,
    policy: Option<Policy>,
    optional: bool,
    cors_preflight: bool,
}

impl Guard {
    /// Demands a good token.
    #[must_use]
    pub fn new(authenticator: Authenticator) -> Self {
        Self(Arc::new(Terms { authenticator, policy: None, optional: false, cors_preflight: false }))
    }

    /// Demands that the token is enough for the policy. Called again, for both.
    #[must_use]
    pub fn require(mut self, policy: Policy) -> Self {
        let terms = Arc::make_mut(&mut self.0);
        terms.policy = Some(match terms.policy.take() {
            Some(earlier) => earlier.and(policy),
            None => policy,
        });
        self
    }

    /// Lets requests without bearer credentials through, as anonymous ones. Bad credentials are refused.
    ///
    /// A policy demands a token: beside [`require`](Self::require) this has no effect.
    #[must_use]
    pub fn optional(mut self) -> Self {
        Arc::make_mut(&mut self.0).optional = true;
        self
    }

    /// Lets CORS preflight requests through, which never bring credentials
    /// ([Fetch standard](https://fetch.spec.whatwg.org/#cors-preflight-request)): `OPTIONS` with the fields
    /// `Origin` and `Access-Control-Request-Method`, and without bearer credentials.
    ///
    /// Only needed where the layer that answers them is inside the guard. What is inside runs for such
    /// requests, and anyone can send them; extractors inside still refuse.
    #[must_use]
    pub fn allow_cors_preflight(mut self) -> Self {
        Arc::make_mut(&mut self.0).cors_preflight = true;
        self
    }

    /// Judges a request.
    ///
    /// The adapter keeps the pass for what is inside, and shows it there by [`RequestHead::pass`]. `None`: an
    /// anonymous request was let through.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn check(&self, request: &impl RequestHead) -> Result<Option<Pass>, Rejection> {
        self.judge(self.0.authenticator.caller(request).await?, request)
    }

    /// As [`check`](Self::check), if the verdict is to be had at once. If not, `check` has to be asked.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub fn check_now(&self, request: &impl RequestHead) -> Option<Result<Option<Pass>, Rejection>> {
        match self.0.authenticator.caller_now(request) {
            Verdict::Reached(verdict) => Some(verdict.and_then(|caller| self.judge(caller, request))),
            Verdict::ToWaitFor { .. } => None,
        }
    }

    fn judge(&self, caller: Option<Caller>, request: &impl RequestHead) -> Result<Option<Pass>, Rejection> {
        let Terms { authenticator, policy, optional, cors_preflight } = &*self.0;
        let Some(caller) = caller else {
            let let_in = *optional && policy.is_none();
            if let_in || *cors_preflight && is_cors_preflight(request) {
                return Ok(None);
            }
            return Err(authenticator.refuser().refuse(Reason::Missing, request));
        };
        if let Some(policy) = policy {
            caller.require(policy)?;
        }
        Ok(Some(Pass::of_caller(caller, Some(self.clone()))))
    }
}

fn is_cors_preflight(request: &impl RequestHead) -> bool {
    let has = |name| request.header_values(name).next().is_some();
    request.method() == "OPTIONS" && has("origin") && has("access-control-request-method")
}

/// What a guard found out about the caller of one request, for what is inside the guard. Cheap to clone.
///
/// Only guards make one, so that to hold it is to have been let through. For adapters; applications use the
/// extractors.
#[derive(Clone)]
pub struct Pass(Arc<Checked>);

struct Checked {
    token: VerifiedToken,
    /// Where it is another one than the token remembers.
    refuser: Option<Arc<Refuser>>,
    /// What it was verified as, where that is another text than the token remembers.
    text: Option<Arc<str>>,
    evidence: Option<Arc<Evidence>>,
    /// Whose demands were met; `None` where nothing was demanded.
    guard: Option<Guard>,
    /// Of the next guard outwards.
    outer: Option<Pass>,
}

impl Checked {
    fn refuser(&self) -> &Refuser {
        self.refuser.as_ref().unwrap_or_else(|| self.token.remembered_refuser())
    }
}

impl Pass {
    pub(crate) fn of_caller(caller: Caller, guard: Option<Guard>) -> Self {
        let Caller { token, pass: outer, more } = caller;
        let More { refuser, text, evidence, .. } = more.map(|more| *more).unwrap_or_default();
        Self(Arc::new(Checked { token, refuser, text, evidence, guard, outer }))
    }

    /// What a guard with the refuser's verifier has found of the token that the request brings, and that token.
    pub(crate) fn found_for(
        &self,
        refuser: &Refuser,
        request: &impl RequestHead,
    ) -> Option<(VerifiedToken, Arc<str>, Option<Arc<Evidence>>)> {
        self.outwards().find_map(|checked| {
            let text = checked.text.as_ref().or_else(|| checked.token.remembered_text())?;
            let same = checked.refuser().verifies_as(refuser)
                && bearer::hold_token(request.header_values(AUTHORIZATION), text);
            same.then(|| (checked.token.clone(), text.clone(), checked.evidence.clone()))
        })
    }

    /// What the guards around have demanded of which token, the outermost first.
    pub(crate) fn demands(&self) -> Vec<(&Policy, &VerifiedToken)> {
        let mut demands = Vec::new();
        for checked in self.outwards() {
            if let Some(policy) = checked.guard.as_ref().and_then(|guard| guard.0.policy.as_ref()) {
                demands.push((policy, &checked.token));
            }
        }
        demands.reverse();
        demands
    }

    fn outwards(&self) -> impl Iterator<Item = &Checked> {
        std::iter::successors(Some(&*self.0), |checked| checked.outer.as_ref().map(|pass| &*pass.0))
    }
}

/// Never prints a claim.
impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass(<redacted>)")
    }
}
