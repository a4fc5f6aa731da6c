//! What a refresh token is exchanged for, and what every grant ends with. Whether it is sent in a body or in cookies is not
//! said here.

use auth_core::Scope;

use super::answer::TokenError;
use super::endpoint::{Inner, refused, too_many, unavailable};
use super::issued::{Asker, Issued, RefreshToken};
use crate::login::Account;
use crate::sign::{SignError, SignedToken};

impl Inner {
    /// Spends the refresh token last, so that a client that has to try again still holds it.
    pub(crate) async fn by_refresh_token(
        &self,
        token: &str,
        asked: Option<&[Scope]>,
        asker: &Asker<'_>,
    ) -> Result<Issued, TokenError> {
        let tokens = self.refresh_tokens.as_ref().ok_or(TokenError::UnsupportedGrantType)?;
        let login = tokens.look_up(token, asker.client_id).await.map_err(refused)?;
        if let Some(limits) = &self.limits {
            limits.refresh(&login.id).map_err(too_many)?;
        }
        let account = self.accounts.by_subject(&login.subject).await.map_err(unavailable)?;
        let Some(account) = account.filter(|account| account.active && account.subject == login.subject)
        else {
            // Must not become valid again when the account is activated again.
            tokens.end_login(token).await.map_err(refused)?;
            return Err(TokenError::InvalidRefreshToken);
        };
        // RFC 6749 section 6: no scope that was not granted at the login.
        if asked.is_some_and(|asked| asked.iter().any(|scope| !login.scopes.contains(scope))) {
            return Err(TokenError::InvalidScope);
        }
        let still: Vec<_> =
            login.scopes.iter().filter(|scope| account.scopes.contains(scope)).cloned().collect();
        let granted = granted(&still, asked)?;
        let signed = self.sign(account, asker, &granted)?;
        let seconds = tokens.seconds_left(&login).map_err(refused)?;
        let refreshed = tokens.exchange(token, asker.client_id).await.map_err(refused)?;
        if let Some(limits) = &self.limits {
            limits.remember(&login.subject, asker.address);
        }
        let refresh_token = Some(RefreshToken { token: refreshed.refresh_token, seconds });
        Ok(Issued { signed, granted, refresh_token })
    }

    pub(super) fn sign(
        &self,
        account: Account,
        asker: &Asker<'_>,
        granted: &[Scope],
    ) -> Result<SignedToken, TokenError> {
        let Account { subject, claims, .. } = account;
        let mut token =
            self.issuer.access_token(subject).client_id(asker.client_id).scopes(granted.iter().cloned());
        for audience in &self.audience {
            token = token.audience(audience);
        }
        for (name, value) in claims {
            token.set_claim(name, value);
        }
        let signed = token.sign().map_err(|error: SignError| {
            tracing::error!(%error, "no token can be signed");
            TokenError::Unavailable
        })?;
        let bytes = signed.token.len();
        if bytes > asker.longest_token {
            tracing::error!(
                bytes,
                most = asker.longest_token,
                "no token can be signed: browsers would drop the cookie, as it is too long; give the account fewer or shorter claims"
            );
            return Err(TokenError::Unavailable);
        }
        Ok(signed)
    }
}

/// Returns the requested scopes that are allowed; all allowed ones if none were requested.
pub(super) fn granted(allowed: &[Scope], asked: Option<&[Scope]>) -> Result<Vec<Scope>, TokenError> {
    let Some(asked) = asked else { return Ok(allowed.to_vec()) };
    let granted: Vec<_> = asked.iter().filter(|scope| allowed.contains(scope)).cloned().collect();
    if granted.is_empty() { Err(TokenError::InvalidScope) } else { Ok(granted) }
}
