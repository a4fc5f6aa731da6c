//! How an answer is judged.

use auth_core::{TokenKind, TokenVerifier as _, VerifyError};
use auth_oidc::Introspection;
use serde_json::{Value, json};

use crate::fake::{Act, verdict};
use crate::{NOW, Provider, alice, basic, good, is_unavailable, with, without};

type Verdict = Result<String, VerifyError>;

async fn judged_by(introspection: Introspection, answer: &Value) -> Verdict {
    verdict(&Provider::saying(answer).verifier(introspection).await, "opaque").await
}

async fn judged(answer: &Value) -> Verdict {
    judged_by(basic(), answer).await
}

async fn judged_text(answer: &str) -> Verdict {
    let answer = answer.to_owned();
    let provider = Provider::new(move |_| Act::ok(answer.clone()));
    verdict(&provider.verifier(basic()).await, "opaque").await
}

#[tokio::test(start_paused = true)]
async fn a_token_is_as_any_other() {
    let verifier = Provider::saying(&good()).verifier(basic()).await;
    let token = verifier.verify("opaque").await.unwrap();
    assert_eq!(token.subject(), "alice");
    assert_eq!(token.kind(), TokenKind::Introspected);
    assert_eq!(token.issuer(), Some(crate::fake::ISSUER));
    assert!(token.scopes().contains("orders:read"));
    assert_eq!(token.expires_at(), Some(NOW + 3600));
    let claims: Value = token.claims().unwrap();
    assert_eq!(claims["active"], true);
}

/// Catalogue case 89.
#[tokio::test(start_paused = true)]
async fn active_is_the_truth_value() {
    assert_eq!(judged(&good()).await, alice());
    assert_eq!(judged(&with("active", false)).await, Err(VerifyError::UnknownToken));
    assert_eq!(judged(&json!({"active": false})).await, Err(VerifyError::UnknownToken));
    for active in [json!("true"), json!(1), json!("false"), json!(null), json!([true]), json!({})] {
        let verdict = judged(&with("active", active.clone())).await;
        assert!(is_unavailable(&verdict), "{active}: {verdict:?}");
    }
    assert!(is_unavailable(&judged(&without("active")).await));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_strict_json_is_no_answer() {
    let good = good().to_string();
    for answer in [
        "",
        "active",
        "<html>active: true</html>",
        "[]",
        "null",
        "\u{feff}{}",
        &format!("{good}{good}"),
        &good.replace("{\"", "{\"active\":false,\""),
        &good.replace('}', ",\"\\u0061ctive\":true}"),
        &good.replace('}', ",\"x\":{\"a\":1,\"a\":2}}"),
        good.trim_end_matches('}'),
    ] {
        let verdict = judged_text(answer).await;
        assert!(is_unavailable(&verdict), "{answer}: {verdict:?}");
    }
    assert_eq!(judged_text(&format!(" \r\n{good}\n")).await, alice());
}

/// Catalogue case 91: the same checks as for a JWT.
#[tokio::test(start_paused = true)]
async fn times_are_judged_by_our_clock() {
    use VerifyError::{Expired, InvalidClaim, IssuedInFuture, MissingClaim, NotYetValid};
    for (member, value, expected) in [
        ("exp", json!(NOW + 1), alice()),
        ("exp", json!(NOW - 59), alice()),
        ("exp", json!(NOW - 60), Err(Expired)),
        ("exp", json!(0), Err(Expired)),
        ("exp", json!((NOW + 3600).to_string()), Err(InvalidClaim("exp"))),
        ("exp", json!(null), Err(InvalidClaim("exp"))),
        ("exp", json!(1e300), Err(InvalidClaim("exp"))),
        ("nbf", json!(NOW + 60), alice()),
        ("nbf", json!(NOW + 61), Err(NotYetValid)),
        ("iat", json!(NOW + 60), alice()),
        ("iat", json!(NOW + 61), Err(IssuedInFuture)),
    ] {
        assert_eq!(judged(&with(member, value.clone())).await, expected, "{member} {value}");
    }
    assert_eq!(judged(&without("exp")).await, Err(MissingClaim("exp")));
    assert_eq!(judged_by(basic().accept_missing_expiry(), &without("exp")).await, alice());
    let expired = judged_by(basic().accept_missing_expiry(), &with("exp", 0)).await;
    assert_eq!(expired, Err(Expired), "the option lets in what it says");
}

#[tokio::test(start_paused = true)]
async fn an_issuer_is_compared_if_it_is_there() {
    assert_eq!(judged(&without("iss")).await, alice());
    for iss in ["https://id.example/realms/shop/", "https://evil.example", ""] {
        assert_eq!(judged(&with("iss", iss)).await, Err(VerifyError::WrongIssuer), "{iss}");
    }
    let array = judged(&with("iss", json!(["https://id.example/realms/shop"]))).await;
    assert_eq!(array, Err(VerifyError::InvalidClaim("iss")));
}

#[tokio::test(start_paused = true)]
async fn an_audience_is_demanded() {
    assert_eq!(judged(&with("aud", json!(["other", "api"]))).await, alice());
    for aud in [json!("other"), json!("API"), json!("ap"), json!(["other"])] {
        for introspection in [basic(), basic().accept_missing_audience()] {
            let verdict = judged_by(introspection, &with("aud", aud.clone())).await;
            assert_eq!(verdict, Err(VerifyError::WrongAudience), "{aud}");
        }
    }
    assert_eq!(judged(&without("aud")).await, Err(VerifyError::MissingClaim("aud")));
    assert_eq!(judged(&with("aud", json!([]))).await, Err(VerifyError::InvalidClaim("aud")));
    for answer in [without("aud"), with("aud", json!([]))] {
        assert_eq!(judged_by(basic().accept_missing_audience(), &answer).await, alice());
    }
    for aud in [json!(7), json!(["api", 1]), json!(null), json!({})] {
        let verdict = judged_by(basic().accept_missing_audience(), &with("aud", aud.clone())).await;
        assert_eq!(verdict, Err(VerifyError::InvalidClaim("aud")), "{aud}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_an_access_token_for_its_bearer() {
    for name in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(judged(&with("token_type", name)).await, alice());
    }
    let no_type = Err(VerifyError::InvalidClaim("token_type"));
    for name in [json!("refresh_token"), json!("mac"), json!("N_A"), json!(""), json!(1), json!(["Bearer"])] {
        assert_eq!(judged(&with("token_type", name.clone())).await, no_type, "{name}");
    }
    for name in ["DPoP", "dpop"] {
        assert_eq!(judged(&with("token_type", name)).await, Err(VerifyError::SenderConstrained));
    }
    let named = || basic().accept_token_type("access_token");
    assert_eq!(judged_by(named(), &with("token_type", "access_token")).await, alice());
    assert_eq!(judged_by(named(), &with("token_type", "Bearer")).await, alice());
    assert_eq!(judged_by(named(), &with("token_type", "refresh_token")).await, no_type);
    assert_eq!(judged(&with("token_use", "access_token")).await, alice());
    for name in [json!("refresh_token"), json!("id"), json!(1)] {
        let verdict = judged(&with("token_use", name.clone())).await;
        assert_eq!(verdict, Err(VerifyError::InvalidClaim("token_use")), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_bound_to_a_key_is_refused() {
    for cnf in [json!({"jkt": "x"}), json!({"x5t#S256": "x"}), json!({}), json!(null)] {
        assert_eq!(judged(&with("cnf", cnf.clone())).await, Err(VerifyError::SenderConstrained), "{cnf}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_is_the_subject_of_a_token_without_one() {
    let mut answer = without("sub");
    assert_eq!(judged(&answer).await, Err(VerifyError::MissingClaim("sub")));
    answer["client_id"] = json!("batch");
    assert_eq!(judged(&answer).await, Ok("batch".to_owned()));
    answer["sub"] = json!("alice");
    assert_eq!(judged(&answer).await, alice());
}

#[tokio::test(start_paused = true)]
async fn what_is_demanded_of_jwts_is_demanded() {
    let verdict_on = async |answer: &Value| {
        let provider = Provider::saying(answer);
        let oidc = provider.oidc(basic()).verifier(|verifier| {
            verifier.allow_clients(["shop"]).require_claim("tenant", "t1").leeway(std::time::Duration::ZERO)
        });
        verdict(&oidc.connect().await.unwrap(), "opaque").await
    };
    let mut answer = with("client_id", "shop");
    assert_eq!(verdict_on(&answer).await, Err(VerifyError::UnmetClaim));
    answer["tenant"] = json!("t1");
    assert_eq!(verdict_on(&answer).await, alice());
    answer["exp"] = json!(NOW);
    assert_eq!(verdict_on(&answer).await, Err(VerifyError::Expired));
    answer["client_id"] = json!("other");
    assert_eq!(verdict_on(&answer).await, Err(VerifyError::WrongClient));
}
