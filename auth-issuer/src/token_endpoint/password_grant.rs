//! The password grant: whose password it is, and whether it is right.

use auth_core::Scope;

use super::answer::TokenError;
use super::endpoint::{Inner, refused, too_many, unavailable};
use super::grants::granted;
use super::issued::{Asker, Issued, RefreshToken};
use crate::login::{Account, Attempt, PasswordError};

/// What somebody logs in with.
struct Login<'a> {
    username: &'a str,
    password: &'a str,
    asked: Option<&'a [Scope]>,
    asker: &'a Asker<'a>,
}

/// An account whose password was right.
struct Verified {
    account: Account,
    /// The hash of the same password that replaces the one that was verified.
    renewed: Option<String>,
}

impl Inner {
    pub(crate) async fn by_password(
        &self,
        username: &str,
        password: &str,
        asked: Option<&[Scope]>,
        asker: &Asker<'_>,
    ) -> Result<Issued, TokenError> {
        self.log_in(&Login { username, password, asked, asker }).await
    }

    /// The attempt ends last: a login that a password change overtakes has failed like any other.
    async fn log_in(&self, login: &Login<'_>) -> Result<Issued, TokenError> {
        let Some(limits) = &self.limits else {
            let account = self.accounts.by_username(login.username).await.map_err(unavailable)?;
            return self.begin(account, login).await;
        };
        let begun =
            limits.login(&self.accounts.fold(login.username), login.asker.address).map_err(too_many)?;
        let account = self.accounts.by_username(login.username).await.map_err(unavailable)?;
        let subject = account.as_ref().map(|account| account.subject.as_str());
        let attempt = begun.for_subject(subject).map_err(too_many)?;
        let outcome = if attempt.may_succeed() {
            self.begin(account, login).await
        } else {
            self.refuse_unseen(login.password).await
        };
        settle(attempt, &outcome);
        outcome
    }

    async fn begin(&self, account: Option<Account>, login: &Login<'_>) -> Result<Issued, TokenError> {
        let Login { password, asked, asker, .. } = *login;
        let verified = self.judge(account, password).await?;
        let account = &verified.account;
        let granted = granted(&account.scopes, asked)?;
        let signed = self.sign(account.clone(), asker, &granted)?;
        let Some(tokens) = &self.refresh_tokens else {
            self.verify_again(&verified, login).await?;
            return Ok(Issued { signed, granted, refresh_token: None });
        };
        let scopes = granted.iter().cloned();
        let issued = tokens.issue(&account.subject, asker.client_id, scopes, asker.user_agent).await;
        let token = issued.map_err(refused)?;
        if let Err(error) = self.verify_again(&verified, login).await {
            tokens.end_login(&token).await.map_err(refused)?;
            return Err(error);
        }
        let refresh_token = Some(RefreshToken { token, seconds: tokens.seconds_of_a_login() });
        Ok(Issued { signed, granted, refresh_token })
    }

    /// Answers as for an unknown user, and takes as long.
    async fn refuse_unseen(&self, password: &str) -> Result<Issued, TokenError> {
        tracing::warn!(
            "a login is refused whatever the password is: too many have failed under other names of the account"
        );
        match self.passwords.verify(password, None).await {
            Ok(_) => Err(TokenError::InvalidGrant),
            Err(error) => Err(not_verified(error)),
        }
    }

    async fn judge(&self, account: Option<Account>, password: &str) -> Result<Verified, TokenError> {
        let stored = account.as_ref().and_then(|account| account.password_hash.as_deref());
        let is_right = match self.passwords.verify(password, stored).await {
            Ok(is_right) => is_right,
            Err(error @ (PasswordError::NotAHash | PasswordError::TooExpensive)) => {
                let kind = self.passwords.kind(stored.unwrap_or_default());
                tracing::error!(
                    kind,
                    %error,
                    "a stored hash cannot be verified, so its user cannot log in: accept its kind by Passwords::builder, within \
                     the costs that the kind allows, or let the user reset the password"
                );
                false
            }
            Err(error) => return Err(not_verified(error)),
        };
        let reason = match account {
            Some(account) if is_right && account.active => {
                let renewed = self.renew_hash(&account, password).await;
                return Ok(Verified { account, renewed });
            }
            Some(_) if is_right => "the account is not active",
            Some(_) => "wrong password",
            None => "no such account",
        };
        tracing::info!(reason, "a login failed");
        Err(TokenError::InvalidGrant)
    }

    /// Looks the account up again once its token is signed and its login is stored. If a password changes, the
    /// application stores the new one, and then ends all logins and refuses the tokens that were signed until then:
    /// either that ends this login, or this sees the new password.
    async fn verify_again(&self, verified: &Verified, login: &Login<'_>) -> Result<(), TokenError> {
        let Login { username, password, .. } = *login;
        let account = self.accounts.by_username(username).await.map_err(unavailable)?;
        let account = account.filter(|account| account.active && account.subject == verified.account.subject);
        let Some(account) = account else {
            tracing::info!(reason = "the account is not active any more", "a login failed");
            return Err(TokenError::InvalidGrant);
        };
        let Verified { account: Account { password_hash: old, .. }, renewed } = verified;
        let known = [old, renewed];
        if account.password_hash.is_some() && known.contains(&&account.password_hash) {
            return Ok(());
        }
        // It may be the same password, whose hash another login has renewed.
        match self.passwords.verify(password, account.password_hash.as_deref()).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                tracing::info!(reason = "the password has changed meanwhile", "a login failed");
                Err(TokenError::InvalidGrant)
            }
            Err(error) => {
                tracing::warn!(%error, "a password was not verified");
                Err(TokenError::Unavailable)
            }
        }
    }

    /// Replaces a hash that was made in another way than new hashes are. If that fails, the login succeeds all the same.
    /// Returns the new hash, whether or not it was stored.
    async fn renew_hash(&self, account: &Account, password: &str) -> Option<String> {
        let old = account.password_hash.as_deref()?;
        let new = match self.passwords.renew(password, old).await {
            Ok(new) => new?,
            Err(error) => {
                tracing::debug!(%error, "the hash of a password was not renewed");
                return None;
            }
        };
        if let Err(failure) = self.accounts.renew_password_hash(&account.subject, old, &new).await {
            tracing::warn!(%failure, "the new hash of a password was not stored");
        }
        Some(new)
    }
}

/// An attempt that was not judged is no guess, and neither is a right password that yields no token.
fn settle(attempt: Attempt<'_>, outcome: &Result<Issued, TokenError>) {
    match outcome {
        Ok(_) => attempt.succeed(),
        Err(TokenError::InvalidGrant) => drop(attempt),
        Err(_) => attempt.forget(),
    }
}

fn not_verified(error: PasswordError) -> TokenError {
    tracing::warn!(%error, "a password was not verified");
    TokenError::Unavailable
}
