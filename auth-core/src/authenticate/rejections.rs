//! How an authenticator refuses: the table of reasons, in whose words, and a line in the log.

use std::sync::Arc;

use tracing::{debug, error, warn};

use crate::authenticate::authenticator::RequestHead;
use crate::http::body::{BodyWriter, Preferences};
use crate::http::challenge::Realm;
use crate::http::rejection::{Reason, Rejecter, Rejection};
use crate::token::error::VerifyError;
use crate::token::scope::Scope;
use crate::verify::verifier::Evidence;

/// Made when an authenticator is; shared by all its requests.
#[derive(Debug)]
pub(crate) struct Refuser {
    /// The same for all authenticators with the same verifier.
    identity: Arc<()>,
    rejecter: Rejecter,
    body: Option<BodyWriter>,
}

impl Refuser {
    pub(crate) fn new() -> Self {
        Self { identity: Arc::new(()), rejecter: Rejecter::new(None), body: None }
    }

    pub(crate) fn with_realm(&self, realm: Realm) -> Self {
        let rejecter = Rejecter::new(Some(realm));
        Self { identity: self.identity.clone(), rejecter, body: self.body.clone() }
    }

    pub(crate) fn with_body(&self, body: BodyWriter) -> Self {
        let (identity, rejecter) = (self.identity.clone(), self.rejecter.clone());
        Self { identity, rejecter, body: Some(body) }
    }

    /// Whether what is verified for the one is verified for the other too.
    pub(crate) fn verifies_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.identity, &other.identity)
    }

    /// Kept only where a hook may ask for them.
    pub(crate) fn preferences(&self, request: &impl RequestHead) -> Option<Arc<Preferences>> {
        self.body.is_some().then(|| Arc::new(Preferences::of(request)))
    }

    pub(crate) fn refuse(&self, reason: Reason, request: &impl RequestHead) -> Rejection {
        debug!(?reason, "request refused");
        self.reject(reason, self.preferences(request).as_deref())
    }

    pub(crate) fn refuse_token(
        &self,
        error: &VerifyError,
        evidence: Option<&Evidence>,
        request: &impl RequestHead,
    ) -> Rejection {
        self.refuse_token_later(error, evidence, self.preferences(request).as_deref())
    }

    /// As [`refuse_token`](Self::refuse_token), when the request is no longer at hand.
    pub(crate) fn refuse_token_later(
        &self,
        error: &VerifyError,
        evidence: Option<&Evidence>,
        preferences: Option<&Preferences>,
    ) -> Rejection {
        let rejection = self.rejecter.reject_token(error);
        let reason = rejection.reason();
        let key_id = evidence.and_then(|evidence| evidence.key_id.as_deref());
        let issuer = evidence.and_then(|evidence| evidence.issuer);
        match reason {
            // The token is good: rather the type is wrong, or the issuer has changed its claims.
            _ if matches!(error, VerifyError::Claims(_)) => {
                warn!(?reason, %error, key_id, issuer, "request refused");
            }
            Reason::Unavailable => warn!(?reason, %error, key_id, issuer, "request refused"),
            Reason::Misconfigured => error!(?reason, %error, key_id, issuer, "request refused"),
            _ => debug!(?reason, %error, key_id, issuer, "request refused"),
        }
        self.in_own_words(rejection, preferences)
    }

    /// Refuses for a reason that was logged.
    pub(crate) fn reject(&self, reason: Reason, preferences: Option<&Preferences>) -> Rejection {
        self.in_own_words(self.rejecter.reject(reason), preferences)
    }

    /// Refuses a good token that is not enough, for a reason that was logged.
    pub(crate) fn reject_insufficient(
        &self,
        scopes: &[&Scope],
        preferences: Option<&Preferences>,
    ) -> Rejection {
        self.in_own_words(self.rejecter.reject_insufficient(scopes), preferences)
    }

    fn in_own_words(&self, rejection: Rejection, preferences: Option<&Preferences>) -> Rejection {
        match &self.body {
            Some(body) => {
                let body = body.write(rejection.reason(), preferences);
                rejection.with_body(body)
            }
            None => rejection,
        }
    }
}
