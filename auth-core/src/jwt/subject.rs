//! `sub`: whom a token is about.

use crate::token::claim_path::ClaimPath;
use crate::token::claim_text::{ClaimText, claim_text};
use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;
use crate::verify::failure::VerifyFailure;

/// What to do with tokens whose `sub` is absent or empty.
#[derive(Debug, Default)]
pub(super) struct SubjectRule {
    /// The claims to take instead, the first that names somebody.
    pub(super) instead: Vec<ClaimPath>,
    pub(super) may_be_missing: bool,
}

impl SubjectRule {
    /// Sees to it that the claims, whose text is `json`, have a subject.
    pub(super) fn settle(&self, claims: &mut RegisteredClaims, json: &str) -> Result<(), VerifyFailure> {
        if claims.sub().is_some_and(|subject| !subject.is_empty()) {
            return Ok(());
        }
        for path in &self.instead {
            match claim_text(json, path) {
                ClaimText::Text(subject) if !subject.is_empty() => {
                    claims.set_sub(&subject);
                    return Ok(());
                }
                ClaimText::Text(_) | ClaimText::Absent | ClaimText::Null => {}
                ClaimText::OfAnotherType => {
                    let hint = format!("claim `{path}`, taken for the subject, is not a string");
                    return Err(VerifyFailure::from(VerifyError::UnmetClaim).with_hint(hint));
                }
            }
        }
        if self.may_be_missing {
            return Ok(());
        }
        let error = match claims.sub() {
            None => VerifyError::MissingClaim("sub"),
            Some(_) => VerifyError::InvalidClaim("sub"),
        };
        Err(VerifyFailure::from(error).with_hint(
            "Keycloak 25 and later: add the client scope `basic` to the client. For tokens of machines, \
             `.subject_or(\"client_id\")` takes another claim, and `.allow_missing_subject()` demands none",
        ))
    }
}
