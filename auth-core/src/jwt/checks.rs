//! The claims against what the verifier was told to expect. Each check is a pure function.

use super::header::{TokenType, is_media_type};
use crate::token::error::VerifyError;
use crate::token::numeric_date::NumericDate;

/// `typ`: absent, or one of the accepted media types. A verifier that demands access tokens of
/// RFC 9068 does not take absence.
pub(super) fn token_type(typ: Option<&str>, rule: TokenType) -> Result<(), VerifyError> {
    // `typ` is not `JWT` with a prefix: `application/jwt` is no name that RFC 7519 recommends, and
    // other kinds of token may carry it.
    let unspecific = |typ: &str| typ.eq_ignore_ascii_case("JWT") || is_media_type(typ, "at+jwt");
    let accepted = match (typ, rule) {
        (None, TokenType::AccessTokenOrUnspecific | TokenType::Spiffe) => true,
        (None, TokenType::AccessToken) => false,
        (Some(typ), TokenType::AccessTokenOrUnspecific) => unspecific(typ),
        (Some(typ), TokenType::Spiffe) => unspecific(typ) || typ == "JOSE",
        (Some(typ), TokenType::AccessToken) => is_media_type(typ, "at+jwt"),
        (typ, TokenType::Introspection) => typ == Some("token-introspection+jwt"),
    };
    if accepted { Ok(()) } else { Err(VerifyError::InvalidHeader("typ")) }
}

/// `exp`: required, and refused from that very second on, leeway added (RFC 7519 section 4.1.4).
pub(super) fn expiry(exp: Option<NumericDate>, now: u64, leeway: u64) -> Result<(), VerifyError> {
    let exp = exp.ok_or(VerifyError::MissingClaim("exp"))?;
    if now >= exp.floor.saturating_add(leeway) {
        return Err(VerifyError::Expired);
    }
    Ok(())
}

/// `nbf`: if present, not still to come (RFC 7519 section 4.1.5).
pub(super) fn not_before(nbf: Option<NumericDate>, now: u64, leeway: u64) -> Result<(), VerifyError> {
    match nbf {
        Some(nbf) if nbf.ceil > now.saturating_add(leeway) => Err(VerifyError::NotYetValid),
        _ => Ok(()),
    }
}

/// `iat`: if present, not in the future; required, and not too long ago, if a maximum age is set.
pub(super) fn issued_at(
    iat: Option<NumericDate>,
    max_age: Option<u64>,
    now: u64,
    leeway: u64,
) -> Result<(), VerifyError> {
    let Some(iat) = iat else {
        return if max_age.is_some() { Err(VerifyError::MissingClaim("iat")) } else { Ok(()) };
    };
    if iat.ceil > now.saturating_add(leeway) {
        return Err(VerifyError::IssuedInFuture);
    }
    match max_age {
        Some(max_age) if now >= iat.floor.saturating_add(max_age).saturating_add(leeway) => {
            Err(VerifyError::TooOld)
        }
        _ => Ok(()),
    }
}

/// From `iat` to `exp`, if a maximum lifetime is set. A token that does not say when its life began
/// is refused then.
pub(super) fn lifetime(
    iat: Option<NumericDate>,
    exp: Option<NumericDate>,
    max_lifetime: Option<u64>,
) -> Result<(), VerifyError> {
    let Some(max_lifetime) = max_lifetime else { return Ok(()) };
    let iat = iat.ok_or(VerifyError::MissingClaim("iat"))?;
    let exp = exp.ok_or(VerifyError::MissingClaim("exp"))?;
    if exp.ceil.saturating_sub(iat.floor) > max_lifetime {
        return Err(VerifyError::LifetimeTooLong);
    }
    Ok(())
}

/// `cnf`: a token bound to a key is not for its mere bearer (RFC 7800 section 3, RFC 9449 section
/// 7.1).
pub(super) fn not_sender_constrained(confirmation: bool) -> Result<(), VerifyError> {
    if confirmation { Err(VerifyError::SenderConstrained) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;
    const LEEWAY: u64 = 60;

    fn at(seconds: u64) -> Option<NumericDate> {
        Some(NumericDate { floor: seconds, ceil: seconds })
    }

    fn just_after(seconds: u64) -> Option<NumericDate> {
        Some(NumericDate { floor: seconds, ceil: seconds + 1 })
    }

    #[test]
    fn exp_is_refused_from_that_second_on() {
        assert_eq!(expiry(at(NOW - LEEWAY + 1), NOW, LEEWAY), Ok(()));
        assert_eq!(expiry(at(NOW - LEEWAY), NOW, LEEWAY), Err(VerifyError::Expired));
        assert_eq!(
            expiry(just_after(NOW - LEEWAY), NOW, LEEWAY),
            Err(VerifyError::Expired),
            "a fraction is cut off"
        );
        assert_eq!(expiry(None, NOW, LEEWAY), Err(VerifyError::MissingClaim("exp")));
        assert_eq!(expiry(at(u64::MAX), u64::MAX - 1, LEEWAY), Ok(()), "no overflow");
    }

    #[test]
    fn nbf_is_accepted_from_that_second_on() {
        assert_eq!(not_before(at(NOW + LEEWAY), NOW, LEEWAY), Ok(()));
        assert_eq!(not_before(at(NOW + LEEWAY + 1), NOW, LEEWAY), Err(VerifyError::NotYetValid));
        assert_eq!(not_before(just_after(NOW + LEEWAY), NOW, LEEWAY), Err(VerifyError::NotYetValid));
        assert_eq!(not_before(None, NOW, LEEWAY), Ok(()));
    }

    #[test]
    fn iat_is_neither_in_the_future_nor_too_old() {
        assert_eq!(issued_at(at(NOW + LEEWAY), None, NOW, LEEWAY), Ok(()));
        assert_eq!(issued_at(at(NOW + LEEWAY + 1), None, NOW, LEEWAY), Err(VerifyError::IssuedInFuture));
        assert_eq!(issued_at(None, None, NOW, LEEWAY), Ok(()));
        assert_eq!(issued_at(None, Some(10), NOW, LEEWAY), Err(VerifyError::MissingClaim("iat")));
        assert_eq!(issued_at(at(NOW - 10 - LEEWAY + 1), Some(10), NOW, LEEWAY), Ok(()));
        assert_eq!(issued_at(at(NOW - 10 - LEEWAY), Some(10), NOW, LEEWAY), Err(VerifyError::TooOld));
    }

    #[test]
    fn lifetime_runs_from_iat_to_exp() {
        assert_eq!(lifetime(at(NOW), at(NOW + 300), Some(300)), Ok(()));
        assert_eq!(lifetime(at(NOW), at(NOW + 301), Some(300)), Err(VerifyError::LifetimeTooLong));
        assert_eq!(lifetime(at(NOW), just_after(NOW + 300), Some(300)), Err(VerifyError::LifetimeTooLong));
        assert_eq!(lifetime(None, at(NOW), Some(300)), Err(VerifyError::MissingClaim("iat")));
        assert_eq!(lifetime(None, at(NOW), None), Ok(()));
    }

    #[test]
    fn a_bound_token_is_not_for_its_bearer() {
        assert_eq!(not_sender_constrained(true), Err(VerifyError::SenderConstrained));
        assert_eq!(not_sender_constrained(false), Ok(()));
    }

    #[test]
    fn types_of_other_tokens_are_refused() {
        use TokenType::{AccessToken, AccessTokenOrUnspecific};
        for typ in [
            None,
            Some("JWT"),
            Some("jwt"),
            Some("at+jwt"),
            Some("application/at+jwt"),
            Some("APPLICATION/AT+JWT"),
        ] {
            assert_eq!(token_type(typ, AccessTokenOrUnspecific), Ok(()), "{typ:?}");
        }
        for typ in [
            "application/jwt",
            "dpop+jwt",
            "logout+jwt",
            "token-introspection+jwt",
            "oauth-authz-req+jwt",
            "id_token",
            "",
            "JOSE",
            "JWT ",
        ] {
            assert_eq!(
                token_type(Some(typ), AccessTokenOrUnspecific),
                Err(VerifyError::InvalidHeader("typ")),
                "{typ}"
            );
        }
        for typ in [None, Some("JWT")] {
            assert_eq!(token_type(typ, AccessToken), Err(VerifyError::InvalidHeader("typ")), "{typ:?}");
        }
        assert_eq!(token_type(Some("at+jwt"), AccessToken), Ok(()));
    }

    #[test]
    fn spiffe_has_one_type_more() {
        for typ in [None, Some("JWT"), Some("at+jwt"), Some("JOSE")] {
            assert_eq!(token_type(typ, TokenType::Spiffe), Ok(()), "{typ:?}");
        }
        for typ in ["jose", "JOSE+JSON", "application/jose", "", "JOSE "] {
            let refused = Err(VerifyError::InvalidHeader("typ"));
            assert_eq!(token_type(Some(typ), TokenType::Spiffe), refused, "{typ}");
        }
    }
}
