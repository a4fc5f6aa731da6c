//! The scopes with which a refused token would have sufficed.

use super::rule::{Granted, Rule};
use crate::token::scope::Scope;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

/// A rule, and the token that it is asked of. Without a token it is asked of anyone, whose claims are supposed to suit it.
pub(super) type Demand<'a, 't> = (&'a Rule, Option<&'t VerifiedToken>);

/// The scopes with which the bearer of these tokens would be let in by all the policies, each asked of its token,
/// whose other claims are what they are: those that the tokens have and need, and those that they lack. Empty if
/// scopes alone would not suffice, or if that is unknown.
pub(super) fn sufficient_scopes<'a>(demands: &[Demand<'a, '_>]) -> Vec<&'a Scope> {
    let mut scopes = Vec::new();
    for (rule, token) in demands {
        let Some(of_rule) = rule.sufficient_scopes(*token, Truth::Yes) else { return Vec::new() };
        add_missing(&mut scopes, of_rule.scopes);
    }
    // A policy may forbid a scope that another asks for, or rest on one that another part of it does not need.
    let would_do = |scopes: &[&Scope]| {
        let holds = |granted: Granted<'_>| {
            demands.iter().all(|(rule, token)| match rule.holds(*token, granted) {
                Truth::Yes => true,
                Truth::Unknown => token.is_none(),
                Truth::No => false,
            })
        };
        holds(Granted::Only(scopes)) && holds(Granted::Besides(scopes))
    };
    if would_do(&scopes) {
        return scopes;
    }
    for (rule, token) in demands {
        rule.for_each_scope(&mut |scope| {
            if token.is_some_and(|token| token.scopes().contains(scope.as_str())) {
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

/// With what a rule gives the wanted answer.
#[derive(Default)]
struct Sufficient<'a> {
    scopes: Vec<&'a Scope>,
    /// Whether claims have to suit that nobody knows yet.
    rests_on_claims: bool,
}

impl Rule {
    /// With what the rule gives the wanted answer.
    fn sufficient_scopes(&self, token: Option<&VerifiedToken>, wanted: Truth) -> Option<Sufficient<'_>> {
        let is_met = |rule: &Self| rule.holds(token, Granted::Own) == wanted;
        match (self, wanted) {
            (Self::Scope(scope), Truth::Yes) => {
                Some(Sufficient { scopes: vec![scope], ..Sufficient::default() })
            }
            (Self::Not(rule), _) => rule.sufficient_scopes(token, !wanted),
            (Self::All(rules), Truth::Yes) | (Self::Any(rules), Truth::No) => {
                let mut all = Sufficient::default();
                for rule in rules {
                    let of_rule = rule.sufficient_scopes(token, wanted)?;
                    add_missing(&mut all.scopes, of_rule.scopes);
                    all.rests_on_claims |= of_rule.rests_on_claims;
                }
                Some(all)
            }
            (Self::Any(rules), Truth::Yes) | (Self::All(rules), Truth::No) => {
                // What the token already meets is the least to ask for.
                let met = rules.iter().filter(|rule| is_met(rule));
                let by_preference = met.chain(rules);
                let mut ways = by_preference.filter_map(|rule| rule.sufficient_scopes(token, wanted));
                let first = ways.next()?;
                // What nobody knows yet is the last to rest on.
                if !first.rests_on_claims {
                    return Some(first);
                }
                Some(ways.find(|way| !way.rests_on_claims).unwrap_or(first))
            }
            // Never wanted.
            (_, Truth::Unknown) => None,
            (
                Self::Scope(_) | Self::Role(_) | Self::Equals(..) | Self::Contains(..) | Self::Predicate(..),
                _,
            ) => {
                let rests_on_claims = token.is_none() && !matches!(self, Self::Scope(_));
                let sufficient = Sufficient { scopes: Vec::new(), rests_on_claims };
                (rests_on_claims || is_met(self)).then_some(sufficient)
            }
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
