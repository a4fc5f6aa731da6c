//! Tokens about which the issuer was asked: what it answers is judged like the claims of a JWT.

use std::time::Duration;

use serde::Deserialize as _;
use serde_json::value::RawValue;

use super::audience::AudienceRule;
use super::checks;
use super::header::{HeaderRules, TokenType};
use super::malformed;
use super::segments::{self, Segments};
use super::subject::SubjectRule;
use super::verifier::{JwtVerifier, unreadable};
use crate::token::claim_path::ClaimPath;
use crate::token::claim_query::{Question, Steps};
use crate::token::claim_rules::{ClaimRules, EmptyAudience};
use crate::token::claim_text::{ClaimText, claim_text};
use crate::token::claim_value::ClaimValue;
use crate::token::claims::RegisteredClaims;
use crate::token::error::VerifyError;
use crate::token::kind::TokenKind;
use crate::token::truth::Truth;
use crate::token::verified::{Origin, VerifiedToken};
use crate::verify::failure::VerifyFailure;

/// A signed answer that was issued longer ago is an old one, in seconds. Leeway is added.
const MAX_ANSWER_AGE: u64 = 60;

/// What the answers of an introspection endpoint may leave out, or say otherwise. Nothing unless called.
#[derive(Clone, Debug, Default)]
pub struct IntrospectionRules {
    missing_audience: bool,
    missing_expiry: bool,
    token_types: Vec<Box<str>>,
}

impl IntrospectionRules {
    /// Demands what [`JwtVerifier::judge_introspected`] says.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts answers without `aud`, or with an empty array. An `aud` that names somebody still has to name this service.
    /// **Unless the endpoint answers `active` for tokens of this service only, a token that was made for another service is
    /// accepted.**
    #[must_use]
    pub fn accept_missing_audience(self) -> Self {
        Self { missing_audience: true, ..self }
    }

    /// Accepts answers without `exp`: tokens that never expire, unless the issuer says that they are no longer active.
    #[must_use]
    pub fn accept_missing_expiry(self) -> Self {
        Self { missing_expiry: true, ..self }
    }

    /// Accepts this `token_type` beside `Bearer`, in any case, such as `access_token`.
    #[must_use]
    pub fn accept_token_type(mut self, token_type: &str) -> Self {
        self.token_types.push(token_type.into());
        self
    }
}

impl JwtVerifier {
    /// Judges a token by what its issuer answered when it was asked about it
    /// ([RFC 7662 section 2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)). For verifiers that ask, as `auth-oidc`
    /// does. Who answered is theirs to know: nothing here is signed.
    ///
    /// The rules, in this order:
    ///
    /// 1. The answer is strict JSON, as claims are, with their types.
    /// 2. `active` is `true`, the truth value.
    /// 3. `token_type`, where there, is `Bearer`. A token of type `DPoP`, or with `cnf`, is bound to a key and refused. If
    ///    `token_use` is there, it is `access_token` or `access`.
    /// 4. `iss`, where there, is as expected. `aud` is there and names this service.
    /// 5. Allowed clients and demanded claims, as for a JWT.
    /// 6. `exp` is there and to come; `nbf` and `iat`, where there, are past; maximum age and lifetime as for a JWT.
    /// 7. `sub`, or else `client_id`, is the subject. A client that can choose its `client_id` can thus choose the
    ///    subject, unless the issuer keeps the two apart
    ///    ([RFC 9068 section 5](https://www.rfc-editor.org/rfc/rfc9068#section-5)).
    ///
    /// # Errors
    ///
    /// [`VerifyError::MalformedClaims`] and [`VerifyError::InvalidClaim`]`("active")` if it is no answer that RFC 7662
    /// allows, which says nothing about the token; [`VerifyError::UnknownToken`] if the token is not active; otherwise the
    /// first fault, as for a JWT.
    pub fn judge_introspected(
        &self,
        token: &str,
        answer: &str,
        rules: &IntrospectionRules,
    ) -> Result<VerifiedToken, VerifyFailure> {
        let empty_audience =
            if rules.missing_audience { EmptyAudience::Accepted } else { self.claims.empty_audience };
        let claim_rules = ClaimRules { empty_audience, ..self.claims };
        let mut claims = RegisteredClaims::read(answer, &claim_rules).map_err(unreadable)?;
        check_active(&claims, answer)?;
        check_type(answer, rules)?;
        if claims.iss().is_some() {
            self.issuer.check(&claims, answer, None)?;
        }
        if !(rules.missing_audience && self.names_nobody(&claims)) {
            self.audience.check(&claims, answer)?;
        }
        self.check_demands(&claims, answer)?;
        self.check_times_of(&claims, rules)?;
        self.settle_subject(&mut claims, answer)?;
        let origin = Origin { text: Some(token.into()), key_id: None, kind: TokenKind::Introspected };
        Ok(VerifiedToken::from_parsed(claims, answer.to_owned(), self.roles.clone(), origin))
    }

    /// Whether a token that [`judge_introspected`](Self::judge_introspected) accepted is still within its time.
    ///
    /// # Errors
    ///
    /// As there, for times only.
    pub fn recheck_introspected(
        &self,
        token: &VerifiedToken,
        rules: &IntrospectionRules,
    ) -> Result<(), VerifyFailure> {
        let in_time = self.check_times_of(token.registered(), rules);
        in_time.map_err(|error| VerifyFailure::of_token(error, token))
    }

    /// How long a token is still good by this verifier's clock, leeway not added; `None` if it never expires.
    #[must_use]
    pub fn time_left(&self, token: &VerifiedToken) -> Option<Duration> {
        token.time_left(&*self.clock)
    }

    /// The length of the longest token that is accepted, in bytes.
    #[must_use]
    pub fn max_token_bytes(&self) -> usize {
        self.max_token_bytes
    }

    /// Opens a signed answer ([RFC 9701 section 5](https://www.rfc-editor.org/rfc/rfc9701#section-5)) to the client of this
    /// id, and returns what [`judge_introspected`](Self::judge_introspected) takes.
    ///
    /// `typ` is `token-introspection+jwt`, one of this verifier's keys verifies the signature, `iss` is as expected, `aud`
    /// names the client, and `iat` is at most 60 seconds ago, leeway added. `exp` and `nbf` are honoured where they are
    /// there.
    ///
    /// # Errors
    ///
    /// The first fault. It says nothing about the token that the answer is about.
    pub fn open_introspection_answer(&self, answer: &str, client_id: &str) -> Result<String, VerifyFailure> {
        let segments = Segments::split(answer).map_err(|error| malformed::token(error, answer))?;
        let keys = self.keys.current();
        let header = HeaderRules { token_type: TokenType::Introspection, ..self.header };
        let key = keys.signer_of_other_kind(&segments, header)?;
        let json = String::from_utf8(segments::decode(segments.payload)?);
        let json = json.map_err(|_| VerifyError::MalformedClaims)?;
        let claims = RegisteredClaims::read(&json, &self.claims).map_err(unreadable)?;
        self.issuer.check(&claims, &json, key.issuer())?;
        if !claims.aud().ok_or(VerifyError::MissingClaim("aud"))?.contains(client_id) {
            return Err(VerifyError::WrongAudience.into());
        }
        let now = self.now()?;
        checks::issued_at(claims.iat, Some(MAX_ANSWER_AGE), now, self.leeway)?;
        checks::not_before(claims.nbf, now, self.leeway)?;
        if claims.exp.is_some() {
            checks::expiry(claims.exp, now, self.leeway)?;
        }
        let inside = claims.members().find(&json, Steps::one("token_introspection"));
        let inside = inside.ok_or(VerifyError::MissingClaim("token_introspection"))?;
        let inside = <&RawValue>::deserialize(&mut serde_json::Deserializer::from_str(inside));
        Ok(inside.map_err(|_| VerifyError::MalformedClaims)?.get().to_owned())
    }

    fn names_nobody(&self, claims: &RegisteredClaims) -> bool {
        let is_asked_for = matches!(self.audience, AudienceRule::OneOf(_));
        is_asked_for && claims.aud().is_none_or(|aud| aud.iter().next().is_none())
    }

    fn check_times_of(
        &self,
        claims: &RegisteredClaims,
        rules: &IntrospectionRules,
    ) -> Result<(), VerifyError> {
        let now = self.now()?;
        if claims.exp.is_some() || !rules.missing_expiry {
            return self.check_times(claims, now);
        }
        checks::not_before(claims.nbf, now, self.leeway)?;
        checks::issued_at(claims.iat, self.max_age, now, self.leeway)?;
        checks::lifetime(claims.iat, claims.exp, self.max_lifetime)
    }

    fn settle_subject(&self, claims: &mut RegisteredClaims, json: &str) -> Result<(), VerifyFailure> {
        let mut instead = self.subject.instead.clone();
        instead.push(ClaimPath::from("client_id"));
        SubjectRule { instead, ..self.subject }.settle(claims, json)
    }
}

fn check_active(claims: &RegisteredClaims, answer: &str) -> Result<(), VerifyFailure> {
    let is_true = Question::Equals(&ClaimValue::Bool(true));
    match claims.members().ask(answer, Steps::one("active"), is_true) {
        Truth::Yes => Ok(()),
        Truth::No => {
            let failure = VerifyFailure::from(VerifyError::UnknownToken);
            Err(failure.with_fixed_hint("the issuer says that it is not active"))
        }
        Truth::Unknown => {
            let failure = VerifyFailure::from(VerifyError::InvalidClaim("active"));
            Err(failure
                .with_fixed_hint("`true` or `false` is expected, without quotes (RFC 7662 section 2.2)"))
        }
    }
}

/// Refuses tokens of another type, such as refresh tokens, about which some issuers answer too.
fn check_type(answer: &str, rules: &IntrospectionRules) -> Result<(), VerifyFailure> {
    match claim_text(answer, &ClaimPath::from("token_type")) {
        ClaimText::Absent | ClaimText::Null => {}
        ClaimText::Text(name) if name.eq_ignore_ascii_case("DPoP") => {
            return Err(VerifyError::SenderConstrained.into());
        }
        ClaimText::Text(name)
            if name.eq_ignore_ascii_case("Bearer")
                || rules.token_types.iter().any(|accepted| name.eq_ignore_ascii_case(accepted)) => {}
        ClaimText::Text(_) | ClaimText::OfAnotherType => {
            let failure = VerifyFailure::from(VerifyError::InvalidClaim("token_type"));
            return Err(failure.with_fixed_hint(
                "`Bearer` is expected: is it a refresh token? If the issuer has another name for access tokens, \
                 `.accept_token_type(..)` accepts it",
            ));
        }
    }
    match claim_text(answer, &ClaimPath::from("token_use")) {
        ClaimText::Absent | ClaimText::Null => Ok(()),
        ClaimText::Text(name) if name == "access_token" || name == "access" => Ok(()),
        ClaimText::Text(_) | ClaimText::OfAnotherType => {
            let failure = VerifyFailure::from(VerifyError::InvalidClaim("token_use"));
            Err(failure.with_fixed_hint("`access_token` is expected: is it a refresh token?"))
        }
    }
}
