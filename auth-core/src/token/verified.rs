//! A token that was accepted, and what it says.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Serialize;
use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::audience::Audience;
use super::claim_path::ClaimPath;
use super::claim_query::{Question, Steps};
use super::claim_text::{ClaimText, claim_text, leading_text};
use super::claim_value::ClaimValue;
use super::claims::{CLIENT_CLAIMS, RegisteredClaims};
use super::error::{ClaimsError, VerifyError};
use super::kind::TokenKind;
use super::numeric_date::NumericDate;
use super::scope_set::ScopeSet;
use super::truth::Truth;
use super::unreadable_roles::UnreadableRoles;
use crate::clock::Clock;

/// A token that a verifier has accepted, and what it says. Cheap to clone.
///
/// There is no way to make one from a text: a verifier yields it, or
/// [`assert_verified`](Self::assert_verified) does, whose name says what its caller vouches for.
///
/// ```compile_fail
/// fn forge(token: &mut auth_core::VerifiedToken) { let _ = &mut token.inner; }
/// ```
#[derive(Clone)]
pub struct VerifiedToken {
    inner: Arc<Inner>,
    /// The place of the verifier of a chain that accepted it.
    verifier: Option<u32>,
}

#[derive(Clone)]
struct Inner {
    claims: RegisteredClaims,
    json: String,
    kind: TokenKind,
    /// Where roles stand, if not in `roles`.
    roles: Option<ClaimPath>,
    /// The token as it was sent, if its verifier told.
    text: Option<Arc<str>>,
    /// The `kid` of the configured key that verified it.
    key_id: Option<Arc<str>>,
    /// The client, if it is not in `client_id`, once it was asked for.
    client: OnceLock<Option<Box<str>>>,
    /// The claims as the types that were asked for first.
    typed: [OnceLock<Arc<dyn Any + Send + Sync>>; 4],
}

/// Where a token comes from, beside its claims.
#[derive(Default)]
pub(crate) struct Origin {
    /// The token as it was sent.
    pub(crate) text: Option<Arc<str>>,
    /// The `kid` of the configured key that verified it.
    pub(crate) key_id: Option<Arc<str>>,
    pub(crate) kind: TokenKind,
}

impl VerifiedToken {
    /// For verifiers only: asserts that the caller has verified the token that these claims are of,
    /// or otherwise knows them to be true.
    ///
    /// The types of the registered claims are checked; their values (whether `exp` has passed, say)
    /// are the caller's to judge.
    ///
    /// # Errors
    ///
    /// [`VerifyError::MissingClaim`] without a `sub`, [`VerifyError::InvalidClaim`] for a registered
    /// claim of the wrong type or an empty `sub`, [`VerifyError::MalformedClaims`] for claims that
    /// are not a JSON object of at most 16 levels and 256 members.
    pub fn assert_verified(claims: impl Serialize) -> Result<Self, VerifyError> {
        let json = serde_json::to_string(&claims).map_err(|_| VerifyError::MalformedClaims)?;
        let claims = RegisteredClaims::parse(&json)?;
        match claims.sub() {
            None => Err(VerifyError::MissingClaim("sub")),
            Some("") => Err(VerifyError::InvalidClaim("sub")),
            Some(_) => Ok(Self::from_parsed(claims, json, None, Origin::default())),
        }
    }

    /// `claims` is what was read in `json`; `roles` says where roles stand, if not in `roles`. Whether there is a
    /// subject is the caller's to judge.
    pub(crate) fn from_parsed(
        claims: RegisteredClaims,
        json: String,
        roles: Option<ClaimPath>,
        origin: Origin,
    ) -> Self {
        let Origin { text, key_id, kind } = origin;
        let (client, typed) = Default::default();
        let inner = Inner { claims, json, kind, roles, text, key_id, client, typed };
        Self { inner: Arc::new(inner), verifier: None }
    }

    /// Returns the same token with its roles in this claim instead of `roles`, for
    /// [`Policy::role`](crate::Policy::role). An array of strings, unless the path says
    /// [another shape](ClaimPath#shapes). For verifiers of your own; for JWTs there is
    /// [`JwtVerifierBuilder::roles`](crate::jwt::JwtVerifierBuilder::roles).
    #[must_use]
    pub fn with_roles_at(&self, path: impl Into<ClaimPath>) -> Self {
        let path = path.into();
        self.clone().with(|inner| inner.roles = Some(path))
    }

    /// Returns the same token with the `kid` of the configured key that verified it, for logs. For verifiers of your
    /// own. Never use the `kid` that the token names: it goes to the log.
    #[must_use]
    pub fn with_key_id(&self, key_id: impl Into<Arc<str>>) -> Self {
        let key_id = key_id.into();
        self.clone().with(|inner| inner.key_id = Some(key_id))
    }

    /// Returns the same token as one of this kind. For verifiers of your own.
    #[must_use]
    pub fn with_kind(self, kind: TokenKind) -> Self {
        self.with(|inner| inner.kind = kind)
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// Whom the token is about: claim `sub`. Unique only within its issuer.
    ///
    /// Never empty, unless the verifier was told to
    /// [`allow_missing_subject`](crate::jwt::JwtVerifierBuilder::allow_missing_subject): then ask
    /// [`subject_opt`](Self::subject_opt).
    #[must_use]
    pub fn subject(&self) -> &str {
        self.subject_opt().unwrap_or_default()
    }

    /// Whom the token is about, if it says so, as tokens of machines need not where the verifier was told to
    /// [`allow_missing_subject`](crate::jwt::JwtVerifierBuilder::allow_missing_subject).
    #[must_use]
    pub fn subject_opt(&self) -> Option<&str> {
        self.inner.claims.sub().filter(|subject| !subject.is_empty())
    }

    /// Who issued the token: claim `iss`.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.inner.claims.iss()
    }

    /// Whom the token is meant for: claim `aud`.
    #[must_use]
    pub fn audience(&self) -> Option<Audience<'_>> {
        self.inner.claims.aud()
    }

    /// From when on the token is refused: claim `exp` in seconds since 1970, before leeway.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.inner.claims.exp.map(|date| date.floor)
    }

    /// How long the token is still good by this clock: until claim `exp`, in whole seconds.
    ///
    /// For connections that outlive their request: end a WebSocket or an event stream when it is over. Zero if it has
    /// expired, and if the clock does not know the time. `None` if the token never expires, which no
    /// [`JwtVerifier`](crate::JwtVerifier) accepts.
    ///
    /// Leeway is not added: it forgives clocks that differ when a token is presented, and does not make its life longer. A
    /// token that was accepted within the leeway has no time left. Clocks have whole seconds, so that a wait of this
    /// length ends at `exp` or less than a second later.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use auth_core::{SystemClock, VerifiedToken};
    ///
    /// # mod tokio { pub mod time { pub async fn sleep(_: std::time::Duration) {} } }
    /// async fn expired(token: &VerifiedToken) {
    ///     match token.time_left(&SystemClock) {
    ///         Some(time_left) => tokio::time::sleep(time_left).await,
    ///         None => std::future::pending().await,
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn time_left(&self, clock: &(impl Clock + ?Sized)) -> Option<Duration> {
        let expires_at = self.expires_at()?;
        let left = clock.now().map_or(0, |now| expires_at.saturating_sub(now));
        Some(Duration::from_secs(left))
    }

    /// From when on the token is accepted: claim `nbf` in seconds since 1970, before leeway.
    #[must_use]
    pub fn not_before(&self) -> Option<u64> {
        self.inner.claims.nbf.map(|date| date.ceil)
    }

    /// When the token was issued: claim `iat` in seconds since 1970.
    #[must_use]
    pub fn issued_at(&self) -> Option<u64> {
        self.inner.claims.iat.map(|date| date.floor)
    }

    /// The identifier of the token: claim `jti`.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.inner.claims.jti()
    }

    /// The client that the token was issued to: claim `client_id`
    /// ([RFC 8693 section 4.3](https://www.rfc-editor.org/rfc/rfc8693#section-4.3)); in tokens without it `azp` (OpenID
    /// Connect Core section 2; Keycloak, Entra ID v2, Clerk), `cid` (Okta) or `appid` (Entra ID v1).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        let elsewhere = || {
            let text = |claim: &&str| match claim_text(&self.inner.json, &ClaimPath::from(*claim)) {
                ClaimText::Text(client) => Some(client.into()),
                ClaimText::Absent | ClaimText::Null | ClaimText::OfAnotherType => None,
            };
            CLIENT_CLAIMS.iter().find_map(text)
        };
        self.inner.claims.client_id().or_else(|| self.inner.client.get_or_init(elsewhere).as_deref())
    }

    /// What was granted: claim `scope`, or, in a token without it, claim `scp`; empty if the token has neither.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet<'_> {
        self.inner.claims.scopes()
    }

    /// What the token is, such as a JWT or an API key: its verifier says so, never the token itself.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.inner.kind
    }

    /// The claims as the application's own type.
    ///
    /// ```
    /// # use auth_core::VerifiedToken;
    /// #[derive(serde::Deserialize)]
    /// struct TenantClaims { tenant: String }
    ///
    /// # let token = VerifiedToken::assert_verified(serde_json::json!({"sub": "a", "tenant": "t1"})).unwrap();
    /// let claims: TenantClaims = token.claims()?;
    /// assert_eq!(claims.tenant, "t1");
    /// # Ok::<(), auth_core::ClaimsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] if the claims do not fit the type.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        // The text was found to be one sound object; only the type is in question.
        T::deserialize(&mut serde_json::Deserializer::from_str(&self.inner.json))
            .map_err(|error| ClaimsError::new::<T>(&error, &self.inner.json))
    }

    /// As [`claims`](Self::claims), decoded once for all clones of this token, for the first few types that
    /// are asked for. What a type's `Deserialize` makes of anything but the claims, such as the time, is of
    /// when the token was first seen.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] if the claims do not fit the type.
    pub fn shared_claims<T: DeserializeOwned + Send + Sync + 'static>(&self) -> Result<Arc<T>, ClaimsError> {
        for slot in &self.inner.typed {
            let Some(claims) = slot.get() else {
                let claims = Arc::new(self.claims::<T>()?);
                // Another thread may have been faster. Then this one's are as good.
                let _ = slot.set(claims.clone());
                return Ok(claims);
            };
            if claims.is::<T>() {
                if let Ok(claims) = claims.clone().downcast() {
                    return Ok(claims);
                }
            }
        }
        self.claims().map(Arc::new)
    }

    /// The `kid` of the configured key that the token was verified with.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.inner.key_id.as_deref()
    }

    pub(crate) fn shared_key_id(&self) -> Option<&Arc<str>> {
        self.inner.key_id.as_ref()
    }

    /// The token as it was sent, if its verifier told.
    pub(crate) fn text(&self) -> Option<&Arc<str>> {
        self.inner.text.as_ref()
    }

    /// The place, counted from 0, of the verifier of a chain that accepted the token.
    pub(crate) fn verifier(&self) -> Option<u32> {
        self.verifier
    }

    pub(crate) fn by_verifier(self, place: u32) -> Self {
        Self { verifier: Some(place), ..self }
    }

    /// Whether both are clones of one token, and not only alike.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn registered(&self) -> &RegisteredClaims {
        &self.inner.claims
    }

    /// How much memory its claims take, in bytes. The types that the application asks for are not counted.
    pub(crate) fn claims_bytes(&self) -> usize {
        size_of::<Inner>() + self.inner.json.capacity() + self.inner.claims.bytes()
    }

    /// What the claim at the path answers.
    pub(crate) fn ask<'a>(&self, path: impl Into<Steps<'a>>, question: Question<'_>) -> Truth {
        self.inner.claims.members().ask(&self.inner.json, path.into(), question)
    }

    /// The session at the identity provider: claim `sid`
    /// ([OpenID Connect Back-Channel Logout 1.0 section 2.1](https://openid.net/specs/openid-connect-backchannel-1_0.html)).
    pub(crate) fn session_id(&self) -> ClaimText<'_> {
        let Some(value) = self.inner.claims.members().find(&self.inner.json, Steps::one("sid")) else {
            return ClaimText::Absent;
        };
        leading_text(value)
    }

    /// When the user has logged in: claim `auth_time`, if it is a date
    /// ([RFC 9470 section 6.1](https://www.rfc-editor.org/rfc/rfc9470#section-6.1)).
    pub(crate) fn authenticated_at(&self) -> Option<NumericDate> {
        let value = self.inner.claims.members().find(&self.inner.json, Steps::one("auth_time"))?;
        NumericDate::deserialize(&mut serde_json::Deserializer::from_str(value)).ok()
    }

    /// Where its roles stand, if not in `roles`.
    pub(crate) fn roles_path(&self) -> Option<&ClaimPath> {
        self.inner.roles.as_ref()
    }

    /// What the claim of the roles answers.
    pub(crate) fn ask_roles(&self, question: Question<'_>) -> Truth {
        match &self.inner.roles {
            Some(path) => self.ask(path, question),
            None => self.ask(Steps::one("roles"), question),
        }
    }

    /// Why its roles cannot be read, if they cannot.
    pub(crate) fn roles_unreadable(&self) -> Option<UnreadableRoles> {
        // Whichever role is asked for: only where roles can be read is there a yes or no.
        if self.ask_roles(Question::Contains(&ClaimValue::from(""))) != Truth::Unknown {
            return None;
        }
        let path = self.inner.roles.clone().unwrap_or_else(ClaimPath::roles);
        let is_there = claim_text(&self.inner.json, &path) != ClaimText::Absent;
        Some(UnreadableRoles { path, is_there })
    }
}

/// Never prints a claim.
impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifiedToken(<redacted>)")
    }
}

/// The application wants no claims of its own. Costs nothing: the claims are not looked at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NoClaims;

impl<'de> Deserialize<'de> for NoClaims {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[cfg(test)]
mod tests;
