//! The attacks of the catalogue on introspection, each on axum and on actix-web, whose answers are the same bytes.

use auth_axum::Authenticator;
use auth_oidc::{FetchErrorKind, Issuers};
use serde_json::json;

use crate::both::status;
use crate::fake::{Act, pass, seconds};
use crate::{NOW, Provider, basic, good, with, without};

async fn authenticator(provider: &Provider) -> Authenticator {
    Authenticator::new(provider.verifier(basic()).await)
}

/// A token with all characters that a bearer token may have, some of which mean something in a form.
#[tokio::test(start_paused = true)]
async fn attack_11_a_token_that_is_carried_on_to_the_issuer() {
    let provider = Provider::saying(&good());
    let authenticator = authenticator(&provider).await;
    let token = "a-._~+/b%0d%0aX".replace('%', "~") + "==";
    assert_eq!(status(&authenticator, &token).await, 200);
    let (request, form) = provider.fake.last_form();
    assert_eq!(form.first().unwrap(), &("token".to_owned(), token.clone()));
    assert_eq!(form.len(), 2);
    assert!(!request.uri().to_string().contains(&token));
    assert!(request.headers().values().all(|value| !value.to_str().unwrap().contains(&token)));
    let before = provider.asked();
    for token in ["a%0d%0ab", "a&active=true", "a b", "a=b", "a\tb"] {
        assert_eq!(status(&authenticator, token).await, 400, "{token}");
    }
    assert_eq!(provider.asked(), before, "what is no token goes nowhere");
}

#[tokio::test(start_paused = true)]
async fn attack_85_a_cache_that_two_policies_share() {
    let provider = Provider::saying(&good());
    let ours = authenticator(&provider).await;
    let other = provider.oidc(basic()).verifier(|verifier| verifier.require_claim("tenant", "t1"));
    let other = Authenticator::new(other.connect().await.unwrap());
    for _ in 0..2 {
        assert_eq!(status(&ours, "opaque").await, 200);
        assert_eq!(status(&other, "opaque").await, 401);
    }
}

#[tokio::test(start_paused = true)]
async fn attack_89_an_answer_that_is_not_true() {
    for (answer, expected) in [
        (good().to_string(), 200),
        (with("active", false).to_string(), 401),
        (r#"{"active":false}"#.to_owned(), 401),
        (with("active", "true").to_string(), 503),
        (with("active", 1).to_string(), 503),
        (with("active", json!(null)).to_string(), 503),
        (without("active").to_string(), 503),
        ("{}".to_owned(), 503),
        ("true".to_owned(), 503),
        ("active".to_owned(), 503),
        (String::new(), 503),
        (good().to_string().replace("true", "true,\"active\":true"), 503),
    ] {
        let provider = Provider::new({
            let answer = answer.clone();
            move |_| Act::ok(answer.clone())
        });
        assert_eq!(status(&authenticator(&provider).await, "opaque").await, expected, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn attack_90_an_issuer_that_does_not_answer() {
    for act in [
        Act::status(401),
        Act::status(403),
        Act::status(500),
        Act::status(503),
        Act::status(302),
        Act::Fail(FetchErrorKind::Unreachable),
        Act::Fail(FetchErrorKind::TooLarge),
        Act::Never,
    ] {
        let provider = Provider::saying(&good());
        let authenticator = authenticator(&provider).await;
        assert_eq!(status(&authenticator, "known").await, 200);
        let then = act.clone();
        provider.about(move |_| then.clone());
        assert_eq!(status(&authenticator, "opaque").await, 503, "{act:?}");
        assert_eq!(status(&authenticator, "known").await, 200, "{act:?}: while it counts");
        pass(seconds(60)).await;
        assert_eq!(status(&authenticator, "known").await, 503, "{act:?}: never longer");
    }
}

#[tokio::test(start_paused = true)]
async fn attack_91_an_active_token_that_is_not_for_here_and_now() {
    for (answer, expected) in [
        (good(), 200),
        (with("exp", NOW - 60), 401),
        (without("exp"), 401),
        (with("exp", (NOW + 60).to_string()), 401),
        (with("nbf", NOW + 61), 401),
        (with("aud", "other"), 401),
        (without("aud"), 401),
        (with("iss", "https://evil.example"), 401),
        (with("cnf", json!({"jkt": "x"})), 401),
        (with("cnf", json!({"x5t#S256": "x"})), 401),
        (with("token_type", "DPoP"), 401),
        (with("token_type", "refresh_token"), 401),
        (without("sub"), 401),
    ] {
        let provider = Provider::saying(&answer);
        assert_eq!(status(&authenticator(&provider).await, "opaque").await, expected, "{answer}");
    }
    // It counts no longer than its `exp`, whatever a cache may hold.
    let provider = Provider::saying(&with("exp", NOW + 10));
    let authenticator = authenticator(&provider).await;
    assert_eq!(status(&authenticator, "opaque").await, 200);
    provider.clock.set(NOW + 70);
    assert_eq!(status(&authenticator, "opaque").await, 401);
}

/// In both directions: no opaque token becomes a JWT, and no refused JWT an opaque token.
#[tokio::test(start_paused = true)]
async fn each_token_goes_to_the_verifier_of_its_form() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic()).await;
    for authenticator in
        [Authenticator::new(verifier.clone()), Authenticator::new(Issuers::new().issuer(verifier))]
    {
        let asked = provider.asked();
        assert_eq!(status(&authenticator, &provider.signer.good("alice")).await, 200);
        for token in [
            provider.signer.bad_signature("alice"),
            provider.signer.wrong_audience("alice"),
            provider.signer.expired("alice"),
            "e30.e30.c2ln".to_owned(),
        ] {
            assert_eq!(status(&authenticator, &token).await, 401);
        }
        assert_eq!(provider.asked(), asked);
        assert_eq!(status(&authenticator, &format!("opaque{asked}")).await, 200);
        assert!(provider.asked() > asked);
    }
    provider.saying_now(&json!({"active": false}));
    let authenticator = authenticator(&provider).await;
    for token in ["opaque", "a.b.c", "a.b.c.d.e"] {
        assert_eq!(status(&authenticator, token).await, 401);
    }
}
