//! Which refusals are of one kind, so that the log can tell of the first of each.

use crate::token::error::VerifyError;

/// A kind of refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Kind {
    /// Below [`COUNT`](Self::COUNT), and of this kind alone.
    pub(super) place: usize,
    pub(super) cause: Cause,
}

/// What a kind of refusal mostly comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// Something is configured or wired wrongly, here or at the client.
    Mistake,
    /// As a mistake, and told at WARN where DEBUG is enabled too: the token is good, so the mistake is more likely here.
    OwnMistake,
    /// It happens every day.
    Routine,
}

/// The header parameters and claims that are told apart. All others count as one.
const NAMES: [&str; 20] = [
    "alg",
    "kid",
    "typ",
    "cty",
    "crit",
    "b64",
    "zip",
    "enc",
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "scope",
    "scp",
    "client_id",
    "tid",
    "cnf",
];

/// How many kinds have no name of a parameter or claim.
const NAMELESS: usize = 28;

impl Kind {
    /// How many there are.
    pub(super) const COUNT: usize = NAMELESS + 3 * (NAMES.len() + 1);

    /// No credentials, and nothing in their place.
    pub(crate) const MISSING: Self = Self::routine(0);
    /// No bearer credentials, but something else where they could be. Not one with the former, which is common wherever
    /// people look at pages and would hide it.
    pub(crate) const ELSEWHERE: Self = Self::routine(1);
    pub(crate) const MALFORMED: Self = Self::routine(2);
    pub(crate) const INSUFFICIENT: Self = Self::routine(3);
    pub(crate) const UNKNOWN_USER: Self = Self::routine(4);
    pub(crate) const INACTIVE_USER: Self = Self::routine(5);
    pub(crate) const NO_SUBJECT: Self = Self::mistake(6);
    /// What a page of others has made a browser send: an attack, or a proxy that changes the Host field.
    pub(crate) const CROSS_SITE: Self = Self::mistake(25);

    pub(crate) const INSUFFICIENT_USER_AUTHENTICATION: Self = Self::routine(27);

    /// The kind of a token's fault. `None` for those that are logged loudly each time.
    pub(crate) fn of_token(error: &VerifyError) -> Option<Self> {
        let named = |group: usize, name: &str| {
            let name = NAMES.iter().position(|known| *known == name).unwrap_or(NAMES.len());
            Self::mistake(NAMELESS + group * (NAMES.len() + 1) + name)
        };
        Some(match error {
            VerifyError::UnknownToken => Self::routine(7),
            VerifyError::TooLong => Self::mistake(8),
            VerifyError::MalformedToken => Self::mistake(9),
            VerifyError::MalformedHeader => Self::mistake(10),
            VerifyError::InvalidHeader(name) => named(0, name),
            VerifyError::UnknownKey => Self::mistake(11),
            VerifyError::InvalidSignature => Self::mistake(12),
            VerifyError::MalformedClaims => Self::mistake(13),
            VerifyError::MissingClaim(name) => named(1, name),
            VerifyError::InvalidClaim(name) => named(2, name),
            VerifyError::WrongIssuer => Self::mistake(14),
            VerifyError::WrongAudience => Self::mistake(15),
            VerifyError::WrongClient => Self::mistake(16),
            VerifyError::UnmetClaim => Self::mistake(17),
            VerifyError::SenderConstrained => Self::mistake(18),
            VerifyError::Expired => Self::routine(19),
            VerifyError::NotYetValid => Self::routine(20),
            VerifyError::IssuedInFuture => Self::routine(21),
            VerifyError::TooOld => Self::routine(22),
            VerifyError::LifetimeTooLong => Self::mistake(23),
            // Its type is wrong, or the issuer has changed its claims.
            VerifyError::Claims(_) => Self { place: 24, cause: Cause::OwnMistake },
            VerifyError::Revoked => Self::routine(26),
            VerifyError::Unavailable { .. } | VerifyError::Misconfigured(_) => return None,
        })
    }

    const fn mistake(place: usize) -> Self {
        Self { place, cause: Cause::Mistake }
    }

    const fn routine(place: usize) -> Self {
        Self { place, cause: Cause::Routine }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::error::ClaimsError;

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        let mut errors = vec![
            VerifyError::UnknownToken,
            VerifyError::TooLong,
            VerifyError::MalformedToken,
            VerifyError::MalformedHeader,
            VerifyError::UnknownKey,
            VerifyError::InvalidSignature,
            VerifyError::MalformedClaims,
            VerifyError::WrongIssuer,
            VerifyError::WrongAudience,
            VerifyError::WrongClient,
            VerifyError::UnmetClaim,
            VerifyError::SenderConstrained,
            VerifyError::Expired,
            VerifyError::Revoked,
            VerifyError::NotYetValid,
            VerifyError::IssuedInFuture,
            VerifyError::TooOld,
            VerifyError::LifetimeTooLong,
            VerifyError::Claims(ClaimsError::new::<u8>(&serde_json::from_str::<u8>("{}").unwrap_err(), "{}")),
        ];
        for name in NAMES.into_iter().chain(["another"]) {
            errors.push(VerifyError::InvalidHeader(name));
            errors.push(VerifyError::MissingClaim(name));
            errors.push(VerifyError::InvalidClaim(name));
        }
        let without_token = [
            Kind::MISSING,
            Kind::ELSEWHERE,
            Kind::MALFORMED,
            Kind::INSUFFICIENT,
            Kind::UNKNOWN_USER,
            Kind::INACTIVE_USER,
            Kind::NO_SUBJECT,
            Kind::CROSS_SITE,
            Kind::INSUFFICIENT_USER_AUTHENTICATION,
        ];
        let of_tokens = errors.iter().map(|error| Kind::of_token(error).unwrap());
        let mut places: Vec<_> = without_token.into_iter().chain(of_tokens).map(|kind| kind.place).collect();
        places.sort_unstable();
        assert_eq!(places, (0..Kind::COUNT).collect::<Vec<_>>());

        let other = |name| Kind::of_token(&VerifyError::MissingClaim(name));
        assert_eq!(other("another"), other("one more"));
        assert_eq!(Kind::of_token(&VerifyError::Unavailable { retry_after: None }), None);
        assert_eq!(Kind::of_token(&VerifyError::Misconfigured("x")), None);
    }
}
