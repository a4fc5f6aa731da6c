//! The way of a request.

use std::sync::Arc;

use tracing::Level;

use super::caller::Caller;
use super::findings::{Accepted, Findings};
use super::setup::Setup;
use super::shared::Handle;
use crate::http::bearer::{Credentials, has_access_token_parameter};
use crate::http::head::{AUTHORIZATION, RequestHead};
use crate::http::rejection::Rejection;
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
    /// No bearer credentials were given.
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
    let known = earlier.as_ref().and_then(|earlier| earlier.accepted_for(setup, request)).cloned();
    let (accepted, origin) = match known {
        Some(accepted) => (accepted, Origin::EarlierFinding),
        None => {
            // 1. Credentials.
            let Some(text) = credentials(setup, request)? else {
                return Ok(Judged::Anonymous(earlier.map(Arc::new)));
            };
            // 2. Verdict.
            let verdict = match setup.verify_now(text) {
                Some(verdict) => verdict,
                None if patience == Patience::WaitsNever => return Ok(Judged::WouldWait),
                None => setup.verify(text).await,
            };
            (Accepted::new(accept(setup, verdict, request)?, text), Origin::Verifier)
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

/// The token that the request carries, not verified; `None` if there are no bearer credentials.
pub(crate) fn credentials<'r>(
    setup: &'r Setup,
    request: &'r impl RequestHead,
) -> Result<Option<&'r str>, Rejection> {
    if let Some(token) = setup.assumed_token() {
        return Ok(Some(token));
    }
    let rejections = &setup.rejections;
    let token = match Credentials::from_fields(request.header_values(AUTHORIZATION)) {
        Credentials::Token(token) => token,
        Credentials::Missing => return Ok(None),
        Credentials::Malformed => return Err(rejections.reject_malformed(request)),
        Credentials::TooLong => {
            let facts = rejections.facts(request);
            let failure = VerifyFailure::too_long(MAX_CREDENTIALS_BYTES);
            return Err(rejections.reject_token(&failure, facts.as_deref()));
        }
    };
    // RFC 6750 section 2: a client must not use more than one method to transmit the token.
    if has_access_token_parameter(request.target()) {
        return Err(rejections.reject_malformed(request));
    }
    Ok(Some(token))
}

fn accept(
    setup: &Setup,
    verdict: Result<VerifiedToken, VerifyFailure>,
    request: &impl RequestHead,
) -> Result<VerifiedToken, Rejection> {
    let token = verdict.map_err(|failure| {
        let facts = setup.rejections.facts(request);
        setup.rejections.reject_token(&failure, facts.as_deref())
    })?;
    if tracing::enabled!(Level::DEBUG) {
        tracing::debug!(key_id = token.key_id(), issuer = token.verifier(), "token accepted");
    }
    if let (Some(field), Some(subject)) = (&setup.subject_in_spans, token.subject_opt()) {
        field.record(subject);
    }
    Ok(token)
}
