//! How and when the user has logged in.

use std::fmt;
use std::sync::Arc;

use super::supposed::Login;
use crate::clock::Clock;
use crate::token::claim_query::{Question, Steps};
use crate::token::claim_value::ClaimValue;
use crate::token::scope::is_scope_token;
use crate::token::truth::Truth;
use crate::token::verified::VerifiedToken;

/// How far the clock of the authorization server may be ahead, in seconds.
const MOST_AHEAD: u64 = 60;

/// Values of claim `acr` that cannot be asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAcr {
    /// There is none, so that no login would do.
    #[error(
        "no value of `acr` is named, so that no login would do: name at least one, or leave the policy away"
    )]
    NoValue,
    /// A value that cannot stand in `acr_values`.
    #[error(
        "the value {0:?} of `acr` cannot be asked for: `acr_values` is a list with spaces between in a quoted string (RFC \
         9470 section 3), so use printable ASCII characters without space, '\"' and '\\'"
    )]
    Value(String),
}

/// Values of claim `acr`, one of which is demanded; the best first.
#[derive(Clone)]
pub(super) struct AcrValues(Box<[ClaimValue]>);

/// How long ago the user may have logged in.
#[derive(Clone)]
pub(super) struct Recency {
    pub(super) seconds: u64,
    clock: Arc<dyn Clock>,
}

impl AcrValues {
    pub(super) fn new(values: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, InvalidAcr> {
        let mut vetted: Vec<ClaimValue> = Vec::new();
        for value in values {
            let value = value.into();
            if !is_scope_token(value.as_bytes()) {
                return Err(InvalidAcr::Value(value));
            }
            let value = ClaimValue::from(value);
            if !vetted.contains(&value) {
                vetted.push(value);
            }
        }
        if vetted.is_empty() { Err(InvalidAcr::NoValue) } else { Ok(Self(vetted.into())) }
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|value| match value {
            ClaimValue::Text(text) => Some(&**text),
            ClaimValue::Bool(_) | ClaimValue::Integer(_) => None,
        })
    }

    pub(super) fn hold(&self, token: Option<&VerifiedToken>, login: Login<'_>) -> Truth {
        match (login, token) {
            (Login::AskedFor { acr: Some(acr), .. }, _) => self.texts().any(|value| value == acr).into(),
            (Login::AskedFor { acr: None, .. }, _) | (Login::Own, None) => Truth::Unknown,
            (Login::Own, Some(token)) => {
                let ask = |value| token.ask(Steps::one("acr"), Question::Equals(value));
                // Where one answer is unknown, all are: the claim is no text.
                self.0
                    .iter()
                    .map(ask)
                    .reduce(|one, another| match another {
                        Truth::No => one,
                        Truth::Yes | Truth::Unknown => another,
                    })
                    .unwrap_or(Truth::Unknown)
            }
        }
    }
}

impl Recency {
    pub(super) fn new(seconds: u64, clock: Arc<dyn Clock>) -> Self {
        Self { seconds, clock }
    }

    pub(super) fn holds(&self, token: Option<&VerifiedToken>, login: Login<'_>) -> Truth {
        match (login, token) {
            (Login::AskedFor { max_age: Some(max_age), .. }, _) if max_age <= self.seconds => Truth::Yes,
            (Login::AskedFor { .. }, _) | (Login::Own, None) => Truth::Unknown,
            (Login::Own, Some(token)) => self.holds_of(token).unwrap_or(Truth::Unknown),
        }
    }

    /// `None` if the token does not say, or the time is unknown, or the login is yet to come.
    fn holds_of(&self, token: &VerifiedToken) -> Option<Truth> {
        let login = token.authenticated_at()?;
        let now = self.clock.now()?;
        let is_to_come = login.ceil > now.saturating_add(MOST_AHEAD);
        (!is_to_come).then(|| (now.saturating_sub(login.floor) <= self.seconds).into())
    }
}

impl fmt::Debug for AcrValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("acr")?;
        for (place, text) in self.texts().enumerate() {
            write!(f, "{}{text}", if place == 0 { " " } else { " | " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Recency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "authenticated within {} s", self.seconds)
    }
}
