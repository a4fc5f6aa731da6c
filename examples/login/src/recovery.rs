//! Password reset: a code by e-mail, and a new password with it.
//!
//! 1. No answer tells who has an account: the answer and the work are the same. Only the owner of an account gets a mail.
//! 2. The code goes to the stored address.
//! 3. Requesting a code changes nothing, so nobody can lock others out.
//! 4. A reset ends all logins, and older access tokens are refused. That locks out a thief who knows the old password;
//!    the network that he used has no attempts of its own any more.
//! 5. An inactive account stays inactive.

use std::net::{IpAddr, SocketAddr};

use auth_examples::Try;
use serde_json::json;

use crate::codes::{Code, Purpose};
use crate::db::Owner;
use crate::forms::{ForgottenPassword, Form as _, PasswordReset, address};
use crate::mail::{Mail, send_later};
use crate::new_password::{check_form, check_strength};
use crate::registration::{SAMPLE_PASSWORD, code_of, log_in};
use crate::self_service::settle;
use crate::{Failure, SelfService, Success};

impl SelfService {
    /// Sends a code, if the address has an account.
    ///
    /// # Errors
    ///
    /// [`Failure::TooManyAttempts`], [`Failure::Unavailable`], and what is wrong with the form.
    pub async fn forgot_password(&self, from: IpAddr, body: Option<&[u8]>) -> Result<Success, Failure> {
        let ForgottenPassword { email } = ForgottenPassword::parse(body)?;
        let email = address(&email)?;
        let (code, owner) = self.issue_code(Purpose::ResetPassword, &email, Owner::Active, from).await?;
        if owner == Owner::Active {
            send_later(&self.mailer, letter(self.server, email, &code));
        }
        Ok(Success::Accepted("If this address has an account, check its mail: it says what to do next"))
    }

    /// Sets the password.
    ///
    /// # Errors
    ///
    /// [`Failure::WrongCode`], [`Failure::TooManyAttempts`], [`Failure::Unavailable`], and what is wrong with the form.
    pub async fn reset_password(&self, from: IpAddr, body: Option<&[u8]>) -> Result<Success, Failure> {
        let PasswordReset { email, code, password } = PasswordReset::parse(body)?;
        let email = address(&email)?;
        check_form(&password)?;
        let attempt = self.begin_guess(&email, from).await?;
        let code = code_of(&attempt, &code)?;
        let reset = settle(attempt, self.set_password(&email, code, &password).await);
        self.wait_until(reset?.ok_or(Failure::WrongCode)?).await
    }

    pub(crate) async fn set_password(
        &self,
        email: &str,
        code: Code,
        password: &str,
    ) -> Result<Option<u64>, Failure> {
        check_strength(password, &[email]).await?;
        let hash = self.endpoint.passwords().hash(password).await?;
        let Some((id, second)) = self.db.reset_password(email, code, hash).await? else { return Ok(None) };
        self.limits.forget(&id);
        Ok(Some(second))
    }
}

fn letter(server: SocketAddr, to: String, code: &Code) -> Mail {
    let form = json!({ "email": to, "code": code.as_str(), "password": SAMPLE_PASSWORD });
    let reset = Try::get("/reset-password", 204).sends("POST", &form.to_string()).at(server);
    let log_in = log_in(&to).at(server);
    let text = format!(
        "Somebody has requested a new password for your account. To set it, choose your own password:\n\n\
         {reset}\n\nThen log in:\n\n{log_in}\n\n\
         The code is valid for half an hour. If you did not request it, do nothing."
    );
    Mail { to, subject: "Your new password", text }
}
