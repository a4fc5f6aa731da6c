//! What an authenticator is set up with.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

#[cfg(feature = "testing")]
use super::context::RejectionContext;
use super::panics::catch_panic;
use super::rejections::Rejections;
use super::subject_field::SubjectField;
#[cfg(feature = "testing")]
use crate::http::body::RejectionBody;
use crate::http::challenges::Named;
use crate::http::head::RequestHead;
use crate::http::rejection::Rejection;
use crate::http::sources::find::Sources;
use crate::token::verified::VerifiedToken;
use crate::verify::failure::VerifyFailure;
use crate::verify::revocation::view::RevocationView;
use crate::verify::verifier::TokenVerifier;

/// Assembled once at start-up; shared by all requests.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) verifier: Arc<dyn TokenVerifier>,
    /// Asked about every token that the verifier accepts.
    pub(crate) revocations: Option<Arc<dyn RevocationView>>,
    pub(crate) sources: Sources,
    pub(crate) rejections: Rejections,
    pub(crate) subject_in_spans: Option<SubjectField>,
    /// The token that every request is treated as carrying.
    #[cfg(feature = "testing")]
    pub(crate) assumed_token: Option<Arc<str>>,
    /// Told of each refusal.
    #[cfg(feature = "testing")]
    pub(crate) observer: Option<Arc<Observer>>,
}

#[cfg(feature = "testing")]
pub(crate) type Observer = dyn Fn(&RejectionContext<'_>) + Send + Sync;

impl Setup {
    pub(crate) fn new(verifier: Arc<dyn TokenVerifier>) -> Self {
        let sources = Sources::bearer_alone();
        Self {
            verifier,
            revocations: None,
            rejections: Rejections::new(Named::default(), &sources),
            sources,
            subject_in_spans: None,
            #[cfg(feature = "testing")]
            assumed_token: None,
            #[cfg(feature = "testing")]
            observer: None,
        }
    }

    /// Whether what is verified for one is verified for the other.
    pub(crate) fn verifies_like(&self, other: &Self) -> bool {
        let same_revocations = match (&self.revocations, &other.revocations) {
            (None, None) => true,
            (Some(own), Some(other)) => std::ptr::addr_eq(Arc::as_ptr(own), Arc::as_ptr(other)),
            _ => false,
        };
        same_revocations && std::ptr::addr_eq(Arc::as_ptr(&self.verifier), Arc::as_ptr(&other.verifier))
    }

    /// Rejects a request without credentials, and logs it.
    pub(crate) fn reject_missing(&self, request: &impl RequestHead) -> Rejection {
        self.rejections.reject_missing(&self.sources, request)
    }

    /// The token that every request is treated as carrying, if a test says so.
    #[cfg(feature = "testing")]
    pub(crate) fn assumed_token(&self) -> Option<&str> {
        self.assumed_token.as_deref()
    }

    #[cfg(not(feature = "testing"))]
    #[allow(clippy::unused_self, reason = "only tests have one")]
    pub(crate) fn assumed_token(&self) -> Option<&str> {
        None
    }

    /// The function that writes bodies, so that it also tells the observer of a test.
    #[cfg(feature = "testing")]
    pub(crate) fn observed(
        &self,
        hook: impl Fn(&RejectionContext<'_>) -> RejectionBody + Send + Sync + 'static,
    ) -> impl Fn(&RejectionContext<'_>) -> RejectionBody + Send + Sync + 'static {
        let observer = self.observer.clone();
        move |refusal: &RejectionContext<'_>| {
            if let Some(observer) = &observer {
                observer(refusal);
            }
            hook(refusal)
        }
    }

    #[cfg(not(feature = "testing"))]
    #[allow(clippy::unused_self, reason = "only tests have an observer")]
    pub(crate) fn observed<H>(&self, hook: H) -> H {
        hook
    }

    /// The verdict of the verifier, if it takes no waiting. A verifier that panics has not accepted.
    pub(crate) fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        let verdict = catch_panic(|| self.verifier.verify_now(token));
        verdict.unwrap_or_else(|error| Some(Err(error.into()))).map(|verdict| self.unless_revoked(verdict))
    }

    /// The verdict of the verifier. A verifier that panics has not accepted.
    pub(crate) async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        let mut future = catch_panic(|| self.verifier.verify(token))?;
        let verdict = poll_fn(|context| match catch_panic(|| future.as_mut().poll(context)) {
            Ok(polled) => polled,
            Err(error) => Poll::Ready(Err(error.into())),
        });
        self.unless_revoked(verdict.await)
    }

    /// The verdict, unless the token was revoked. A view that panics has not said that it was not.
    fn unless_revoked(
        &self,
        verdict: Result<VerifiedToken, VerifyFailure>,
    ) -> Result<VerifiedToken, VerifyFailure> {
        if let (Some(revocations), Ok(token)) = (&self.revocations, &verdict) {
            catch_panic(|| revocations.check(token))??;
        }
        verdict
    }
}
