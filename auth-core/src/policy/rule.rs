//! The rules that a policy is made of, and whether they hold.

use std::fmt;
use std::sync::Arc;

use super::login::{AcrValues, Recency};
use super::supposed::Supposed;
use crate::token::claim_path::ClaimPath;
use crate::token::claim_query::Question;
use crate::token::claim_value::ClaimValue;
use crate::token::scope::Scope;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

#[derive(Clone)]
pub(super) enum Rule {
    Scope(Scope),
    Role(ClaimValue),
    Equals(ClaimPath, ClaimValue),
    Contains(ClaimPath, ClaimValue),
    Predicate(Box<str>, Arc<dyn Fn(&VerifiedToken) -> bool + Send + Sync>),
    Acr(AcrValues),
    Recent(Recency),
    Not(Box<Rule>),
    /// One or more.
    All(Vec<Rule>),
    /// One or more.
    Any(Vec<Rule>),
}

impl Rule {
    /// Whether the rule holds. Without a token it is asked of anyone: what only claims could tell is unknown.
    pub(super) fn holds(&self, token: Option<&VerifiedToken>, supposed: Supposed<'_>) -> Truth {
        match self {
            Self::Scope(scope) => supposed.has_scope(token, scope).into(),
            Self::Role(role) => supposed.ask_roles(token, Question::Contains(role)),
            Self::Equals(path, value) => supposed.ask(token, path, Question::Equals(value)),
            Self::Contains(path, value) => supposed.ask(token, path, Question::Contains(value)),
            Self::Predicate(_, predicate) => token.map_or(Truth::Unknown, |token| predicate(token).into()),
            Self::Acr(values) => values.hold(token, supposed.login),
            Self::Recent(recency) => recency.holds(token, supposed.login),
            Self::Not(rule) => !rule.holds(token, supposed),
            Self::All(rules) => decided_by(Truth::No, rules, token, supposed),
            Self::Any(rules) => decided_by(Truth::Yes, rules, token, supposed),
        }
    }

    pub(super) fn asks_for_roles(&self) -> bool {
        match self {
            Self::Role(_) => true,
            Self::Scope(_)
            | Self::Equals(..)
            | Self::Contains(..)
            | Self::Predicate(..)
            | Self::Acr(_)
            | Self::Recent(_) => false,
            Self::Not(rule) => rule.asks_for_roles(),
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::asks_for_roles),
        }
    }

    /// How tightly it binds in print.
    fn rank(&self) -> u8 {
        match self {
            Self::Any(_) => 0,
            Self::All(_) => 1,
            _ => 2,
        }
    }
}

/// A single rule that gives the deciding answer decides. Otherwise all rules have to give the opposite one; if any
/// is unknown, so is the outcome.
fn decided_by(
    deciding: Truth,
    rules: &[Rule],
    token: Option<&VerifiedToken>,
    supposed: Supposed<'_>,
) -> Truth {
    let mut outcome = !deciding;
    for rule in rules {
        match rule.holds(token, supposed) {
            answer if answer == deciding => return deciding,
            Truth::Unknown => outcome = Truth::Unknown,
            Truth::Yes | Truth::No => {}
        }
    }
    outcome
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rules, word) = match self {
            Self::Scope(scope) => return write!(f, "scope {scope}"),
            Self::Role(ClaimValue::Text(role)) => return write!(f, "role {role}"),
            Self::Role(role) => return write!(f, "role {role:?}"),
            Self::Equals(path, value) => return write!(f, "claim {path} = {value:?}"),
            Self::Contains(path, value) => return write!(f, "claim {path} contains {value:?}"),
            Self::Predicate(name, _) => return f.write_str(name),
            Self::Acr(values) => return write!(f, "{values:?}"),
            Self::Recent(recency) => return write!(f, "{recency:?}"),
            Self::Not(rule) => {
                f.write_str("not ")?;
                return part(rule, 2, f);
            }
            Self::All(rules) => (rules, " and "),
            Self::Any(rules) => (rules, " or "),
        };
        for (place, rule) in rules.iter().enumerate() {
            if place > 0 {
                f.write_str(word)?;
            }
            part(rule, self.rank() + 1, f)?;
        }
        Ok(())
    }
}

fn part(rule: &Rule, least_rank: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if rule.rank() < least_rank { write!(f, "({rule:?})") } else { write!(f, "{rule:?}") }
}
