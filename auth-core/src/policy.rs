//! What a route demands of a token.

use crate::scope::Scope;
use crate::verifier::VerifiedToken;

/// The claim that roles are read from.
const ROLES: &str = "roles";

/// What a route demands of a token, beyond that it is good. A value that composes.
///
/// ```
/// use auth_core::{Policy, Scope};
///
/// const ORDERS_WRITE: Scope = Scope::from_static("orders:write");
/// let policy = Policy::scope(ORDERS_WRITE).or(Policy::role("admin"));
/// # let token = |claims| auth_core::VerifiedToken::assert_verified(claims).unwrap();
/// assert!(policy.allows(&token(serde_json::json!({"sub": "alice", "scope": "orders:write"}))));
/// assert!(policy.allows(&token(serde_json::json!({"sub": "root", "roles": ["admin"]}))));
/// assert!(!policy.allows(&token(serde_json::json!({"sub": "bob", "roles": "admin"}))));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy(Rule);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Rule {
    Scope(Scope),
    Role(Box<str>),
    /// Two or more.
    All(Vec<Rule>),
    /// Two or more.
    Any(Vec<Rule>),
}

impl Policy {
    /// The token was granted the scope.
    #[must_use]
    pub fn scope(scope: Scope) -> Self {
        Self(Rule::Scope(scope))
    }

    /// The claim `roles`, an array of strings, holds the role. A claim of another type grants
    /// nothing.
    #[must_use]
    pub fn role(role: impl Into<String>) -> Self {
        Self(Rule::Role(role.into().into_boxed_str()))
    }

    /// Both this and the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        // Kept flat, so that a long chain is no deep nest.
        let [mut rules, more] = [self, other].map(|policy| match policy.0 {
            Rule::All(rules) => rules,
            rule => vec![rule],
        });
        rules.extend(more);
        Self(Rule::All(rules))
    }

    /// This or the other, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let [mut rules, more] = [self, other].map(|policy| match policy.0 {
            Rule::Any(rules) => rules,
            rule => vec![rule],
        });
        rules.extend(more);
        Self(Rule::Any(rules))
    }

    /// Whether the token is enough.
    #[must_use]
    pub fn allows(&self, token: &VerifiedToken) -> bool {
        self.0.allows(token)
    }

    /// The scopes with which the token would be enough, its other claims being what they are;
    /// `None` if scopes alone would not do.
    pub(crate) fn sufficient_scopes(&self, token: &VerifiedToken) -> Option<Vec<&Scope>> {
        self.0.sufficient_scopes(token)
    }
}

impl Rule {
    fn allows(&self, token: &VerifiedToken) -> bool {
        match self {
            Self::Scope(scope) => token.scopes().contains(scope.as_str()),
            Self::Role(role) => token.claim_lists(ROLES, role),
            Self::All(rules) => rules.iter().all(|rule| rule.allows(token)),
            Self::Any(rules) => rules.iter().any(|rule| rule.allows(token)),
        }
    }

    fn sufficient_scopes(&self, token: &VerifiedToken) -> Option<Vec<&Scope>> {
        match self {
            Self::Scope(scope) => Some(vec![scope]),
            Self::Role(_) => self.allows(token).then(Vec::new),
            Self::All(rules) => {
                let mut all = Vec::new();
                for rule in rules {
                    for scope in rule.sufficient_scopes(token)? {
                        if !all.contains(&scope) {
                            all.push(scope);
                        }
                    }
                }
                Some(all)
            }
            Self::Any(rules) => {
                // What the token already meets is the least to ask for.
                let met = rules.iter().filter(|rule| rule.allows(token));
                let mut by_preference = met.chain(rules);
                by_preference.find_map(|rule| rule.sufficient_scopes(token))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(scope: &str, roles: &[&str]) -> VerifiedToken {
        VerifiedToken::assert_verified(serde_json::json!({"sub": "a", "scope": scope, "roles": roles}))
            .unwrap()
    }

    fn scope(name: &'static str) -> Policy {
        Policy::scope(Scope::from_static(name))
    }

    #[track_caller]
    fn suffices(policy: &Policy, token: &VerifiedToken, expected: Option<&[&str]>) {
        let scopes = policy.sufficient_scopes(token);
        let names =
            scopes.as_ref().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>());
        assert_eq!(names.as_deref(), expected);
    }

    #[test]
    fn rules_compose() {
        let both = scope("a").and(Policy::role("admin"));
        assert!(both.allows(&token("a", &["admin"])));
        assert!(!both.allows(&token("a", &[])));
        assert!(!both.allows(&token("b", &["admin"])));

        let either = scope("a").or(Policy::role("admin"));
        assert!(either.allows(&token("a", &[])));
        assert!(either.allows(&token("", &["admin"])));
        assert!(!either.allows(&token("b", &["reader"])));
    }

    #[test]
    fn a_long_chain_is_no_deep_nest() {
        let any = (0..100_000).fold(scope("a"), |policy, _| policy.or(scope("b")));
        assert!(!any.allows(&token("c", &[])));
        let all = (0..1_000).fold(any, |policy, _| policy.and(scope("c")));
        assert!(all.allows(&token("b c", &[])));
        suffices(&all, &token("b", &[]), Some(&["b", "c"]));
    }

    #[test]
    fn a_refusal_names_the_scopes_that_would_have_sufficed() {
        let nobody = token("", &[]);
        let admin = token("", &["admin"]);
        suffices(&scope("a"), &nobody, Some(&["a"]));
        suffices(&Policy::role("admin"), &nobody, None);
        suffices(&scope("a").and(scope("b")).and(scope("a")), &nobody, Some(&["a", "b"]));
        suffices(&scope("a").or(scope("b")), &nobody, Some(&["a"]));
        suffices(&Policy::role("admin").or(scope("b")), &nobody, Some(&["b"]));
        suffices(&scope("a").and(Policy::role("admin")), &nobody, None);
        suffices(&scope("a").and(Policy::role("admin")), &admin, Some(&["a"]));
        suffices(&scope("a").or(scope("b")).and(scope("c")), &token("b", &[]), Some(&["b", "c"]));
    }
}
