//! Why a request has no bearer credentials, or broken ones: found out after the refusal, by a second look at the
//! request, and for the log alone. Nothing of the request is told but names of schemes that everybody knows.

use std::fmt;

use super::bearer::{Credentials, has_access_token_parameter, is_token_char, strip_scheme};

/// The schemes that a log names: those of the IANA registry, and what clients send in their place.
const SCHEMES: [&str; 22] = [
    "Basic",
    "Concealed",
    "Digest",
    "DPoP",
    "GNAP",
    "HOBA",
    "Mutual",
    "Negotiate",
    "OAuth",
    "PrivateToken",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "vapid",
    "ApiKey",
    "Api-Key",
    "AWS4-HMAC-SHA256",
    "Hawk",
    "JWT",
    "Key",
    "MAC",
    "NTLM",
    "Token",
];

/// Where a request without bearer credentials has something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Elsewhere {
    field: Option<OtherField>,
    in_query: bool,
}

/// What an Authorization field has in place of bearer credentials.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum OtherField {
    /// `Bearer` with more letters behind it.
    NoSpace,
    /// A JWT and no scheme.
    BareJwt,
    Known(&'static str),
    Unknown,
}

impl Elsewhere {
    /// `None` if the request has nothing of the kind, as most that come without credentials.
    pub(crate) fn of<'a>(mut values: impl Iterator<Item = &'a [u8]>, target: &str) -> Option<Self> {
        let field = values.next().map(OtherField::of);
        let in_query = has_access_token_parameter(target);
        (field.is_some() || in_query).then_some(Self { field, in_query })
    }
}

impl OtherField {
    fn of(value: &[u8]) -> Self {
        let is_scheme = |name: &&str| {
            let (start, rest) = value.split_at_checked(name.len()).unwrap_or_default();
            start.eq_ignore_ascii_case(name.as_bytes())
                && !rest.first().is_some_and(|next| is_token_char(*next))
        };
        match SCHEMES.into_iter().find(is_scheme) {
            Some(name) => Self::Known(name),
            None if strip_scheme(value).is_some() => Self::NoSpace,
            // Which is `{"` in base64url, so that a header begins there.
            None if value.starts_with(b"eyJ") => Self::BareJwt,
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            None => Ok(()),
            Some(OtherField::NoSpace) => f.write_str("no space stands between `Bearer` and what follows: "),
            Some(OtherField::BareJwt) => {
                f.write_str("a JWT stands in the Authorization field without a scheme: ")
            }
            Some(OtherField::Known(name)) => {
                write!(f, "the scheme `{name}` stands in the Authorization field, and `Bearer` is wanted: ")
            }
            Some(OtherField::Unknown) => f.write_str(
                "another scheme, or none, stands in the Authorization field, and `Bearer` is wanted: ",
            ),
        }?;
        if self.in_query {
            f.write_str(
                "an `access_token` stands in the query, and is not read there (RFC 6750 section 5.3): ",
            )?;
        }
        f.write_str("the client has to send `Authorization: Bearer <token>`")
    }
}

/// Which rule malformed credentials break.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum BrokenRule {
    SeveralFields,
    EmptyField,
    NoScheme,
    NoSpaceAfterScheme,
    NoToken,
    Tab,
    NotAscii,
    ControlCharacter,
    Quoted,
    Object,
    Placeholder,
    SchemeTwice,
    Comma,
    SpaceAtEnd,
    SeveralWords,
    Padding,
    OtherCharacter,
    /// The field is sound, and a token stands in the query too.
    InQueryToo,
}

impl BrokenRule {
    /// Looks again at the fields of a request that was refused as malformed.
    pub(crate) fn of<'a, V: Iterator<Item = &'a [u8]>>(values: impl Fn() -> V) -> Self {
        let sound = Credentials::from_fields_up_to(usize::MAX, values());
        let mut values = values();
        match (sound, values.next(), values.next()) {
            (Credentials::Token(_), ..) => Self::InQueryToo,
            (_, Some(value), None) => Self::of_field(value),
            _ => Self::SeveralFields,
        }
    }

    fn of_field(value: &[u8]) -> Self {
        let Some(rest) = strip_scheme(value) else {
            return if value.is_empty() { Self::EmptyField } else { Self::NoScheme };
        };
        match rest.first() {
            None => Self::NoToken,
            Some(b' ') => Self::of_token(rest.trim_ascii_start(), rest),
            Some(b'\t') => Self::Tab,
            Some(_) => Self::NoSpaceAfterScheme,
        }
    }

    /// `token` is what follows the scheme, without white space at its beginning; `rest` is with it.
    fn of_token(token: &[u8], rest: &[u8]) -> Self {
        let has = |chars: &[u8]| token.iter().any(|byte| chars.contains(byte));
        let is_quote = |byte: Option<&u8>| byte.is_some_and(|byte| b"\"'`".contains(byte));
        if rest.contains(&b'\t') {
            Self::Tab
        } else if token.is_empty() {
            Self::NoToken
        } else if !token.is_ascii() {
            Self::NotAscii
        } else if token.iter().any(u8::is_ascii_control) {
            Self::ControlCharacter
        } else if is_quote(token.first()) || is_quote(token.last()) {
            Self::Quoted
        } else if token.starts_with(b"[object") {
            Self::Object
        } else if has(b"{}<>$") {
            Self::Placeholder
        } else if strip_scheme(token).is_some_and(|rest| rest.starts_with(b" ")) {
            Self::SchemeTwice
        } else if has(b",") {
            Self::Comma
        } else if has(b" ") {
            if token.trim_ascii_end().contains(&b' ') { Self::SeveralWords } else { Self::SpaceAtEnd }
        } else if has(b"=") && token.iter().all(|byte| *byte == b'=' || is_token_char(*byte) || *byte == b'/')
        {
            Self::Padding
        } else {
            Self::OtherCharacter
        }
    }

    fn cause(self) -> &'static str {
        match self {
            Self::SeveralFields => {
                "the request has several Authorization fields, of which programs may take different ones: send one, and \
                 see whether a proxy adds its own"
            }
            Self::EmptyField => "the Authorization field is empty: leave it out where there is no token",
            Self::NoScheme => "the Authorization field does not begin with the name of a scheme",
            Self::NoSpaceAfterScheme => "something else than a space stands behind `Bearer`",
            Self::NoToken => "no token stands behind `Bearer`: has the client none yet?",
            Self::Tab => "a tab stands where only a space may",
            Self::NotAscii => "a character outside ASCII stands in it: was it copied from a formatted text?",
            Self::ControlCharacter => {
                "a control character stands in it: was a file read with its line break?"
            }
            Self::Quoted => "the token stands in quotation marks: send it without (was JSON not decoded?)",
            Self::Object => {
                "the word `[object ...]` stands in place of a token: the client has sent an object of JavaScript, and not \
                 the member that holds the token"
            }
            Self::Placeholder => {
                "a placeholder or a template stands in place of a token: was it not filled in?"
            }
            Self::SchemeTwice => {
                "`Bearer` stands there twice: the client writes it before what begins with it"
            }
            Self::Comma => "a comma stands in it: send one token, and no parameters",
            Self::SpaceAtEnd => "a space stands behind the token",
            Self::SeveralWords => "more than one word stands behind `Bearer`",
            Self::Padding => "`=` stands elsewhere than at the end of a token",
            Self::OtherCharacter => "a character stands in it that no token has",
            Self::InQueryToo => {
                "the query has an access_token beside the one in the Authorization field: send it in one place (RFC 6750 \
                 section 2), the field"
            }
        }
    }
}

impl fmt::Display for BrokenRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.cause())?;
        match self {
            Self::SeveralFields | Self::EmptyField | Self::InQueryToo => Ok(()),
            _ => f.write_str(
                "; expected is `Bearer`, a space, and one token of letters, digits and `-._~+/`, with `=` at its end only \
                 (RFC 6750 section 2.1)",
            ),
        }
    }
}
