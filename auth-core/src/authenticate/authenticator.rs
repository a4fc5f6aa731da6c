//! The way of a request: credentials -> verifier -> policy -> verified token or rejection.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use serde::de::DeserializeOwned;
use tracing::Level;

use crate::authenticate::authenticated::{Authenticated, Caller, More};
use crate::authenticate::guard::Pass;
use crate::authenticate::rejections::Refuser;
use crate::http::bearer::{Credentials, has_access_token_parameter};
use crate::http::body::{BodyWriter, Refusal, RejectionBody};
use crate::http::challenge::{InvalidRealm, Realm};
use crate::http::rejection::{Reason, Rejection};
use crate::token::error::VerifyError;
use crate::token::scope::Scope;
use crate::token::verified::VerifiedToken;
use crate::verify::verifier::{Evidence, TokenVerifier};

pub(crate) const AUTHORIZATION: &str = "authorization";

/// A request as an adapter shows it: no more than a verdict depends on, and no framework's type.
pub trait RequestHead {
    /// The method, such as `GET`.
    fn method(&self) -> &str;

    /// The request target's path and query, such as `/orders?page=2`.
    fn target(&self) -> &str;

    /// The values of all fields of this name, given in lower case, in order and as they came.
    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]>;

    /// The pass of the innermost guard that has let the request through: what its adapter has put aside for
    /// this request, and nobody else can have.
    fn pass(&self) -> Option<Pass> {
        None
    }
}

/// The pipeline, assembled once at start-up. Cheap to clone.
///
/// Goes into axum's state or actix's `app_data`; the extractors of the adapters find it there.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    verifier: Arc<dyn TokenVerifier>,
    refuser: Arc<Refuser>,
    subject_in_spans: bool,
    /// What every request counts as having brought.
    #[cfg(feature = "testing")]
    overridden_by: Option<Arc<str>>,
}

impl Authenticator {
    /// Authenticates by this verifier, with challenges that name no realm.
    pub fn new(verifier: impl TokenVerifier + 'static) -> Self {
        let inner = Inner {
            verifier: Arc::new(verifier),
            refuser: Arc::new(Refuser::new()),
            subject_in_spans: false,
            #[cfg(feature = "testing")]
            overridden_by: None,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Has the challenges name a realm
    /// ([RFC 9110 section 11.5](https://www.rfc-editor.org/rfc/rfc9110#section-11.5)).
    ///
    /// # Errors
    ///
    /// [`InvalidRealm`] if the realm cannot be quoted: 1 to 256 printable ASCII characters without `"`
    /// and `\` can.
    pub fn with_realm(&self, realm: impl Into<String>) -> Result<Self, InvalidRealm> {
        Ok(self.but_refusing(self.inner.refuser.with_realm(Realm::new(realm)?)))
    }

    /// Has the application write the body of every refusal, and its content type. Status, challenge and
    /// `Retry-After` stay the library's.
    ///
    /// ```
    /// use auth_core::{Authenticator, Reason, Refusal, RejectionBody};
    ///
    /// # fn app(authenticator: &Authenticator) -> Authenticator {
    /// authenticator.with_rejection_body(|refusal: &Refusal| match refusal.accept_language() {
    ///     Some(languages) if languages.starts_with("de") && refusal.reason() == Reason::Missing => {
    ///         RejectionBody::text("Bitte anmelden.")
    ///     }
    ///     _ => RejectionBody::json(&serde_json::json!({ "error": refusal.detail() })),
    /// })
    /// # }
    /// ```
    ///
    /// The other bodies stay as they are where this one is not used, so that parts of an application can
    /// refuse in different words. A hook that panics leaves the library's own body. It must not hold an
    /// authenticator with the same verifier, or neither is ever freed.
    #[must_use]
    pub fn with_rejection_body(
        &self,
        hook: impl Fn(&Refusal<'_>) -> RejectionBody + Send + Sync + 'static,
    ) -> Self {
        self.but_refusing(self.inner.refuser.with_body(BodyWriter::new(hook)))
    }

    /// Puts the subject of accepted tokens (claim `sub`: whom the request comes from) into the field `subject`
    /// of the current `tracing` span, so that all that is logged for a request tells whose it is.
    ///
    /// Off unless this is called, for a subject is personal data. The span has to declare the field,
    /// `tracing::info_span!("request", subject = tracing::field::Empty)`, or nothing is recorded.
    #[must_use]
    pub fn with_subject_in_spans(&self) -> Self {
        self.but(|inner| inner.subject_in_spans = true)
    }

    /// Takes every request to have brought this token, whatever it has brought: for tests of an application, as
    /// `dependency_overrides` is in FastAPI. The token has to be good, guards and policies count as ever, and users are
    /// loaded. `auth-testing` has it in one line, and enables the feature `testing`, without which it is not there.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn overridden_by(&self, token: impl Into<Arc<str>>) -> Self {
        self.but(|inner| inner.overridden_by = Some(token.into()))
    }

    fn but_refusing(&self, refuser: Refuser) -> Self {
        self.but(|inner| inner.refuser = Arc::new(refuser))
    }

    fn but(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Inner::clone(&self.inner);
        change(&mut inner);
        Self { inner: Arc::new(inner) }
    }

    /// Demands a good token, and its claims as `C`.
    ///
    /// A token that a guard has verified with the same verifier is not verified again.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn authenticate<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Result<Authenticated<C>, Rejection> {
        match self.caller(request).await? {
            Some(caller) => Authenticated::read(caller),
            None => Err(self.inner.refuser.refuse(Reason::Missing, request)),
        }
    }

    /// As [`authenticate`](Self::authenticate), but no credentials at all are an anonymous caller:
    /// `None`. Bad credentials are refused.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn authenticate_optional<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Result<Option<Authenticated<C>>, Rejection> {
        self.caller(request).await?.map(Authenticated::read).transpose()
    }

    /// As [`authenticate_optional`](Self::authenticate_optional), if the verdict is to be had at once: then no
    /// future has to be made for it. If not, that has to be asked.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub fn authenticate_optional_now<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Option<Result<Option<Authenticated<C>>, Rejection>> {
        match self.caller_now(request) {
            Verdict::Reached(verdict) => {
                Some(verdict.and_then(|caller| caller.map(Authenticated::read).transpose()))
            }
            Verdict::ToWaitFor { .. } => None,
        }
    }

    /// As [`authenticate`](Self::authenticate), if the verdict is to be had at once: then no future has to be
    /// made for it. If not, that has to be asked.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub fn authenticate_now<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Option<Result<Authenticated<C>, Rejection>> {
        let user = self.authenticate_optional_now(request)?;
        let missing = || self.inner.refuser.refuse(Reason::Missing, request);
        Some(user.and_then(|user| user.ok_or_else(missing)))
    }

    /// How requests are refused for this reason: an example, for documents such as OpenAPI's. `scopes` are those that
    /// would have sufficed, where the reason is [`Reason::Insufficient`].
    #[must_use]
    pub fn example_rejection(&self, reason: Reason, scopes: &[Scope]) -> Rejection {
        let refuser = &self.inner.refuser;
        match reason {
            Reason::Insufficient => refuser.reject_insufficient(&scopes.iter().collect::<Vec<_>>(), None),
            _ => refuser.reject(reason, None),
        }
    }

    /// The token of the request, **not verified**: what it says may be anyone's invention.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send, if there is no token, or none that could be good.
    pub fn bearer_token(&self, request: &impl RequestHead) -> Result<BearerToken, Rejection> {
        match self.presented_token(request)? {
            Some(token) => Ok(BearerToken(token.into())),
            None => Err(self.inner.refuser.refuse(Reason::Missing, request)),
        }
    }

    /// Who calls; `None` if no bearer credentials were given.
    pub(crate) async fn caller(&self, request: &impl RequestHead) -> Result<Option<Caller>, Rejection> {
        match self.caller_now(request) {
            Verdict::Reached(verdict) => verdict,
            Verdict::ToWaitFor { token, mut evidence, pass } => {
                let verdict = self.wait_for_verdict(token, evidence.as_mut()).await;
                let mut caller = self.conclude(token, verdict, evidence, pass, request)?;
                caller.more.get_or_insert_default().waited = true;
                Ok(Some(caller))
            }
        }
    }

    /// As [`caller`](Self::caller), as far as that is to be told at once.
    pub(crate) fn caller_now<'a>(&'a self, request: &'a impl RequestHead) -> Verdict<'a> {
        let pass = request.pass();
        let found = pass.as_ref().and_then(|pass| pass.found_for(&self.inner.refuser, request));
        if let Some((token, text, evidence)) = found {
            return Verdict::Reached(Ok(Some(self.caller_with(token, &text, evidence, pass, request))));
        }
        let token = match self.presented_token(request) {
            Ok(Some(token)) => token,
            Ok(None) => return Verdict::Reached(Ok(None)),
            Err(rejection) => return Verdict::Reached(Err(rejection)),
        };
        // What a verifier found out is noted only if somebody listens.
        let mut evidence = tracing::enabled!(Level::DEBUG).then(Evidence::default);
        let verdict = caught(|| match &mut evidence {
            Some(evidence) => self.inner.verifier.verify_now_noting(token, evidence),
            None => self.inner.verifier.verify_now(token),
        });
        let verdict = match verdict {
            Ok(Some(verdict)) => verdict,
            Ok(None) => return Verdict::ToWaitFor { token, evidence, pass },
            Err(error) => Err(error),
        };
        Verdict::Reached(self.conclude(token, verdict, evidence, pass, request).map(Some))
    }

    fn conclude(
        &self,
        text: &str,
        verdict: Result<VerifiedToken, VerifyError>,
        evidence: Option<Evidence>,
        pass: Option<Pass>,
        request: &impl RequestHead,
    ) -> Result<Caller, Rejection> {
        let token = match verdict {
            Ok(token) => token,
            Err(error) => return Err(self.inner.refuser.refuse_token(&error, evidence.as_ref(), request)),
        };
        if let Some(Evidence { key_id, issuer }) = &evidence {
            tracing::debug!(key_id = key_id.as_deref(), issuer, "token accepted");
        }
        if self.inner.subject_in_spans {
            tracing::Span::current().record("subject", token.subject());
        }
        Ok(self.caller_with(token, text, evidence.map(Arc::new), pass, request))
    }

    /// What is the same as the token remembers is not kept again: for most there is nothing to keep, and nothing is
    /// written that all requests share (the count of an `Arc` that several cores write is slow).
    fn caller_with(
        &self,
        token: VerifiedToken,
        text: &str,
        evidence: Option<Arc<Evidence>>,
        pass: Option<Pass>,
        request: &impl RequestHead,
    ) -> Caller {
        let refuser = &self.inner.refuser;
        let other_refuser = !Arc::ptr_eq(token.remember_refuser(refuser), refuser);
        let other_text = **token.remember_text(text) != *text;
        let preferences = refuser.preferences(request);
        if !other_refuser && !other_text && preferences.is_none() && evidence.is_none() {
            return Caller { token, pass, more: None };
        }
        let refuser = other_refuser.then(|| refuser.clone());
        let text = other_text.then(|| text.into());
        let more = More { refuser, text, preferences, evidence, waited: false };
        Caller { token, pass, more: Some(Box::new(more)) }
    }

    /// `None` if no bearer credentials were given.
    fn presented_token<'a>(&'a self, request: &'a impl RequestHead) -> Result<Option<&'a str>, Rejection> {
        #[cfg(feature = "testing")]
        if let Some(token) = &self.inner.overridden_by {
            return Ok(Some(token));
        }
        let token = match Credentials::from_fields(request.header_values(AUTHORIZATION)) {
            Credentials::Token(token) => token,
            Credentials::Missing => return Ok(None),
            Credentials::Malformed => return Err(self.inner.refuser.refuse(Reason::Malformed, request)),
            Credentials::TooLong => {
                return Err(self.inner.refuser.refuse_token(&VerifyError::TooLong, None, request));
            }
        };
        // RFC 6750 section 2: a client must not use more than one method to transmit the token.
        if has_access_token_parameter(request.target()) {
            tracing::debug!("the query has an access_token beside the one in the Authorization field");
            return Err(self.inner.refuser.refuse(Reason::Malformed, request));
        }
        Ok(Some(token))
    }

    async fn wait_for_verdict(
        &self,
        token: &str,
        evidence: Option<&mut Evidence>,
    ) -> Result<VerifiedToken, VerifyError> {
        let verifier = &self.inner.verifier;
        let mut future = caught(|| match evidence {
            Some(evidence) => verifier.verify_noting(token, evidence),
            None => verifier.verify(token),
        })?;
        poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
            Ok(polled) => polled,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }

    pub(crate) fn refuser(&self) -> &Arc<Refuser> {
        &self.inner.refuser
    }
}

/// Who calls, or what it takes to find out.
pub(crate) enum Verdict<'a> {
    Reached(Result<Option<Caller>, Rejection>),
    ToWaitFor { token: &'a str, evidence: Option<Evidence>, pass: Option<Pass> },
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("refuser", &self.inner.refuser).finish_non_exhaustive()
    }
}

/// The token of a request, **not verified**: what it says may be anyone's invention.
#[derive(Clone, Eq, PartialEq)]
pub struct BearerToken(Box<str>);

impl BearerToken {
    /// The token itself. Keep it out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never prints the token.
impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(<redacted>)")
    }
}

/// Code of the application that panics has not accepted. (Where panics abort, they do.)
pub(crate) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, VerifyError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| VerifyError::Misconfigured("it panicked"))
}
