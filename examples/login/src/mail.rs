//! E-mail, which this example prints.

use std::error::Error;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;

use auth_core::async_trait;

/// Sends e-mail. Replace [`PrintedMail`] with your own implementation, over SMTP or your provider's API.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail.
    ///
    /// # Errors
    ///
    /// Returns any error. It is logged, so it must not contain the text of the mail, which holds a code.
    async fn send(&self, mail: Mail) -> Result<(), Box<dyn Error + Send + Sync>>;
}

/// A mail to one reader.
///
/// It contains no text by the person who requested it. Otherwise anybody could send messages through your server.
///
/// In an application, link to a page of your own, with the code in the fragment:
/// `https://app.example/verify#code=...`. Browsers send the fragment to no server, so no log and no `Referer` holds it.
/// The page sends the code by `POST` when the reader presses a button. Never spend a code on `GET`: malware scanners open
/// links.
pub struct Mail {
    /// The address. If there is an account, its stored address.
    pub to: String,
    /// The subject line.
    pub subject: &'static str,
    /// The text.
    pub text: String,
}

/// Never prints the reader or the text.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// Prints mails on standard output. Anybody who reads that output can use the codes.
#[derive(Clone, Copy, Debug)]
pub struct PrintedMail;

#[async_trait]
impl Mailer for PrintedMail {
    async fn send(&self, Mail { to, subject, text }: Mail) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(writeln!(std::io::stdout(), "\nTo: {to}\nSubject: {subject}\n\n{text}")?)
    }
}

/// Sends a mail in the background. If the answer waited for it, its time would tell whether there was a mail to send.
///
/// A mail can get lost, for example at shutdown; the user requests another one.
pub(crate) fn send_later(mailer: &Arc<dyn Mailer>, mail: Mail) {
    let mailer = mailer.clone();
    tokio::spawn(async move {
        if let Err(error) = mailer.send(mail).await {
            tracing::error!(%error, "a mail was not sent");
        }
    });
}
