//! `aud`: whom a token is meant for.

use std::sync::Arc;

use super::build_error::Problem;
use super::difference::Mismatch;
use crate::token::audience::Audience;
use crate::token::claim_path::ClaimPath;
use crate::token::claim_query::Question;
use crate::token::claim_rules::EmptyAudience;
use crate::token::claim_value::ClaimValue;
use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;
use crate::token::truth::Truth;
use crate::verify::failure::VerifyFailure;

/// What the builder was told about audiences.
#[derive(Default)]
pub(super) struct AudienceSettings {
    pub(super) names: Vec<String>,
    pub(super) claims: Vec<(ClaimPath, Vec<String>)>,
    pub(super) anyone: bool,
}

/// Whom tokens have to be meant for.
#[derive(Debug)]
pub(super) enum AudienceRule {
    Anyone,
    /// `aud` names one of these (RFC 7519 section 4.1.3).
    OneOf(Arc<[Box<str>]>),
    /// Another claim names one of these.
    InClaim {
        path: ClaimPath,
        values: Box<[ClaimValue]>,
        shown: Arc<[Box<str>]>,
    },
}

impl AudienceSettings {
    /// What the settings come to, and all that is wrong with them.
    pub(super) fn into_rule(self, problems: &mut Vec<Problem>) -> AudienceRule {
        let Self { names, mut claims, anyone } = self;
        let kinds = [anyone, !names.is_empty(), !claims.is_empty()];
        match kinds.into_iter().filter(|given| *given).count() {
            0 => problems.push(Problem::NoAudience),
            1 if claims.len() <= 1 => {}
            _ => problems.push(Problem::ContradictoryAudiences),
        }
        let values = claims.iter().flat_map(|(_, values)| values);
        if names.iter().chain(values).any(String::is_empty) {
            problems.push(Problem::EmptyAudience);
        }
        if let Some((path, _)) = claims.iter().find(|(_, values)| values.is_empty()) {
            problems.push(Problem::NoValues { method: "audience_in", claim: path.to_string() });
        }
        match claims.pop() {
            Some((path, values)) => AudienceRule::InClaim {
                path,
                shown: values.iter().map(|value| value.as_str().into()).collect(),
                values: values.into_iter().map(ClaimValue::from).collect(),
            },
            None if anyone => AudienceRule::Anyone,
            None => AudienceRule::OneOf(names.into_iter().map(String::into_boxed_str).collect()),
        }
    }
}

impl AudienceRule {
    /// Whether a token may name nobody.
    pub(super) fn empty_audience(&self) -> EmptyAudience {
        match self {
            Self::OneOf(_) => EmptyAudience::Refused,
            Self::Anyone | Self::InClaim { .. } => EmptyAudience::Accepted,
        }
    }

    /// Judges `aud`, or what stands for it, in claims whose text is `json`.
    pub(super) fn check(&self, claims: &RegisteredClaims, json: &str) -> Result<(), VerifyFailure> {
        match (self, claims.aud()) {
            (Self::Anyone, _) => Ok(()),
            (Self::OneOf(names), Some(claimed)) => {
                if names.iter().any(|name| claimed.contains(name)) {
                    return Ok(());
                }
                let advice = advice(claimed, claims);
                let claimed: Vec<_> = claimed.iter().collect();
                let mismatch = Mismatch::new("aud", names, &claimed, advice);
                Err(VerifyFailure::from(VerifyError::WrongAudience).with_hint(mismatch))
            }
            (Self::OneOf(names), None) => {
                let advice = "Do this issuer's access tokens carry no `aud`, as Cognito's, Clerk's and WorkOS'? Compare \
                              another claim: `.audience_in(\"client_id\", [..])`";
                let mismatch = Mismatch::new("aud", names, &[], advice);
                Err(VerifyFailure::from(VerifyError::MissingClaim("aud")).with_hint(mismatch))
            }
            (Self::InClaim { path, values, shown }, _) => {
                let asks = |question| claims.members().ask(json, path.into(), question) == Truth::Yes;
                if values.iter().any(|value| asks(Question::Equals(value)) || asks(Question::Contains(value)))
                {
                    return Ok(());
                }
                let hint = format!("expected claim `{path}` {}", super::difference::OneOf(shown));
                Err(VerifyFailure::from(VerifyError::WrongAudience).with_hint(hint))
            }
        }
    }
}

/// What to do about a token for somebody else, if that is one of those that everybody meets.
fn advice(claimed: Audience<'_>, claims: &RegisteredClaims) -> &'static str {
    /// The application id of Microsoft Graph.
    const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
    if claimed.iter().all(|name| name == "account") {
        return "It is for Keycloak's own `account`: add an audience mapper for this API to a client scope of the client";
    }
    if claimed.contains(GRAPH) || claimed.contains("https://graph.microsoft.com") {
        return "It is for Microsoft Graph: ask Entra ID for a scope of this API, such as `api://.../.default`";
    }
    if claims.client_id().is_none_or(|client| claimed.contains(client)) && claimed.iter().count() == 1 {
        return "Is it an ID token, whose `aud` is the client? Send the access token";
    }
    "Ask the issuer for a token for this API"
}
