//! What a token is supposed to say, to find out what would have sufficed.

use crate::token::claim_path::ClaimPath;
use crate::token::claim_query::Question;
use crate::token::scope::Scope;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

/// What a token is supposed to say.
#[derive(Clone, Copy)]
pub(super) struct Supposed<'a> {
    pub(super) granted: Granted<'a>,
    pub(super) login: Login<'a>,
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

/// Which login a token is taken to come from.
#[derive(Clone, Copy)]
pub(super) enum Login<'a> {
    Own,
    /// One that was asked for: with this value of `acr`, and so many seconds ago at most.
    AskedFor {
        acr: Option<&'a str>,
        max_age: Option<u64>,
    },
}

/// The claims that scopes are read from.
const OF_SCOPES: [&str; 2] = ["scope", "scp"];

/// The claims that another login changes.
const OF_LOGINS: [&str; 3] = ["acr", "amr", "auth_time"];

impl Supposed<'_> {
    /// Just what it says.
    pub(super) const OWN: Self = Self { granted: Granted::Own, login: Login::Own };

    pub(super) fn has_scope(self, token: Option<&VerifiedToken>, scope: &Scope) -> bool {
        let own = || token.is_some_and(|token| token.scopes().contains(scope.as_str()));
        match self.granted {
            Granted::Own => own(),
            Granted::Besides(others) => others.contains(&scope) || own(),
            Granted::Only(scopes) => scopes.contains(&scope),
        }
    }

    /// What the claim would answer. Where something is only supposed, the claims that say it tell nothing.
    pub(super) fn ask(
        self,
        token: Option<&VerifiedToken>,
        path: &ClaimPath,
        question: Question<'_>,
    ) -> Truth {
        match token {
            Some(token) if !self.may_change(path) => token.ask(path, question),
            _ => Truth::Unknown,
        }
    }

    pub(super) fn ask_roles(self, token: Option<&VerifiedToken>, question: Question<'_>) -> Truth {
        let Some(token) = token else { return Truth::Unknown };
        if token.roles_path().is_some_and(|path| self.may_change(path)) {
            return Truth::Unknown;
        }
        token.ask_roles(question)
    }

    fn may_change(self, path: &ClaimPath) -> bool {
        let is_of = |names: &[&str]| names.iter().any(|name| path.begins_with(name));
        !matches!(self.granted, Granted::Own) && is_of(&OF_SCOPES)
            || !matches!(self.login, Login::Own) && is_of(&OF_LOGINS)
    }
}
