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
use crate::http::challenge::{InvalidRealm, Realm, Scheme};
use crate::http::head::RequestHead;
use crate::http::origin::{InvalidOrigin, TrustedOrigins};
use crate::http::reason::Reason;
use crate::http::rejection::Rejection;
use crate::http::resource::protected_resource::ProtectedResource;
use crate::http::sources::source::{CredentialSource, InvalidCredentialSource};
use crate::policy::policy::{Policy, foreseen};
use crate::policy::sufficient::Sufficient;
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
        Ok(self.with(|setup| setup.rejections = setup.rejections.with_realm(realm, &setup.sources)))
    }

    /// Tells clients where the metadata of this resource are ([RFC 9728 section
    /// 5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)): every `Bearer` challenge ends with
    /// `resource_metadata="..."`. A request without credentials is also told the scopes that the guard demands.
    ///
    /// The adapter serves the metadata. That the verifier expects the resource as audience is not checked: see
    /// [`ProtectedResource`]. If called again, this resource in place of the earlier one.
    #[must_use]
    pub fn with_protected_resource(&self, resource: &ProtectedResource) -> Self {
        self.with(|setup| setup.rejections = setup.rejections.with_resource(resource, &setup.sources))
    }

    /// Looks for credentials in these places, instead of bearer tokens in the Authorization field alone.
    ///
    /// ```
    /// use auth_core::{Authenticator, CredentialSource};
    ///
    /// # fn app(authenticator: &Authenticator) -> Result<Authenticator, Box<dyn std::error::Error>> {
    /// let authenticator = authenticator
    ///     .with_credential_sources([CredentialSource::Bearer, CredentialSource::cookie("__Host-access")])?;
    /// # Ok(authenticator)
    /// # }
    /// ```
    ///
    /// How they are read:
    ///
    /// 1. Exactly one of them may hold a token. Two are refused with 400, whatever they hold, the same token twice too:
    ///    which one counts is a question that two programs on the way of a request may answer differently.
    /// 2. One that holds something broken is refused with 400, even beside a good one. An Authorization field of another
    ///    scheme holds nothing.
    /// 3. What is not named here is not looked at.
    /// 4. A token that a browser may have added by itself counts for a request that may change something only if no other
    ///    site's page has started it: see [`with_trusted_origins`](Self::with_trusted_origins).
    /// 5. A token in the query is never read. Beside a token in its place, it is refused with 400.
    ///
    /// [`Authenticated::credential_source`] says which one it was. [`Reason`] has the challenges.
    ///
    /// # Errors
    ///
    /// [`InvalidCredentialSource`] if there is none, if one is named twice, or for a name that no cookie or field can have
    /// or that has a meaning of its own.
    pub fn with_credential_sources(
        &self,
        sources: impl IntoIterator<Item = CredentialSource>,
    ) -> Result<Self, InvalidCredentialSource> {
        let sources = self.setup().sources.with(sources)?;
        Ok(self.with(|setup| {
            setup.rejections = setup.rejections.with_sources(&sources);
            setup.sources = sources;
        }))
    }

    /// Names the origins whose pages may send requests with a cookie, beside the one that the request is for. If called
    /// again, these in place of the earlier ones. If all [sources](Self::with_credential_sources) are `Bearer` or
    /// `WebSocketProtocol`, it has no effect.
    ///
    /// Browsers send cookies with requests that other sites' pages have started, so a token in a cookie counts for requests
    /// that may change something only if a page of the application has sent them. Those are all methods but `GET`, `HEAD`
    /// and `OPTIONS`, and every request for a WebSocket. Then one of these must hold:
    ///
    /// 1. `Sec-Fetch-Site` is `same-origin` or `none`.
    /// 2. `Origin` is one of those named here, byte by byte.
    /// 3. There is no `Sec-Fetch-Site`, and host and port of `Origin` are those of the request: `:authority` or the Host
    ///    field.
    ///
    /// All others are refused with 403 and [`Reason::CrossSite`], before the token is looked at: requests with neither field
    /// too, which tower-http's `csrf` lets in, and several fields of one of the names. A route that lets anonymous callers in
    /// refuses them likewise: absent is anonymous, bad is refused.
    ///
    /// The same holds for [`Basic`](CredentialSource::Basic), since browsers remember passwords, and for
    /// [`Header`](CredentialSource::Header), since some gateways make it of a cookie. There a request with neither field
    /// is let in: it comes from a program. A bearer token and a subprotocol come from those who have the token.
    ///
    /// Name the public origin if a proxy changes the Host field: `X-Forwarded-Host` is never read. Name the page's origin if
    /// it is another one than the API's. **A page of such an origin can do whatever the user can.**
    ///
    /// ```
    /// # use auth_core::{Authenticator, CredentialSource};
    /// # fn app(authenticator: &Authenticator) -> Result<Authenticator, Box<dyn std::error::Error>> {
    /// let authenticator = authenticator
    ///     .with_credential_sources([CredentialSource::cookie("__Host-access")])?
    ///     .with_trusted_origins(["https://app.example"])?;
    /// # Ok(authenticator)
    /// # }
    /// ```
    ///
    /// What is not checked: that a `GET` changes nothing, which is the application's part, also where a framework lets a
    /// field or parameter override the method; and the scheme of an origin that is only compared with the host.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for what no browser sends as an origin, such as `https://app.example/` or a wildcard.
    pub fn with_trusted_origins(
        &self,
        origins: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Self, InvalidOrigin> {
        let origins = TrustedOrigins::new(origins)?;
        Ok(self.with(|setup| setup.sources.trusted_origins = origins))
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
    /// would have sufficed, if the reason is [`Reason::Insufficient`] or [`Reason::Missing`].
    #[must_use]
    pub fn example_rejection(&self, reason: Reason, scopes: &[Scope]) -> Rejection {
        let rejections = &self.setup().rejections;
        let scopes: Vec<_> = scopes.iter().collect();
        match reason {
            Reason::Insufficient => rejections.reject_insufficient(&scopes, Scheme::Bearer, None),
            Reason::Missing => rejections
                .reject(reason, Scheme::Bearer, None)
                .with_challenge(rejections.missing_scopes(&scopes)),
            _ => rejections.reject(reason, Scheme::Bearer, None),
        }
    }

    /// How a caller is refused whose token is good and not enough for this policy: an example, for documents such as
    /// OpenAPI's. The token has none of the demanded scopes and comes from none of the demanded logins; its other claims suit.
    #[must_use]
    pub fn example_of_insufficient(&self, policy: &Policy) -> Rejection {
        let rejections = &self.setup().rejections;
        let sufficient = foreseen(policy);
        let Sufficient { scopes, acr_values, max_age, .. } = &sufficient;
        if !sufficient.asks_for_login() {
            return rejections.reject_insufficient(scopes, Scheme::Bearer, None);
        }
        rejections.reject_step_up(scopes, acr_values.as_deref().unwrap_or_default(), *max_age, None)
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
