//! What a refresh token is still good for.

use std::time::Duration;

use subtle::ConstantTimeEq as _;

use super::error::RefreshError;
use super::store::{RefreshRecord, SpentToken};
use super::token::Token;

/// What a valid token is good for.
pub(super) enum Standing {
    /// It is exchanged next.
    Current,
    /// It was spent a moment ago, and yields this successor once more.
    SpentFor(Token),
}

impl Token {
    /// Returns `None` for a token that was spent, and may not be presented again.
    pub(super) fn standing(
        &self,
        record: &RefreshRecord,
        now: u64,
        reuse_interval: Duration,
    ) -> Result<Option<Standing>, RefreshError> {
        let hash = self.hash()?;
        if is_same(&hash, &record.current) {
            return Ok(Some(Standing::Current));
        }
        // Either way, since the clocks of two servers differ.
        let is_recent = |spent: &&SpentToken| spent.spent_at.abs_diff(now) < reuse_interval.as_secs();
        let spent = record.previous.as_ref().filter(|spent| is_same(&hash, &spent.token_hash));
        let Some(spent) = spent.filter(is_recent) else { return Ok(None) };
        match self.unseal(&spent.sealed_successor)? {
            Some(next) if is_same(&next.hash()?, &record.current) => Ok(Some(Standing::SpentFor(next))),
            _ => Ok(None),
        }
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
