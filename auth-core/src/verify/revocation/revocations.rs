//! What was revoked, in memory.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::outage::{NotRecorded, OnOutage};
use super::table::{Full, Revoked, Table};
use super::view::RevocationView;
use crate::clock::{Clock, SystemClock};
use crate::token::claim_text::ClaimText;
use crate::token::error::VerifyError;
use crate::token::verified::VerifiedToken;
use crate::verify::failure::VerifyFailure;

const DEFAULT_MAX_ENTRIES: NonZeroUsize = NonZeroUsize::new(1_000_000).unwrap();
const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
/// When a client may try again that was refused for want of knowledge.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Remembers which tokens, subjects and sessions were revoked, in the memory of this process. Cheap to clone; clones
/// share what they know.
///
/// ```
/// use std::time::Duration;
/// use auth_core::{Authenticator, OnOutage, Revocations};
///
/// # fn app(verifier: auth_core::JwtVerifier, token: &auth_core::VerifiedToken) -> Result<(), auth_core::NotRecorded> {
/// // No token of this application lives longer than an hour.
/// let revocations = Revocations::builder(Duration::from_secs(3600), OnOutage::Refuse).build();
/// let authenticator = Authenticator::new(verifier).with_revocations(revocations.clone());
///
/// revocations.revoke_token(token)?; // one token
/// revocations.revoke_session("https://issuer.example", "08a5019c-17e1-4977-8f42-65a12843ea02")?; // one login
/// revocations.revoke_subject("https://issuer.example", "alice", 1_700_000_000)?; // all older tokens
/// # Ok(())
/// # }
/// ```
///
/// 1. A token is revoked by its `jti`, by its `sid`, or by its `sub` if it was issued before a moment. Each counts for the
///    issuer (`iss`) that it is recorded with, and for no other. Nothing is recorded by a hash of the token, which
///    somebody could write in another way.
/// 2. A token without `jti` or `sid` is not found by these. A token of a revoked subject without `iat` is refused. So is a
///    token whose `sid` is not a string, while sessions of its issuer are revoked.
/// 3. Each check is made in memory, without waiting, and is one atomic load while nothing is revoked.
/// 4. Entries end when no token that they are about can be valid any more. Their number and size are bounded. If there is
///    no room for a revocation, [`OnOutage`] decides until it would have ended.
///
/// One process does not know what another one has revoked, unless something tells it: see
/// [`max_lag`](RevocationsBuilder::max_lag). A process that restarts has forgotten everything.
#[derive(Clone)]
pub struct Revocations {
    inner: Arc<Inner>,
}

struct Inner {
    table: RwLock<Table>,
    /// Whether every check is good: nothing was revoked, and nothing is missing.
    is_empty: AtomicBool,
    /// In seconds since 1970. Until then, something may have been revoked that found no room.
    incomplete_until: AtomicU64,
    /// In seconds since 1970. All that was revoked before then is known.
    known_until: AtomicU64,
    /// What the log was told last.
    is_out: AtomicBool,
    max_entries: usize,
    max_token_lifetime: u64,
    leeway: u64,
    max_lag: Option<u64>,
    on_outage: OnOutage,
    clock: Box<dyn Clock>,
}

/// Assembles [`Revocations`].
#[must_use]
pub struct RevocationsBuilder {
    max_token_lifetime: Duration,
    leeway: Duration,
    max_entries: NonZeroUsize,
    max_lag: Option<Duration>,
    on_outage: OnOutage,
    clock: Box<dyn Clock>,
}

impl Revocations {
    /// Starts a builder. `max_token_lifetime` is the longest time for which a token is valid, of all issuers: revocations
    /// of subjects and sessions are kept that long. A shorter one lets revoked tokens in again; set
    /// [`JwtVerifierBuilder::max_lifetime`](crate::jwt::JwtVerifierBuilder::max_lifetime) to the same to be sure.
    pub fn builder(max_token_lifetime: Duration, on_outage: OnOutage) -> RevocationsBuilder {
        RevocationsBuilder {
            max_token_lifetime,
            leeway: DEFAULT_LEEWAY,
            max_entries: DEFAULT_MAX_ENTRIES,
            max_lag: None,
            on_outage,
            clock: Box::new(SystemClock),
        }
    }
}

impl RevocationsBuilder {
    /// Sets how long after its end a token is still accepted, as
    /// [`JwtVerifierBuilder::leeway`](crate::jwt::JwtVerifierBuilder::leeway) does. The default of both is 60 seconds.
    pub fn leeway(self, leeway: Duration) -> Self {
        Self { leeway, ..self }
    }

    /// Sets how many revocations are remembered. The default is 1,000,000. Each may take 256 bytes on average.
    pub fn max_entries(self, max_entries: NonZeroUsize) -> Self {
        Self { max_entries, ..self }
    }

    /// Expects that something follows the revocations of other processes, and calls [`Revocations::known_until`]. If the
    /// last call tells of a moment longer ago than `max_lag`, or if there was none yet, [`OnOutage`] decides about every
    /// token.
    pub fn max_lag(self, max_lag: Duration) -> Self {
        Self { max_lag: Some(max_lag), ..self }
    }

    /// Sets the clock. The default is the operating system's.
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Box::new(clock), ..self }
    }

    /// Builds it. Nothing is revoked yet.
    #[must_use]
    pub fn build(self) -> Revocations {
        let inner = Inner {
            table: RwLock::new(Table::new(self.max_entries.get())),
            is_empty: AtomicBool::new(self.max_lag.is_none()),
            incomplete_until: AtomicU64::new(0),
            known_until: AtomicU64::new(0),
            is_out: AtomicBool::new(false),
            max_entries: self.max_entries.get(),
            max_token_lifetime: self.max_token_lifetime.as_secs(),
            leeway: self.leeway.as_secs(),
            max_lag: self.max_lag.map(|max_lag| max_lag.as_secs()),
            on_outage: self.on_outage,
            clock: self.clock,
        };
        Revocations { inner: Arc::new(inner) }
    }
}

impl Revocations {
    /// Revokes this token alone, until it expires.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`] if the token has no `jti`, or if there is no room.
    pub fn revoke_token(&self, token: &VerifiedToken) -> Result<(), NotRecorded> {
        let id = token.token_id().ok_or(NotRecorded::NoTokenId)?;
        let expires_at =
            token.expires_at().unwrap_or(self.now()?.saturating_add(self.inner.max_token_lifetime));
        self.revoke_token_id(issuer(token), id, expires_at)
    }

    /// Revokes the token with this `jti`, whose claim `exp` is `expires_at`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`] if there is no room.
    pub fn revoke_token_id(&self, issuer: &str, token_id: &str, expires_at: u64) -> Result<(), NotRecorded> {
        self.record(issuer, Revoked::Token(token_id), expires_at)
    }

    /// Revokes the tokens of a subject that were issued before a moment, in seconds since 1970: those with an earlier
    /// `iat`. Tokens of the same second are accepted, since a new login may follow at once.
    ///
    /// # Errors
    ///
    /// [`NotRecorded`] if there is no room.
    pub fn revoke_subject(&self, issuer: &str, subject: &str, issued_before: u64) -> Result<(), NotRecorded> {
        let expires_at = issued_before.saturating_add(self.inner.max_token_lifetime);
        self.record(issuer, Revoked::Subject(subject, issued_before), expires_at)
    }

    /// Revokes the tokens of a session: those with this claim `sid`
    /// ([OpenID Connect Back-Channel Logout 1.0 section 2.1](https://openid.net/specs/openid-connect-backchannel-1_0.html#Backchannel)).
    ///
    /// # Errors
    ///
    /// [`NotRecorded`] if there is no room.
    pub fn revoke_session(&self, issuer: &str, session_id: &str) -> Result<(), NotRecorded> {
        let expires_at = self.now()?.saturating_add(self.inner.max_token_lifetime);
        self.record(issuer, Revoked::Session(session_id), expires_at)
    }

    /// Says that everything is recorded that any process had revoked before this moment, in seconds since 1970. Only with
    /// [`max_lag`](RevocationsBuilder::max_lag) does it count. An earlier moment than the last one changes nothing.
    pub fn known_until(&self, moment: u64) {
        self.inner.known_until.fetch_max(moment, Ordering::AcqRel);
    }

    /// Returns whether it is known what was revoked: for the answer of a readiness probe.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.now().is_ok_and(|now| self.inner.gap(now).is_none())
    }

    fn now(&self) -> Result<u64, NotRecorded> {
        self.inner.clock.now().ok_or(NotRecorded::NoTime)
    }

    fn record(&self, issuer: &str, revoked: Revoked<'_>, expires_at: u64) -> Result<(), NotRecorded> {
        let inner = &*self.inner;
        let (now, expiry) = (self.now()?, expires_at.saturating_add(inner.leeway));
        let recorded = {
            let mut table = inner.table.write().unwrap_or_else(PoisonError::into_inner);
            table.insert(issuer, revoked, expiry, now)
        };
        if recorded == Err(Full) {
            inner.incomplete_until.fetch_max(expiry, Ordering::AcqRel);
        }
        inner.is_empty.store(false, Ordering::Release);
        recorded.map_err(|Full| NotRecorded::Full { max_entries: inner.max_entries })
    }
}

impl RevocationView for Revocations {
    fn check(&self, token: &VerifiedToken) -> Result<(), VerifyFailure> {
        let inner = &*self.inner;
        if inner.is_empty.load(Ordering::Acquire) {
            return Ok(());
        }
        if let Some(reason) = inner.reason(token) {
            return Err(VerifyFailure::of_token(VerifyError::Revoked, token).with_fixed_hint(reason));
        }
        inner.decide(token)
    }
}

impl Inner {
    /// Returns why the token was revoked, if it was.
    fn reason(&self, token: &VerifiedToken) -> Option<&'static str> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let of_issuer = table.of(issuer(token))?;
        if token.token_id().is_some_and(|id| of_issuer.has_token(id)) {
            return Some("its `jti` was revoked");
        }
        let cutoff = token.subject_opt().and_then(|subject| of_issuer.cutoff(subject));
        if cutoff.is_some_and(|cutoff| token.issued_at().is_none_or(|issued_at| issued_at < cutoff)) {
            return Some("it was issued before the tokens of its subject were revoked");
        }
        if !of_issuer.has_sessions() {
            return None;
        }
        match token.session_id() {
            ClaimText::Text(id) if of_issuer.has_session(&id) => Some("its session (`sid`) was revoked"),
            ClaimText::OfAnotherType => Some("its `sid` is not a string, and sessions were revoked"),
            ClaimText::Text(_) | ClaimText::Absent | ClaimText::Null => None,
        }
    }

    /// Decides about a token of which nothing is known to be revoked.
    fn decide(&self, token: &VerifiedToken) -> Result<(), VerifyFailure> {
        // Without these, no clock has to be asked.
        if self.max_lag.is_none() && self.incomplete_until.load(Ordering::Acquire) == 0 {
            return Ok(());
        }
        let gap = self.clock.now().map_or(Some("the clock does not know the time"), |now| self.gap(now));
        self.log(gap);
        match gap {
            Some(gap) if self.on_outage == OnOutage::Refuse => {
                let unavailable = VerifyError::Unavailable { retry_after: Some(RETRY_AFTER) };
                Err(VerifyFailure::of_token(unavailable, token).with_fixed_hint(gap))
            }
            _ => Ok(()),
        }
    }

    /// Returns why it is not known what was revoked.
    fn gap(&self, now: u64) -> Option<&'static str> {
        if now < self.incomplete_until.load(Ordering::Acquire) {
            return Some("revocations were not recorded, since there was no room: raise `max_entries`");
        }
        let known_until = self.known_until.load(Ordering::Acquire);
        let is_too_old = |max_lag: u64| known_until.saturating_add(max_lag) < now;
        self.max_lag.is_some_and(is_too_old).then_some(
            "what other processes have revoked is not known: is the store reachable that they share?",
        )
    }

    /// Tells when an outage begins and when it ends.
    fn log(&self, gap: Option<&str>) {
        if self.is_out.load(Ordering::Relaxed) == gap.is_some()
            || self.is_out.swap(gap.is_some(), Ordering::AcqRel) == gap.is_some()
        {
            return;
        }
        let consequence = match self.on_outage {
            OnOutage::Refuse => "every token is refused with 503",
            OnOutage::Accept => "tokens are accepted that may have been revoked",
        };
        match gap {
            Some(gap) => tracing::warn!(gap, "{consequence}"),
            None => tracing::info!("it is known again which tokens were revoked"),
        }
    }
}

fn issuer(token: &VerifiedToken) -> &str {
    token.issuer().unwrap_or_default()
}

/// Never prints whose tokens were revoked.
impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.inner.table.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Revocations").field("entries", &entries).finish_non_exhaustive()
    }
}

impl fmt::Debug for RevocationsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationsBuilder").field("on_outage", &self.on_outage).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
