//! What users do with their own accounts. This file: their logins, and changing the password.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use auth_issuer::{Attempt, GuessLimits, Login, RefreshTokenStore, RefreshTokens, TokenEndpoint};
use tokio::time::sleep;

use crate::forms::{Form as _, PasswordChange};
use crate::new_password::{check_form, check_strength};
use crate::{Db, Failure, Mailer, Session, Success, User};

/// Mails to one address: 3 at once, and one more every 10 minutes.
const MAILS: (u32, Duration) = (3, Duration::from_secs(600));
/// Mails that one client requests: 20 at once, and one more each minute.
const MAILS_FROM_NETWORK: (u32, Duration) = (20, Duration::from_secs(60));

/// What users do with their own accounts.
#[derive(Clone)]
pub struct SelfService {
    pub(crate) endpoint: TokenEndpoint,
    pub(crate) db: Db,
    /// Shared with the login: guesses count wherever they are made.
    pub(crate) limits: GuessLimits,
    /// Limits mails. Separate from the limits of the login: requesting a mail is no guess, and must lock nobody out.
    pub(crate) mails: GuessLimits,
    pub(crate) mailer: Arc<dyn Mailer>,
    /// The address in the lines to paste.
    pub(crate) server: SocketAddr,
}

impl SelfService {
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        db: Db,
        mailer: Arc<dyn Mailer>,
        server: SocketAddr,
    ) -> Result<Self, String> {
        let limits = endpoint.guess_limits().cloned().unwrap_or_default();
        let mails = GuessLimits::new().per_account(MAILS.0, MAILS.1);
        let mails = mails.and_then(|mails| mails.per_address(MAILS_FROM_NETWORK.0, MAILS_FROM_NETWORK.1));
        let mails = mails.map_err(|error| error.to_string())?;
        Ok(Self { endpoint, db, limits, mails, mailer, server })
    }

    /// The logins of a user, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure::Unavailable`].
    pub async fn sessions(&self, user: &User) -> Result<Vec<Session>, Failure> {
        let logins = self.refresh_tokens()?.logins(&user.id).await?;
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
    pub async fn end_session(&self, user: &User, id: &str) -> Result<Success, Failure> {
        let ended = self.refresh_tokens()?.end_login_by_id(&user.id, id).await?;
        if ended { Ok(Success::Done) } else { Err(Failure::NoSuchSession) }
    }

    /// Changes the password of a user, ends all logins, and refuses all access tokens that were issued before. Everyone
    /// has to log in again, with the new password.
    ///
    /// # Errors
    ///
    /// [`Failure::WrongPassword`], [`Failure::TooManyAttempts`], [`Failure::Unavailable`], and what is wrong with the form.
    pub async fn change_password(
        &self,
        user: &User,
        from: IpAddr,
        body: Option<&[u8]>,
    ) -> Result<Success, Failure> {
        let form = PasswordChange::parse(body)?;
        check_form(&form.new_password)?;
        // Whoever has stolen an access token must not guess the password here.
        let attempt = self.limits.attempt_for_subject(&user.id, from)?;
        let changed = settle(attempt, self.replace_password(user, &form).await);
        self.wait_until(changed?.ok_or(Failure::WrongPassword)?).await
    }

    /// Returns `None` if the current password is wrong, or was changed meanwhile.
    async fn replace_password(&self, user: &User, form: &PasswordChange) -> Result<Option<u64>, Failure> {
        let PasswordChange { current_password, new_password } = form;
        let known = [&*user.id, user.email.as_deref().unwrap_or_default(), &user.full_name];
        check_strength(new_password, &known).await?;
        let passwords = self.endpoint.passwords();
        let old = self.db.password_hash(&user.id).await?;
        if !passwords.verify(current_password, old.as_deref()).await? {
            return Ok(None);
        }
        let new = passwords.hash(new_password).await?;
        let changed = self.db.change_password(&user.id, old.unwrap_or_default(), new).await?;
        if changed.is_some() {
            self.limits.forget(&user.id);
        }
        Ok(changed)
    }

    /// Waits until this second, from which on new tokens are accepted.
    pub(crate) async fn wait_until(&self, second: u64) -> Result<Success, Failure> {
        while self.db.now()? < second {
            sleep(Duration::from_millis(20)).await;
        }
        Ok(Success::Done)
    }

    fn refresh_tokens(&self) -> Result<&RefreshTokens<Arc<dyn RefreshTokenStore>>, Failure> {
        self.endpoint.refresh_tokens().ok_or(Failure::Unavailable)
    }
}

/// Counts the attempt if the outcome is `None`. An attempt that failed for another reason is no guess.
pub(crate) fn settle<T>(
    attempt: Attempt<'_>,
    outcome: Result<Option<T>, Failure>,
) -> Result<Option<T>, Failure> {
    match &outcome {
        Ok(Some(_)) => attempt.succeed(),
        Ok(None) => drop(attempt),
        Err(_) => attempt.forget(),
    }
    outcome
}

impl fmt::Debug for SelfService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfService").finish_non_exhaustive()
    }
}
