//! Which challenges a refusal has: the one table.

use std::sync::Arc;

use http::HeaderValue;

use super::challenge::{Challenge, Realm, Scheme, basic_challenge};
use super::reason::Reason;
use super::resource::protected_resource::ProtectedResource;
use super::sources::find::Sources;
use super::sources::source::CredentialSource;
use crate::token::scope::Scope;

/// The challenges of an authenticator. Those that never vary are written once, when it is made.
///
/// | the request had | 401 | 400 | 403 `insufficient_scope` |
/// |---|---|---|---|
/// | no credentials | `Bearer`, `Basic`: see below | - | - |
/// | a bearer token, a cookie, a field or a subprotocol | `Bearer error="invalid_token"` | `Bearer error="invalid_request"` | `Bearer error="insufficient_scope"` |
/// | a bearer token, ..., of a login that is too weak or too old | `Bearer error="insufficient_user_authentication"` | - | - |
/// | a password | `Basic realm="..."` | `Bearer error="invalid_request"`, none if only `Basic` is configured | none |
///
/// 1. A request without credentials is asked for `Basic` if that is configured and no cookie is. A browser that is asked
///    for `Basic` opens a window for user name and password; a page whose cookie has expired must not.
/// 2. It is asked for `Bearer` if bearer tokens are configured, or if nothing else is asked for: a 401 must have a challenge
///    ([RFC 9110 section 15.5.2](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.2)), no scheme is registered for
///    cookies and fields, and `Bearer` is what they hold. No browser opens a window for it.
/// 3. Two challenges are two fields, `Bearer` first.
/// 4. `Basic` has no errors, so that there is nothing to tell with a 400 or 403.
/// 5. If a protected resource is configured, every `Bearer` challenge ends with `resource_metadata="..."`, and that of a
///    request without credentials names the scopes that the guard demands. `Basic` names neither: no authorization server
///    gives a password.
/// 6. A cookie that another site has sent has no challenge, since other credentials would not help.
#[derive(Clone, Debug)]
pub(crate) struct Challenges {
    named: Named,
    missing: Option<HeaderValue>,
    missing_basic: Option<Arc<HeaderValue>>,
    malformed: Option<HeaderValue>,
    invalid: HeaderValue,
    insufficient: HeaderValue,
    basic: HeaderValue,
}

/// What challenges name whatever the refusal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Named {
    pub(crate) realm: Option<Realm>,
    /// Where the metadata of the protected resource are.
    pub(crate) resource_metadata: Option<Arc<str>>,
}

impl Named {
    fn challenge(&self, reason: Reason) -> Challenge<'_> {
        Challenge {
            realm: self.realm.as_ref(),
            error: reason.error(),
            resource_metadata: self.resource_metadata.as_deref(),
            ..Challenge::default()
        }
    }
}

impl Challenges {
    pub(crate) fn new(named: Named, sources: &Sources) -> Self {
        let sources = sources.all();
        let has = |wanted: &CredentialSource| sources.contains(wanted);
        let has_cookie = sources.iter().any(|source| matches!(source, CredentialSource::Cookie(_)));
        let asks_for_basic = has(&CredentialSource::Basic) && !has_cookie;
        let asks_for_bearer = has(&CredentialSource::Bearer) || !asks_for_basic;
        let is_basic_alone = *sources == [CredentialSource::Basic];
        let bearer = |reason: Reason| named.challenge(reason).to_header_value();
        let basic = basic_challenge(named.realm.as_ref());
        Self {
            missing: asks_for_bearer.then(|| bearer(Reason::Missing)),
            missing_basic: asks_for_basic.then(|| Arc::new(basic.clone())),
            malformed: (!is_basic_alone).then(|| bearer(Reason::Malformed)),
            invalid: bearer(Reason::Invalid),
            insufficient: bearer(Reason::Insufficient),
            basic,
            named,
        }
    }

    /// The same for other sources.
    pub(crate) fn with_sources(&self, sources: &Sources) -> Self {
        Self::new(self.named.clone(), sources)
    }

    /// The same for another realm.
    pub(crate) fn with_realm(&self, realm: Realm, sources: &Sources) -> Self {
        Self::new(Named { realm: Some(realm), ..self.named.clone() }, sources)
    }

    /// The same with the address of these metadata.
    pub(crate) fn with_resource(&self, resource: &ProtectedResource, sources: &Sources) -> Self {
        let resource_metadata = Some(resource.shared_metadata_url().clone());
        Self::new(Named { resource_metadata, ..self.named.clone() }, sources)
    }

    /// The challenge of a refusal of credentials that a client sends by this scheme.
    pub(crate) fn of(&self, reason: Reason, scheme: Scheme) -> Option<HeaderValue> {
        match (reason, scheme) {
            (Reason::Missing, _) => self.missing.clone(),
            (Reason::Malformed, _) => self.malformed.clone(),
            (Reason::Invalid, Scheme::Bearer) => Some(self.invalid.clone()),
            (Reason::Invalid, Scheme::Basic) => Some(self.basic.clone()),
            (Reason::Insufficient, Scheme::Bearer) => Some(self.insufficient.clone()),
            (Reason::InsufficientUserAuthentication, _) => {
                Some(self.named.challenge(reason).to_header_value())
            }
            (Reason::Insufficient, Scheme::Basic)
            | (Reason::CrossSite | Reason::Unavailable | Reason::Misconfigured, _) => None,
        }
    }

    /// The second challenge of a refusal.
    pub(crate) fn second(&self, reason: Reason) -> Option<Arc<HeaderValue>> {
        if reason == Reason::Missing { self.missing_basic.clone() } else { None }
    }

    /// The challenge of a good token that is not enough; `scopes` would have sufficed.
    pub(crate) fn insufficient(&self, scopes: &[&Scope], scheme: Scheme) -> Option<HeaderValue> {
        if scopes.is_empty() || scheme == Scheme::Basic {
            return self.of(Reason::Insufficient, scheme);
        }
        Some(Challenge { scopes, ..self.named.challenge(Reason::Insufficient) }.to_header_value())
    }

    /// The challenge of a good token whose user must log in again; one of `acr_values`, at most `max_age` seconds ago, and
    /// `scopes` would have sufficed.
    pub(crate) fn step_up(
        &self,
        scopes: &[&Scope],
        acr_values: &[&str],
        max_age: Option<u64>,
    ) -> HeaderValue {
        let reason = Reason::InsufficientUserAuthentication;
        Challenge { scopes, acr_values, max_age, ..self.named.challenge(reason) }.to_header_value()
    }

    /// The challenge of a request without credentials, where these scopes are demanded. `None` if it is that of all others:
    /// a client that knows of no authorization server has nowhere to ask for scopes.
    pub(crate) fn missing_scopes(&self, scopes: &[&Scope]) -> Option<HeaderValue> {
        if scopes.is_empty() || self.missing.is_none() || self.named.resource_metadata.is_none() {
            return None;
        }
        Some(Challenge { scopes, ..self.named.challenge(Reason::Missing) }.to_header_value())
    }
}
