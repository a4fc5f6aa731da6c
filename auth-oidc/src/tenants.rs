//! Issuers that become known when the first of their tokens comes.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::StoreFailure;
use futures_util::FutureExt as _;
use tokio::sync::{Semaphore, watch};

use crate::keys::PATIENCE;
use crate::oidc::Oidc;
use crate::timer::{Timer, TokioTimer};
use crate::verifier::OidcVerifier;

/// The most issuers that are kept. Another one takes the place of that which was not asked for longest.
const MAX_TENANTS: usize = 1000;

/// The most issuers of which it is remembered that there are none.
const MAX_ABSENT: usize = 1000;

/// For how long.
const ABSENT_FOR: Duration = Duration::from_secs(60);

/// From one failed start of an issuer to the next.
const COOLDOWN: Duration = Duration::from_secs(30);

/// So many issuers are started within [`STARTS_PER`] at most.
const MAX_STARTS: usize = 10;
const STARTS_PER: Duration = Duration::from_secs(60);

/// So many are looked up at a time; others are answered 503.
const MAX_LOOKUPS: usize = 64;

/// No issuer is longer, in bytes.
const MAX_ISSUER_BYTES: usize = 1024;

/// Knows the issuers that are not listed when the service starts: the tenants of an application, in its database.
#[async_trait]
pub trait IssuerDirectory: Send + Sync + 'static {
    /// The provider of this issuer; `None` if its tokens are not accepted.
    ///
    /// The name comes from a token that **nobody has verified**. Look it up, byte by byte. Never make an address of it: the
    /// answer says where to fetch from.
    ///
    /// Asked at most once at a time for an issuer, and at most once a minute for one that there is not.
    ///
    /// # Errors
    ///
    /// [`StoreFailure`] if it cannot be known now. The request is answered 503.
    async fn lookup(&self, issuer: &str) -> Result<Option<Oidc>, StoreFailure>;
}

/// The issuers of a directory that are in use.
pub(crate) struct Tenants {
    shared: Arc<Shared>,
}

struct Shared {
    directory: Box<dyn IssuerDirectory>,
    timer: Arc<dyn Timer>,
    state: Mutex<State>,
    lookups: Semaphore,
}

#[derive(Default)]
struct State {
    tenants: HashMap<Box<str>, Tenant>,
    /// Until when it is taken for certain that there is no such issuer.
    absent: HashMap<Box<str>, Duration>,
    /// When issuers were started lately.
    starts: VecDeque<Duration>,
    /// Counts what is asked for.
    asked: u64,
}

enum Tenant {
    Ready {
        verifier: OidcVerifier,
        /// What [`State::asked`] was when it was last asked for.
        asked: u64,
    },
    /// Somebody asks the directory, or waits for the keys.
    Starting(watch::Receiver<()>),
    /// Not to be tried again before.
    Failed(Duration),
}

/// How it stands with an issuer.
pub(crate) enum Found {
    Ready(OidcVerifier),
    Absent,
    /// It is being started.
    Starting(watch::Receiver<()>),
    /// It cannot be known now; it may be then.
    Later(Duration),
    Unknown,
}

impl Tenants {
    pub(crate) fn new(directory: impl IssuerDirectory) -> Self {
        let timer = Arc::new(TokioTimer::new());
        let (state, lookups) = (Mutex::default(), Semaphore::new(MAX_LOOKUPS));
        Self { shared: Arc::new(Shared { directory: Box::new(directory), timer, state, lookups }) }
    }

    /// How it stands with this issuer, without waiting.
    pub(crate) fn find(&self, issuer: &str) -> Found {
        let now = self.shared.timer.elapsed();
        self.shared.state().find(issuer, now)
    }

    /// How it stands with this issuer, once it was looked up and started if need be. Waits 5 seconds at most.
    pub(crate) async fn start(&self, issuer: &str) -> Found {
        let mut starting = match self.begin(issuer) {
            Found::Starting(starting) => starting,
            found => return found,
        };
        let end = self.shared.timer.elapsed() + PATIENCE;
        tokio::select! {
            // Closed once it has ended, whatever came of it.
            _ = starting.changed() => match self.find(issuer) {
                Found::Unknown => Found::Later(Duration::from_secs(1)),
                found => found,
            },
            () = self.shared.timer.sleep_until(end) => Found::Later(Duration::from_secs(1)),
        }
    }

    /// Begins to start an issuer, unless that is under way. A request that is dropped meanwhile ends nothing.
    fn begin(&self, issuer: &str) -> Found {
        let now = self.shared.timer.elapsed();
        let mut state = self.shared.state();
        match state.find(issuer, now) {
            Found::Unknown => {}
            found => return found,
        }
        let (sender, receiver) = watch::channel(());
        let starting = Tenant::Starting(receiver.clone());
        let under_way = state.tenants.values().filter(|tenant| matches!(tenant, Tenant::Starting(_))).count();
        if under_way >= MAX_LOOKUPS {
            return Found::Later(Duration::from_secs(1));
        }
        state.tenants.insert(issuer.into(), starting);
        drop(state);
        let (shared, issuer) = (self.shared.clone(), Box::<str>::from(issuer));
        let _task = tokio::spawn(async move {
            let outcome = AssertUnwindSafe(shared.connect(&issuer)).catch_unwind().await;
            let now = shared.timer.elapsed();
            let end = outcome.unwrap_or_else(|_| {
                tracing::error!("the directory of issuers has panicked");
                End::Failed
            });
            shared.state().note(issuer, end, now);
            drop(sender);
        });
        Found::Starting(receiver)
    }
}

/// What became of a start.
enum End {
    Ready(OidcVerifier),
    Absent,
    /// It may be tried again at once.
    Busy,
    Failed,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, issuer: &str) -> End {
        let Ok(_permit) = self.lookups.try_acquire() else { return End::Busy };
        let oidc = match self.directory.lookup(issuer).await {
            Ok(Some(oidc)) => oidc,
            Ok(None) => return End::Absent,
            Err(error) => {
                tracing::warn!(%error, "the directory of issuers cannot be asked");
                return End::Busy;
            }
        };
        // Counted only for issuers that there are: strangers cannot use it up.
        if !self.state().may_start(self.timer.elapsed()) {
            tracing::warn!("more than {MAX_STARTS} issuers begin within a minute: others wait");
            return End::Busy;
        }
        let name = oidc.issuer_name().to_owned();
        match oidc.connect().await {
            Ok(verifier) if verifier.names().iter().any(|name| *name == *issuer) => End::Ready(verifier),
            Ok(_) => {
                tracing::error!(name, "the directory's answer does not accept the issuer that was asked for");
                End::Failed
            }
            Err(error) => {
                tracing::warn!(name, %error, "an issuer of the directory cannot be used");
                End::Failed
            }
        }
    }
}

impl State {
    fn find(&mut self, issuer: &str, now: Duration) -> Found {
        if issuer.len() > MAX_ISSUER_BYTES {
            return Found::Absent;
        }
        self.asked += 1;
        match self.tenants.get_mut(issuer) {
            Some(Tenant::Ready { verifier, asked }) => {
                *asked = self.asked;
                return Found::Ready(verifier.clone());
            }
            Some(Tenant::Starting(starting)) => return Found::Starting(starting.clone()),
            Some(Tenant::Failed(until)) if now < *until => return Found::Later(*until - now),
            Some(Tenant::Failed(_)) | None => {}
        }
        match self.absent.get(issuer) {
            Some(until) if now < *until => Found::Absent,
            _ => Found::Unknown,
        }
    }

    fn may_start(&mut self, now: Duration) -> bool {
        while self.starts.front().is_some_and(|start| now.saturating_sub(*start) >= STARTS_PER) {
            self.starts.pop_front();
        }
        let may = self.starts.len() < MAX_STARTS;
        if may {
            self.starts.push_back(now);
        }
        may
    }

    fn note(&mut self, issuer: Box<str>, end: End, now: Duration) {
        self.tenants.remove(&issuer);
        match end {
            End::Busy => {}
            End::Failed => self.keep(issuer, Tenant::Failed(now + COOLDOWN)),
            End::Ready(verifier) => {
                let asked = self.asked;
                self.keep(issuer, Tenant::Ready { verifier, asked });
            }
            End::Absent => {
                if self.absent.len() >= MAX_ABSENT {
                    let earliest = self.absent.iter().min_by_key(|(_, until)| **until);
                    if let Some(earliest) = earliest.map(|(issuer, _)| issuer.clone()) {
                        self.absent.remove(&earliest);
                    }
                }
                self.absent.insert(issuer, now + ABSENT_FOR);
            }
        }
    }

    /// Keeps an issuer, in place of the one that was not asked for longest if there are too many.
    fn keep(&mut self, issuer: Box<str>, tenant: Tenant) {
        if self.tenants.len() >= MAX_TENANTS {
            let rank = |tenant: &Tenant| match tenant {
                Tenant::Failed(_) => 0,
                Tenant::Ready { asked, .. } => *asked,
                Tenant::Starting(_) => u64::MAX,
            };
            let oldest = self.tenants.iter().min_by_key(|(_, tenant)| rank(tenant));
            if let Some(oldest) = oldest.map(|(issuer, _)| issuer.clone()) {
                self.tenants.remove(&oldest);
            }
        }
        self.tenants.insert(issuer, tenant);
    }
}
