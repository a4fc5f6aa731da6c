//! What guards and extractors have found in one request.

use std::sync::Arc;

use super::setup::Setup;
use super::shared::Handle;
use crate::http::bearer;
use crate::http::head::{AUTHORIZATION, RequestHead};
use crate::http::sources::find::Found;
use crate::policy::policy::Policy;
use crate::token::verified::VerifiedToken;

/// What was found in one request, the latest first. The request keeps it for guards and extractors further inside.
///
/// Only this crate makes one, and only from a verdict, so that to find one is to know that it is true.
#[derive(Clone)]
pub(crate) struct Findings(Finding);

/// What one guard or extractor has found.
#[derive(Clone)]
pub(crate) struct Finding {
    pub(crate) finder: Finder,
    /// Of the authenticator that judged.
    pub(crate) setup: Handle<Setup>,
    /// `None` if the request was let through without credentials.
    pub(crate) accepted: Option<Accepted>,
    /// What the token was found to be enough for, if a guard has demanded something.
    pub(crate) policy: Option<Arc<Policy>>,
    /// Of the next guard or extractor outwards.
    earlier: Option<Arc<Findings>>,
}

/// Who has found something.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Finder {
    Guard,
    Extractor,
}

/// A token that was accepted, and the text that the request carried it as.
#[derive(Clone)]
pub(crate) struct Accepted {
    pub(crate) token: VerifiedToken,
    /// The place of its source among those of the authenticator that asks.
    pub(crate) source: usize,
    /// `None` if the token itself knows the text, as for nearly all.
    other_text: Option<Arc<str>>,
}

impl Finding {
    /// What was accepted, if the request still carries that very token where this setup looks for it.
    pub(crate) fn accepted_in(&self, setup: &Setup, request: &impl RequestHead) -> Option<Accepted> {
        let accepted = self.accepted.as_ref()?;
        let text = accepted.text()?;
        let source = match setup.assumed_token() {
            Some(assumed) => (assumed == text).then_some(0),
            None if setup.sources.is_bearer_alone() => {
                bearer::hold_token(request.header_values(AUTHORIZATION), text).then_some(0)
            }
            // All that is asked of a request the first time: another setup may have other sources and origins, and a layer
            // in between may have changed any field of the request.
            None => match setup.sources.find(request) {
                Found::Token(given) if given.text == text => Some(given.source),
                _ => None,
            },
        };
        source.map(|source| Accepted { source, ..accepted.clone() })
    }
}

impl Accepted {
    pub(crate) fn new(token: VerifiedToken, text: &str, source: usize) -> Self {
        let known = token.text().is_some_and(|known| **known == *text);
        Self { token, source, other_text: (!known).then(|| text.into()) }
    }

    /// The token as the request carried it.
    pub(crate) fn text(&self) -> Option<&str> {
        self.other_text.as_deref().or_else(|| self.token.text().map(AsRef::as_ref))
    }
}

impl Findings {
    pub(crate) fn new(
        finder: Finder,
        setup: Handle<Setup>,
        accepted: Option<Accepted>,
        policy: Option<Arc<Policy>>,
        earlier: Option<Arc<Self>>,
    ) -> Self {
        Self(Finding { finder, setup, accepted, policy, earlier })
    }

    /// What the innermost guard has found.
    pub(crate) fn of_guard(&self) -> Option<&Finding> {
        self.outwards().find(|finding| finding.finder == Finder::Guard)
    }

    /// What was accepted by the same verifier, if the request still carries that very token.
    pub(crate) fn accepted_for(&self, setup: &Setup, request: &impl RequestHead) -> Option<Accepted> {
        let of_verifier = self.outwards().filter(|finding| finding.setup.verifies_like(setup));
        of_verifier.into_iter().find_map(|finding| finding.accepted_in(setup, request))
    }

    /// What the guards around have demanded of which token, the outermost first.
    pub(crate) fn demands(&self) -> Vec<(&Policy, &VerifiedToken)> {
        let mut demands: Vec<_> = self
            .outwards()
            .filter_map(|finding| Some((finding.policy.as_deref()?, &finding.accepted.as_ref()?.token)))
            .collect();
        demands.reverse();
        demands
    }

    fn outwards(&self) -> impl Iterator<Item = &Finding> {
        std::iter::successors(Some(&self.0), |finding| finding.earlier.as_ref().map(|earlier| &earlier.0))
    }
}
