//! The way of a request, assembled.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::authenticated::Authenticated;
use super::context::RejectionContext;
use super::extract::{Extract, bearer_token, from_judged};
use super::judge::{Patience, judge};
use super::setup::Setup;
use super::shared::{Handle, Shared};
use super::subject_field::SubjectField;
use crate::http::bearer::BearerToken;
use crate::http::body::RejectionBody;
use crate::http::challenge::{InvalidRealm, Realm};
use crate::http::head::RequestHead;
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;
use crate::token::scope::Scope;
use crate::verify::revocation::view::RevocationView;
use crate::verify::verifier::TokenVerifier;

/// The way of a request from credentials to caller, assembled once at start-up. Cheap to clone.
///
/// Goes into axum's state or actix's `app_data`, where the extractors of the adapters find it.
#[derive(Clone)]
pub struct Authenticator {
    setup: Arc<Shared<Setup>>,
}

impl Authenticator {
    /// Authenticates with this verifier. Challenges name no realm.
    pub fn new(verifier: impl TokenVerifier + 'static) -> Self {
        Self::of(Setup::new(Arc::new(verifier)))
    }

    /// Names a realm in the challenges
    /// ([RFC 9110 section 11.5](https://www.rfc-editor.org/rfc/rfc9110#section-11.5)).
    ///
    /// # Errors
    ///
    /// [`InvalidRealm`] if the realm cannot be quoted: 1 to 256 printable ASCII characters without `"`
    /// and `\` can.
    pub fn with_realm(&self, realm: impl Into<String>) -> Result<Self, InvalidRealm> {
        let realm = Realm::new(realm)?;
        Ok(self.with(|setup| setup.rejections = setup.rejections.with_realm(realm)))
    }

    /// Sets the function that writes the body of every refusal, and its content type. Status, challenge and
    /// `Retry-After` stay the library's.
    ///
    /// ```
    /// use auth_core::{Authenticator, Reason, RejectionBody, RejectionContext};
    ///
    /// # fn app(authenticator: &Authenticator) -> Authenticator {
    /// authenticator.with_rejection_body(|refusal: &RejectionContext| match refusal.accept_language() {
    ///     Some(languages) if languages.starts_with("de") && refusal.reason() == Reason::Missing => {
    ///         RejectionBody::text("Bitte anmelden.")
    ///     }
    ///     _ => RejectionBody::json(&serde_json::json!({
    ///         "error": refusal.detail(),
    ///         "instance": refusal.path(),
    ///     })),
    /// })
    /// # }
    /// ```
    ///
    /// The authenticator that this is called on keeps its bodies, so that parts of an application can refuse in
    /// different words. A hook that panics leaves the library's own body.
    #[must_use]
    pub fn with_rejection_body(
        &self,
        hook: impl Fn(&RejectionContext<'_>) -> RejectionBody + Send + Sync + 'static,
    ) -> Self {
        self.with(|setup| {
            let hook = setup.observed(hook);
            setup.rejections = setup.rejections.with_hook(hook);
        })
    }

    /// Records the subject of accepted tokens (claim `sub`: whom the request comes from) in the field `subject` of the
    /// current `tracing` span, so that every log line of a request names its caller.
    ///
    /// Off by default, since a subject is personal data. The span must declare the field,
    /// `tracing::info_span!("request", subject = tracing::field::Empty)`, or nothing is recorded, and the log says so once
    /// at DEBUG.
    #[must_use]
    pub fn with_subject_in_spans(&self) -> Self {
        self.with(|setup| setup.subject_in_spans = Some(SubjectField::default()))
    }

    /// Asks these about every token that the verifier accepts, also if it comes out of a cache: a revoked token is refused
    /// with 401, and with 503 if it is not known what was revoked.
    ///
    /// What a guard has found in a request counts for an extractor only if both ask the same revocations.
    #[must_use]
    pub fn with_revocations(&self, revocations: impl RevocationView + 'static) -> Self {
        self.with(|setup| setup.revocations = Some(Arc::new(revocations)))
    }

    /// **Opens every route to everyone**: treats every request as if it carried this token, whatever it carries. For
    /// tests of an application, like `dependency_overrides` in FastAPI.
    ///
    /// The token must be good; guards and policies judge it as ever, and users are loaded. `auth-testing` does this in
    /// one line, and enables the feature `testing`, without which this method does not exist.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn dangerously_assume_token(&self, token: impl Into<Arc<str>>) -> Self {
        self.with(|setup| setup.assumed_token = Some(token.into()))
    }

    /// Calls this function for each refusal, before the body is written, so that a failing test can say why. Bodies that
    /// were set before are the library's own again; set them afterwards.
    ///
    /// It is told what [`with_rejection_body`](Self::with_rejection_body) is told, and can change nothing. `auth-testing`
    /// uses it, and enables the feature `testing`, without which this method does not exist.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_refusal_observer(
        &self,
        observer: impl Fn(&RejectionContext<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.with(|setup| setup.observer = Some(Arc::new(observer)))
            .with_rejection_body(|_| RejectionBody::problem())
    }

    fn with(&self, change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup::clone(self.setup());
        change(&mut setup);
        Self::of(setup)
    }

    fn of(setup: Setup) -> Self {
        Self { setup: Arc::new(Shared::new(setup)) }
    }

    /// Demands a good token, and its claims as `C`.
    ///
    /// A token that a guard or an extractor has accepted in this request, with the same verifier, is not verified again:
    /// what they found counts as long as the request is kept, even if the token expires or keys are replaced meanwhile.
    /// For a connection that outlives its request, such as a WebSocket, build a request of its own and authenticate that.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn authenticate<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Result<Authenticated<C>, Rejection> {
        self.extract(request).await
    }

    /// Like [`authenticate`](Self::authenticate), but a request without credentials is an anonymous caller: `None`.
    /// Bad credentials are refused.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn authenticate_optional<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Result<Option<Authenticated<C>>, Rejection> {
        self.extract(request).await
    }

    /// The token of the request, **not verified**: anyone may have made it up.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send, if there is no token, or none that could be good.
    pub fn bearer_token(&self, request: &impl RequestHead) -> Result<BearerToken, Rejection> {
        bearer_token(self.setup(), request)
    }

    /// How requests are refused for this reason: an example, for documents such as OpenAPI's. `scopes` are those that
    /// would have sufficed, if the reason is [`Reason::Insufficient`].
    #[must_use]
    pub fn example_rejection(&self, reason: Reason, scopes: &[Scope]) -> Rejection {
        let rejections = &self.setup().rejections;
        match reason {
            Reason::Insufficient => rejections.reject_insufficient(&scopes.iter().collect::<Vec<_>>(), None),
            _ => rejections.reject(reason, None),
        }
    }

    async fn extract<T: Extract>(&self, request: &impl RequestHead) -> Result<T, Rejection> {
        let setup = self.setup();
        from_judged(judge(setup, request, None, Patience::Waits).await?, setup, request)
    }

    /// What it is set up with, to be shared by what is found on this thread.
    pub(crate) fn setup(&self) -> &Handle<Setup> {
        self.setup.of_this_thread()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("rejections", &self.setup().rejections).finish_non_exhaustive()
    }
}
