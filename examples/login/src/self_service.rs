//! What users do with their own logins and password.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use auth_core::{Clock as _, StoreFailure, SystemClock};
use auth_issuer::{
    GuessLimits, Login, PasswordError, RefreshError, RefreshTokenStore, RefreshTokens, TokenEndpoint,
};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;
use utoipa::ToSchema;

use crate::{Db, Failure, User};

const MIN_PASSWORD_CHARACTERS: usize = 8;
const MAX_PASSWORD_CHARACTERS: usize = 1000;

/// What users do with their own logins and password.
#[derive(Clone, Debug)]
pub struct SelfService {
    endpoint: TokenEndpoint,
    db: Db,
    /// Shared with the login.
    limits: GuessLimits,
}

/// A login, as its user sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Ends it: `DELETE /users/me/sessions/{id}`.
    pub id: String,
    /// The browser, as it calls itself. Escape it in HTML.
    pub label: Option<String>,
    /// In seconds since 1970.
    pub began_at: u64,
    /// In seconds since 1970.
    pub expires_at: u64,
}

/// A change of a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    current_password: String,
    /// 8 characters or more.
    new_password: String,
}

/// Never prints a password.
impl fmt::Debug for PasswordChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordChange(<redacted>)")
    }
}

impl SelfService {
    pub(crate) fn new(endpoint: TokenEndpoint, db: Db) -> Self {
        let limits = endpoint.guess_limits().cloned().unwrap_or_default();
        Self { endpoint, db, limits }
    }

    /// The logins of a user, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`].
    pub async fn sessions(&self, user: &User) -> Result<Vec<Session>, Failure> {
        let logins = self.refresh_tokens()?.logins(&user.username).await?;
        let session = |login| {
            let Login { id, label, began_at, expires_at, .. } = login;
            Session { id, label, began_at, expires_at }
        };
        Ok(logins.into_iter().map(session).collect())
    }

    /// Ends a login of a user. Its access tokens remain good until they expire, for 15 minutes at most.
    ///
    /// # Errors
    ///
    /// [`Failure::NoSuchSession`] and [`Failure::Unavailable`].
    pub async fn end_session(&self, user: &User, id: &str) -> Result<(), Failure> {
        let ended = self.refresh_tokens()?.end_login_by_id(&user.username, id).await?;
        if ended { Ok(()) } else { Err(Failure::NoSuchSession) }
    }

    /// Changes the password of a user, ends all logins, and refuses all access tokens that were issued before. Everyone
    /// has to log in again, with the new password.
    ///
    /// # Errors
    ///
    /// [`Failure::BadForm`], [`Failure::WrongPassword`], [`Failure::TooManyAttempts`] and [`Failure::Unavailable`].
    pub async fn change_password(&self, user: &User, from: IpAddr, body: &[u8]) -> Result<(), Failure> {
        let PasswordChange { current_password, new_password } =
            serde_json::from_slice(body).map_err(|_| Failure::BadForm)?;
        let length = new_password.chars().count();
        if !(MIN_PASSWORD_CHARACTERS..=MAX_PASSWORD_CHARACTERS).contains(&length) {
            return Err(Failure::BadForm);
        }
        // Whoever has stolen an access token must not guess the password here.
        let attempt = self.limits.attempt(&user.username, from)?;
        let passwords = self.endpoint.passwords();
        let old = self.db.password_hash(&user.username).await?;
        if !passwords.verify(&current_password, old.as_deref()).await? {
            return Err(Failure::WrongPassword);
        }
        attempt.forget();
        let new = passwords.hash(&new_password).await?;
        if !self.db.change_password(&user.username, old.unwrap_or_default(), new).await? {
            return Err(Failure::WrongPassword); // it has been changed meanwhile
        }
        // In this order: once the new password is stored, nobody logs in with the old one; once all logins have ended, no
        // refresh token yields an access token. So all that were issued for the old password were issued before now.
        self.refresh_tokens()?.end_all_logins(&user.username).await?;
        self.refuse_older_tokens(user).await
    }

    /// Refuses all access tokens that were issued before now.
    ///
    /// Claim `iat` has whole seconds, so it does not tell which tokens of this second were issued before. All of them are
    /// refused. The answer waits for the next second, so that every token that is asked for after it is good.
    async fn refuse_older_tokens(&self, user: &User) -> Result<(), Failure> {
        let next_second = now()? + 1;
        self.db.refuse_tokens_before(&user.username, next_second).await?;
        while now()? < next_second {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    fn refresh_tokens(&self) -> Result<&RefreshTokens<Arc<dyn RefreshTokenStore>>, Failure> {
        self.endpoint.refresh_tokens().ok_or(Failure::Unavailable)
    }
}

/// By the clock that dates the tokens, too.
fn now() -> Result<u64, Failure> {
    SystemClock.now().ok_or(Failure::Unavailable)
}

impl From<StoreFailure> for Failure {
    fn from(failure: StoreFailure) -> Self {
        tracing::error!(%failure, "the database failed");
        Self::Unavailable
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        tracing::error!(%error, "logins failed");
        Self::Unavailable
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        tracing::error!(%error, "a password was not verified");
        Self::Unavailable
    }
}
