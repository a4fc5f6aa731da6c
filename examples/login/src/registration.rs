//! Registration: an e-mail address, then a code that was sent there, and a password with it.
//!
//! 1. The password comes with the code, so the reader of the mail chooses it. If it came first, an attacker could
//!    register somebody else's address with a password that he knows, and wait until its owner uses the code:
//!    "pre-hijacking" (Sudhodanan and Paverd, USENIX Security 2022).
//! 2. No answer tells who has an account: the answer and the work are the same. Only the mail differs, and only the owner
//!    of the address reads it. For the same reason nobody chooses a user name: a name that is taken would tell.
//! 3. No account exists before its code was used. Only expired codes need cleaning up.

use std::net::{IpAddr, SocketAddr};

use auth_examples::Try;
use auth_issuer::Attempt;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::codes::{Code, Purpose};
use crate::db::Owner;
use crate::forms::{Form as _, Registration, Verification, address, full_name};
use crate::mail::{Mail, send_later};
use crate::new_password::{check_form, check_strength};
use crate::self_service::settle;
use crate::{Failure, SelfService, Success, User};

/// Stands in the lines to paste. Replace it.
pub(crate) const SAMPLE_PASSWORD: &str = "curiouser and curiouser";

impl SelfService {
    /// Sends a code to an address. If the address has an account, the mail says so instead.
    ///
    /// # Errors
    ///
    /// [`Failure::TooManyAttempts`], [`Failure::Unavailable`], and what is wrong with the form.
    pub async fn register(&self, from: IpAddr, body: Option<&[u8]>) -> Result<Success, Failure> {
        let Registration { email } = Registration::parse(body)?;
        let email = address(&email)?;
        let (code, owner) = self.issue_code(Purpose::Register, &email, Owner::Nobody, from).await?;
        let mail = match owner {
            Owner::Nobody => invitation(self.server, email, &code),
            Owner::Active | Owner::Inactive => reminder(self.server, email),
        };
        send_later(&self.mailer, mail);
        Ok(Success::Accepted("Check your mail: it says what to do next"))
    }

    /// Creates the account.
    ///
    /// # Errors
    ///
    /// [`Failure::WrongCode`], [`Failure::TooManyAttempts`], [`Failure::Unavailable`], and what is wrong with the form.
    pub async fn verify(&self, from: IpAddr, body: Option<&[u8]>) -> Result<Success, Failure> {
        let Verification { email, code, password, full_name: name } = Verification::parse(body)?;
        let (email, name) = (address(&email)?, full_name(&name)?);
        check_form(&password)?;
        let attempt = self.begin_guess(&email, from).await?;
        let code = code_of(&attempt, &code)?;
        let created = settle(attempt, self.create(&email, code, &password, name).await);
        created?.map(Success::Created).ok_or(Failure::WrongCode)
    }

    async fn create(
        &self,
        email: &str,
        code: Code,
        password: &str,
        name: String,
    ) -> Result<Option<User>, Failure> {
        check_strength(password, &[email, &name]).await?;
        let hash = self.endpoint.passwords().hash(password).await?;
        Ok(self.db.register(email, code, name, hash).await?)
    }

    /// Creates and stores a code. Returns it, and whose the address is. Each call counts as a mail, even if none is sent.
    pub(crate) async fn issue_code(
        &self,
        purpose: Purpose,
        email: &str,
        is_for: Owner,
        from: IpAddr,
    ) -> Result<(Code, Owner), Failure> {
        let attempt = self.mails.attempt(email, from)?;
        let code = Code::random()?;
        match self.db.issue_code(purpose, email, code.clone(), is_for).await {
            Ok(owner) => Ok((code, owner)),
            Err(failure) => {
                attempt.forget();
                Err(failure.into())
            }
        }
    }

    /// Begins an attempt that counts for the account like an attempt to log in.
    pub(crate) async fn begin_guess(&self, email: &str, from: IpAddr) -> Result<Attempt<'_>, Failure> {
        let login = self.limits.login(email, from)?;
        let id = self.db.id_of(email).await?;
        Ok(login.for_subject(id.as_deref())?)
    }
}

/// Returns the code that was sent. If the attempt must not succeed, returns another one, which takes the same work.
pub(crate) fn code_of(attempt: &Attempt<'_>, sent: &str) -> Result<Code, Failure> {
    if attempt.may_succeed() { Ok(Code::sent(sent)) } else { Ok(Code::random()?) }
}

fn invitation(server: SocketAddr, to: String, code: &Code) -> Mail {
    let form = json!({
        "email": to, "code": code.as_str(), "password": SAMPLE_PASSWORD, "full_name": "Carol"
    });
    let verify = Try::get("/verify", 201).sends("POST", &form.to_string()).at(server);
    let log_in = log_in(&to).at(server);
    let text = format!(
        "Somebody has requested an account for this address. To create it, choose your own password:\n\n\
         {verify}\n\nThen log in:\n\n{log_in}\n\n\
         The code is valid for a day. If you did not request it, do nothing."
    );
    Mail { to, subject: "Your new account", text }
}

fn reminder(server: SocketAddr, to: String) -> Mail {
    let forgotten = Try::get("/forgot-password", 202).sends("POST", &json!({ "email": to }).to_string());
    let forgotten = forgotten.at(server);
    let text = format!(
        "Somebody has requested an account for this address, but you have one already. If you forgot the password:\n\n\
         {forgotten}\n\nIf you did not request it, do nothing."
    );
    Mail { to, subject: "Your account", text }
}

pub(crate) fn log_in(email: &str) -> Try {
    let [email, password] = [email, SAMPLE_PASSWORD].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
    Try::get("/token", 200).form(&format!("grant_type=password&username={email}&password={password}"))
}
