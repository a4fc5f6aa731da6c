//! Says why a request is refused, where a failing test shows it.

use std::cell::RefCell;

use auth_core::{
    Authenticator, JwtVerifier, Reason, RejectionContext, TokenVerifier, VerifiedToken, VerifyError,
    VerifyFailure, async_trait,
};

thread_local! {
    /// What the verifier has just said of a token. Between its verdict and the refusal nothing is awaited, so that both
    /// happen on one thread.
    static FAILURE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Authenticates by this verifier and prints each refusal, by `eprintln!`: libtest captures it on the thread of the test,
/// and on those that this thread starts.
///
/// `issuer` and `audience` are those of the tokens that the test mints.
pub(crate) fn explaining(verifier: JwtVerifier, issuer: &str, audience: &str) -> Authenticator {
    let verifier = Explaining { verifier, issuer: issuer.to_owned(), audience: audience.to_owned() };
    Authenticator::new(verifier).with_refusal_observer(|refusal| {
        let failure = FAILURE.take();
        // Without a path it is an example for a document.
        if let Some(path) = refusal.path() {
            eprintln!("auth-testing: {path:?} is refused, {}", explanation(refusal, failure));
        }
    })
}

/// Passes the verdicts of a verifier on unchanged, and remembers why it refused.
struct Explaining {
    verifier: JwtVerifier,
    issuer: String,
    audience: String,
}

impl Explaining {
    fn remember(&self, verdict: &Result<VerifiedToken, VerifyFailure>) {
        FAILURE.set(verdict.as_ref().err().map(|failure| self.told(failure)));
    }

    fn told(&self, failure: &VerifyFailure) -> String {
        let mut told = failure.to_string();
        if let Some(hint) = failure.hint() {
            told.push_str(&format!(" ({hint})"));
        }
        let (called, value) = match failure.error() {
            VerifyError::WrongIssuer => ("issuer", &self.issuer),
            VerifyError::WrongAudience => ("audience", &self.audience),
            _ => return told,
        };
        told + &format!(
            ". This TestIssuer mints for {called} {value:?}: if the application's settings expect another one, name it by \
             `TestIssuer::{called}(...)`"
        )
    }
}

#[async_trait]
impl TokenVerifier for Explaining {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        let verdict = self.verifier.verify(token).await;
        self.remember(&verdict);
        verdict
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        let verdict = self.verifier.verify_now(token)?;
        self.remember(&verdict);
        Some(verdict)
    }
}

fn explanation(refusal: &RejectionContext<'_>, failure: Option<String>) -> String {
    let why = failure.unwrap_or_else(|| without_failure(refusal.reason()).to_owned());
    format!("{} ({:?}): {why}", refusal.status().as_u16(), refusal.reason())
}

/// What it can be if the verifier has not refused.
fn without_failure(reason: Reason) -> &'static str {
    match reason {
        Reason::Missing => {
            "the request has no bearer token. Send `Authorization: Bearer <token>`, or take the Authenticator of \
             `override_authentication()`"
        }
        Reason::Malformed => {
            "the Authorization field is not `Bearer <token>`, or was sent twice, or the query has an access_token \
             beside it"
        }
        Reason::Invalid => {
            "the verifier accepts the token, but its claims do not fit the type that the handler asks for, or the user \
             store knows no such user; or the token is longer than 64 KiB"
        }
        Reason::Insufficient => {
            "the token is good, but lacks a scope, role or claim that the route demands, or the user store calls the user \
             inactive. Mint it with `.scope(...)` or `.claim(...)`; roles are read from `roles`, or from the claim that \
             the application's settings name, if `TestIssuer::settings(...)` has them"
        }
        Reason::InsufficientUserAuthentication => {
            "the token is good, but tells no login that the route demands, or one too long ago. Mint it with \
             `.claim(\"acr\", ...)` and `.claim_at(\"auth_time\", -seconds)`"
        }
        Reason::Unavailable => "the user store failed",
        Reason::Misconfigured => "the user store or a predicate of the policy panicked",
        _ => "see the log of `auth_core`",
    }
}
