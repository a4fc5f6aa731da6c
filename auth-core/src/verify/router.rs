//! Several verifiers as one, chosen by the form of the token.

use std::fmt;

use async_trait::async_trait;

use super::failure::VerifyFailure;
use super::verifier::TokenVerifier;
use crate::token::error::VerifyError;
use crate::token::form::is_jwt;
use crate::token::verified::VerifiedToken;

/// Sends each token to the one verifier for tokens of its form.
///
/// The form decides by these rules, in this order:
///
/// 1. Three segments, the first of which is a JSON object in base64url: a JWT
///    ([RFC 7519 section 3](https://www.rfc-editor.org/rfc/rfc7519#section-3)). It goes to the verifier of
///    [`jwt`](Self::jwt).
/// 2. A token that begins with a configured [`prefix`](Self::prefix) goes to the verifier of that prefix. Of two prefixes
///    that fit, the longer one decides. Case counts.
/// 3. Every other token is opaque and goes to the verifier of [`opaque`](Self::opaque). So do encrypted JWTs, which have
///    five segments.
///
/// Exactly one verifier sees a token. If that verifier refuses, no other one is asked: a JWT with a bad signature never
/// becomes an opaque token that another service might accept. A token without a verifier for its form is refused as
/// [`VerifyError::UnknownToken`].
///
/// ```
/// # use auth_core::{InvalidPrefix, TokenRouter, TokenVerifier};
/// # fn router(
/// #     jwts: impl TokenVerifier + 'static,
/// #     api_keys: impl TokenVerifier + 'static,
/// #     introspection: impl TokenVerifier + 'static,
/// # ) -> Result<TokenRouter, InvalidPrefix> {
/// Ok(TokenRouter::new().jwt(jwts).prefix("acme_", api_keys)?.opaque(introspection))
/// # }
/// ```
///
/// [`VerifierChain`](crate::VerifierChain) tries verifiers in turn instead, for several issuers whose tokens have the
/// same form.
#[derive(Default)]
pub struct TokenRouter {
    jwt: Option<Box<dyn TokenVerifier>>,
    /// Longest prefix first.
    prefixes: Vec<(Box<str>, Box<dyn TokenVerifier>)>,
    opaque: Option<Box<dyn TokenVerifier>>,
}

/// A prefix that [`TokenRouter::prefix`] does not accept.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPrefix {
    /// No token can begin with it.
    #[error(
        "no token begins with the prefix {0:?}: use 1 to {MAX_PREFIX_BYTES} letters, digits and characters of \"-._~+/\", \
         for example \"acme_\""
    )]
    NotOfTokens(String),
    /// Another verifier has it.
    #[error("the prefix {0:?} has two verifiers: give each verifier a prefix of its own")]
    Taken(String),
}

const MAX_PREFIX_BYTES: usize = 64;

impl TokenRouter {
    /// A router that refuses every token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the verifier of JWTs. Setting it again replaces it.
    #[must_use]
    pub fn jwt(mut self, verifier: impl TokenVerifier + 'static) -> Self {
        self.jwt = Some(Box::new(verifier));
        self
    }

    /// Sets the verifier of the tokens that begin with `prefix` and are no JWTs. The verifier sees the whole token.
    ///
    /// # Errors
    ///
    /// [`InvalidPrefix`] if no token can begin with the prefix, or if it has a verifier already.
    pub fn prefix(
        mut self,
        prefix: &str,
        verifier: impl TokenVerifier + 'static,
    ) -> Result<Self, InvalidPrefix> {
        let of_tokens = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        if prefix.is_empty() || prefix.len() > MAX_PREFIX_BYTES || !prefix.bytes().all(of_tokens) {
            return Err(InvalidPrefix::NotOfTokens(prefix.to_owned()));
        }
        if self.prefixes.iter().any(|(taken, _)| **taken == *prefix) {
            return Err(InvalidPrefix::Taken(prefix.to_owned()));
        }
        let place = self.prefixes.partition_point(|(longer, _)| longer.len() >= prefix.len());
        self.prefixes.insert(place, (prefix.into(), Box::new(verifier)));
        Ok(self)
    }

    /// Sets the verifier of all other tokens. Setting it again replaces it.
    #[must_use]
    pub fn opaque(mut self, verifier: impl TokenVerifier + 'static) -> Self {
        self.opaque = Some(Box::new(verifier));
        self
    }

    /// The verifier of this token.
    fn of(&self, token: &str) -> Result<&dyn TokenVerifier, VerifyFailure> {
        let (verifier, missing) = if is_jwt(token) {
            (self.jwt.as_deref(), "the token is a JWT, and `TokenRouter::jwt` is not set")
        } else {
            let of_prefix = self.prefixes.iter().find(|(prefix, _)| token.starts_with(&**prefix));
            let verifier = of_prefix.map(|(_, verifier)| &**verifier).or(self.opaque.as_deref());
            (
                verifier,
                "the token is no JWT, begins with no configured prefix, and `TokenRouter::opaque` is not set",
            )
        };
        verifier.ok_or_else(|| VerifyFailure::from(VerifyError::UnknownToken).with_fixed_hint(missing))
    }
}

#[async_trait]
impl TokenVerifier for TokenRouter {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.of(token)?.verify(token).await
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        match self.of(token) {
            Ok(verifier) => verifier.verify_now(token),
            Err(failure) => Some(Err(failure)),
        }
    }
}

impl fmt::Debug for TokenRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes: Vec<_> = self.prefixes.iter().map(|(prefix, _)| prefix).collect();
        f.debug_struct("TokenRouter")
            .field("jwt", &self.jwt.is_some())
            .field("prefixes", &prefixes)
            .field("opaque", &self.opaque.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn encoded(header: &str) -> String {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(header))
    }

    /// Accepts every token for the subject of its name, at once or after a while.
    struct Accepts(&'static str, bool);

    #[async_trait]
    impl TokenVerifier for Accepts {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
            Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": self.0 }))?)
        }

        fn verify_now(&self, _: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
            let verdict = VerifiedToken::assert_verified(serde_json::json!({ "sub": self.0 }));
            self.1.then(|| verdict.map_err(VerifyFailure::from))
        }
    }

    struct Refuses;

    #[async_trait]
    impl TokenVerifier for Refuses {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
            Err(VerifyError::InvalidSignature.into())
        }
    }

    fn verdict(router: &TokenRouter, token: &str) -> Result<String, VerifyError> {
        let verdict = futures_executor::block_on(router.verify(token));
        verdict.map(|token| token.subject().to_owned()).map_err(VerifyFailure::into_error)
    }

    fn router(now: bool) -> TokenRouter {
        let router = TokenRouter::new().jwt(Accepts("jwt", now)).opaque(Accepts("opaque", now));
        let prefix = |router: TokenRouter, prefix: &'static str| router.prefix(prefix, Accepts(prefix, now));
        prefix(prefix(prefix(router, "acme_").unwrap(), "acme_live_").unwrap(), "a").unwrap()
    }

    #[test]
    fn each_form_has_its_verifier() {
        for now in [true, false] {
            let router = router(now);
            for (token, expected) in [
                (encoded("{}").as_str(), "jwt"),
                ("acme_x", "acme_"),
                ("acme_live_x", "acme_live_"),
                ("acme_live", "acme_"),
                ("ACME_x", "opaque"),
                ("acm", "a"),
                ("xacme_", "opaque"),
                ("a.b.c.d.e", "a"),
                ("eyJhbGciOiJSU0EtT0FFUCJ9.b.c.d.e", "opaque"),
            ] {
                assert_eq!(verdict(&router, token), Ok(expected.to_owned()), "{token}");
                let verdict_now =
                    router.verify_now(token).map(|verdict| verdict.unwrap().subject().to_owned());
                assert_eq!(verdict_now, now.then(|| expected.to_owned()), "{token}");
            }
        }
    }

    #[test]
    fn a_refusal_is_final() {
        let accepts = || Accepts("another", true);
        let jwt = encoded("{}");
        let bad_jwts = TokenRouter::new().jwt(Refuses).opaque(accepts()).prefix("e", accepts()).unwrap();
        assert_eq!(verdict(&bad_jwts, &jwt), Err(VerifyError::InvalidSignature));
        let bad_keys = TokenRouter::new().jwt(accepts()).opaque(accepts()).prefix("k_", Refuses).unwrap();
        assert_eq!(verdict(&bad_keys, "k_1"), Err(VerifyError::InvalidSignature));
        let bad_opaque = TokenRouter::new().jwt(accepts()).opaque(Refuses).prefix("k_", accepts()).unwrap();
        assert_eq!(verdict(&bad_opaque, "opaque"), Err(VerifyError::InvalidSignature));
    }

    #[test]
    fn a_form_without_a_verifier_is_refused_and_the_hint_names_what_is_not_set() {
        let jwt = encoded("{}");
        let only_jwts = TokenRouter::new().jwt(Accepts("jwt", true));
        let only_opaque = TokenRouter::new().opaque(Accepts("opaque", true));
        for (router, token, method) in [
            (&only_jwts, "opaque", "TokenRouter::opaque"),
            (&only_opaque, jwt.as_str(), "TokenRouter::jwt"),
            (&TokenRouter::new(), "acme_1", "TokenRouter::opaque"),
        ] {
            let failure = router.verify_now(token).unwrap().unwrap_err();
            assert_eq!(failure.error(), &VerifyError::UnknownToken);
            assert!(failure.hint().unwrap().to_string().contains(method), "{failure:?}");
            assert_eq!(verdict(router, token), Err(VerifyError::UnknownToken));
        }
    }

    #[test]
    fn a_prefix_is_one_that_tokens_begin_with_and_has_one_verifier() {
        let with = |prefix: &str| TokenRouter::new().prefix(prefix, Refuses);
        for prefix in ["", "a b", "a=", "é", "a,", "a\n", &"a".repeat(65)] {
            let error = with(prefix).unwrap_err();
            assert_eq!(error, InvalidPrefix::NotOfTokens(prefix.to_owned()));
        }
        for prefix in ["a", "acme_", "a-b.c~d+e/f", &"a".repeat(64)] {
            assert!(with(prefix).is_ok(), "{prefix}");
        }
        let twice = with("acme_").unwrap().prefix("acme_", Refuses).unwrap_err();
        assert_eq!(twice, InvalidPrefix::Taken("acme_".to_owned()));
        assert!(twice.to_string().contains("\"acme_\" has two verifiers"), "{twice}");
    }

    #[test]
    fn debug_names_the_forms() {
        assert_eq!(
            format!("{:?}", router(true)),
            r#"TokenRouter { jwt: true, prefixes: ["acme_live_", "acme_", "a"], opaque: true }"#
        );
    }
}
