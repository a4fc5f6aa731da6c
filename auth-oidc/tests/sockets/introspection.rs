//! Opaque tokens over sockets, by the client that is the default.

use auth_core::{TokenVerifier as _, VerifyError};
use auth_oidc::{Introspection, OidcVerifier};
use auth_testing::{Behavior, Endpoint, TestIdentityProvider};
use serde_json::json;

use crate::service::{AUDIENCE, oidc, seconds, until};

type Verdict = Result<String, VerifyError>;

async fn verdict(verifier: &OidcVerifier, token: &str) -> Verdict {
    let verdict = match verifier.verify_now(token) {
        Some(verdict) => verdict,
        None => verifier.verify(token).await,
    };
    verdict.map(|token| token.subject().to_owned()).map_err(auth_core::VerifyFailure::into_error)
}

fn is_unavailable(verdict: &Verdict) -> bool {
    matches!(verdict, Err(VerifyError::Unavailable { retry_after: Some(_) }))
}

fn alice() -> Verdict {
    Ok("alice".to_owned())
}

fn basic() -> Introspection {
    Introspection::client_secret_basic("orders-api", "s3cret")
}

async fn start(introspection: Introspection) -> (TestIdentityProvider, OidcVerifier) {
    let provider = TestIdentityProvider::start();
    let verifier = oidc(&provider).introspection(introspection).connect().await.unwrap();
    (provider, verifier)
}

#[tokio::test]
async fn a_token_is_good_until_its_revocation_is_seen() {
    let (provider, verifier) = start(basic()).await;
    let token = provider.opaque_token(json!({"sub": "alice", "scope": "orders:read"}));
    assert_eq!(verdict(&verifier, &token).await, alice());
    assert_eq!(
        verdict(&verifier, &provider.token("alice").sign()).await,
        alice(),
        "JWTs are verified beside"
    );
    assert_eq!(provider.requests(Endpoint::Introspection), 1);
    let request = provider.last_request_with_body(Endpoint::Introspection).unwrap();
    assert_eq!(request.headers()["authorization"], "Basic b3JkZXJzLWFwaTpzM2NyZXQ=");
    assert_eq!(*request.body(), format!("token={token}&token_type_hint=access_token").into_bytes());
    provider.revoke(&token);
    provider.clock().advance(seconds(59));
    assert_eq!(verdict(&verifier, &token).await, alice(), "as long as the answer counts");
    provider.clock().advance(seconds(1));
    assert_eq!(verdict(&verifier, &token).await, Err(VerifyError::UnknownToken));
    assert_eq!(verdict(&verifier, "opaque_unknown").await, Err(VerifyError::UnknownToken));
    assert_eq!(provider.requests(Endpoint::Introspection), 3);
}

#[tokio::test]
async fn what_the_provider_says_counts() {
    let (provider, verifier) = start(basic()).await;
    for (claims, expected) in [
        (json!({"sub": "alice", "aud": ["other", AUDIENCE]}), alice()),
        (json!({"sub": "alice", "aud": "other"}), Err(VerifyError::WrongAudience)),
        (json!({"sub": "alice", "aud": null}), Err(VerifyError::MissingClaim("aud"))),
        (json!({"sub": "alice", "exp": null}), Err(VerifyError::MissingClaim("exp"))),
        (json!({"sub": "alice", "exp": "soon"}), Err(VerifyError::InvalidClaim("exp"))),
        (json!({"sub": "alice", "cnf": {"jkt": "x"}}), Err(VerifyError::SenderConstrained)),
        (json!({"client_id": "batch"}), Ok("batch".to_owned())),
        (json!({"active": false}), Err(VerifyError::UnknownToken)),
    ] {
        let token = provider.opaque_token(claims.clone());
        assert_eq!(verdict(&verifier, &token).await, expected, "{claims}");
    }
    let token = provider.opaque_token(json!({"sub": "alice", "active": "true"}));
    assert!(is_unavailable(&verdict(&verifier, &token).await));
}

#[tokio::test]
async fn a_provider_in_trouble_refuses_nobody() {
    let (provider, verifier) = start(basic()).await;
    let known = provider.opaque_token(json!({"sub": "alice"}));
    let token = provider.opaque_token(json!({"sub": "alice"}));
    assert_eq!(verdict(&verifier, &known).await, alice());
    let troubles = [401, 403, 404, 429, 500, 502, 503].map(Behavior::Status).into_iter().chain([
        Behavior::Garbage,
        Behavior::Truncated,
        Behavior::CloseAtOnce,
        Behavior::Huge(65 * 1024),
        Behavior::Body(r#"{"active":"true"}"#.to_owned()),
        Behavior::Redirect("http://169.254.169.254/".to_owned()),
    ]);
    for behavior in troubles {
        provider.behave(Endpoint::Introspection, behavior.clone());
        assert!(is_unavailable(&verdict(&verifier, &token).await), "{behavior:?}");
        assert_eq!(verdict(&verifier, &known).await, alice(), "{behavior:?}");
    }
    provider.outage();
    assert!(is_unavailable(&verdict(&verifier, &token).await));
    provider.recover();
    provider.behave(Endpoint::Introspection, Behavior::Normal);
    assert_eq!(verdict(&verifier, &token).await, alice());
}

#[tokio::test]
async fn a_slow_provider_has_five_seconds() {
    let (provider, verifier) = start(basic()).await;
    let token = provider.opaque_token(json!({"sub": "alice"}));
    let clock = provider.clock();
    for behavior in [Behavior::Hang, Behavior::Delay(seconds(6)), Behavior::Drip(seconds(1))] {
        let asked = provider.requests(Endpoint::Introspection);
        provider.behave(Endpoint::Introspection, behavior.clone());
        let (verdict, ()) = tokio::join!(verdict(&verifier, &token), async {
            until(|| provider.requests(Endpoint::Introspection) > asked).await;
            clock.advance(seconds(5));
        });
        assert!(is_unavailable(&verdict), "{behavior:?}");
    }
}

#[tokio::test]
async fn signed_answers_are_for_this_client() {
    let (provider, verifier) = start(basic().signed()).await;
    let token = provider.opaque_token(json!({"sub": "alice"}));
    assert!(is_unavailable(&verdict(&verifier, &token).await), "it is not signed");
    provider.sign_introspection_for("other");
    assert!(is_unavailable(&verdict(&verifier, &token).await), "it is for another client");
    provider.sign_introspection_for("orders-api");
    assert_eq!(verdict(&verifier, &token).await, alice());
    assert_eq!(verdict(&verifier, "opaque_unknown").await, Err(VerifyError::UnknownToken));
    provider.rotate_at_once();
    provider.clock().advance(seconds(31));
    let token = provider.opaque_token(json!({"sub": "alice"}));
    assert_eq!(verdict(&verifier, &token).await, alice(), "by a new key");
}
