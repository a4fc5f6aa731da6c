//! Tokens that the issuer has signed and that are not good.

use auth_core::{JwtVerifier, VerifyError};
use serde_json::{Map, Value};

use super::forged::parts;
use crate::issuer::TestIssuer;

/// Longer than every leeway that a verifier may be configured with, in seconds.
const LONG: u64 = 3600;

/// Makes of a good token of an issuer others that must be refused, each for one reason.
pub(super) struct Spoiling<'a> {
    issuer: &'a TestIssuer,
    /// With another key under the same name.
    impostor: TestIssuer,
}

impl<'a> Spoiling<'a> {
    pub(super) fn new(issuer: &'a TestIssuer) -> Self {
        Self { issuer, impostor: TestIssuer::new(issuer.algorithm()) }
    }

    /// The tokens, and how each is told in a report.
    pub(super) fn spoiled(&self, token: &str) -> Result<Vec<(String, String)>, String> {
        let Some([header, claims]) = self.signed_by_issuer(token) else {
            return Err("its good token is not one of the issuer that `must_refuse_bad_tokens_of` was given, so that no \
                        bad ones can be made of it"
                .to_owned());
        };
        let (header, now) = (Value::from(header).to_string(), self.issuer.now());
        let mut spoiled: Vec<_> = [
            (
                "that has expired",
                vec![("exp", now.saturating_sub(LONG).into()), ("iat", now.saturating_sub(2 * LONG).into())],
            ),
            ("that is not valid yet", vec![("nbf", (now + LONG).into()), ("exp", (now + 2 * LONG).into())]),
            ("for another audience", vec![("aud", "https://other.example".into())]),
            ("of another issuer", vec![("iss", "https://evil.example".into())]),
        ]
        .into_iter()
        .map(|(what, changes)| (format!("with a token {what}"), self.signed(&header, &claims, changes)))
        .collect();
        let impostor = self.impostor.sign_raw(&header, Value::from(claims).to_string());
        spoiled.push(("with a token signed by another key".to_owned(), impostor));
        Ok(spoiled)
    }

    fn signed(&self, header: &str, claims: &Map<String, Value>, changes: Vec<(&str, Value)>) -> String {
        let mut claims = claims.clone();
        claims.extend(changes.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self.issuer.sign_raw(header, Value::from(claims).to_string())
    }

    /// Header and claims, if this issuer's key has signed them: else the others would be refused for their key.
    fn signed_by_issuer(&self, token: &str) -> Option<[Map<String, Value>; 2]> {
        let verifier = JwtVerifier::builder()
            .dangerously_accept_any_issuer()
            .dangerously_accept_any_audience()
            .clock(self.issuer.shared_clock())
            .jwk(self.issuer.jwk().to_string())
            .build()
            .expect("the issuer's own key can be used");
        let of_other_key = [VerifyError::UnknownKey, VerifyError::InvalidSignature];
        if verifier.verify_jwt(token).is_err_and(|error| of_other_key.contains(&error)) {
            return None;
        }
        parts(token.rsplit_once('.')?.0)
    }
}
