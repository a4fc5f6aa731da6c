//! Judges tokens by asking their issuer, and remembers the answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use auth_core::jwt::IntrospectionRules;
use auth_core::{VerifiedToken, VerifyError, VerifyFailure};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use tokio::sync::Semaphore;

use super::cache::SeenTokens;
use super::question::Asker;
use super::trouble::{Fault, Trouble, TroubleLog};
use crate::counters::count;

/// The most questions that are under way at a time.
const MAX_UNDER_WAY: usize = 64;

/// For how long a token stays refused.
const REFUSED_FOR: Duration = Duration::from_secs(10);

/// The most bytes of accepted tokens and their answers that are kept.
const ACCEPTED_BYTES: usize = 16 << 20;

/// The most bytes of refused tokens that are kept.
const REFUSED_BYTES: usize = 4 << 20;

type Verdict = Result<VerifiedToken, VerifyFailure>;
type Flight = BoxFuture<'static, Verdict>;

/// Judges tokens by asking their issuer.
pub(crate) struct Introspector {
    pub(crate) asker: Asker,
    pub(crate) rules: IntrospectionRules,
    /// JWTs are introspected too.
    pub(crate) everything: bool,
    /// What all tokens of this issuer begin with.
    pub(crate) prefix: Option<Box<str>>,
    pub(crate) cache_for: Duration,
    pub(crate) stale_if_error: Duration,
    pub(crate) memory: Memory,
}

/// What is known, and what is being asked.
pub(crate) struct Memory {
    accepted: SeenTokens<Accepted>,
    /// Apart, so that a flood of bad tokens evicts no good one.
    refused: SeenTokens<Refused>,
    /// One question for each token at a time, in which all requests that bring it share.
    flights: Mutex<Flights>,
    under_way: Arc<Semaphore>,
    log: TroubleLog,
}

#[derive(Default)]
struct Flights {
    by_token: HashMap<Box<str>, (u64, WeakShared<Flight>)>,
    last: u64,
}

#[derive(Clone)]
struct Accepted {
    token: VerifiedToken,
    /// When the issuer was asked, and until when its answer counts.
    asked_at: Duration,
    fresh_until: Duration,
    /// How long the answer was.
    bytes: usize,
}

#[derive(Clone)]
struct Refused {
    error: VerifyError,
    until: Duration,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            // The text, the strings in it once more, and the places of its members.
            accepted: SeenTokens::new(ACCEPTED_BYTES, |accepted: &Accepted| 512 + 3 * accepted.bytes),
            refused: SeenTokens::new(REFUSED_BYTES, |_: &Refused| 0),
            flights: Mutex::default(),
            under_way: Arc::new(Semaphore::new(MAX_UNDER_WAY)),
            log: TroubleLog::default(),
        }
    }
}

impl Introspector {
    /// The verdict, if the issuer need not be asked.
    pub(crate) fn verdict_now(&self, token: &str) -> Option<Verdict> {
        let jwt = &self.asker.keys.jwt;
        if token.len() > jwt.max_token_bytes() {
            return Some(Err(VerifyError::TooLong.into()));
        }
        if self.prefix.as_ref().is_some_and(|prefix| !token.starts_with(&**prefix)) {
            return Some(Err(VerifyError::UnknownToken.into()));
        }
        let now = self.asker.keys.timer.elapsed();
        if let Some(known) = self.memory.accepted.get(token).filter(|known| now < known.fresh_until) {
            return Some(self.still_good(known));
        }
        let refused = self.memory.refused.get(token).filter(|refused| now < refused.until);
        refused.map(|refused| Err(refused.error.into()))
    }

    /// The verdict. Whoever else brings the token meanwhile waits for the same answer; whoever is dropped ends nothing for
    /// the others.
    pub(crate) async fn verdict(self: &Arc<Self>, token: &str) -> Verdict {
        self.flight(token)?.await
    }

    fn flight(self: &Arc<Self>, token: &str) -> Result<Shared<Flight>, VerifyFailure> {
        let mut flights = self.memory.flights();
        if let Some(flight) = flights.by_token.get(token).and_then(|(_, flight)| flight.upgrade()) {
            return Ok(flight);
        }
        // What was under way a moment ago has ended: its answer is there.
        if let Some(verdict) = self.verdict_now(token) {
            return Ok(std::future::ready(verdict).boxed().shared());
        }
        let Ok(permit) = self.memory.under_way.clone().try_acquire_owned() else {
            let retry_after = Some(Duration::from_secs(1));
            let failure = VerifyFailure::from(VerifyError::Unavailable { retry_after });
            return Err(failure.with_hint(format!("{MAX_UNDER_WAY} tokens are being introspected already")));
        };
        flights.last += 1;
        let landing = Landing { introspector: self.clone(), token: token.into(), number: flights.last };
        let flight = async move {
            let _permit = permit;
            landing.introspector.ask(&landing.token).await
        };
        let flight = flight.boxed().shared();
        if let Some(weak) = flight.downgrade() {
            let number = flights.last;
            flights.by_token.insert(token.into(), (number, weak));
        }
        Ok(flight)
    }

    async fn ask(&self, token: &str) -> Verdict {
        // Counted from when it was asked, so that a revocation is seen in time however long the answer takes.
        let asked_at = self.asker.keys.timer.elapsed();
        match self.asker.ask(token).await {
            Ok(answer) => self.judge(token, &answer, asked_at),
            Err(trouble) => self.without_answer(token, &trouble),
        }
    }

    fn judge(&self, token: &str, answer: &str, asked_at: Duration) -> Verdict {
        let (jwt, memory) = (&self.asker.keys.jwt, &self.memory);
        match jwt.judge_introspected(token, answer, &self.rules) {
            Ok(verified) => {
                let fresh_for = jwt.time_left(&verified).unwrap_or(Duration::MAX).min(self.cache_for);
                let fresh_until = asked_at.saturating_add(fresh_for);
                memory.refused.remove(token);
                let (token_, bytes) = (verified.clone(), answer.len());
                memory.accepted.insert(token, Accepted { token: token_, asked_at, fresh_until, bytes });
                Ok(verified)
            }
            Err(failure) => match failure.error() {
                VerifyError::MalformedClaims | VerifyError::InvalidClaim("active") => {
                    let address = self.asker.endpoint.get().map(|address| address.to_string());
                    let address = address.unwrap_or_default();
                    self.without_answer(token, &Trouble::Unreadable { address, fault: Fault(failure) })
                }
                VerifyError::Unavailable { .. } => Err(failure),
                error => {
                    memory.accepted.remove(token);
                    let until = asked_at + REFUSED_FOR;
                    memory.refused.insert(token, Refused { error: error.clone(), until });
                    Err(failure)
                }
            },
        }
    }

    /// The issuer's word could not be had. Its last one counts, if it is young enough.
    fn without_answer(&self, token: &str, trouble: &Trouble) -> Verdict {
        let keys = &self.asker.keys;
        let now = keys.timer.elapsed();
        count(&keys.counters.introspection_failures);
        self.memory.log.note(trouble, &keys.issuer, now);
        let is_young = |known: &Accepted| now.saturating_sub(known.asked_at) < self.stale_if_error;
        match self.memory.accepted.get(token).filter(|known| trouble.is_outage() && is_young(known)) {
            Some(known) => self.still_good(known),
            None => Err(trouble.verdict()),
        }
    }

    fn still_good(&self, known: Accepted) -> Verdict {
        self.asker.keys.jwt.recheck_introspected(&known.token, &self.rules)?;
        Ok(known.token)
    }
}

impl Memory {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a flight off the list when it ends, however that comes about.
struct Landing {
    introspector: Arc<Introspector>,
    token: Box<str>,
    number: u64,
}

impl Drop for Landing {
    fn drop(&mut self) {
        let mut flights = self.introspector.memory.flights();
        if flights.by_token.get(&self.token).is_some_and(|(number, _)| *number == self.number) {
            let ended = flights.by_token.remove(&self.token);
            drop(flights);
            drop(ended);
        }
    }
}
