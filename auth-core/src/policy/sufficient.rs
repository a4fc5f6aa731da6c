//! The scopes with which a refused token would have sufficed.

use super::rule::{Granted, Rule};
use crate::token::scope::Scope;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

/// The scopes with which the bearer of these tokens would be let in by all the policies, each asked of its token,
/// whose other claims are what they are: those that the tokens have and need, and those that they lack. Empty if
/// scopes alone would not suffice, or if that is unknown.
pub(super) fn sufficient_scopes<'a>(demands: &[(&'a Rule, &VerifiedToken)]) -> Vec<&'a Scope> {
    let mut scopes = Vec::new();
    for (rule, token) in demands {
        let Some(of_rule) = rule.sufficient_scopes(token, Truth::Yes) else { return Vec::new() };
        add_missing(&mut scopes, of_rule);
    }
    // A policy may forbid a scope that another asks for, or rest on one that another part of it does not need.
    let would_do = |scopes: &[&Scope]| {
        let holds = |granted: Granted<'_>| {
            demands.iter().all(|(rule, token)| rule.holds(token, granted) == Truth::Yes)
        };
        holds(Granted::Only(scopes)) && holds(Granted::Besides(scopes))
    };
    if would_do(&scopes) {
        return scopes;
    }
    for (rule, token) in demands {
        rule.for_each_scope(&mut |scope| {
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

impl Rule {
    /// Scopes with which the rule gives the wanted answer.
    fn sufficient_scopes(&self, token: &VerifiedToken, wanted: Truth) -> Option<Vec<&Scope>> {
        let is_met = |rule: &Self| rule.holds(token, Granted::Own) == wanted;
        match (self, wanted) {
            (Self::Scope(scope), Truth::Yes) => Some(vec![scope]),
            (Self::Not(rule), _) => rule.sufficient_scopes(token, !wanted),
            (Self::All(rules), Truth::Yes) | (Self::Any(rules), Truth::No) => {
                let mut scopes = Vec::new();
                for rule in rules {
                    add_missing(&mut scopes, rule.sufficient_scopes(token, wanted)?);
                }
                Some(scopes)
            }
            (Self::Any(rules), Truth::Yes) | (Self::All(rules), Truth::No) => {
                // What the token already meets is the least to ask for.
                let met = rules.iter().filter(|rule| is_met(rule));
                let mut by_preference = met.chain(rules);
                by_preference.find_map(|rule| rule.sufficient_scopes(token, wanted))
            }
            // Never wanted.
            (_, Truth::Unknown) => None,
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
}
