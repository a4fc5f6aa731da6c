//! Several verifiers as one.

use std::fmt;

use async_trait::async_trait;

use crate::token::error::VerifyError;
use crate::token::verified::VerifiedToken;
use crate::verify::verifier::{Evidence, TokenVerifier};

/// Several verifiers tried in turn: the first that accepts decides.
///
/// If none does, the error of the one that got furthest with the token is kept, for it is the most
/// telling in a log; and if one of them could not reach a verdict, that is the answer, since it
/// might have accepted.
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

/// What the verifiers so far have said, none of which has accepted.
#[derive(Default)]
struct Refused(Option<(VerifyError, Evidence)>);

impl Refused {
    /// The verdict of the chain, if this one of a verifier decides it.
    fn decided(
        &mut self,
        verdict: Result<VerifiedToken, VerifyError>,
        of_verifier: Evidence,
        evidence: &mut Evidence,
    ) -> Option<VerifiedToken> {
        match verdict {
            Ok(verified) => {
                *evidence = of_verifier;
                Some(verified)
            }
            Err(error) => {
                if self.0.as_ref().is_none_or(|(kept, _)| error.rank() > kept.rank()) {
                    self.0 = Some((error, of_verifier));
                }
                None
            }
        }
    }

    /// There is a first verifier, so that one has refused.
    fn verdict(self, evidence: &mut Evidence) -> Result<VerifiedToken, VerifyError> {
        let (error, of_verifier) = self.0.unwrap_or((VerifyError::UnknownToken, Evidence::default()));
        *evidence = of_verifier;
        Err(error)
    }
}

impl VerifierChain {
    fn verifiers(&self) -> impl Iterator<Item = (usize, &dyn TokenVerifier)> {
        std::iter::once(&self.first).chain(&self.others).map(AsRef::as_ref).enumerate()
    }
}

#[async_trait]
impl TokenVerifier for VerifierChain {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
        self.verify_noting(token, &mut Evidence::default()).await
    }

    /// A verdict, as long as none of the verifiers that are asked has to be waited for.
    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyError>> {
        self.verify_now_noting(token, &mut Evidence::default())
    }

    async fn verify_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Result<VerifiedToken, VerifyError> {
        let mut refused = Refused::default();
        for (place, verifier) in self.verifiers() {
            let mut noted = Evidence::default();
            let verdict = match verifier.verify_now_noting(token, &mut noted) {
                Some(verdict) => verdict,
                None => verifier.verify_noting(token, &mut noted).await,
            };
            noted.issuer = Some(place);
            if let Some(verified) = refused.decided(verdict, noted, evidence) {
                return Ok(verified);
            }
        }
        refused.verdict(evidence)
    }

    fn verify_now_noting(
        &self,
        token: &str,
        evidence: &mut Evidence,
    ) -> Option<Result<VerifiedToken, VerifyError>> {
        let mut refused = Refused::default();
        for (place, verifier) in self.verifiers() {
            let mut noted = Evidence::default();
            let verdict = verifier.verify_now_noting(token, &mut noted)?;
            noted.issuer = Some(place);
            if let Some(verified) = refused.decided(verdict, noted, evidence) {
                return Some(Ok(verified));
            }
        }
        Some(refused.verdict(evidence))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Says(Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for Says {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyError> {
            VerifiedToken::assert_verified(serde_json::json!({ "sub": self.0.clone()? }))
        }
    }

    /// Says it at once.
    struct SaysNow(Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for SaysNow {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyError> {
            self.verify_now(token).unwrap()
        }

        fn verify_now(&self, _: &str) -> Option<Result<VerifiedToken, VerifyError>> {
            let verified = |subject| VerifiedToken::assert_verified(serde_json::json!({ "sub": subject }));
            Some(self.0.clone().and_then(verified))
        }
    }

    #[test]
    fn nothing_is_waited_for_unless_a_verifier_that_is_asked_has_to() {
        let now = |chain: VerifierChain| Some(chain.verify_now("t")?.map(|token| token.subject().to_owned()));
        let no = || VerifyError::UnknownKey;
        assert_eq!(
            now(VerifierChain::new(SaysNow(Err(no()))).or(SaysNow(Ok("b")))),
            Some(Ok("b".to_owned()))
        );
        assert_eq!(now(VerifierChain::new(SaysNow(Ok("a"))).or(Says(Ok("b")))), Some(Ok("a".to_owned())));
        assert_eq!(now(VerifierChain::new(SaysNow(Err(no()))).or(SaysNow(Err(no())))), Some(Err(no())));
        assert_eq!(now(VerifierChain::new(SaysNow(Err(no()))).or(Says(Ok("b")))), None);
    }

    #[track_caller]
    fn verdict(chain: &VerifierChain) -> Result<String, VerifyError> {
        futures_executor::block_on(chain.verify("t")).map(|token| token.subject().to_owned())
    }

    #[test]
    fn the_first_that_accepts_decides() {
        let chain = VerifierChain::new(Says(Err(VerifyError::Misconfigured("x"))))
            .or(Says(Ok("b")))
            .or(Says(Ok("c")));
        assert_eq!(verdict(&chain), Ok("b".to_owned()));
    }

    /// Notes its name, as a key's.
    struct Noting(&'static str, Result<&'static str, VerifyError>);

    #[async_trait]
    impl TokenVerifier for Noting {
        async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyError> {
            unreachable!("the chain was asked to note")
        }

        async fn verify_noting(
            &self,
            token: &str,
            evidence: &mut Evidence,
        ) -> Result<VerifiedToken, VerifyError> {
            *evidence = Evidence { key_id: Some(self.0.into()), issuer: Some(7) };
            Says(self.1.clone()).verify(token).await
        }
    }

    #[test]
    fn what_the_deciding_verifier_has_noted_is_kept() {
        use VerifyError::{Expired, InvalidSignature, UnknownKey};
        for (verdicts, key_id, issuer) in [
            ([Ok("a"), Ok("b")], "k0", 0),
            ([Err(Expired), Ok("b")], "k1", 1),
            ([Err(Expired), Err(InvalidSignature)], "k0", 0),
            ([Err(UnknownKey), Err(Expired)], "k1", 1),
        ] {
            let [first, second] = verdicts;
            let chain = VerifierChain::new(Noting("k0", first)).or(Box::new(Noting("k1", second)));
            let mut evidence = Evidence::default();
            let _ = futures_executor::block_on(chain.verify_noting("t", &mut evidence));
            assert_eq!(evidence, Evidence { key_id: Some(key_id.into()), issuer: Some(issuer) });
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
            VerifyError::SenderConstrained,
            VerifyError::Expired,
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
