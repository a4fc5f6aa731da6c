use super::*;

#[test]
fn asserted_claims_are_held_to_the_same_types() {
    use serde_json::json;
    let refusal = |claims: serde_json::Value| VerifiedToken::assert_verified(claims).unwrap_err();
    assert_eq!(refusal(json!({})), VerifyError::MissingClaim("sub"));
    assert_eq!(refusal(json!({"sub": ""})), VerifyError::InvalidClaim("sub"));
    assert_eq!(refusal(json!({"sub": "a", "exp": "1"})), VerifyError::InvalidClaim("exp"));
    assert_eq!(refusal(json!([])), VerifyError::MalformedClaims);
}

#[test]
fn everything_that_a_token_says_can_be_asked() {
    let token = VerifiedToken::assert_verified(serde_json::json!({
        "sub": "alice", "iss": "i", "aud": ["a", "b"], "exp": 3.5, "nbf": 1.5, "iat": 2, "jti": "j",
        "client_id": "c", "scope": "x y",
    }))
    .unwrap();
    assert_eq!(token.subject(), "alice");
    assert_eq!(token.issuer(), Some("i"));
    assert_eq!(token.audience().unwrap().iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!((token.expires_at(), token.not_before(), token.issued_at()), (Some(3), Some(2), Some(2)));
    assert_eq!((token.token_id(), token.client_id()), (Some("j"), Some("c")));
    assert!(token.scopes().contains("y"));
    assert_eq!(token.claims::<NoClaims>(), Ok(NoClaims));
}

#[test]
fn only_a_verifier_says_what_kind_a_token_is() {
    let claims = serde_json::json!({ "sub": "alice", "kind": "ApiKey", "typ": "ApiKey" });
    let token = VerifiedToken::assert_verified(claims).unwrap();
    assert_eq!(token.kind(), TokenKind::Unspecified);
    let key = token.clone().with_kind(TokenKind::ApiKey);
    assert_eq!((key.kind(), key.with_key_id("k").kind()), (TokenKind::ApiKey, TokenKind::ApiKey));
    assert_eq!(token.kind(), TokenKind::Unspecified, "the other clones are as they were");
}

#[test]
fn the_time_left_ends_at_the_expiry() {
    #[derive(Debug)]
    struct At(Option<u64>);
    impl Clock for At {
        fn now(&self) -> Option<u64> {
            self.0
        }
    }
    let token = |claims| VerifiedToken::assert_verified(claims).unwrap();
    let expiring = token(serde_json::json!({"sub": "a", "exp": 100.9}));
    for (now, left) in [(Some(0), 100), (Some(99), 1), (Some(100), 0), (Some(u64::MAX), 0), (None, 0)] {
        assert_eq!(expiring.time_left(&At(now)), Some(Duration::from_secs(left)), "{now:?}");
    }
    assert_eq!(token(serde_json::json!({"sub": "a"})).time_left(&At(Some(0))), None);
}

#[test]
fn no_claim_shows_in_debug_or_errors() {
    #[derive(Debug, serde::Deserialize)]
    struct Wants {
        #[allow(dead_code)]
        secret: u8,
    }
    let token =
        VerifiedToken::assert_verified(serde_json::json!({"sub": "canary", "secret": "canary"})).unwrap();
    let error = token.claims::<Wants>().unwrap_err();
    assert_eq!(format!("{token:?}"), "VerifiedToken(<redacted>)");
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert!(error.to_string().contains("Wants"), "{error}");
}
