//! Signed answers (RFC 9701).

use auth_core::VerifyError;
use auth_testing::{TestIssuer, TokenDraft};
use serde_json::{Value, json};

use crate::fake::{Act, ISSUER, KEYS, pass, seconds, verdict};
use crate::{ENDPOINT, METADATA, NOW, Provider, alice, basic, good, is_unavailable};

const TYPE: &str = "token-introspection+jwt";

fn draft<'a>(signer: &'a TestIssuer, answer: &Value) -> TokenDraft<'a> {
    signer
        .token("x")
        .header("typ", TYPE)
        .without_claim("sub")
        .without_claim("exp")
        .claim("aud", "orders-api")
        .claim("iat", NOW)
        .claim("token_introspection", answer.clone())
}

async fn judged(answer: String) -> Result<String, VerifyError> {
    let provider = Provider::new(|_| Act::Never);
    judged_of(&provider, answer).await
}

async fn judged_of(provider: &Provider, answer: String) -> Result<String, VerifyError> {
    provider.about(move |_| Act::ok(answer.clone()));
    verdict(&provider.verifier(basic().signed()).await, "opaque").await
}

#[tokio::test(start_paused = true)]
async fn a_signed_answer_is_judged_as_any_other() {
    let provider = Provider::new(|_| Act::Never);
    for (answer, expected) in [
        (good(), alice()),
        (json!({"active": false}), Err(VerifyError::UnknownToken)),
        (crate::with("aud", "other"), Err(VerifyError::WrongAudience)),
        (crate::with("exp", 0), Err(VerifyError::Expired)),
    ] {
        assert_eq!(judged_of(&provider, draft(&provider.signer, &answer).sign()).await, expected);
        let (request, _) = provider.fake.last_form();
        assert_eq!(request.headers()["accept"], "application/token-introspection+jwt");
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_answer_is_none() {
    for answer in [good(), json!({"active": false})] {
        assert!(is_unavailable(&judged(answer.to_string()).await));
    }
}

#[tokio::test(start_paused = true)]
async fn everything_of_the_signature_counts() {
    let provider = Provider::new(|_| Act::Never);
    let signer = &provider.signer;
    let good = good();
    let draft = || draft(signer, &good);
    for (name, answer) in [
        ("at the edge of its age", draft().claim("iat", NOW - 119).sign()),
        ("with exp to come", draft().claim("exp", NOW + 1).sign()),
    ] {
        assert_eq!(judged_of(&provider, answer).await, alice(), "{name}");
    }
    let stranger = crate::fake::signer().clock(provider.clock.clone());
    let of_stranger = super::signed::draft(&stranger, &good).sign();
    for (name, answer) in [
        ("of an access token's type", draft().header("typ", "at+jwt").sign()),
        ("of type JWT", draft().header("typ", "JWT").sign()),
        ("with the prefix", draft().header("typ", "application/token-introspection+jwt").sign()),
        ("in upper case", draft().header("typ", "Token-Introspection+JWT").sign()),
        ("without a type", draft().without_header("typ").sign()),
        ("of another issuer", draft().claim("iss", "https://evil.example").sign()),
        ("without an issuer", draft().without_claim("iss").sign()),
        ("for another client", draft().claim("aud", "other").sign()),
        ("for the audience of the token", draft().claim("aud", "api").sign()),
        ("for nobody", draft().without_claim("aud").sign()),
        ("without a time", draft().without_claim("iat").sign()),
        ("too old", draft().claim("iat", NOW - 120).sign()),
        ("of the future", draft().claim("iat", NOW + 61).sign()),
        ("expired", draft().claim("exp", NOW - 60).sign()),
        ("not valid yet", draft().claim("nbf", NOW + 61).sign()),
        ("without an answer", draft().without_claim("token_introspection").sign()),
        ("with a text for an answer", draft().claim("token_introspection", good.to_string()).sign()),
        ("by another key", of_stranger),
        ("cut off", draft().sign().trim_end_matches(|_: char| true).to_owned()),
        ("changed", draft().sign() + "A"),
    ] {
        let verdict = judged_of(&provider, answer).await;
        assert!(is_unavailable(&verdict), "{name}: {verdict:?}");
    }
}

/// Catalogue case 67: nor does the header of one let the other in, however often it was seen.
#[tokio::test(start_paused = true)]
async fn an_answer_is_no_access_token_and_the_other_way_round() {
    let provider = Provider::new(|_| Act::Never);
    let answer =
        draft(&provider.signer, &good()).claim("aud", json!(["orders-api", "api"])).claim("sub", "eve");
    let answer = answer.claim("exp", NOW + 100).sign();
    let said = answer.clone();
    provider.about(move |_| Act::ok(said.clone()));
    let verifier = provider.verifier(basic().signed()).await;
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    assert_eq!(verdict(&verifier, &answer).await, Err(VerifyError::InvalidHeader("typ")));
    let access = provider.signer.token("eve").claim("token_introspection", good()).claim("iat", NOW);
    let access = access.claim("aud", json!(["orders-api", "api"])).sign();
    assert_eq!(verdict(&verifier, &access).await, Ok("eve".to_owned()), "its header is known");
    let said = access.clone();
    provider.about(move |_| Act::ok(said.clone()));
    assert!(is_unavailable(&verdict(&verifier, "other").await));
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched() {
    let provider = Provider::new(|_| Act::Never);
    let verifier = provider.verifier(basic().signed().introspect_everything()).await;
    assert_eq!(provider.fake.key_requests(), 1, "for the signatures of answers");
    pass(seconds(31)).await;
    let next = crate::fake::signer().clock(provider.clock.clone());
    let answer = draft(&next, &good()).sign();
    provider.fake.answers(move |request| match request.uri().to_string().as_str() {
        KEYS => Act::ok(next.jwks()),
        METADATA => Act::ok(
            json!({"issuer": ISSUER, "jwks_uri": KEYS, "introspection_endpoint": ENDPOINT}).to_string(),
        ),
        _ => Act::ok(answer.clone()),
    });
    assert_eq!(verdict(&verifier, "opaque").await, alice());
    assert_eq!(provider.fake.key_requests(), 2);
}
