//! With what a refused token would have sufficed.

use super::rule::Rule;
use super::supposed::{Granted, Login, Supposed};
use crate::token::scope::Scope;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

/// A rule, and the token that it is asked of. Without a token it is asked of anyone, whose claims are supposed to suit it.
pub(super) type Demand<'a, 't> = (&'a Rule, Option<&'t VerifiedToken>);

/// With what policies would have let somebody in.
#[derive(Debug, Default)]
pub(crate) struct Sufficient<'a> {
    /// The scopes that the tokens have and need, and those that they lack.
    pub(crate) scopes: Vec<&'a Scope>,
    /// What the user's login must be, one of these. Not asked if there is none.
    pub(crate) acr_values: Option<Vec<&'a str>>,
    /// How many seconds the user's login may be ago. Not asked if there is none.
    pub(crate) max_age: Option<u64>,
    /// Whether claims have to suit that nobody knows yet.
    rests_on_claims: bool,
}

/// Whether the user may be asked to log in again.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum StepUp {
    No,
    Yes,
}

impl<'a> Sufficient<'a> {
    pub(crate) fn asks_for_login(&self) -> bool {
        self.acr_values.is_some() || self.max_age.is_some()
    }

    /// Both. `None` if no login would do for both.
    fn and(mut self, other: Self) -> Option<Self> {
        add_missing(&mut self.scopes, other.scopes);
        let acr_values = match (self.acr_values, other.acr_values) {
            (Some(values), Some(others)) => {
                Some(values.into_iter().filter(|value| others.contains(value)).collect::<Vec<_>>())
            }
            (values, others) => values.or(others),
        };
        if acr_values.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let max_age = [self.max_age, other.max_age].into_iter().flatten().min();
        let rests_on_claims = self.rests_on_claims || other.rests_on_claims;
        Some(Self { scopes: self.scopes, acr_values, max_age, rests_on_claims })
    }

    /// The logins that the user may come back with.
    fn logins(&self, step_up: StepUp) -> Vec<Login<'_>> {
        let max_age = self.max_age;
        match (step_up, &self.acr_values) {
            (StepUp::No, _) => vec![Login::Own],
            (StepUp::Yes, None) => vec![Login::AskedFor { acr: None, max_age }],
            (StepUp::Yes, Some(values)) => {
                values.iter().map(|value| Login::AskedFor { acr: Some(*value), max_age }).collect()
            }
        }
    }

    /// Whether it is one of some values of `acr`, and nothing else.
    fn is_acr_alone(&self) -> bool {
        self.scopes.is_empty() && self.max_age.is_none() && !self.rests_on_claims && self.acr_values.is_some()
    }
}

/// With what the bearer of these tokens would be let in by all the policies, each asked of its token, whose other claims
/// are what they are. `None` if neither scopes nor another login would suffice, or if that is unknown.
pub(super) fn sufficient<'a>(demands: &[Demand<'a, '_>], step_up: StepUp) -> Option<Sufficient<'a>> {
    let mut sufficient = Sufficient::default();
    for (rule, token) in demands {
        sufficient = sufficient.and(rule.sufficient(*token, Truth::Yes, step_up)?)?;
    }
    // A policy may forbid a scope that another asks for, or rest on one that another part of it does not need.
    let would_do = |sufficient: &Sufficient<'_>| {
        let holds = |supposed: Supposed<'_>| {
            demands.iter().all(|(rule, token)| match rule.holds(*token, supposed) {
                Truth::Yes => true,
                Truth::Unknown => token.is_none(),
                Truth::No => false,
            })
        };
        sufficient.logins(step_up).into_iter().all(|login| {
            [Granted::Only(&sufficient.scopes), Granted::Besides(&sufficient.scopes)]
                .into_iter()
                .all(|granted| holds(Supposed { granted, login }))
        })
    };
    if would_do(&sufficient) {
        return Some(sufficient);
    }
    for (rule, token) in demands {
        rule.for_each_scope(&mut |scope| {
            if token.is_some_and(|token| token.scopes().contains(scope.as_str())) {
                add_missing(&mut sufficient.scopes, vec![scope]);
            }
        });
    }
    would_do(&sufficient).then_some(sufficient)
}

fn add_missing<'a>(scopes: &mut Vec<&'a Scope>, more: Vec<&'a Scope>) {
    for scope in more {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
}

impl Rule {
    /// With what the rule gives the wanted answer.
    fn sufficient(
        &self,
        token: Option<&VerifiedToken>,
        wanted: Truth,
        step_up: StepUp,
    ) -> Option<Sufficient<'_>> {
        let is_met = |rule: &Self| rule.holds(token, Supposed::OWN) == wanted;
        match (self, wanted) {
            (Self::Scope(scope), Truth::Yes) => {
                Some(Sufficient { scopes: vec![scope], ..Sufficient::default() })
            }
            (Self::Acr(values), Truth::Yes) if step_up == StepUp::Yes => {
                Some(Sufficient { acr_values: Some(values.texts().collect()), ..Sufficient::default() })
            }
            (Self::Recent(recency), Truth::Yes) if step_up == StepUp::Yes => {
                Some(Sufficient { max_age: Some(recency.seconds), ..Sufficient::default() })
            }
            (Self::Not(rule), _) => rule.sufficient(token, !wanted, step_up),
            (Self::All(rules), Truth::Yes) | (Self::Any(rules), Truth::No) => {
                rules.iter().try_fold(Sufficient::default(), |all, rule| {
                    all.and(rule.sufficient(token, wanted, step_up)?)
                })
            }
            (Self::Any(rules), Truth::Yes) | (Self::All(rules), Truth::No) => {
                // What the token already meets is the least to ask for.
                let met = rules.iter().filter(|rule| is_met(rule));
                let by_preference = met.chain(rules);
                let mut ways = by_preference.filter_map(|rule| rule.sufficient(token, wanted, step_up));
                let mut first = ways.next()?;
                // Any of these values would do.
                if first.is_acr_alone() {
                    let values = ways.filter(Sufficient::is_acr_alone).filter_map(|way| way.acr_values);
                    for value in values.flatten() {
                        match &mut first.acr_values {
                            Some(known) if !known.contains(&value) => known.push(value),
                            _ => {}
                        }
                    }
                    return Some(first);
                }
                // What nobody knows yet is the last to rest on.
                if !first.rests_on_claims {
                    return Some(first);
                }
                Some(ways.find(|way| !way.rests_on_claims).unwrap_or(first))
            }
            // Never wanted.
            (_, Truth::Unknown) => None,
            (
                Self::Scope(_)
                | Self::Role(_)
                | Self::Equals(..)
                | Self::Contains(..)
                | Self::Predicate(..)
                | Self::Acr(_)
                | Self::Recent(_),
                _,
            ) => {
                let rests_on_claims = token.is_none() && !matches!(self, Self::Scope(_));
                let sufficient = Sufficient { rests_on_claims, ..Sufficient::default() };
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
            Self::Role(_)
            | Self::Equals(..)
            | Self::Contains(..)
            | Self::Predicate(..)
            | Self::Acr(_)
            | Self::Recent(_) => {}
        }
    }
}
