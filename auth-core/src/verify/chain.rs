//! Several verifiers as one.

use std::fmt;

use async_trait::async_trait;

use super::failure::VerifyFailure;
use super::verifier::TokenVerifier;
use crate::token::error::VerifyError;
use crate::token::verified::VerifiedToken;

/// Several verifiers tried in turn: the first that accepts decides.
///
/// If none accepts, the error of the verifier that got furthest with the token counts: it tells the most in a log. If
/// a verifier could not reach a verdict, that is the answer, since it might have accepted.
///
/// ```
/// # use auth_core::{TokenVerifier, VerifierChain};
/// # fn chain(own: impl TokenVerifier + 'static, partner: impl TokenVerifier + 'static) -> VerifierChain {
/// VerifierChain::new(own).or(partner)
/// # }
/// ```
pub struct VerifierChain {
    first: Box<dyn TokenVerifier>,
    others: Vec<Box<dyn TokenVerifier>>,
}

impl VerifierChain {
    /// A chain of one.
    pub fn new(first: impl TokenVerifier + 'static) -> Self {
        Self { first: Box::new(first), others: Vec::new() }
    }

    /// Adds a verifier that is asked when those before it refuse.
    #[must_use]
    pub fn or(mut self, next: impl TokenVerifier + 'static) -> Self {
        self.others.push(Box::new(next));
        self
    }
}

impl fmt::Debug for VerifierChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierChain(<{} verifiers>)", 1 + self.others.len())
    }
}

/// The failure that tells the most, of those so far.
#[derive(Default)]
struct MostTelling(Option<VerifyFailure>);

impl MostTelling {
    /// Returns the token, if this verdict of the verifier at `place` decides.
    fn add(&mut self, place: u32, verdict: Result<VerifiedToken, VerifyFailure>) -> Option<VerifiedToken> {
        match verdict {
            Ok(token) => Some(token.by_verifier(place)),
            Err(failure) => {
                if self.0.as_ref().is_none_or(|kept| failure.error().rank() > kept.error().rank()) {
                    self.0 = Some(failure.by_verifier(place));
                }
                None
            }
        }
    }

    fn into_failure(self) -> VerifyFailure {
        // A chain has at least one verifier, so that one has failed.
        self.0.unwrap_or_else(|| VerifyError::UnknownToken.into())
    }
}

impl VerifierChain {
    fn verifiers(&self) -> impl Iterator<Item = (u32, &dyn TokenVerifier)> {
        (0..).zip(std::iter::once(&self.first).chain(&self.others).map(AsRef::as_ref))
    }
}

#[async_trait]
impl TokenVerifier for VerifierChain {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        let mut failures = MostTelling::default();
        for (place, verifier) in self.verifiers() {
            let verdict = match verifier.verify_now(token) {
                Some(verdict) => verdict,
                None => verifier.verify(token).await,
            };
            if let Some(token) = failures.add(place, verdict) {
                return Ok(token);
            }
        }
        Err(failures.into_failure())
    }

    /// Returns a verdict if none of the verifiers that are asked has to wait.
    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        let mut failures = MostTelling::default();
        for (place, verifier) in self.verifiers() {
            if let Some(token) = failures.add(place, verifier.verify_now(token)?) {
                return Some(Ok(token));
            }
        }
        Some(Err(failures.into_failure()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for Says {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
            Ok(VerifiedToken::assert_verified(serde_json::json!({ "sub": self.0.clone()? }))?)
        }
    }

    /// Says it at once.
    struct SaysNow(Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for SaysNow {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
            self.verify_now(token).unwrap()
        }

        fn verify_now(&self, _: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
            let verified = |subject| VerifiedToken::assert_verified(serde_json::json!({ "sub": subject }));
            Some(self.0.clone().and_then(verified).map_err(VerifyFailure::from))
        }
    }

    #[test]
    fn nothing_is_waited_for_unless_a_verifier_that_is_asked_has_to() {
        let now = |chain: VerifierChain| Some(of_subject(chain.verify_now("t")?));
        let no = || VerifyError::UnknownKey;
        assert_eq!(
            now(VerifierChain::new(SaysNow(Err(no()))).or(SaysNow(Ok("b")))),
            Some(Ok("b".to_owned()))
        );
        assert_eq!(now(VerifierChain::new(SaysNow(Ok("a"))).or(Says(Ok("b")))), Some(Ok("a".to_owned())));
        assert_eq!(now(VerifierChain::new(SaysNow(Err(no()))).or(SaysNow(Err(no())))), Some(Err(no())));
        assert_eq!(now(VerifierChain::new(SaysNow(Err(no()))).or(Says(Ok("b")))), None);
    }

    fn of_subject(verdict: Result<VerifiedToken, VerifyFailure>) -> Result<String, VerifyError> {
        verdict.map(|token| token.subject().to_owned()).map_err(VerifyFailure::into_error)
    }

    #[track_caller]
    fn verdict(chain: &VerifierChain) -> Result<String, VerifyError> {
        of_subject(futures_executor::block_on(chain.verify("t")))
    }

    #[test]
    fn the_first_that_accepts_decides() {
        let chain = VerifierChain::new(Says(Err(VerifyError::Misconfigured("x"))))
            .or(Says(Ok("b")))
            .or(Says(Ok("c")));
        assert_eq!(verdict(&chain), Ok("b".to_owned()));
    }

    /// Names its key, in either verdict.
    struct WithKey(&'static str, Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for WithKey {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
            match Says(self.1.clone()).verify(token).await {
                Ok(token) => Ok(token.with_key_id(self.0)),
                Err(failure) => Err(failure.with_key_id(self.0)),
            }
        }
    }

    #[test]
    fn what_the_deciding_verifier_knows_travels_in_the_verdict() {
        use VerifyError::{Expired, InvalidSignature, UnknownKey};
        for (verdicts, key_id, place) in [
            ([Ok("a"), Ok("b")], "k0", 0),
            ([Err(Expired), Ok("b")], "k1", 1),
            ([Err(Expired), Err(InvalidSignature)], "k0", 0),
            ([Err(UnknownKey), Err(Expired)], "k1", 1),
        ] {
            let [first, second] = verdicts;
            let chain = VerifierChain::new(WithKey("k0", first)).or(Box::new(WithKey("k1", second)));
            let verdict = futures_executor::block_on(std::sync::Arc::new(chain).verify("t"));
            let known = match &verdict {
                Ok(token) => (token.key_id(), token.verifier()),
                Err(failure) => (failure.key_id(), failure.verifier()),
            };
            assert_eq!(known, (Some(key_id), Some(place)));
        }
    }

    #[test]
    fn of_errors_that_are_as_specific_the_first_is_kept() {
        let [first, second] = ["exp", "sub"].map(VerifyError::MissingClaim);
        let chain = VerifierChain::new(Says(Err(first.clone()))).or(Says(Err(second)));
        assert_eq!(verdict(&chain), Err(first));
        assert_eq!(format!("{chain:?}"), "VerifierChain(<2 verifiers>)");
    }

    #[test]
    fn the_most_specific_error_is_kept_wherever_it_stands() {
        #[derive(Debug, serde::Deserialize)]
        struct Tenant {
            #[allow(dead_code, reason = "only deserialized")]
            tenant: String,
        }
        let token = VerifiedToken::assert_verified(serde_json::json!({"sub": "a"})).unwrap();
        let by_rank = [
            VerifyError::UnknownToken,
            VerifyError::TooLong,
            VerifyError::MalformedToken,
            VerifyError::MalformedHeader,
            VerifyError::InvalidHeader("typ"),
            VerifyError::UnknownKey,
            VerifyError::InvalidSignature,
            VerifyError::MalformedClaims,
            VerifyError::MissingClaim("exp"),
            VerifyError::WrongIssuer,
            VerifyError::WrongAudience,
            VerifyError::WrongClient,
            VerifyError::UnmetClaim,
            VerifyError::SenderConstrained,
            VerifyError::Expired,
            VerifyError::Revoked,
            VerifyError::Claims(token.claims::<Tenant>().unwrap_err()),
            VerifyError::Unavailable { retry_after: None },
            VerifyError::Misconfigured("x"),
        ];
        for pair in by_rank.windows(2) {
            let [vague, telling] = pair else { unreachable!() };
            for (first, second) in [(vague, telling), (telling, vague)] {
                let chain = VerifierChain::new(Says(Err(first.clone()))).or(Says(Err(second.clone())));
                assert_eq!(verdict(&chain).as_ref(), Err(telling));
            }
        }
    }
}
