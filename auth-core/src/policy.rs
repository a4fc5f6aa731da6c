//! What a route demands of a token.

use std::fmt;
use std::ops::Not;
use std::sync::Arc;

use crate::claim_path::{ClaimPath, ClaimValue, Question};
use crate::scope::Scope;
use crate::verifier::VerifiedToken;

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
/// What cannot be told is never in the caller's favour. A claim that is not there, or has another type
/// than it is compared with, gives neither a yes nor a no: it refuses, also where the policy is
/// [negated](#impl-Not-for-Policy). Only an alternative that is met by something else helps then. (A token without
/// scopes is known to have none, so that `!Policy::scope(s)` lets it in.)
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
/// To evaluate one takes no memory, unless a claim is written with escapes or has the wrong type.
#[derive(Clone)]
pub struct Policy(Rule);

#[derive(Clone)]
enum Rule {
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

    /// The token's roles, an array of strings, hold this one. A claim of another type grants nothing.
    ///
    /// Read from the claim `roles`, unless the verifier was told of another one, as by
    /// [`JwtVerifierBuilder::roles`](crate::JwtVerifierBuilder::roles).
    #[must_use]
    pub fn role(role: impl Into<String>) -> Self {
        Self(Rule::Role(role.into().into()))
    }

    /// A claim of any name: goes on with [`equals`](ClaimPolicy::equals) or
    /// [`contains`](ClaimPolicy::contains).
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

    /// Whatever the application asks of the token, under a name for logs.
    ///
    /// Where it panics, [`require`](crate::Authenticated::require) and guards answer 500, and
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
    /// It is taken to say the same whatever scopes the token has, when a challenge names those that would have
    /// sufficed; ask for scopes by [`scope`](Self::scope).
    ///
    /// Negated, a predicate that says `false` because it could not tell would let in: say what is refused in
    /// the predicate instead.
    #[must_use]
    pub fn predicate(
        name: impl Into<String>,
        predicate: impl Fn(&VerifiedToken) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self(Rule::Predicate(name.into().into_boxed_str(), Arc::new(predicate)))
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
        self.0.holds(token, Granted::Own) == Some(true)
    }
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

    /// The claim is an array of values of this type, and this is one of them.
    #[must_use]
    pub fn contains(self, value: impl Into<ClaimValue>) -> Policy {
        Policy(Rule::Contains(self.0, value.into()))
    }
}

/// The policy that demands the contrary, and refuses as well where it cannot be told.
impl Not for Policy {
    type Output = Self;

    fn not(self) -> Self {
        Self(match self.0 {
            Rule::Not(rule) => *rule,
            rule => Rule::Not(Box::new(rule)),
        })
    }
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
enum Granted<'a> {
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
    fn holds(&self, token: &VerifiedToken, granted: Granted<'_>) -> Option<bool> {
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

/// Reads as a sentence: `Policy(scope orders:read and (role admin or not claim tenant = "t1"))`.
impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Policy({:?})", self.0)
    }
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

#[cfg(test)]
mod tests;
