//! The rules that a policy is made of: whether they hold, and with which scopes they would.

use std::fmt;
use std::sync::Arc;

use super::Policy;
use crate::token::claim_path::{ClaimPath, ClaimValue, Question};
use crate::token::scope::Scope;
use crate::verify::verifier::VerifiedToken;

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

/// The scopes with which the bearer of these tokens would be let in by all the policies, each asked of its token,
/// whose other claims are what they are: those that the tokens have and need, and those that they lack. Empty if
/// scopes alone would not do, or that cannot be told.
pub(crate) fn sufficient_scopes<'a>(demands: &[(&'a Policy, &VerifiedToken)]) -> Vec<&'a Scope> {
    let mut scopes = Vec::new();
    for (policy, token) in demands {
        let Some(of_policy) = policy.0.sufficient_scopes(token, true) else { return Vec::new() };
        add_missing(&mut scopes, of_policy);
    }
    // A policy may forbid a scope that another asks for, or rest on one that another part of it does not need.
    let would_do = |scopes: &[&Scope]| {
        let holds = |granted: Granted<'_>| {
            demands.iter().all(|(policy, token)| policy.0.holds(token, granted) == Some(true))
        };
        holds(Granted::Only(scopes)) && holds(Granted::Besides(scopes))
    };
    if would_do(&scopes) {
        return scopes;
    }
    for (policy, token) in demands {
        policy.0.for_each_scope(&mut |scope| {
            if token.scopes().contains(scope.as_str()) {
                add_missing(&mut scopes, vec![scope]);
            }
        });
    }
    if would_do(&scopes) { scopes } else { Vec::new() }
}

fn add_missing<'a>(scopes: &mut Vec<&'a Scope>, more: Vec<&'a Scope>) {
    for scope in more {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
}

/// Which scopes a token is taken to have.
#[derive(Clone, Copy)]
pub(super) enum Granted<'a> {
    Own,
    /// These besides its own.
    Besides(&'a [&'a Scope]),
    /// These and no other.
    Only(&'a [&'a Scope]),
}

impl Granted<'_> {
    fn contains(self, token: &VerifiedToken, scope: &Scope) -> bool {
        let own = || token.scopes().contains(scope.as_str());
        match self {
            Self::Own => own(),
            Self::Besides(others) => others.contains(&scope) || own(),
            Self::Only(scopes) => scopes.contains(&scope),
        }
    }

    /// What the claim would answer. Where scopes are only supposed, the claims that hold them tell nothing.
    fn ask(self, token: &VerifiedToken, path: &ClaimPath, question: Question<'_>) -> Option<bool> {
        if self.may_change(path) { None } else { token.ask(path, question) }
    }

    fn ask_roles(self, token: &VerifiedToken, question: Question<'_>) -> Option<bool> {
        if token.roles_path().is_some_and(|path| self.may_change(path)) {
            return None;
        }
        token.ask_roles(question)
    }

    fn may_change(self, path: &ClaimPath) -> bool {
        !matches!(self, Self::Own) && (path.begins_with("scope") || path.begins_with("scp"))
    }
}

impl Rule {
    /// Whether the rule holds; `None` if it cannot be told.
    pub(super) fn holds(&self, token: &VerifiedToken, granted: Granted<'_>) -> Option<bool> {
        match self {
            Self::Scope(scope) => Some(granted.contains(token, scope)),
            Self::Role(role) => granted.ask_roles(token, Question::Contains(role)),
            Self::Equals(path, value) => granted.ask(token, path, Question::Equals(value)),
            Self::Contains(path, value) => granted.ask(token, path, Question::Contains(value)),
            Self::Predicate(_, predicate) => Some(predicate(token)),
            Self::Not(rule) => rule.holds(token, granted).map(|holds| !holds),
            Self::All(rules) => decided(rules, false, token, granted),
            Self::Any(rules) => decided(rules, true, token, granted),
        }
    }

    /// Scopes with which the rule comes out as wanted.
    fn sufficient_scopes(&self, token: &VerifiedToken, wanted: bool) -> Option<Vec<&Scope>> {
        let is_met = |rule: &Self| rule.holds(token, Granted::Own) == Some(wanted);
        match (self, wanted) {
            (Self::Scope(scope), true) => Some(vec![scope]),
            (Self::Not(rule), _) => rule.sufficient_scopes(token, !wanted),
            (Self::All(rules), true) | (Self::Any(rules), false) => {
                let mut scopes = Vec::new();
                for rule in rules {
                    add_missing(&mut scopes, rule.sufficient_scopes(token, wanted)?);
                }
                Some(scopes)
            }
            (Self::Any(rules), true) | (Self::All(rules), false) => {
                // What the token already meets is the least to ask for.
                let met = rules.iter().filter(|rule| is_met(rule));
                let mut by_preference = met.chain(rules);
                by_preference.find_map(|rule| rule.sufficient_scopes(token, wanted))
            }
            (
                Self::Scope(_) | Self::Role(_) | Self::Equals(..) | Self::Contains(..) | Self::Predicate(..),
                _,
            ) => is_met(self).then(Vec::new),
        }
    }

    fn for_each_scope<'a>(&'a self, call: &mut dyn FnMut(&'a Scope)) {
        match self {
            Self::Scope(scope) => call(scope),
            Self::Not(rule) => rule.for_each_scope(call),
            Self::All(rules) | Self::Any(rules) => {
                rules.iter().for_each(|rule| rule.for_each_scope(call));
            }
            Self::Role(_) | Self::Equals(..) | Self::Contains(..) | Self::Predicate(..) => {}
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

/// One rule that comes out as `verdict` decides. Else all have to come out otherwise, or it cannot be told.
fn decided(rules: &[Rule], verdict: bool, token: &VerifiedToken, granted: Granted<'_>) -> Option<bool> {
    let mut outcome = Some(!verdict);
    for rule in rules {
        match rule.holds(token, granted) {
            Some(holds) if holds == verdict => return Some(verdict),
            Some(_) => {}
            None => outcome = None,
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
