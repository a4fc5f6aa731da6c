//! Several issuers behind one verifier.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::jwt::{is_jwt, unverified_issuer};
use auth_core::{TokenVerifier, VerifiedToken, VerifyError, VerifyFailure};

use crate::tenants::{Found, IssuerDirectory, Tenants};
use crate::verifier::OidcVerifier;

/// How many tokens it is remembered of whose they are: a power of two.
const PLACES: usize = 1 << 14;

/// So many of the last bytes of a token tell tokens apart: they are of its signature.
const TOLD_BY: usize = 32;

const SAME_PREFIX: &str = "two issuers introspect opaque tokens with the same prefix, or without one: give each a \
                           `.prefix(..)` of its own";

/// Verifies the tokens of several issuers, each by a verifier of its own: its keys, audience, roles and bounds.
///
/// ```no_run
/// # async fn run() -> Result<(), auth_oidc::ConnectError> {
/// use auth_oidc::{Issuers, Oidc};
///
/// let staff = Oidc::issuer("https://id.example/realms/staff").audience("orders-api");
/// let customers = Oidc::issuer("https://id.example/realms/customers").audience("orders-api");
/// let verifier = Issuers::new().issuer(staff.connect().await?).issuer(customers.connect().await?);
/// # Ok(())
/// # }
/// ```
///
/// The token's `iss`, which nobody has verified then, chooses the verifier and nothing else; that verifier judges the token
/// with its `iss`. A token of an issuer that is not among these is answered 401, and nothing is fetched for it. If one
/// issuer is down, only its own tokens are answered 503. A key counts for its own issuer only, whatever its `kid`.
///
/// An opaque token says nothing of its issuer. It goes to the one issuer with
/// [`introspection`](crate::Oidc::introspection), or of several to the one whose
/// [`prefix`](crate::Introspection::prefix) it begins with; the longest one decides. To no other one it is ever sent. If
/// two issuers have the same prefix, or none, opaque tokens are answered 500, and the log says why.
///
/// The work does not grow with the number of issuers.
#[derive(Default)]
pub struct Issuers {
    places: HashMap<Box<str>, usize>,
    verifiers: Vec<OidcVerifier>,
    remembered: Remembered,
    /// What the log says of a token of another issuer.
    expected: Expected,
    tenants: Option<Tenants>,
    /// Who is asked about opaque tokens, by their prefix. The longest is first.
    opaque: Vec<(Box<str>, usize)>,
    /// Two of these prefixes are the same.
    is_ambiguous: bool,
}

/// Who judges a token.
enum Judge<'a> {
    Listed(usize, &'a OidcVerifier),
    /// Of the directory.
    Tenant(OidcVerifier),
    /// The directory has to be asked for this issuer.
    Waits(&'a Tenants, String),
}

impl Issuers {
    /// None yet: every token is refused.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an issuer, by all the names that its tokens have, and that of each tenant. Where a name is another verifier's
    /// already, the later one counts.
    ///
    /// A verifier that accepts any issuer ([`dangerously_accept_any_issuer`]) is asked about no token here.
    ///
    /// [`dangerously_accept_any_issuer`]: auth_core::jwt::JwtVerifierBuilder::dangerously_accept_any_issuer
    #[must_use]
    pub fn issuer(mut self, verifier: OidcVerifier) -> Self {
        let place = self.verifiers.len();
        self.places.extend(verifier.names().into_iter().map(|name| (name.into_boxed_str(), place)));
        if let Some(prefix) = verifier.opaque_prefix() {
            if self.opaque.iter().any(|(taken, _)| **taken == *prefix) {
                self.is_ambiguous = true;
                tracing::error!(issuer = verifier.issuer(), prefix, "{SAME_PREFIX}");
            }
            let longer = self.opaque.partition_point(|(longer, _)| longer.len() >= prefix.len());
            self.opaque.insert(longer, (prefix.into(), place));
        }
        self.verifiers.push(verifier);
        self.expected = expected(&self.places);
        self
    }

    /// The verifiers, in the order in which they were added.
    pub fn verifiers(&self) -> impl Iterator<Item = &OidcVerifier> {
        self.verifiers.iter()
    }

    /// Looks issuers that are not listed up in this directory, when the first of their tokens comes.
    ///
    /// A thousand of them are kept, and 10 a minute are started at most. The request that brings a new one waits 5 seconds
    /// at most, and is answered 503 otherwise.
    #[must_use]
    pub fn directory(self, directory: impl IssuerDirectory) -> Self {
        Self { tenants: Some(Tenants::new(directory)), ..self }
    }

    /// Who is asked about an opaque token.
    fn judge_opaque(&self, token: &str) -> Result<Judge<'_>, VerifyFailure> {
        if self.is_ambiguous {
            return Err(VerifyError::Misconfigured(SAME_PREFIX).into());
        }
        let of_prefix = self.opaque.iter().find(|(prefix, _)| token.starts_with(&**prefix));
        let judge = of_prefix.and_then(|(_, place)| Some(Judge::Listed(*place, self.verifiers.get(*place)?)));
        judge.ok_or_else(|| VerifyError::UnknownToken.into())
    }

    /// Who judges the token, by the issuer that it names.
    fn judge(&self, token: &str) -> Result<Judge<'_>, VerifyFailure> {
        if !self.opaque.is_empty() && !is_jwt(token) {
            return self.judge_opaque(token);
        }
        let Some(issuer) = unverified_issuer(token) else {
            let failure = VerifyFailure::from(VerifyError::MalformedToken);
            return Err(failure
                .with_hint("it is no JWT whose claims have one `iss`, by which its verifier is chosen"));
        };
        let place = self.places.get(&*issuer).copied();
        match (place.and_then(|place| Some((place, self.verifiers.get(place)?))), &self.tenants) {
            (Some((place, verifier)), _) => Ok(Judge::Listed(place, verifier)),
            (None, Some(tenants)) => match tenants.find(&issuer) {
                Found::Unknown | Found::Starting(_) => Ok(Judge::Waits(tenants, issuer)),
                found => Ok(Judge::Tenant(self.tenant(found)?)),
            },
            (None, None) => Err(self.wrong_issuer()),
        }
    }

    fn tenant(&self, found: Found) -> Result<OidcVerifier, VerifyFailure> {
        match found {
            Found::Ready(verifier) => Ok(verifier),
            Found::Absent => Err(self.wrong_issuer()),
            Found::Later(pause) => Err(unavailable(pause)),
            Found::Unknown | Found::Starting(_) => Err(unavailable(Duration::from_secs(1))),
        }
    }

    fn wrong_issuer(&self) -> VerifyFailure {
        VerifyFailure::from(VerifyError::WrongIssuer).with_hint(self.expected.clone())
    }

    fn note(&self, token: &str, place: usize, verdict: &Result<VerifiedToken, VerifyFailure>) {
        if verdict.is_ok() {
            self.remembered.note(token, place);
        }
    }
}

/// A text that is made once, since anyone can send tokens of other issuers.
#[derive(Clone)]
struct Expected(Arc<str>);

impl Default for Expected {
    fn default() -> Self {
        Self("no issuer was configured".into())
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn expected(places: &HashMap<Box<str>, usize>) -> Expected {
    let mut names: Vec<_> = places.keys().map(|issuer| format!("{issuer:?}")).collect();
    names.sort_unstable();
    names.truncate(8);
    Expected(
        format!("expected one of {} names in `iss`, such as {}", places.len(), names.join(" or ")).into(),
    )
}

fn unavailable(pause: Duration) -> VerifyFailure {
    let retry_after = Some(pause.max(Duration::from_secs(1)));
    VerifyFailure::from(VerifyError::Unavailable { retry_after }).with_hint("the issuer is not there yet")
}

#[async_trait]
impl TokenVerifier for Issuers {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match self.judge(token)? {
            Judge::Listed(place, verifier) => {
                let verdict = verifier.verify(token).await;
                self.note(token, place, &verdict);
                verdict
            }
            Judge::Tenant(verifier) => verifier.verify(token).await,
            Judge::Waits(tenants, issuer) => self.tenant(tenants.start(&issuer).await)?.verify(token).await,
        }
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        // Whatever is remembered, the verifier looks at the issuer again: at worst, the wrong one refuses.
        let remembered = self.remembered.place_of(token).and_then(|place| self.verifiers.get(place));
        if let Some(Ok(token)) = remembered.and_then(|verifier| verifier.verify_now(token)) {
            return Some(Ok(token));
        }
        match self.judge(token) {
            Ok(Judge::Listed(place, verifier)) => {
                let verdict = verifier.verify_now(token)?;
                self.note(token, place, &verdict);
                Some(verdict)
            }
            Ok(Judge::Tenant(verifier)) => verifier.verify_now(token),
            Ok(Judge::Waits(..)) => None,
            Err(failure) => Some(Err(failure)),
        }
    }
}

/// Prints the issuers.
impl fmt::Debug for Issuers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.verifiers.iter().map(OidcVerifier::issuer)).finish()
    }
}

/// Whose tokens were that were accepted, so that their claims need not be read for it again. It forgets, and may be wrong.
struct Remembered {
    /// Seeded at random, so that nobody can choose tokens that displace others.
    seed: RandomState,
    /// Upper half: by what the token is recognised; lower half: the place of its verifier, counted from 1.
    entries: Box<[AtomicU64]>,
}

impl Default for Remembered {
    fn default() -> Self {
        let entries = (0..PLACES).map(|_| AtomicU64::new(0)).collect();
        Self { seed: RandomState::new(), entries }
    }
}

const UPPER_HALF: u64 = !(u32::MAX as u64);

impl Remembered {
    fn note(&self, token: &str, place: usize) {
        let Some((entry, mark)) = self.entry(token) else { return };
        if let Ok(place) = u32::try_from(place + 1) {
            entry.store(mark | u64::from(place), Ordering::Relaxed);
        }
    }

    fn place_of(&self, token: &str) -> Option<usize> {
        let (entry, mark) = self.entry(token)?;
        let entry = entry.load(Ordering::Relaxed);
        let place = usize::try_from(entry & !UPPER_HALF).ok()?;
        if entry & UPPER_HALF == mark { place.checked_sub(1) } else { None }
    }

    fn entry(&self, token: &str) -> Option<(&AtomicU64, u64)> {
        let bytes = token.as_bytes();
        let end = bytes.get(bytes.len().saturating_sub(TOLD_BY)..)?;
        let hash = self.seed.hash_one(end);
        let place = usize::try_from(hash & (PLACES as u64 - 1)).ok()?;
        Some((self.entries.get(place)?, hash & UPPER_HALF))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_remembered_and_nothing_else() {
        let remembered = Remembered::default();
        let tokens: Vec<_> =
            (0..100).map(|number| format!("header.payload{number}.signature-{number:040}")).collect();
        for token in &tokens {
            assert_eq!(remembered.place_of(token), None);
        }
        for (place, token) in tokens.iter().enumerate() {
            remembered.note(token, place);
            assert_eq!(remembered.place_of(token), Some(place));
        }
        for token in ["", "x", "header.payload.signature"] {
            assert_eq!(remembered.place_of(token), None, "{token}");
        }
        let forgotten =
            tokens.iter().enumerate().filter(|(place, token)| remembered.place_of(token) != Some(*place));
        assert!(forgotten.count() < 10);
    }
}
