//! What is wrong with claims that cannot be read, and what to do about it.

use serde_json::{Map, Value};

use super::claim_rules::{ClaimRules, Nulls, ScopeSpelling};
use super::error::VerifyError;
use super::numeric_date::MAX_DATE;
use super::scope::is_scope_token;
use crate::json::{Fault, MAX_DEPTH};

/// Why claims cannot be read, with a hint for the log. Neither holds a value.
#[derive(Debug)]
pub(crate) struct ClaimFault {
    error: VerifyError,
    hint: Option<&'static str>,
}

impl ClaimFault {
    /// Looks at the claims again, to tell what the fault is.
    pub(super) fn new(fault: Fault, claims: &str, rules: &ClaimRules) -> Self {
        match fault {
            Fault::Member(name) => {
                Self { error: VerifyError::InvalidClaim(name), hint: of_member(name, claims, rules) }
            }
            Fault::Syntax => Self::malformed("they are not one strict JSON object (RFC 7519 section 4)"),
            Fault::Duplicate => Self::malformed("a member stands in an object twice (RFC 7519 section 4)"),
            Fault::TooDeep => Self::malformed(
                const {
                    assert!(MAX_DEPTH == 16);
                    "they are nested over 16 levels"
                },
            ),
            Fault::TooManyMembers => Self::malformed(
                const {
                    assert!(ClaimRules::STRICT.max_members == 256);
                    "they have over 256 members: `.members_bounded_by_bytes()` bounds them by the size of the token alone, \
                 as Keycloak's `resource_access` with many clients needs"
                },
            ),
        }
    }

    fn malformed(hint: &'static str) -> Self {
        Self { error: VerifyError::MalformedClaims, hint: Some(hint) }
    }

    pub(crate) fn into_error(self) -> VerifyError {
        self.error
    }

    pub(crate) fn into_parts(self) -> (VerifyError, Option<&'static str>) {
        (self.error, self.hint)
    }
}

/// What is wrong with the claim of this name.
#[allow(clippy::cast_precision_loss, reason = "MAX_DATE is below 2^53")]
fn of_member(name: &str, claims: &str, rules: &ClaimRules) -> Option<&'static str> {
    let members: Map<String, Value> = serde_json::from_str(claims).ok()?;
    Some(match (name, members.get(name)?) {
        ("nbf" | "jti" | "client_id" | "scope", Value::Null) if rules.nulls == Nulls::Refused => {
            "it is `null`: `.null_is_absent()` takes that for absent"
        }
        (_, Value::Null) => "it is `null`, which is no value: the issuer has to leave the claim out",
        ("exp" | "nbf" | "iat", Value::Number(date)) if date.as_f64()? > MAX_DATE as f64 => {
            "it is past the year 9999: milliseconds? Seconds since 1970 are expected (RFC 7519 section 2)"
        }
        ("exp" | "nbf" | "iat", Value::String(_)) => {
            "it is a string: a number of seconds since 1970 is expected (RFC 7519 section 2)"
        }
        ("exp" | "nbf" | "iat", _) => "a number of seconds since 1970 is expected (RFC 7519 section 2)",
        ("scope" | "scp", value) => of_scopes(value, rules.scopes),
        ("aud", Value::Array(recipients)) if recipients.is_empty() => {
            "it is an empty array, so the token is for nobody: ask the issuer for a token for this API"
        }
        ("aud", _) => "a string or an array of strings is expected (RFC 7519 section 4.1.3)",
        ("sub", Value::Number(_)) => "it is a number: a string is expected (RFC 7519 section 4.1.2)",
        _ => "a string is expected (RFC 7519 section 2)",
    })
}

fn of_scopes(value: &Value, spelling: ScopeSpelling) -> &'static str {
    let names: Option<Vec<&str>> = match value {
        Value::String(list) => Some(list.split(' ').filter(|name| !name.is_empty()).collect()),
        Value::Array(names) => names.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let are_sound = names.is_some_and(|names| names.iter().all(|name| is_scope_token(name.as_bytes())));
    match value {
        Value::Array(_) if are_sound && spelling == ScopeSpelling::Strict => {
            "it is an array, or names a scope twice: `.lenient_scope()` reads it"
        }
        Value::String(_) if are_sound && spelling == ScopeSpelling::Strict => {
            "a scope is named twice, or spaces are repeated: `.lenient_scope()` reads it"
        }
        Value::String(_) | Value::Array(_) => {
            "what it names is no scope: RFC 6749 section 3.3 says of which characters one is"
        }
        _ => "names of scopes with spaces between are expected (RFC 8693 section 4.2)",
    }
}

#[cfg(test)]
mod tests {
    use super::super::claims::RegisteredClaims;
    use super::*;

    #[track_caller]
    fn hint(claims: &str) -> &'static str {
        RegisteredClaims::read(claims, &ClaimRules::STRICT).err().unwrap().into_parts().1.unwrap()
    }

    #[test]
    fn each_fault_says_what_is_wrong_and_what_to_do() {
        for (claims, said) in [
            (r#"{"exp":1764115200000}"#, "milliseconds?"),
            (r#"{"iat":1764115200000.5}"#, "milliseconds?"),
            (r#"{"exp":"1764115200"}"#, "it is a string"),
            (r#"{"exp":-1}"#, "a number of seconds"),
            (r#"{"exp":null}"#, "has to leave the claim out"),
            (r#"{"nbf":null}"#, "`.null_is_absent()`"),
            (r#"{"scope":null}"#, "`.null_is_absent()`"),
            (r#"{"sub":null}"#, "has to leave the claim out"),
            (r#"{"sub":4}"#, "a string is expected (RFC 7519 section 4.1.2)"),
            (r#"{"iss":4}"#, "a string is expected"),
            (r#"{"aud":[]}"#, "for nobody"),
            (r#"{"aud":4}"#, "an array of strings"),
            (r#"{"scope":["a"]}"#, "array, or names"),
            (r#"{"scope":"a a"}"#, "`.lenient_scope()`"),
            (r#"{"scope":"a  b"}"#, "`.lenient_scope()`"),
            (r#"{"scp":["a","a"]}"#, "`.lenient_scope()`"),
            (r#"{"scope":"a\tb"}"#, "RFC 6749 section 3.3"),
            (r#"{"scope":["a b"]}"#, "RFC 6749 section 3.3"),
            (r#"{"scope":4}"#, "with spaces between"),
            (r#"{"a":1,"a":2}"#, "twice"),
            ("[]", "JSON object"),
        ] {
            assert!(hint(claims).contains(said), "{claims}: {}", hint(claims));
        }
        assert!(hint(&format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16))).contains("16 levels"));
        let members: Vec<_> = (0..257).map(|index| format!("\"{index}\":0")).collect();
        assert!(hint(&format!("{{{}}}", members.join(","))).contains("members_bounded_by_bytes"));
    }
}
