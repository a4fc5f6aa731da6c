//! What is sent.

use auth_oidc::{Introspection, Oidc};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;

use crate::fake::{Act, ISSUER, KEYS, seconds, verdict};
use crate::{ENDPOINT, METADATA, Provider, alice, basic, good};

const TOKEN: &str = "mF_9.B5f-4.1JqM+/~==";

type Form = Vec<(String, String)>;

fn form(pairs: &[(&str, &str)]) -> Form {
    let basics = [("token", TOKEN), ("token_type_hint", "access_token")];
    basics.iter().chain(pairs).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The field Authorization and the form of the question about [`TOKEN`].
async fn question(introspection: Introspection) -> (Option<String>, Form) {
    let provider = Provider::saying(&good());
    let verifier = provider.verifier(introspection).await;
    assert_eq!(verdict(&verifier, TOKEN).await, alice());
    assert_eq!(provider.fake.asked(), [METADATA, KEYS, ENDPOINT], "the token is in no address");
    let (request, form) = provider.fake.last_form();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(request.headers()["accept"], "application/json");
    assert_eq!(request.headers()["accept-encoding"], "identity");
    let authorization = request.headers().get("authorization");
    assert!(authorization.is_none_or(http::HeaderValue::is_sensitive));
    (authorization.map(|value| value.to_str().unwrap().to_owned()), form)
}

#[tokio::test(start_paused = true)]
async fn a_token_is_sent_in_the_body_and_nowhere_else() {
    let (_, form_) = question(basic()).await;
    assert_eq!(form_, form(&[]));
}

/// RFC 6749 section 2.3.1, with the characters that matter: `:` ends the id, `%` and `+` mean something in a form.
#[tokio::test(start_paused = true)]
async fn id_and_secret_are_form_encoded_before_base64() {
    let (authorization, form_) = question(Introspection::client_secret_basic("a:b c", "p+%é:")).await;
    let pair = authorization.unwrap();
    let pair = STANDARD.decode(pair.strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(String::from_utf8(pair).unwrap(), "a%3Ab+c:p%2B%25%C3%A9%3A");
    assert_eq!(form_, form(&[]));
}

#[tokio::test(start_paused = true)]
async fn id_and_secret_are_in_the_body() {
    let (authorization, form_) = question(Introspection::client_secret_post("a:b c", "p+%é:")).await;
    assert_eq!(authorization, None);
    assert_eq!(form_, form(&[("client_id", "a:b c"), ("client_secret", "p+%é:")]));
}

#[tokio::test(start_paused = true)]
async fn a_bearer_token_is_in_the_header() {
    let (authorization, form_) = question(Introspection::bearer("orders-api", "tok")).await;
    assert_eq!(authorization.as_deref(), Some("Bearer tok"));
    assert_eq!(form_, form(&[]));
}

#[tokio::test(start_paused = true)]
async fn by_mutual_tls_the_id_is_in_the_body() {
    let (authorization, form_) = question(Introspection::mutual_tls("orders-api")).await;
    assert_eq!((authorization, form_), (None, form(&[("client_id", "orders-api")])));
}

#[tokio::test(start_paused = true)]
async fn an_assertion_is_for_the_issuer() {
    let signer = |audience: &str| Ok::<_, std::fmt::Error>(format!("assertion for {audience}"));
    let (authorization, form_) = question(Introspection::private_key_jwt("orders-api", signer)).await;
    assert_eq!(authorization, None);
    let assertion = format!("assertion for {ISSUER}");
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(
        form_,
        form(&[
            ("client_id", "orders-api"),
            ("client_assertion_type", kind),
            ("client_assertion", &assertion)
        ])
    );
}

#[tokio::test(start_paused = true)]
async fn a_given_endpoint_counts_and_needs_no_metadata() {
    const OTHER: &str = "https://other.example/introspect";
    let provider = Provider::saying(&good());
    let answers = good().to_string();
    provider.fake.answers(move |request| match request.uri().to_string().as_str() {
        OTHER => Act::ok(answers.clone()),
        _ => Act::status(500),
    });
    let introspection = basic().endpoint(OTHER).introspect_everything();
    let verifier = provider.oidc(introspection).jwks_uri(KEYS).connect().await.unwrap();
    assert_eq!(verdict(&verifier, TOKEN).await, alice());
    assert_eq!(provider.fake.asked(), [OTHER], "nothing else is of use");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_work_is_told_at_the_start() {
    let oidc = |introspection| Provider::saying(&good()).oidc(introspection);
    for (oidc, told) in [
        (oidc(basic().cache_for(seconds(301))), "`.cache_for(..)` is out of range: 300 seconds at most"),
        (
            oidc(basic().stale_if_error(seconds(3601))),
            "`.stale_if_error(..)` is out of range: an hour at most",
        ),
        (oidc(basic()).jwks_uri(KEYS), "Call `.endpoint(..)` of the `Introspection`"),
        (oidc(Introspection::client_secret_basic("", "s")), "the client id of the `Introspection` is empty"),
        (oidc(basic().prefix("")), "`.prefix(..)` is out of range"),
        (oidc(basic().endpoint("http://id.example/i")), "is fetched without TLS"),
        (oidc(basic().endpoint("https://169.254.169.254/i")), "is never fetched"),
    ] {
        let error = oidc.connect().await.unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    let provider = Provider::saying(&good());
    provider.fake.keys(Act::ok(provider.signer.jwks()));
    let error = provider.oidc(basic()).connect().await.unwrap_err().to_string();
    assert!(error.contains("names no `introspection_endpoint`"), "{error}");
}

#[test]
fn secrets_are_in_no_debug_output() {
    const SECRET: &str = "SECRET-canary";
    for introspection in [
        Introspection::client_secret_basic("orders-api", SECRET),
        Introspection::client_secret_post("orders-api", SECRET),
        Introspection::bearer("orders-api", SECRET),
    ] {
        let printed = format!("{introspection:?}");
        assert!(printed.contains("orders-api") && !printed.contains(SECRET), "{printed}");
        let printed = format!("{:?}", Oidc::issuer(ISSUER).introspection(introspection));
        assert!(!printed.contains(SECRET), "{printed}");
    }
}
