//! Claims and clients that a verifier demands of every token.

use std::fmt;
use std::sync::Arc;

use super::build_error::Problem;
use super::difference::OneOf;
use crate::token::claim_path::ClaimPath;
use crate::token::claim_query::Question;
use crate::token::claim_text::{ClaimText, claim_text};
use crate::token::claim_value::ClaimValue;
use crate::token::claims::{CLIENT_CLAIMS, RegisteredClaims};
use crate::token::error::VerifyError;
use crate::token::truth::Truth;
use crate::verify::failure::VerifyFailure;

/// A claim that has to have one of some values.
#[derive(Clone, Debug)]
pub(super) struct RequiredClaim {
    pub(super) path: ClaimPath,
    pub(super) values: Arc<[ClaimValue]>,
}

impl RequiredClaim {
    /// Notes what is wrong with the setting.
    pub(super) fn vet(&self, problems: &mut Vec<Problem>) {
        if self.values.is_empty() {
            problems.push(Problem::NoValues { method: "require_claim_in", claim: self.path.to_string() });
        }
    }

    /// Demands it of claims whose text is `json`.
    pub(super) fn check(&self, claims: &RegisteredClaims, json: &str) -> Result<(), VerifyFailure> {
        let is =
            |value| claims.members().ask(json, (&self.path).into(), Question::Equals(value)) == Truth::Yes;
        if self.values.iter().any(is) {
            return Ok(());
        }
        Err(VerifyFailure::from(VerifyError::UnmetClaim).with_hint(self.clone()))
    }
}

/// What was expected.
impl fmt::Display for RequiredClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected claim `{}` {}", self.path, OneOf(&self.values))
    }
}

/// The clients that tokens may have been issued to.
#[derive(Debug)]
pub(super) struct AllowedClients(Arc<[Box<str>]>);

impl AllowedClients {
    pub(super) fn new(clients: Vec<String>, problems: &mut Vec<Problem>) -> Self {
        if clients.is_empty() || clients.iter().any(String::is_empty) {
            problems.push(Problem::NoClients);
        }
        Self(clients.into_iter().map(String::into_boxed_str).collect())
    }

    /// Every claim that names a client has to name one of these, and there has to be such a claim.
    pub(super) fn check(&self, json: &str) -> Result<(), VerifyFailure> {
        let mut named = false;
        for claim in CLIENT_CLAIMS {
            match claim_text(json, &ClaimPath::from(claim)) {
                ClaimText::Absent | ClaimText::Null => {}
                ClaimText::Text(client) if self.0.iter().any(|allowed| **allowed == *client) => named = true,
                ClaimText::Text(_) | ClaimText::OfAnotherType => return Err(self.refuse(claim)),
            }
        }
        if named { Ok(()) } else { Err(self.refuse("client_id")) }
    }

    fn refuse(&self, claim: &'static str) -> VerifyFailure {
        VerifyFailure::from(VerifyError::WrongClient)
            .with_hint(WrongClient { claim, allowed: self.0.clone() })
    }
}

struct WrongClient {
    claim: &'static str,
    allowed: Arc<[Box<str>]>,
}

impl fmt::Display for WrongClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected claim `{}` {}: `.allow_clients(..)` lists them", self.claim, OneOf(&self.allowed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_the_first_few_values() {
        let values = (0..1000).map(|value: i64| value.into()).collect();
        let hint = RequiredClaim { path: "id".into(), values }.to_string();
        assert!(
            hint.starts_with("expected claim `id` 0 or 1 or ") && hint.ends_with(" or one of 992 more"),
            "{hint}"
        );
    }
}
