//! What a verifier accepts or demands beyond the specifications, each by its name.

use super::build_error::Problem;
use super::header::{TokenType, Zip};
use super::required::{AllowedClients, RequiredClaim};
use super::subject::SubjectRule;
use crate::token::bounds::{MAX_CREDENTIALS_BYTES, MAX_TOKEN_BYTES};
use crate::token::claim_rules::ClaimRules;

/// What the builder was told beside issuer, audience and keys.
pub(super) struct Options {
    pub(super) claims: ClaimRules,
    pub(super) subject: SubjectRule,
    pub(super) required: Vec<RequiredClaim>,
    pub(super) clients: Option<Vec<String>>,
    pub(super) zip: Zip,
    pub(super) spiffe: bool,
    pub(super) max_token_bytes: usize,
    pub(super) keys_later: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            claims: ClaimRules::STRICT,
            subject: SubjectRule::default(),
            required: Vec::new(),
            clients: None,
            zip: Zip::Refused,
            spiffe: false,
            max_token_bytes: MAX_TOKEN_BYTES,
            keys_later: false,
        }
    }
}

/// Options with nothing wrong, or with all that is wrong noted.
pub(super) struct Vetted {
    pub(super) claims: ClaimRules,
    pub(super) subject: SubjectRule,
    pub(super) required: Box<[RequiredClaim]>,
    pub(super) clients: Option<AllowedClients>,
    pub(super) token_type: TokenType,
    pub(super) zip: Zip,
    pub(super) max_token_bytes: usize,
    pub(super) keys_later: bool,
}

impl Options {
    pub(super) fn vetted(self, token_type: TokenType, problems: &mut Vec<Problem>) -> Vetted {
        for claim in &self.required {
            claim.vet(problems);
        }
        let bytes = self.max_token_bytes;
        if !(MAX_TOKEN_BYTES..=MAX_CREDENTIALS_BYTES).contains(&bytes) {
            problems.push(Problem::TokenBytesOutOfRange { bytes });
        }
        if self.spiffe && token_type == TokenType::AccessToken {
            problems.push(Problem::ContradictoryTypes);
        }
        Vetted {
            claims: self.claims,
            subject: self.subject,
            required: self.required.into(),
            clients: self.clients.map(|clients| AllowedClients::new(clients, problems)),
            token_type: if self.spiffe { TokenType::Spiffe } else { token_type },
            zip: self.zip,
            max_token_bytes: bytes,
            keys_later: self.keys_later,
        }
    }
}
