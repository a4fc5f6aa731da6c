//! Refresh tokens: issued at a login, exchanged once each.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock, Scope, SystemClock};

use super::error::{RefreshError, unavailable};
use super::standing::Standing;
use super::store::{Login, RefreshRecord, RefreshTokenStore, SpentToken};
use super::token::Token;

const DEFAULT_LIFETIME: Duration = Duration::from_secs(14 * 24 * 60 * 60);
const MAX_LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);
const DEFAULT_REUSE_INTERVAL: Duration = Duration::from_secs(10);
const MAX_REUSE_INTERVAL: Duration = Duration::from_secs(60);
const DEFAULT_MAX_LOGINS: NonZeroUsize = NonZeroUsize::new(50).unwrap();
const MAX_LABEL_CHARACTERS: usize = 200;

/// Issues refresh tokens, exchanges each once, and ends logins
/// ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
/// [RFC 9700 section 4.14](https://www.rfc-editor.org/rfc/rfc9700#section-4.14)).
///
/// 1. A token holds 384 random bits. The store holds only hashes of them, so that reading the store yields no token.
/// 2. Each token is exchanged for the next one. All tokens that descend from one login expire at the same time.
/// 3. If a spent token is presented again, it or its successor was stolen. The login ends, and everyone who holds one
///    of its tokens has to log in again.
/// 4. There is one exception: the token that was spent last may be presented again within the [reuse
///    interval](Self::reuse_interval). It yields the same successor, not another one. So two tabs that refresh at the
///    same moment, or a client that never received the answer, stay logged in.
/// 5. A token is valid only for the client that it was issued to. If another client presents it, the login ends too.
/// 6. A subject has a bounded number of logins. If one more begins, the [oldest ends](Self::max_logins).
///
/// [`TokenEndpoint::refresh_tokens`](crate::TokenEndpoint::refresh_tokens) returns the one that the endpoint uses.
pub struct RefreshTokens<S> {
    store: S,
    lifetime: Duration,
    reuse_interval: Duration,
    max_logins: NonZeroUsize,
    clock: Box<dyn Clock>,
}

/// The lifetime of refresh tokens is out of range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("refresh tokens live 1 second to 365 days")]
pub struct InvalidLifetime;

/// The reuse interval of refresh tokens is out of range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a spent refresh token may be presented again for at most 60 seconds")]
pub struct InvalidReuseInterval;

/// The outcome of an exchange. Issue an access token with it.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct Refreshed {
    /// The next refresh token.
    pub refresh_token: String,
    /// The login that both tokens belong to: its subject, client and scopes.
    pub login: Login,
}

/// Never prints the token.
impl fmt::Debug for Refreshed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refreshed(<redacted>)")
    }
}

impl<S: RefreshTokenStore> RefreshTokens<S> {
    /// Uses this store. A login lives for 14 days, a subject has at most 50 logins, and the reuse interval is 10
    /// seconds, unless you change them.
    pub fn new(store: S) -> Self {
        Self {
            store,
            lifetime: DEFAULT_LIFETIME,
            reuse_interval: DEFAULT_REUSE_INTERVAL,
            max_logins: DEFAULT_MAX_LOGINS,
            clock: Box::new(SystemClock),
        }
    }

    /// Sets how long after a login its last refresh token expires, in whole seconds.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidLifetime`] if it is shorter than a second, or longer than 365 days.
    pub fn lifetime(mut self, lifetime: Duration) -> Result<Self, InvalidLifetime> {
        if !(Duration::from_secs(1)..=MAX_LIFETIME).contains(&lifetime) {
            return Err(InvalidLifetime);
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// Sets how long the token that was spent last may be presented again, in whole seconds. The default is 10 seconds;
    /// zero ends the login at once.
    ///
    /// A thief who presents a stolen token within the interval is not detected by that alone. He gets the same
    /// successor as its owner, so the login ends as soon as one of them presents it after the other's interval.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidReuseInterval`] if it is longer than 60 seconds.
    pub fn reuse_interval(mut self, interval: Duration) -> Result<Self, InvalidReuseInterval> {
        if interval > MAX_REUSE_INTERVAL {
            return Err(InvalidReuseInterval);
        }
        self.reuse_interval = interval;
        Ok(self)
    }

    /// Sets how many logins a subject may have. The default is 50. If one more begins, the oldest ends.
    #[must_use]
    pub fn max_logins(mut self, most: NonZeroUsize) -> Self {
        self.max_logins = most;
        self
    }

    /// Sets the clock. The default is the operating system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Hides the type of the store.
    pub(crate) fn boxed(self) -> RefreshTokens<Arc<dyn RefreshTokenStore>>
    where
        S: 'static,
    {
        let Self { store, lifetime, reuse_interval, max_logins, clock } = self;
        RefreshTokens { store: Arc::new(store), lifetime, reuse_interval, max_logins, clock }
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.store
    }

    /// Issues the first refresh token after a login. If the subject has too many logins then, the oldest end.
    ///
    /// `label` tells the user later which login it is; see [`Login::label`]. Characters that it may not have are
    /// dropped.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`].
    pub async fn issue(
        &self,
        subject: impl Into<String>,
        client_id: impl Into<String>,
        scopes: impl IntoIterator<Item = Scope>,
        label: Option<&str>,
    ) -> Result<String, RefreshError> {
        let token = Token::random()?;
        let began_at = self.now()?;
        let login = Login {
            id: token.login_id()?,
            subject: subject.into(),
            client_id: client_id.into(),
            scopes: scopes.into_iter().collect(),
            label: label.map(printable).filter(|label| !label.is_empty()),
            began_at,
            expires_at: began_at.saturating_add(self.lifetime.as_secs()),
        };
        let (id, subject) = (login.id.clone(), login.subject.clone());
        let record = RefreshRecord { login, current: token.hash()?, previous: None };
        self.store.insert(record).await.map_err(RefreshError::Unavailable)?;
        self.end_oldest(&subject, &id).await?;
        Ok(token.text())
    }

    /// Exchanges a token for the next one of its login. `client_id` is the client that asks. If it has a secret, it
    /// must have authenticated.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Refused`] for a token that is unknown, expired, issued to another client, or spent
    /// before the [reuse interval](Self::reuse_interval). The last two end its login.
    ///
    /// After [`RefreshError::Unavailable`] the token is still valid.
    pub async fn exchange(&self, token: &str, client_id: &str) -> Result<Refreshed, RefreshError> {
        let token = Token::parse(token).ok_or(RefreshError::Refused)?;
        let (login, standing) = self.judge(&token, client_id).await?;
        let next = match standing {
            Standing::SpentFor(next) => next,
            Standing::Current => {
                let next = token.successor()?;
                let spent = SpentToken {
                    token_hash: token.hash()?,
                    spent_at: self.now()?,
                    sealed_successor: token.seal(&next)?,
                };
                let rotated = self.store.rotate(&login.id, &next.hash()?, spent).await;
                if rotated.map_err(RefreshError::Unavailable)? {
                    next
                } else {
                    // Another request was faster, or the login has ended meanwhile.
                    match self.judge(&token, client_id).await?.1 {
                        Standing::SpentFor(next) => next,
                        Standing::Current => return Err(unavailable("the store did not spend a token")),
                    }
                }
            }
        };
        Ok(Refreshed { refresh_token: next.text(), login })
    }

    /// Returns the login of a token that [`exchange`](Self::exchange) would take, without spending the token. Use it to
    /// check first that the account still exists, and that the next access token can be signed.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`exchange`](Self::exchange), and ends the login in the same cases.
    pub async fn look_up(&self, token: &str, client_id: &str) -> Result<Login, RefreshError> {
        let token = Token::parse(token).ok_or(RefreshError::Refused)?;
        self.judge(&token, client_id).await.map(|(login, _)| login)
    }

    /// Ends the login that a token belongs to, as at a logout. Any token of the login will do, a spent one too. Does
    /// nothing if the token is unknown.
    ///
    /// Access tokens that were issued remain valid until they expire.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`].
    pub async fn end_login(&self, token: &str) -> Result<(), RefreshError> {
        let Some(token) = Token::parse(token) else { return Ok(()) };
        self.store.end(&token.login_id()?).await.map_err(RefreshError::Unavailable)
    }

    /// Ends the login with this [`id`](Login::id), if it is one of the subject's. Returns whether it was. Use it if
    /// users end their logins from a list.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`].
    pub async fn end_login_by_id(&self, subject: &str, id: &str) -> Result<bool, RefreshError> {
        let found = self.store.find(id).await.map_err(RefreshError::Unavailable)?;
        if found.is_none_or(|record| record.login.subject != subject) {
            return Ok(false);
        }
        self.store.end(id).await.map_err(RefreshError::Unavailable)?;
        Ok(true)
    }

    /// Ends all logins of a subject. Call it after a password has changed, or an account was disabled: store that
    /// change first, so that no login can begin in between.
    ///
    /// Access tokens that were issued remain valid until they expire, unless the application's `UserStore` refuses
    /// them.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`]. Some logins may have survived; try again.
    pub async fn end_all_logins(&self, subject: &str) -> Result<(), RefreshError> {
        self.store.end_all(subject).await.map_err(RefreshError::Unavailable)
    }

    /// Returns the logins of a subject that have not expired, the oldest first.
    ///
    /// # Errors
    ///
    /// Returns [`RefreshError::Unavailable`].
    pub async fn logins(&self, subject: &str) -> Result<Vec<Login>, RefreshError> {
        let now = self.now()?;
        let mut logins = self.store.logins(subject).await.map_err(RefreshError::Unavailable)?;
        logins.retain(|login| now < login.expires_at);
        logins.sort_by(|one, other| (one.began_at, &one.id).cmp(&(other.began_at, &other.id)));
        Ok(logins)
    }

    /// Returns how long a login lives, in seconds.
    pub(crate) fn seconds_of_a_login(&self) -> u64 {
        self.lifetime.as_secs()
    }

    /// Returns how long a login still lives, in seconds.
    pub(crate) fn seconds_left(&self, login: &Login) -> Result<u64, RefreshError> {
        Ok(login.expires_at.saturating_sub(self.now()?))
    }

    /// Finds the login of a token, whatever client it was issued to. A spent token finds it too.
    pub(crate) async fn login_of(&self, token: &str) -> Result<Option<Login>, RefreshError> {
        let Some(token) = Token::parse(token) else { return Ok(None) };
        let found = self.store.find(&token.login_id()?).await.map_err(RefreshError::Unavailable)?;
        Ok(found.map(|record| record.login))
    }

    /// Ends what is more than [`max_logins`](Self::max_logins), but never the newest.
    async fn end_oldest(&self, subject: &str, newest: &str) -> Result<(), RefreshError> {
        let mut logins = self.store.logins(subject).await.map_err(RefreshError::Unavailable)?;
        logins.sort_by_key(|login| (login.id == newest, login.began_at));
        let excess = logins.len().saturating_sub(self.max_logins.get());
        for login in logins.iter().take(excess) {
            self.store.end(&login.id).await.map_err(RefreshError::Unavailable)?;
        }
        Ok(())
    }

    async fn judge(&self, token: &Token, client_id: &str) -> Result<(Login, Standing), RefreshError> {
        let found = self.store.find(&token.login_id()?).await.map_err(RefreshError::Unavailable)?;
        let Some(record) = found else { return Err(RefreshError::Refused) };
        let now = self.now()?;
        if now >= record.login.expires_at {
            return Err(RefreshError::Refused);
        }
        let standing = if record.login.client_id == client_id {
            token.standing(&record, now, self.reuse_interval)?
        } else {
            None
        };
        let Some(standing) = standing else {
            tracing::warn!("a refresh token was used again, or by another client: its login has ended");
            self.store.end(&record.login.id).await.map_err(RefreshError::Unavailable)?;
            return Err(RefreshError::Refused);
        };
        Ok((record.login, standing))
    }

    fn now(&self) -> Result<u64, RefreshError> {
        self.clock.now().ok_or_else(|| unavailable("the clock does not know the time"))
    }
}

fn printable(label: &str) -> String {
    let label = label.chars().filter(|character| matches!(character, ' '..='~'));
    label.take(MAX_LABEL_CHARACTERS).collect::<String>().trim().to_owned()
}

impl<S> fmt::Debug for RefreshTokens<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshTokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}
