//! What a route demands of a token.

use std::fmt;
use std::ops::Not;
use std::sync::Arc;
use std::time::Duration;

use super::login::{AcrValues, InvalidAcr, Recency};
use super::rule::Rule;
use super::sufficient::{self, StepUp, Sufficient};
use super::supposed::Supposed;
use crate::clock::{Clock, SystemClock};
use crate::token::claim_path::ClaimPath;
use crate::token::claim_value::ClaimValue;
use crate::token::scope::Scope;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

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
///
/// Missing information never grants access. If a claim is absent or has an unexpected type, the rule is neither true nor
/// false: the request is refused, even if the rule is [negated](#impl-Not-for-Policy). Only an alternative that is met by
/// another claim lets it in. (A token without scopes is known to have none, so `!Policy::scope(s)` lets it in.)
///
/// ```
/// # use auth_core::Policy;
/// # let token = |claims| auth_core::VerifiedToken::assert_verified(claims).unwrap();
/// let not_blocked = !Policy::claim("blocked").equals(true);
/// assert!(not_blocked.allows(&token(serde_json::json!({"sub": "alice", "blocked": false}))));
/// for claims in [
///     serde_json::json!({"sub": "alice", "blocked": true}),
///     serde_json::json!({"sub": "alice", "blocked": "false"}),
///     serde_json::json!({"sub": "alice"}),
/// ] {
///     assert!(!not_blocked.allows(&token(claims)));
/// }
/// ```
///
/// Evaluating a policy allocates nothing, unless a claim is written with escapes, has the wrong type, or stands in an
/// object beside members that are nested.
#[derive(Clone)]
pub struct Policy(Rule);

/// All or any of nothing: the one would let everybody in, the other nobody.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a policy of no parts was asked for: give at least one, or leave the policy away")]
pub struct EmptyPolicy;

impl Policy {
    /// The token was granted the scope: claim `scope`, a string of names with spaces between
    /// ([RFC 9068 section 2.2.3](https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3)), or, in a token
    /// without it, claim `scp`, such a string or an array of names.
    #[must_use]
    pub fn scope(scope: Scope) -> Self {
        Self(Rule::Scope(scope))
    }

    /// The token was granted every one of the scopes.
    ///
    /// # Errors
    ///
    /// [`EmptyPolicy`] if there is none.
    pub fn all_scopes(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, EmptyPolicy> {
        Self::all_of(scopes.into_iter().map(Self::scope))
    }

    /// The token was granted at least one of the scopes.
    ///
    /// # Errors
    ///
    /// [`EmptyPolicy`] if there is none.
    pub fn any_scope(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, EmptyPolicy> {
        Self::any_of(scopes.into_iter().map(Self::scope))
    }

    /// The token's roles hold this one.
    ///
    /// Read from the claim `roles`, an array of strings. The verifier may name another claim, and
    /// [its shape](ClaimPath#shapes), as by [`JwtVerifierBuilder::roles`](crate::jwt::JwtVerifierBuilder::roles).
    /// A claim of another shape grants nothing.
    #[must_use]
    pub fn role(role: impl Into<String>) -> Self {
        Self(Rule::Role(role.into().into()))
    }

    /// A claim of any name. Continue with [`equals`](ClaimPolicy::equals) or [`contains`](ClaimPolicy::contains).
    ///
    /// ```
    /// # use auth_core::Policy;
    /// let policy = Policy::claim("tenant").equals("t1")
    ///     .and(Policy::claim(["realm_access", "roles"]).contains("admin"));
    /// # assert_eq!(
    /// #     format!("{policy:?}"),
    /// #     r#"Policy(claim tenant = "t1" and claim realm_access.roles contains "admin")"#
    /// # );
    /// ```
    pub fn claim(path: impl Into<ClaimPath>) -> ClaimPolicy {
        ClaimPolicy(path.into())
    }

    /// A function of the application, under a name for logs.
    ///
    /// If it panics, [`require`](crate::Authenticated::require) and guards answer 500, and
    /// [`allows`](Self::allows) panics.
    ///
    /// ```
    /// # use auth_core::Policy;
    /// #[derive(serde::Deserialize)]
    /// struct Age { age: u8 }
    ///
    /// let adult = Policy::predicate("adult", |token| {
    ///     token.shared_claims::<Age>().is_ok_and(|claims| claims.age >= 18)
    /// });
    /// # let token = |claims| auth_core::VerifiedToken::assert_verified(claims).unwrap();
    /// assert!(adult.allows(&token(serde_json::json!({"sub": "alice", "age": 18}))));
    /// assert!(!adult.allows(&token(serde_json::json!({"sub": "bob"}))));
    /// ```
    ///
    /// When a challenge names the scopes or the login that would have sufficed, the predicate is assumed to depend on neither:
    /// ask with [`scope`](Self::scope), [`acr`](Self::acr) and [`authenticated_within`](Self::authenticated_within).
    ///
    /// A negated predicate that returns `false` for lack of information would let the request in. Write the refusal into
    /// the predicate instead of negating it.
    #[must_use]
    pub fn predicate(
        name: impl Into<String>,
        predicate: impl Fn(&VerifiedToken) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Rule::Predicate(name.into().into_boxed_str(), Arc::new(predicate)))
    }

    /// The user has logged in in one of these ways: claim `acr` is one of these values
    /// ([RFC 9470 section 6.1](https://www.rfc-editor.org/rfc/rfc9470#section-6.1)), byte by byte; the best first. What they
    /// mean is between you and the authorization server.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use auth_core::{Policy, Scope};
    /// # fn policy() -> Result<Policy, Box<dyn std::error::Error>> {
    /// let payments = Policy::scope(Scope::from_static("payments"))
    ///     .and(Policy::acr(["phrh", "phr"])?)
    ///     .and(Policy::authenticated_within(Duration::from_secs(300)));
    /// # Ok(payments)
    /// # }
    /// # assert_eq!(
    /// #     format!("{:?}", policy().unwrap()),
    /// #     "Policy(scope payments and acr phrh | phr and authenticated within 300 s)"
    /// # );
    /// ```
    ///
    /// If another login would have sufficed, the refusal is 401 `insufficient_user_authentication`, and its challenge says
    /// which: `acr_values`, `max_age`, and all scopes if one is missing too. If scopes alone would have sufficed, it is 403
    /// `insufficient_scope` as ever. If anything else is missing, such as a role, it is 403 too: no login would help.
    ///
    /// A token without `acr` is refused, also if the policy is negated.
    ///
    /// # Errors
    ///
    /// [`InvalidAcr`] if there is no value, or one that cannot stand in a list within a quoted string.
    pub fn acr(values: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, InvalidAcr> {
        Ok(Self(Rule::Acr(AcrValues::new(values)?)))
    }

    /// The user has logged in at most so long ago, in whole seconds: claim `auth_time`
    /// ([RFC 9470 section 6.1](https://www.rfc-editor.org/rfc/rfc9470#section-6.1)) by the system's clock.
    ///
    /// A token of the very second is let in; there is no leeway, since the user can log in again. An `auth_time` that is more
    /// than 60 seconds ahead, or missing, or no date, refuses, also if the policy is negated. How it is refused says
    /// [`acr`](Self::acr).
    #[must_use]
    pub fn authenticated_within(max_age: Duration) -> Self {
        Self::authenticated_within_by(max_age, SystemClock)
    }

    /// Like [`authenticated_within`](Self::authenticated_within), by this clock. For tests, such as with `TestClock` of
    /// `auth-testing`.
    #[must_use]
    pub fn authenticated_within_by(max_age: Duration, clock: impl Clock + 'static) -> Self {
        Self(Rule::Recent(Recency::new(max_age.as_secs(), Arc::new(clock))))
    }

    /// Every one of the policies.
    ///
    /// # Errors
    ///
    /// [`EmptyPolicy`] if there is none.
    pub fn all_of(policies: impl IntoIterator<Item = Self>) -> Result<Self, EmptyPolicy> {
        policies.into_iter().reduce(Self::and).ok_or(EmptyPolicy)
    }

    /// At least one of the policies.
    ///
    /// # Errors
    ///
    /// [`EmptyPolicy`] if there is none.
    pub fn any_of(policies: impl IntoIterator<Item = Self>) -> Result<Self, EmptyPolicy> {
        policies.into_iter().reduce(Self::or).ok_or(EmptyPolicy)
    }

    /// Both this and the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        // Kept flat, so that a long chain is no deep nest.
        let (mut rules, more) = match (self.0, other.0) {
            (Rule::All(rules), Rule::All(more)) => (rules, more),
            (Rule::All(rules), rule) => (rules, vec![rule]),
            (rule, Rule::All(more)) => (vec![rule], more),
            (rule, another) => (vec![rule], vec![another]),
        };
        rules.extend(more);
        Self(Rule::All(rules))
    }

    /// This or the other, or both.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let (mut rules, more) = match (self.0, other.0) {
            (Rule::Any(rules), Rule::Any(more)) => (rules, more),
            (Rule::Any(rules), rule) => (rules, vec![rule]),
            (rule, Rule::Any(more)) => (vec![rule], more),
            (rule, another) => (vec![rule], vec![another]),
        };
        rules.extend(more);
        Self(Rule::Any(rules))
    }

    /// Whether the token is enough.
    #[must_use]
    pub fn allows(&self, token: &VerifiedToken) -> bool {
        self.0.holds(Some(token), Supposed::OWN) == Truth::Yes
    }

    /// Whether it asks for a role anywhere.
    pub(crate) fn asks_for_roles(&self) -> bool {
        self.0.asks_for_roles()
    }
}

/// With what the bearer of these tokens would pass all the policies, each asked of its token: scopes if they suffice, and
/// else scopes and another login of the user. `None` if neither would suffice, or if that is unknown.
pub(crate) fn sufficient<'a>(demands: &[(&'a Policy, &VerifiedToken)]) -> Option<Sufficient<'a>> {
    let rules: Vec<_> = demands.iter().map(|(policy, token)| (&policy.0, Some(*token))).collect();
    sufficient::sufficient(&rules, StepUp::No).or_else(|| sufficient::sufficient(&rules, StepUp::Yes))
}

/// The scopes to ask for before there is a token: those with which a bearer passes the policy whose other claims suit it.
/// Empty if no scopes are demanded.
pub(crate) fn foreseen_scopes(policy: &Policy) -> Vec<&Scope> {
    sufficient::sufficient(&[(&policy.0, None)], StepUp::No).unwrap_or_default().scopes
}

/// The same with the login that the policy demands.
pub(crate) fn foreseen(policy: &Policy) -> Sufficient<'_> {
    sufficient::sufficient(&[(&policy.0, None)], StepUp::Yes).unwrap_or_default()
}

/// A claim, of which a [`Policy`] is about to demand something.
#[derive(Clone, Debug)]
#[must_use = "a claim alone demands nothing: go on with `equals` or `contains`"]
pub struct ClaimPolicy(ClaimPath);

impl ClaimPolicy {
    /// The claim is this text, truth value or whole number, and of that type.
    #[must_use]
    pub fn equals(self, value: impl Into<ClaimValue>) -> Policy {
        Policy(Rule::Equals(self.0, value.into()))
    }

    /// The claim is an array of values of this type, and this is one of them. A path of another
    /// [shape](ClaimPath#shapes) looks for one value, or among the keys of an object.
    #[must_use]
    pub fn contains(self, value: impl Into<ClaimValue>) -> Policy {
        Policy(Rule::Contains(self.0, value.into()))
    }
}

/// Demands the contrary. What neither policy can decide, both refuse.
impl Not for Policy {
    type Output = Self;

    fn not(self) -> Self {
        Self(match self.0 {
            Rule::Not(rule) => *rule,
            rule => Rule::Not(Box::new(rule)),
        })
    }
}

/// Reads as a sentence: `Policy(scope orders:read and (role admin or not claim tenant = "t1"))`.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({:?})", self.0)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
