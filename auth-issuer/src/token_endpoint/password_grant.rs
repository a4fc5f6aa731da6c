//! The password grant: whose password it is, and whether it is right.

use std::net::IpAddr;

use super::answer::TokenError;
use super::endpoint::{Inner, too_many, unavailable};
use crate::login::{Account, Attempt, PasswordError};

impl Inner {
    pub(super) async fn log_in(
        &self,
        username: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<Account, TokenError> {
        let Some(limits) = &self.limits else {
            let account = self.accounts.by_username(username).await.map_err(unavailable)?;
            return self.judge(account, password).await;
        };
        let login = limits.login(&self.accounts.fold(username), address).map_err(too_many)?;
        let account = self.accounts.by_username(username).await.map_err(unavailable)?;
        let subject = account.as_ref().map(|account| account.subject.as_str());
        let attempt = login.for_subject(subject).map_err(too_many)?;
        let outcome = if attempt.may_succeed() {
            self.judge(account, password).await
        } else {
            self.refuse_unseen(password).await
        };
        settle(attempt, &outcome);
        outcome
    }

    /// Answers as for an unknown user, and takes as long.
    async fn refuse_unseen(&self, password: &str) -> Result<Account, TokenError> {
        tracing::warn!(
            "a login is refused whatever the password is: too many have failed under other names of the account"
        );
        match self.passwords.verify(password, None).await {
            Ok(_) => Err(TokenError::InvalidGrant),
            Err(error) => Err(not_verified(error)),
        }
    }

    async fn judge(&self, account: Option<Account>, password: &str) -> Result<Account, TokenError> {
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
                self.renew_hash(&account, password).await;
                return Ok(account);
            }
            Some(_) if is_right => "the account is not active",
            Some(_) => "wrong password",
            None => "no such account",
        };
        tracing::info!(reason, "a login failed");
        Err(TokenError::InvalidGrant)
    }

    /// Looks the account up again once its login is stored. If a password changes, the application stores the new one
    /// and then ends all logins: either that ends this login, or this sees the new password.
    pub(super) async fn verify_again(&self, verified: &Account, password: &str) -> Result<(), TokenError> {
        let account = self.accounts.by_subject(&verified.subject).await.map_err(unavailable)?;
        let account = account.filter(|account| account.active && account.subject == verified.subject);
        let Some(account) = account else {
            tracing::info!(reason = "the account is not active any more", "a login failed");
            return Err(TokenError::InvalidGrant);
        };
        if account.password_hash == verified.password_hash {
            return Ok(());
        }
        // It may be the same password, whose hash was renewed.
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
    async fn renew_hash(&self, account: &Account, password: &str) {
        let Some(old) = account.password_hash.as_deref() else { return };
        let new = match self.passwords.renew(password, old).await {
            Ok(Some(new)) => new,
            Ok(None) => return,
            Err(error) => {
                tracing::debug!(%error, "the hash of a password was not renewed");
                return;
            }
        };
        if let Err(failure) = self.accounts.renew_password_hash(&account.subject, old, &new).await {
            tracing::warn!(%failure, "the new hash of a password was not stored");
        }
    }
}

/// An attempt that was not judged is no guess.
fn settle(attempt: Attempt<'_>, outcome: &Result<Account, TokenError>) {
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
