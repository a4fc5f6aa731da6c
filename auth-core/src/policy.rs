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
    Both(Box<(Policy, Policy)>),
    Either(Box<(Policy, Policy)>),
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
        Self(Rule::Both(Box::new((self, other))))
    }

    /// This or the other, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(Rule::Either(Box::new((self, other))))
    }

    /// Whether the token is enough.
    #[must_use]
    pub fn allows(&self, token: &VerifiedToken) -> bool {
        match &self.0 {
            Rule::Scope(scope) => token.scopes().contains(scope.as_str()),
            Rule::Role(role) => token.claim_lists(ROLES, role),
            Rule::Both(rules) => rules.0.allows(token) && rules.1.allows(token),
            Rule::Either(rules) => rules.0.allows(token) || rules.1.allows(token),
        }
    }

    /// The scopes with which the token would be enough, its other claims being what they are;
    /// `None` if scopes alone would not do.
    pub(crate) fn sufficient_scopes(&self, token: &VerifiedToken) -> Option<Vec<&Scope>> {
        match &self.0 {
            Rule::Scope(scope) => Some(vec![scope]),
            Rule::Role(_) => self.allows(token).then(Vec::new),
            Rule::Both(rules) => {
                let mut scopes = rules.0.sufficient_scopes(token)?;
                for scope in rules.1.sufficient_scopes(token)? {
                    if !scopes.contains(&scope) {
                        scopes.push(scope);
                    }
                }
                Some(scopes)
            }
            Rule::Either(rules) => {
                // What the token already meets is the least to ask for.
                let (first, second) = (&rules.0, &rules.1);
                let (preferred, fallback) =
                    if second.allows(token) { (second, first) } else { (first, second) };
                preferred.sufficient_scopes(token).or_else(|| fallback.sufficient_scopes(token))
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
