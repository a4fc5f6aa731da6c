//! The forms that people send, and their mistakes. Each mistake gets its own answer before anything is judged.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::Failure;

/// RFC 5321 section 4.5.3.1.3 allows 256 for a path, including its brackets.
const MAX_ADDRESS_CHARACTERS: usize = 254;
const MAX_NAME_CHARACTERS: usize = 100;

/// Requests an account. The password follows with the code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    pub(crate) email: String,
}

/// Creates the account, with the code from the mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Verification {
    pub(crate) email: String,
    pub(crate) code: String,
    /// 15 characters or more.
    pub(crate) password: String,
    pub(crate) full_name: String,
}

/// Requests a code to set a new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgottenPassword {
    pub(crate) email: String,
}

/// Sets a new password, with the code from the mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordReset {
    pub(crate) email: String,
    pub(crate) code: String,
    /// 15 characters or more.
    pub(crate) password: String,
}

/// Sets a new password, with the current one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    pub(crate) current_password: String,
    /// 15 characters or more.
    pub(crate) new_password: String,
}

/// A form in JSON.
pub(crate) trait Form: DeserializeOwned {
    /// Tells what to send.
    const EXPECTED: &str;

    /// Reads a body. Pass `None` if it was too long, or did not arrive in full.
    fn parse(body: Option<&[u8]>) -> Result<Self, Failure> {
        let bad = Failure::BadForm(Self::EXPECTED);
        // serde also reads a struct from an array, member by member.
        let object = body.map(<[u8]>::trim_ascii_start).filter(|body| body.starts_with(b"{"));
        serde_json::from_slice(object.ok_or(bad)?).map_err(|_| bad)
    }
}

impl Form for Registration {
    const EXPECTED: &str = r#"Send {"email":"..."}, in JSON"#;
}

impl Form for Verification {
    const EXPECTED: &str = r#"Send {"email":"...","code":"...","password":"...","full_name":"..."}, in JSON"#;
}

impl Form for ForgottenPassword {
    const EXPECTED: &str = r#"Send {"email":"..."}, in JSON"#;
}

impl Form for PasswordReset {
    const EXPECTED: &str = r#"Send {"email":"...","code":"...","password":"..."}, in JSON"#;
}

impl Form for PasswordChange {
    const EXPECTED: &str = r#"Send {"current_password":"...","new_password":"..."}, in JSON"#;
}

/// Returns the address in the spelling that the database stores.
///
/// Accepts ASCII only. Outside of ASCII, case conversion maps different letters to one, so two people could get one address.
pub(crate) fn address(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"');
    let is_address = is_plain
        && text.len() <= MAX_ADDRESS_CHARACTERS
        && EmailAddress::parse_with_options(text, options).is_ok();
    if is_address { Ok(text.to_ascii_lowercase()) } else { Err(Failure::BadAddress) }
}

pub(crate) fn full_name(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let is_name =
        (1..=MAX_NAME_CHARACTERS).contains(&text.chars().count()) && !text.contains(char::is_control);
    if is_name { Ok(text.to_owned()) } else { Err(Failure::BadName) }
}

/// Never prints what was sent.
macro_rules! redacted {
    ($($form:ident)*) => {$(
        impl fmt::Debug for $form {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($form), "(<redacted>)"))
            }
        }
    )*};
}

redacted!(Registration Verification ForgottenPassword PasswordReset PasswordChange);
