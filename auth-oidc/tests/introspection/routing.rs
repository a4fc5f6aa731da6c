//! Which tokens the issuer is asked about, and which issuer.

use auth_core::{TokenVerifier, VerifyError};
use auth_oidc::{Introspection, Issuers, Oidc};
use auth_testing::TestIssuer;
use serde_json::json;

use crate::fake::{Act, Fake, seconds, verdict};
use crate::{Provider, alice, basic, good, is_unavailable};

/// Forms that are no JWT, such as an encrypted one, whose segments are five.
const OPAQUE: [&str; 5] = ["opaque", "a.b.c", "ory_at_x.y", "eyJhbGciOiJSU0EtT0FFUCJ9.b.c.d.e", "eyJ.b.c"];

#[tokio::test(start_paused = true)]
async fn the_form_decides() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic()).await;
    assert_eq!(verdict(&verifier, &provider.signer.good("bob")).await, Ok("bob".to_owned()));
    assert_eq!(provider.asked(), 0);
    for (asked, token) in (1..).zip(OPAQUE) {
        assert_eq!(verdict(&verifier, token).await, alice(), "{token}");
        assert_eq!(provider.asked(), asked);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_jwt_is_never_asked_about() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic()).await;
    let signer = &provider.signer;
    let stranger = crate::fake::signer().clock(provider.clock.clone());
    for token in [
        signer.bad_signature("bob"),
        signer.wrong_audience("bob"),
        signer.expired("bob"),
        stranger.good("bob"),
        "e30.e30.c2ln".to_owned(),
        "eyJhbGciOiJub25lIn0.e30.".to_owned(),
    ] {
        let verdict = verdict(&verifier, &token).await;
        assert!(
            matches!(&verdict, Err(error) if !matches!(error, VerifyError::Unavailable { .. })),
            "{verdict:?}"
        );
    }
    assert_eq!(provider.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_opaque_token_is_no_jwt() {
    let provider = Provider::saying(&json!({"active": false}));
    let verifier = provider.verifier(basic()).await;
    for token in OPAQUE {
        assert_eq!(verdict(&verifier, token).await, Err(VerifyError::UnknownToken), "{token}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_introspection_nothing_is_asked() {
    let provider = Provider::saying(&good());
    let oidc = provider.fake.oidc();
    let verifier = oidc.connect().await.unwrap();
    for token in OPAQUE {
        assert!(verdict(&verifier, token).await.is_err());
    }
    assert_eq!(provider.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn everything_is_asked_about_on_demand() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic().introspect_everything()).await;
    for (asked, token) in
        (1..).zip([&*provider.signer.good("bob"), &provider.signer.bad_signature("bob"), "opaque"])
    {
        assert_eq!(verdict(&verifier, token).await, alice(), "the issuer says whose it is");
        assert_eq!(provider.asked(), asked);
    }
    assert_eq!(provider.fake.key_requests(), 0);
    provider.about(|_| Act::Answer(400, Vec::new(), r#"{"error":"unsupported_token_type"}"#.to_owned()));
    assert!(is_unavailable(&verdict(&verifier, &provider.signer.good("carol")).await));
}

#[tokio::test(start_paused = true)]
async fn tokens_without_the_prefix_are_not_asked_about() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic().prefix("ory_at_")).await;
    for token in ["ory_rt_x", "opaque", "ORY_AT_x", "xory_at_", "ory_at"] {
        assert_eq!(verdict(&verifier, token).await, Err(VerifyError::UnknownToken), "{token}");
    }
    assert_eq!(provider.asked(), 0);
    assert_eq!(verdict(&verifier, "ory_at_x").await, alice());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_too_long_is_not_asked_about() {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(basic()).await;
    assert_eq!(verdict(&verifier, &"x".repeat(8193)).await, Err(VerifyError::TooLong));
    assert_eq!(provider.asked(), 0);
    assert_eq!(verdict(&verifier, &"x".repeat(8192)).await, alice());
}

/// An issuer of this name, whose opaque tokens are those of a user of the same name.
fn other(name: &'static str) -> (Fake, Oidc) {
    let issuer = format!("https://{name}.example");
    let keys = TestIssuer::new(auth_core::Algorithm::Es256).issuer(&*issuer).audience("api");
    let fake = Fake::new(move |request| match request.uri().path() {
        "/keys" => Act::ok(keys.jwks()),
        "/introspect" => {
            let exp = 1_000_000 + auth_core::Clock::now(&auth_core::SystemClock).unwrap();
            Act::ok(json!({"active": true, "sub": name, "aud": "api", "exp": exp}).to_string())
        }
        _ => {
            let issuer = format!("https://{name}.example");
            let (keys, introspect) = (format!("{issuer}/keys"), format!("{issuer}/introspect"));
            Act::ok(
                json!({"issuer": issuer, "jwks_uri": keys, "introspection_endpoint": introspect}).to_string(),
            )
        }
    });
    let oidc = Oidc::issuer(format!("https://{name}.example")).audience("api").fetch(fake.clone());
    (fake, oidc)
}

async fn of(issuers: &Issuers, token: &str) -> Result<String, VerifyError> {
    let verdict = match issuers.verify_now(token) {
        Some(verdict) => verdict,
        None => issuers.verify(token).await,
    };
    verdict.map(|token| token.subject().to_owned()).map_err(auth_core::VerifyFailure::into_error)
}

#[tokio::test(start_paused = true)]
async fn of_several_issuers_one_is_asked_about_opaque_tokens() {
    let ((a, a_oidc), (b, b_oidc)) = (other("a"), other("b"));
    let issuers = Issuers::new()
        .issuer(a_oidc.connect().await.unwrap())
        .issuer(b_oidc.introspection(basic()).connect().await.unwrap());
    for token in OPAQUE {
        assert_eq!(of(&issuers, token).await, Ok("b".to_owned()));
        assert_eq!(of(&issuers, token).await, Ok("b".to_owned()));
    }
    assert_eq!(b.requests("https://b.example/introspect"), OPAQUE.len());
    assert_eq!(a.asked().len(), 2, "metadata and keys");
    let signer = crate::fake::signer();
    assert_eq!(of(&issuers, &signer.good("x")).await, Err(VerifyError::WrongIssuer));
}

#[tokio::test(start_paused = true)]
async fn the_longest_prefix_decides_who_is_asked() {
    let ((a, a_oidc), (b, b_oidc), (c, c_oidc)) = (other("a"), other("b"), other("c"));
    let connect = async |oidc: Oidc, introspection: Introspection| {
        oidc.introspection(introspection).connect().await.unwrap()
    };
    let issuers = Issuers::new()
        .issuer(connect(a_oidc, basic().prefix("p_")).await)
        .issuer(connect(b_oidc, basic().prefix("p_live_")).await)
        .issuer(connect(c_oidc, basic()).await);
    for (token, expected) in [("p_1", "a"), ("p_live_1", "b"), ("p_live", "a"), ("P_1", "c"), ("opaque", "c")]
    {
        assert_eq!(of(&issuers, token).await, Ok(expected.to_owned()), "{token}");
    }
    let asked = [(&a, "a"), (&b, "b"), (&c, "c")]
        .map(|(fake, name)| fake.requests(&format!("https://{name}.example/introspect")));
    assert_eq!(asked, [2, 1, 2], "nobody sees another one's tokens");
}

#[tokio::test(start_paused = true)]
async fn two_issuers_that_cannot_be_told_apart_are_a_mistake() {
    let ((a, a_oidc), (b, b_oidc)) = (other("a"), other("b"));
    let issuers = Issuers::new()
        .issuer(a_oidc.introspection(basic()).connect().await.unwrap())
        .issuer(b_oidc.introspection(basic()).connect().await.unwrap());
    let verdict = of(&issuers, "opaque").await;
    assert!(matches!(verdict, Err(VerifyError::Misconfigured(told)) if told.contains("`.prefix(..)`")));
    crate::fake::pass(seconds(1)).await;
    for (fake, name) in [(a, "a"), (b, "b")] {
        assert_eq!(fake.requests(&format!("https://{name}.example/introspect")), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn without_introspection_opaque_tokens_have_no_issuer() {
    let (_, oidc) = other("a");
    let issuers = Issuers::new().issuer(oidc.connect().await.unwrap());
    assert_eq!(of(&issuers, "opaque").await, Err(VerifyError::MalformedToken));
    let (_, oidc) = other("b");
    let issuers = issuers.issuer(oidc.introspection(basic().prefix("b_")).connect().await.unwrap());
    assert_eq!(of(&issuers, "opaque").await, Err(VerifyError::UnknownToken));
}
