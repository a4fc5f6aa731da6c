//! The way of a request: credentials -> verifier -> policy -> verified token or rejection.

use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use serde::de::DeserializeOwned;

use crate::bearer::Credentials;
use crate::challenge::{InvalidRealm, Realm};
use crate::error::VerifyError;
use crate::policy::{Policy, sufficient_scopes};
use crate::rejection::{Reason, Rejecter, Rejection};
use crate::verifier::{NoClaims, TokenVerifier, VerifiedToken};

const AUTHORIZATION: &str = "authorization";

/// A request as an adapter shows it: no more than a verdict depends on, and no framework's type.
pub trait RequestHead {
    /// The method, such as `GET`.
    fn method(&self) -> &str;

    /// The request target's path and query, such as `/orders?page=2`.
    fn target(&self) -> &str;

    /// The values of all fields of this name, given in lower case, in order and as they came.
    fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]>;
}

/// The pipeline, assembled once at start-up. Cheap to clone.
///
/// Goes into axum's state or actix's `app_data`; the extractors of the adapters find it there.
#[derive(Clone)]
pub struct Authenticator {
    inner: Arc<Inner>,
}

struct Inner {
    verifier: Arc<dyn TokenVerifier>,
    rejecter: Rejecter,
}

impl Authenticator {
    /// Authenticates by this verifier, with challenges that name no realm.
    pub fn new(verifier: impl TokenVerifier + 'static) -> Self {
        Self { inner: Arc::new(Inner { verifier: Arc::new(verifier), rejecter: Rejecter::new(None) }) }
    }

    /// Has the challenges name a realm
    /// ([RFC 9110 section 11.5](https://www.rfc-editor.org/rfc/rfc9110#section-11.5)).
    ///
    /// # Errors
    ///
    /// [`InvalidRealm`] if the realm cannot be quoted: 1 to 256 printable ASCII characters without `"`
    /// and `\` can.
    pub fn with_realm(&self, realm: impl Into<String>) -> Result<Self, InvalidRealm> {
        let rejecter = Rejecter::new(Some(Realm::new(realm)?));
        Ok(Self { inner: Arc::new(Inner { verifier: self.inner.verifier.clone(), rejecter }) })
    }

    /// Demands a good token, and its claims as `C`.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send.
    pub async fn authenticate<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        request: &impl RequestHead,
    ) -> Result<Authenticated<C>, Rejection> {
        match self.presented_token(request)? {
            Some(token) => self.authenticate_token(token).await,
            None => Err(self.refuse(Reason::Missing)),
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
        match self.presented_token(request)? {
            Some(token) => self.authenticate_token(token).await.map(Some),
            None => Ok(None),
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
            None => Err(self.refuse(Reason::Missing)),
        }
    }

    /// `None` if no bearer credentials were given.
    fn presented_token<'a>(&self, request: &'a impl RequestHead) -> Result<Option<&'a str>, Rejection> {
        let token = match Credentials::from_fields(request.header_values(AUTHORIZATION)) {
            Credentials::Token(token) => token,
            Credentials::Missing => return Ok(None),
            Credentials::Malformed => return Err(self.refuse(Reason::Malformed)),
            Credentials::TooLong => return Err(self.refuse_token(&VerifyError::TooLong)),
        };
        // RFC 6750 section 2: a client must not use more than one method to transmit the token.
        if has_access_token_parameter(request.target()) {
            tracing::debug!("the query has an access_token beside the one in the Authorization field");
            return Err(self.refuse(Reason::Malformed));
        }
        Ok(Some(token))
    }

    async fn authenticate_token<C: DeserializeOwned + Send + Sync + 'static>(
        &self,
        token: &str,
    ) -> Result<Authenticated<C>, Rejection> {
        let verdict = match caught(|| self.inner.verifier.verify_now(token)) {
            Ok(Some(verdict)) => verdict,
            Ok(None) => self.wait_for_verdict(token).await,
            Err(error) => Err(error),
        };
        let with_claims = verdict.and_then(|token| Ok((caught(|| token.shared_claims())??, token)));
        match with_claims {
            Ok((claims, token)) => {
                Ok(Authenticated { claims, token, realm: self.inner.rejecter.realm().cloned() })
            }
            Err(error) => Err(self.refuse_token(&error)),
        }
    }

    async fn wait_for_verdict(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        let mut future = caught(|| self.inner.verifier.verify(token))?;
        poll_fn(|context| match caught(|| future.as_mut().poll(context)) {
            Ok(polled) => polled,
            Err(error) => Poll::Ready(Err(error)),
        })
        .await
    }

    fn refuse(&self, reason: Reason) -> Rejection {
        tracing::debug!(?reason, "request refused");
        self.inner.rejecter.reject(reason)
    }

    fn refuse_token(&self, error: &VerifyError) -> Rejection {
        let rejection = self.inner.rejecter.reject_token(error);
        let reason = rejection.reason();
        match reason {
            // The token is good: rather the type is wrong, or the issuer has changed its claims.
            _ if matches!(error, VerifyError::Claims(_)) => {
                tracing::warn!(?reason, %error, "request refused");
            }
            Reason::Unavailable => tracing::warn!(?reason, %error, "request refused"),
            Reason::Misconfigured => tracing::error!(?reason, %error, "request refused"),
            _ => tracing::debug!(?reason, %error, "request refused"),
        }
        rejection
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").field("rejecter", &self.inner.rejecter).finish_non_exhaustive()
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

/// A caller whose token was accepted, and the application's own claims.
///
/// Everything that a [`VerifiedToken`] can be asked can be asked of it.
pub struct Authenticated<C = NoClaims> {
    /// The claims as the application's own type.
    ///
    /// Shared with all requests that bring the same token: `user.claims.tenant` reads a field,
    /// `C::clone(&user.claims)` makes one's own.
    pub claims: Arc<C>,
    token: VerifiedToken,
    /// For the challenge, should the token not be enough.
    realm: Option<Realm>,
}

impl<C> Authenticated<C> {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// Goes on only if the token is enough for the policy.
    ///
    /// # Errors
    ///
    /// The [`Rejection`] to send: 403 `insufficient_scope`.
    pub fn require(&self, policy: &Policy) -> Result<(), Rejection> {
        if policy.allows(&self.token) {
            return Ok(());
        }
        let scopes = sufficient_scopes(&[policy], &self.token);
        tracing::debug!(reason = ?Reason::Insufficient, ?policy, "request refused");
        Err(Rejection::insufficient(self.realm.as_ref(), &scopes))
    }
}

impl<C> Deref for Authenticated<C> {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.token
    }
}

impl<C> Clone for Authenticated<C> {
    fn clone(&self) -> Self {
        Self { claims: self.claims.clone(), token: self.token.clone(), realm: self.realm.clone() }
    }
}

/// Never prints a claim.
impl<C> fmt::Debug for Authenticated<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticated(<redacted>)")
    }
}

/// Code of the application that panics has not accepted. (Where panics abort, they do.)
fn caught<T>(call: impl FnOnce() -> T) -> Result<T, VerifyError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| VerifyError::Misconfigured("it panicked"))
}

/// Whether the query has a parameter named `access_token`, however its name is percent-encoded.
fn has_access_token_parameter(target: &str) -> bool {
    let target = target.as_bytes();
    let query = memchr::memchr(b'?', target).and_then(|mark| target.get(mark + 1..)).unwrap_or_default();
    query.split(|byte| *byte == b'&').any(|parameter| {
        let name = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
        decodes_to(name, b"access_token")
    })
}

/// Whether percent-decoding (RFC 3986 section 2.1) of `encoded` yields `plain`.
fn decodes_to(mut encoded: &[u8], plain: &[u8]) -> bool {
    let hex = |digit: &u8| char::from(*digit).to_digit(16);
    for expected in plain {
        let (decoded, rest) = match encoded {
            [b'%', high, low, rest @ ..] => match (hex(high), hex(low)) {
                (Some(high), Some(low)) => (high * 16 + low, rest),
                _ => return false,
            },
            [byte, rest @ ..] => (u32::from(*byte), rest),
            [] => return false,
        };
        if decoded != u32::from(*expected) {
            return false;
        }
        encoded = rest;
    }
    encoded.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;

    struct Request(&'static str, Vec<&'static str>);

    impl RequestHead for Request {
        fn method(&self) -> &str {
            "GET"
        }

        fn target(&self) -> &str {
            self.0
        }

        fn header_values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> {
            let asked = name == AUTHORIZATION;
            self.1.iter().filter(move |_| asked).map(|value| value.as_bytes())
        }
    }

    /// Accepts `good`, panics at `panic` and `later`, is down for `down`.
    struct Table;

    #[async_trait]
    impl TokenVerifier for Table {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
            match token {
                "good" => VerifiedToken::assert_verified(serde_json::json!({"sub": "alice", "scope": "a"})),
                "panic" => panic!("canary"),
                "down" => Err(VerifyError::Unavailable { retry_after: None }),
                _ => Err(VerifyError::UnknownToken),
            }
        }
    }

    /// Panics before there is a future to poll.
    struct PanicsAtOnce;

    impl TokenVerifier for PanicsAtOnce {
        fn verify<'a: 'c, 'b: 'c, 'c>(
            &'a self,
            _: &'b str,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<VerifiedToken, VerifyError>> + Send + 'c>>
        where
            Self: 'c,
        {
            panic!("canary")
        }
    }

    fn answer(target: &'static str, values: &[&'static str]) -> Result<String, Reason> {
        let request = Request(target, values.to_vec());
        let authenticator = Authenticator::new(Table);
        let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
        verdict.map(|caller| caller.subject().to_owned()).map_err(|rejection| rejection.reason())
    }

    fn optional(values: &[&'static str]) -> Result<Option<String>, Reason> {
        let request = Request("/", values.to_vec());
        let authenticator = Authenticator::new(Table);
        let verdict = futures_executor::block_on(authenticator.authenticate_optional::<NoClaims>(&request));
        verdict
            .map(|caller| caller.map(|caller| caller.subject().to_owned()))
            .map_err(|rejection| rejection.reason())
    }

    #[test]
    fn every_step_has_its_answer() {
        assert_eq!(answer("/", &["Bearer good"]), Ok("alice".to_owned()));
        assert_eq!(answer("/", &[]), Err(Reason::Missing));
        assert_eq!(answer("/", &["Basic good"]), Err(Reason::Missing));
        assert_eq!(answer("/", &["Bearer"]), Err(Reason::Malformed));
        assert_eq!(answer("/", &["Bearer good", "Bearer good"]), Err(Reason::Malformed));
        assert_eq!(answer("/", &["Bearer bad"]), Err(Reason::Invalid));
        assert_eq!(answer("/", &["Bearer down"]), Err(Reason::Unavailable));
    }

    #[test]
    fn optional_means_absent_is_anonymous_and_bad_is_refused() {
        assert_eq!(optional(&["Bearer good"]), Ok(Some("alice".to_owned())));
        assert_eq!(optional(&[]), Ok(None));
        assert_eq!(optional(&["Basic good"]), Ok(None));
        assert_eq!(optional(&["Bearer bad"]), Err(Reason::Invalid));
        assert_eq!(optional(&["Bearer"]), Err(Reason::Malformed));
        assert_eq!(optional(&["Bearer down"]), Err(Reason::Unavailable));
    }

    #[test]
    fn a_verifier_that_panics_has_not_accepted() {
        assert_eq!(answer("/", &["Bearer panic"]), Err(Reason::Misconfigured));
        assert_eq!(optional(&["Bearer panic"]), Err(Reason::Misconfigured));

        let request = Request("/", vec!["Bearer good"]);
        let authenticator = Authenticator::new(PanicsAtOnce);
        let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
        assert_eq!(verdict.unwrap_err().reason(), Reason::Misconfigured);
    }

    #[test]
    fn claims_whose_reading_panics_are_not_accepted() {
        struct Panics;
        impl<'de> serde::Deserialize<'de> for Panics {
            fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
                panic!("canary")
            }
        }
        let request = Request("/", vec!["Bearer good"]);
        let verdict = futures_executor::block_on(Authenticator::new(Table).authenticate::<Panics>(&request));
        assert_eq!(verdict.unwrap_err().reason(), Reason::Misconfigured);
    }

    #[test]
    fn claims_that_do_not_fit_are_a_fault_of_the_token() {
        #[derive(serde::Deserialize)]
        struct Tenant {
            #[allow(dead_code)]
            tenant: String,
        }
        let request = Request("/", vec!["Bearer good"]);
        let authenticator = Authenticator::new(Table);
        let verdict = futures_executor::block_on(authenticator.authenticate::<Tenant>(&request));
        assert_eq!(verdict.unwrap_err().reason(), Reason::Invalid);
    }

    #[test]
    fn a_token_also_in_the_query_is_a_malformed_request() {
        for target in
            ["/?access_token=x", "/?a=1&access_token", "/?access%5Ftoken=x", "/?%61ccess_token=good"]
        {
            assert_eq!(answer(target, &["Bearer good"]), Err(Reason::Malformed), "{target}");
            assert_eq!(answer(target, &[]), Err(Reason::Missing), "{target}: never read from there");
        }
        for target in [
            "/access_token=x",
            "/?xaccess_token=1",
            "/?access_tokens=1",
            "/?a=access_token",
            "/?access%5token=x",
            "/?",
        ] {
            assert_eq!(answer(target, &["Bearer good"]), Ok("alice".to_owned()), "{target}");
        }
    }

    #[test]
    fn require_asks_the_policy() {
        let request = Request("/", vec!["Bearer good"]);
        let authenticator = Authenticator::new(Table).with_realm("r").unwrap();
        let caller = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
        let scope = |name| Policy::scope(crate::Scope::from_static(name));
        assert_eq!(caller.require(&scope("a")), Ok(()));
        let rejection = caller.require(&scope("b")).unwrap_err();
        assert_eq!(rejection.reason(), Reason::Insufficient);
        let challenge = rejection.headers().find(|(name, _)| name == "www-authenticate").unwrap().1;
        assert_eq!(challenge, r#"Bearer realm="r", error="insufficient_scope", scope="b""#);
    }

    #[test]
    fn debug_shows_no_claim() {
        let request = Request("/", vec!["Bearer good"]);
        let authenticator = Authenticator::new(Table);
        let caller = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
        assert_eq!(format!("{caller:?}"), "Authenticated(<redacted>)");
        let token = authenticator.bearer_token(&request).unwrap();
        assert_eq!(token.as_str(), "good");
        assert_eq!(format!("{token:?}"), "BearerToken(<redacted>)");
        assert!(format!("{authenticator:?}").starts_with("Authenticator"));
    }
}
