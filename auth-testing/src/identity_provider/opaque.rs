//! Opaque tokens, and what is answered about them.

use std::collections::HashMap;

use aws_lc_rs::rand;
use serde_json::{Map, Value, json};

use super::key_ring::KeyRing;
use crate::base64url::encode;

/// The opaque tokens that were given out, with what the introspection endpoint says of each.
#[derive(Debug, Default)]
pub(crate) struct OpaqueTokens {
    by_token: HashMap<String, Map<String, Value>>,
    /// The client to which answers are signed.
    pub(crate) signed_for: Option<String>,
}

impl OpaqueTokens {
    pub(crate) fn issue(&mut self, claims: Map<String, Value>) -> String {
        let mut bytes = [0; 24];
        rand::fill(&mut bytes).expect("the system has random numbers");
        let token = format!("opaque_{}", encode(bytes));
        self.by_token.insert(token.clone(), claims);
        token
    }

    /// Whether there was such a token.
    pub(crate) fn revoke(&mut self, token: &str) -> bool {
        self.by_token.remove(token).is_some()
    }

    /// The answer to a request with this form.
    pub(crate) fn answer(&self, form: &[u8], keys: &KeyRing) -> String {
        let claims = token_of(form).and_then(|token| self.by_token.get(&token));
        let answer = match claims {
            Some(claims) => Value::from(claims.clone()),
            None => json!({ "active": false }),
        };
        match &self.signed_for {
            None => answer.to_string(),
            Some(client_id) => {
                let signer = keys.signing();
                let draft = signer.token("").header("typ", "token-introspection+jwt");
                let draft = draft.without_claim("sub").without_claim("exp").claim("aud", client_id.as_str());
                draft.claim("iat", keys.now()).claim("token_introspection", answer).sign()
            }
        }
    }
}

/// The member `token` of a form.
fn token_of(form: &[u8]) -> Option<String> {
    let form = std::str::from_utf8(form).ok()?;
    let value = form.split('&').find_map(|pair| pair.strip_prefix("token="))?.replace('+', " ");
    percent_encoding::percent_decode_str(&value).decode_utf8().ok().map(Into::into)
}
