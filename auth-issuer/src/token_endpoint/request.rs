//! A request to the token endpoint.

use std::fmt;

use auth_core::Scope;

use super::answer::TokenError;
use super::client_credentials::{ClientCredentials, client};
use super::form::{
    Parameters, WRONG_CONTENT_TYPE, WRONG_LOGIN_TYPE, is_form, is_json, is_printable_ascii, of_kind, only,
};
use crate::login::is_text;

/// More scopes are refused, since each is compared with the others.
const MAX_SCOPES: usize = 64;

/// A well-formed request for a token ([RFC 6749 section 3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
/// Nothing in it has been verified.
///
/// [`parse`](Self::parse) applies these rules. The first fault ends it.
///
/// 1. `Content-Type` is `application/x-www-form-urlencoded`. A parameter `charset` may say UTF-8.
/// 2. The body has at most [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES). Names and values are UTF-8 once their escapes are decoded.
/// 3. No parameter occurs twice. A parameter with an empty value counts as absent. Unknown parameters are ignored.
/// 4. A client authenticates in one way at most: by HTTP Basic, with id and secret form-encoded (RFC 6749 section
///    2.3.1), or by `client_id` and `client_secret` in the body. An `Authorization` field of another scheme, such as an
///    expired bearer token, is no client authentication and is ignored. Two `Authorization` fields are refused.
/// 5. A `client_id` alone names a public client. Beside Basic it is allowed if both ids are equal, or if Basic names
///    none.
/// 6. `grant_type` is known, and the parameters that it needs are present.
/// 7. User name and password hold no control characters but tabs. All other values are printable ASCII
///    ([RFC 6749 appendix A](https://www.rfc-editor.org/rfc/rfc6749#appendix-A)). At most 64 scopes are listed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// What the client exchanges for a token.
    pub grant: Grant,
    /// The requested scopes, without duplicates; `None` if the client requests none.
    pub scopes: Option<Vec<Scope>>,
    /// The client that asks; `None` if the request names none.
    pub client: Option<ClientCredentials>,
}

/// In what a request may deviate from the rules of [`TokenRequest`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deviations {
    /// A login may lack `grant_type`.
    pub(crate) missing_grant_type: bool,
    /// The body may be a form in parts.
    #[cfg(feature = "multipart")]
    pub(crate) multipart_forms: bool,
}

/// What a client exchanges for a token.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub enum Grant {
    /// The user name and password of the resource owner
    /// ([RFC 6749 section 4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.3)). For an API's own login page only:
    /// other clients must never see a password
    /// ([RFC 9700 section 2.4](https://www.rfc-editor.org/rfc/rfc9700#section-2.4)).
    Password {
        /// The user name, as typed.
        username: String,
        /// The password, as typed.
        password: String,
    },
    /// A refresh token ([RFC 6749 section 6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    RefreshToken(String),
}

/// Prints the kind only.
impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(<redacted>)",
            Self::RefreshToken(_) => "RefreshToken(<redacted>)",
        })
    }
}

impl TokenRequest {
    /// Parses a request: the values of its `Content-Type` and `Authorization` fields, and its body.
    ///
    /// ```
    /// use auth_issuer::{Grant, TokenRequest};
    ///
    /// let body = b"grant_type=password&username=alice&password=correct+horse&scope=orders%3Aread";
    /// let request = TokenRequest::parse([&b"application/x-www-form-urlencoded"[..]], [], body)?;
    /// assert!(matches!(request.grant, Grant::Password { username, .. } if username == "alice"));
    /// # Ok::<(), auth_issuer::TokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the [`TokenError`] to send.
    pub fn parse<'a, 'b>(
        content_type: impl IntoIterator<Item = &'a [u8]>,
        authorization: impl IntoIterator<Item = &'b [u8]>,
        body: &[u8],
    ) -> Result<Self, TokenError> {
        Self::parse_with(Deviations::default(), content_type, authorization, body)
    }

    pub(crate) fn parse_with<'a, 'b>(
        deviations: Deviations,
        content_type: impl IntoIterator<Item = &'a [u8]>,
        authorization: impl IntoIterator<Item = &'b [u8]>,
        body: &[u8],
    ) -> Result<Self, TokenError> {
        let mut parameters = match only(content_type) {
            Some(value) if is_form(value) => Parameters::parse(body)?,
            #[cfg(feature = "multipart")]
            Some(value) if deviations.multipart_forms => Parameters::parse_parts(value, body)?,
            _ => return Err(WRONG_CONTENT_TYPE),
        };
        let client = client(authorization, &mut parameters)?;
        let is_login = ["username", "password"].iter().any(|name| parameters.has(name));
        let implied = || (deviations.missing_grant_type && is_login).then(|| "password".to_owned());
        let grant = match parameters.take("grant_type").or_else(implied).as_deref() {
            Some("password") => Grant::password(&mut parameters)?,
            Some("refresh_token") => {
                Grant::RefreshToken(of_kind(parameters.required("refresh_token")?, is_printable_ascii)?)
            }
            Some(_) => return Err(TokenError::UnsupportedGrantType),
            None => return Err(TokenError::InvalidRequest("grant_type is missing")),
        };
        Ok(Self { grant, scopes: listed_scopes(&mut parameters)?, client })
    }

    /// Parses the form of a login page, or an object of JSON with the same members. `grant_type` may be missing. A client
    /// must not be named, since the page is the client.
    #[cfg_attr(
        not(feature = "multipart"),
        allow(unused_variables, reason = "the only deviation that counts here")
    )]
    pub(crate) fn parse_login<'a>(
        deviations: Deviations,
        content_type: impl IntoIterator<Item = &'a [u8]>,
        body: &[u8],
    ) -> Result<Self, TokenError> {
        let mut parameters = match only(content_type) {
            Some(value) if is_form(value) => Parameters::parse(body)?,
            Some(value) if is_json(value) => Parameters::parse_json(body)?,
            #[cfg(feature = "multipart")]
            Some(value) if deviations.multipart_forms => Parameters::parse_parts(value, body)?,
            _ => return Err(WRONG_LOGIN_TYPE),
        };
        if ["client_id", "client_secret"].iter().any(|name| parameters.take(name).is_some()) {
            return Err(TokenError::InvalidRequest("a login by cookies must not name a client"));
        }
        if parameters.take("grant_type").is_some_and(|grant_type| grant_type != "password") {
            return Err(TokenError::UnsupportedGrantType);
        }
        let grant = Grant::password(&mut parameters)?;
        Ok(Self { grant, scopes: listed_scopes(&mut parameters)?, client: None })
    }
}

impl Grant {
    fn password(parameters: &mut Parameters) -> Result<Self, TokenError> {
        Ok(Self::Password {
            username: of_kind(parameters.required("username")?, is_text)?,
            password: of_kind(parameters.required("password")?, is_text)?,
        })
    }
}

fn listed_scopes(parameters: &mut Parameters) -> Result<Option<Vec<Scope>>, TokenError> {
    parameters.take("scope").map(|list| scopes(&list)).transpose()
}

/// Parses scope names with single spaces between them
/// ([RFC 6749 section 3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
fn scopes(list: &str) -> Result<Vec<Scope>, TokenError> {
    let mut scopes = Vec::new();
    if list.split(' ').count() > MAX_SCOPES {
        return Err(TokenError::InvalidScope);
    }
    for name in list.split(' ') {
        let scope = Scope::new(name).map_err(|_| TokenError::InvalidScope)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}
