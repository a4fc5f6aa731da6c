//! What is wrong with a text that is no JWS, or whose header refuses it, and what to do about it. For the log, so
//! without any part of the text.

use super::header::{HeaderRules, TokenType};
use crate::token::error::VerifyError;
use crate::verify::failure::VerifyFailure;

/// What clients send for a token that they do not have, in any case.
const NO_VALUES: [&str; 8] = ["undefined", "null", "none", "nil", "nan", "true", "false", "object"];

/// The longest text of a signature: one of RSA with 8192 bits.
const MAX_SIGNATURE_CHARS: usize = super::segments::MAX_SIGNATURE_BYTES.div_ceil(3) * 4;

/// Of a text that could not be split.
pub(super) fn token(error: VerifyError, text: &str) -> VerifyFailure {
    VerifyFailure::from(error).with_fixed_hint(shape(text))
}

/// Of a segment that could not be decoded.
pub(super) fn segment(error: VerifyError, segment: &str) -> VerifyFailure {
    failed_segment(error.into(), segment)
}

/// As [`segment`], of a failure.
pub(super) fn failed_segment(failure: VerifyFailure, segment: &str) -> VerifyFailure {
    match failure.error() {
        VerifyError::MalformedToken => failure.with_fixed_hint(spelling(segment)),
        _ => failure,
    }
}

/// Of a header that refuses the token.
pub(super) fn header(error: VerifyError, rules: HeaderRules) -> VerifyFailure {
    match error {
        VerifyError::InvalidHeader(name) => {
            let failure = VerifyFailure::from(error);
            match parameter(name, rules) {
                Some(hint) => failure.with_fixed_hint(hint),
                None => failure,
            }
        }
        _ => header_is_no_object(),
    }
}

pub(super) fn header_is_no_object() -> VerifyFailure {
    VerifyFailure::from(VerifyError::MalformedHeader).with_fixed_hint(
        "the first segment has to be one JSON object in UTF-8, with no member twice and 32 at most (RFC 7515 section 4): \
         is it a token of another kind?",
    )
}

fn shape(text: &str) -> &'static str {
    match text.bytes().filter(|byte| *byte == b'.').take(6).count() {
        0 => one_word(text),
        1 => "it has one dot, and two are expected: its end was cut off, or it is a token of another kind",
        2 if text.ends_with('.') => {
            "its signature is empty: it is unsecured (`alg` `none`), or its end was cut off; a signed token is expected"
        }
        2 => "its header is empty: the beginning was cut off",
        4 => {
            "it has five segments, so it is encrypted (JWE, RFC 7516) and only its addressee can read it: ask the issuer \
             for a signed token for this API (Auth0: send `audience` in the login)"
        }
        _ => {
            "the number of its dots is wrong, two are expected: is it a token of another kind, or several in one?"
        }
    }
}

fn one_word(text: &str) -> &'static str {
    let is_no_value = NO_VALUES.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_no_value || text.starts_with("[object ") {
        "the client has sent the word for a variable without a value (such as `undefined`, `null` or `[object Object]`) \
         in place of a token: it has to send none until it has one"
    } else {
        "it has no dot, so it is no JWT but an opaque token: ask the issuer for a JWT for this API (Auth0: send \
         `audience` in the login; Logto: `resource`), or ask its introspection endpoint (RFC 7662): \
         `Oidc::introspection` of auth-oidc does"
    }
}

fn spelling(segment: &str) -> &'static str {
    let has = |chars: &[u8]| segment.bytes().any(|byte| chars.contains(&byte));
    let is_of_base64url = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if has(b"=") {
        "a segment is padded with `=`, which a JWS never is (RFC 7515 section 2): whoever made the token so (AWS load \
         balancers do) has to leave it out"
    } else if has(b"+/") {
        "a segment is base64, and base64url is expected, with `-` and `_` for `+` and `/` (RFC 7515 section 2)"
    } else if !segment.bytes().all(is_of_base64url) {
        "a segment has a character that base64url has not (RFC 7515 section 2): is it a token of another kind?"
    } else if segment.len() > MAX_SIGNATURE_CHARS {
        "the signature is longer than any that there is (RSA with 8192 bits): is it a token of another kind?"
    } else {
        "a segment ends amid a byte (RFC 7515 section 2): it was cut off or changed on its way"
    }
}

fn parameter(name: &str, rules: HeaderRules) -> Option<&'static str> {
    Some(match name {
        "alg" => "it has to be a string (RFC 7515 section 4.1.1)",
        "kid" => "it has to be a string of 256 bytes at most (RFC 7515 section 4.1.4)",
        "typ" => token_type(rules.token_type),
        "cty" => {
            "it says that a token stands within the token (RFC 7519 section 5.2), which is not read: ask the issuer for \
             a plain signed token"
        }
        "crit" => {
            "it demands an extension (RFC 7515 section 4.1.11), and none is implemented: ask the issuer for a token \
             without it"
        }
        "b64" => {
            "it says that the payload is not encoded (RFC 7797), as no JWT may be: ask the issuer for a JWT"
        }
        "zip" => {
            "it says that the payload is compressed, which a signed token never is: ask the issuer for a token without \
             it; `.accept_zip_none()` accepts the value `NONE` of ForgeRock"
        }
        "enc" => {
            "it says that the token is encrypted (JWE, RFC 7516): ask the issuer for a signed token for this API"
        }
        _ => return None,
    })
}

fn token_type(accepted: TokenType) -> &'static str {
    match accepted {
        TokenType::AccessTokenOrUnspecific => {
            "accepted are `JWT`, `at+jwt` and no `typ` at all: the token is of another kind, ask the issuer for an access \
             token"
        }
        TokenType::AccessToken => {
            "accepted is `at+jwt` alone, as `.require_access_token_type()` says: leave that away if the issuer writes \
             `JWT` or nothing into its access tokens"
        }
        TokenType::Introspection => {
            "a signed answer of an introspection endpoint has `token-introspection+jwt` (RFC 9701 section 5)"
        }
        TokenType::Spiffe => {
            "accepted are `JWT`, `JOSE`, `at+jwt` and no `typ` at all: the token is of another kind, ask the issuer for \
             an access token"
        }
    }
}
