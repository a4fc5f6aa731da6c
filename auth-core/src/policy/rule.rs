//! The rules that a policy is made of, and whether they hold.

use std::fmt;
use std::sync::Arc;

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
    Not(Box<Rule>),
    /// One or more.
    All(Vec<Rule>),
    /// One or more.
    Any(Vec<Rule>),
}

/// Which scopes a token is taken to have.
#[derive(Clone, Copy)]
pub(super) enum Granted<'a> {
    Own,
    /// These and its own.
    Besides(&'a [&'a Scope]),
    /// These and no other.
    Only(&'a [&'a Scope]),
}

impl Granted<'_> {
    fn contains(self, token: Option<&VerifiedToken>, scope: &Scope) -> bool {
        let own = || token.is_some_and(|token| token.scopes().contains(scope.as_str()));
        match self {
            Self::Own => own(),
            Self::Besides(others) => others.contains(&scope) || own(),
            Self::Only(scopes) => scopes.contains(&scope),
        }
    }

    /// What the claim would answer. Where scopes are only supposed, the claims that hold them tell nothing.
    fn ask(self, token: Option<&VerifiedToken>, path: &ClaimPath, question: Question<'_>) -> Truth {
        match token {
            Some(token) if !self.may_change(path) => token.ask(path, question),
            _ => Truth::Unknown,
        }
    }

    fn ask_roles(self, token: Option<&VerifiedToken>, question: Question<'_>) -> Truth {
        let Some(token) = token else { return Truth::Unknown };
        if token.roles_path().is_some_and(|path| self.may_change(path)) {
            return Truth::Unknown;
        }
        token.ask_roles(question)
    }

    fn may_change(self, path: &ClaimPath) -> bool {
        !matches!(self, Self::Own) && (path.begins_with("scope") || path.begins_with("scp"))
    }
}

impl Rule {
    /// Whether the rule holds. Without a token it is asked of anyone: what only claims could tell is unknown.
    pub(super) fn holds(&self, token: Option<&VerifiedToken>, granted: Granted<'_>) -> Truth {
        match self {
            Self::Scope(scope) => granted.contains(token, scope).into(),
            Self::Role(role) => granted.ask_roles(token, Question::Contains(role)),
            Self::Equals(path, value) => granted.ask(token, path, Question::Equals(value)),
            Self::Contains(path, value) => granted.ask(token, path, Question::Contains(value)),
            Self::Predicate(_, predicate) => token.map_or(Truth::Unknown, |token| predicate(token).into()),
            Self::Not(rule) => !rule.holds(token, granted),
            Self::All(rules) => decided_by(Truth::No, rules, token, granted),
            Self::Any(rules) => decided_by(Truth::Yes, rules, token, granted),
        }
    }

    pub(super) fn asks_for_roles(&self) -> bool {
        match self {
            Self::Role(_) => true,
            Self::Scope(_) | Self::Equals(..) | Self::Contains(..) | Self::Predicate(..) => false,
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
fn decided_by(deciding: Truth, rules: &[Rule], token: Option<&VerifiedToken>, granted: Granted<'_>) -> Truth {
    let mut outcome = !deciding;
    for rule in rules {
        match rule.holds(token, granted) {
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
