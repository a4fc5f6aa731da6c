//! The way of a request.

use std::sync::Arc;

use tracing::Level;

use super::caller::Caller;
use super::findings::{Accepted, Findings};
use super::setup::Setup;
use super::shared::Handle;
use crate::http::head::RequestHead;
use crate::http::rejection::Rejection;
use crate::http::sources::find::{Found, Given};
use crate::policy::policy::Policy;
use crate::token::bounds::MAX_CREDENTIALS_BYTES;
use crate::token::verified::VerifiedToken;
use crate::verify::failure::VerifyFailure;

/// Whether to wait for a verifier that has no verdict at once.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Patience {
    Waits,
    WaitsNever,
}

/// Where a verdict comes from.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Origin {
    Verifier,
    /// A guard or extractor further outside had it from the verifier.
    EarlierFinding,
}

/// Where the way of a request ends, if not in a rejection.
pub(crate) enum Judged {
    /// The bearer of a good token.
    Caller { caller: Caller, origin: Origin },
    /// No credentials were given.
    Anonymous(Option<Arc<Findings>>),
    /// The verifier would have to be waited for.
    WouldWait,
}

/// The way of a request: credentials, verdict, policy, caller.
///
/// With [`Patience::WaitsNever`] the future is ready when it is first polled.
pub(crate) async fn judge(
    setup: &Handle<Setup>,
    request: &impl RequestHead,
    policy: Option<&Policy>,
    patience: Patience,
) -> Result<Judged, Rejection> {
    let earlier = request.extension::<Findings>();
    let known = earlier.as_ref().and_then(|earlier| earlier.accepted_for(setup, request));
    let (accepted, origin) = match known {
        Some(accepted) => (accepted, Origin::EarlierFinding),
        None => {
            // 1. Credentials.
            let Some(Given { text, source }) = credentials(setup, request)? else {
                return Ok(Judged::Anonymous(earlier.map(Arc::new)));
            };
            // 2. Verdict.
            let verdict = match setup.verify_now(&text) {
                Some(verdict) => verdict,
                None if patience == Patience::WaitsNever => return Ok(Judged::WouldWait),
                None => setup.verify(&text).await,
            };
            let token = accept(setup, verdict, source, request)?;
            (Accepted::new(token, &text, source), Origin::Verifier)
        }
    };
    let facts = setup.rejections.facts(request);
    let earlier = earlier.map(Arc::new);
    let caller = Caller { accepted, setup: setup.clone(), facts, earlier };
    // 3. Policy.
    if let Some(policy) = policy {
        caller.require(policy)?;
    }
    // 4. The caller, who is let in.
    Ok(Judged::Caller { caller, origin })
}

/// The token that the request carries, not verified; `None` if there are no credentials.
pub(crate) fn credentials<'r>(
    setup: &'r Setup,
    request: &'r impl RequestHead,
) -> Result<Option<Given<'r>>, Rejection> {
    if let Some(token) = setup.assumed_token() {
        return Ok(Some(Given { text: token.into(), source: 0 }));
    }
    let Setup { rejections, sources, .. } = setup;
    match sources.find(request) {
        Found::Token(given) => Ok(Some(given)),
        Found::Missing => Ok(None),
        Found::Malformed => Err(rejections.reject_malformed(sources, request)),
        Found::CrossSite(cross_site) => Err(rejections.reject_cross_site(cross_site, request)),
        Found::TooLong { source } => {
            let failure = VerifyFailure::too_long(MAX_CREDENTIALS_BYTES);
            Err(reject_token(setup, &failure, source, request))
        }
    }
}

fn accept(
    setup: &Setup,
    verdict: Result<VerifiedToken, VerifyFailure>,
    source: usize,
    request: &impl RequestHead,
) -> Result<VerifiedToken, Rejection> {
    let token = verdict.map_err(|failure| reject_token(setup, &failure, source, request))?;
    if tracing::enabled!(Level::DEBUG) {
        let sources = &setup.sources;
        let source = (!sources.is_bearer_alone()).then(|| tracing::field::display(sources.at(source)));
        tracing::debug!(key_id = token.key_id(), issuer = token.verifier(), source, "token accepted");
    }
    if let (Some(field), Some(subject)) = (&setup.subject_in_spans, token.subject_opt()) {
        field.record(subject);
    }
    Ok(token)
}

fn reject_token(
    setup: &Setup,
    failure: &VerifyFailure,
    source: usize,
    request: &impl RequestHead,
) -> Rejection {
    let scheme = setup.sources.at(source).scheme();
    setup.rejections.reject_token(failure, scheme, setup.rejections.facts(request).as_deref())
}
