//! The application's own words in a refusal, and nothing but words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use auth_core::adapter::{Guard, Scoped, extract_from_guard, extract_user};
use auth_core::{
    Authenticated, Authenticator, NoClaims, Policy, Reason, Rejection, RejectionBody, RejectionContext,
    RequiredScopes, Scope, StoreFailure, TokenVerifier, UserLookup, UserStore, VerifiedToken, VerifyError,
    VerifyFailure, async_trait,
};
use auth_testing::TestRequest;
use futures_executor::block_on;
use http::HeaderValue;
use serde_json::json;
use std::sync::Arc;

struct Table;

#[async_trait]
impl TokenVerifier for Table {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "good" => Ok(VerifiedToken::assert_verified(json!({"sub": "alice"}))?),
            "down" => Err(VerifyError::Unavailable { retry_after: None }.into()),
            "wrong" => Err(VerifyError::Misconfigured("x").into()),
            _ => Err(VerifyError::UnknownToken.into()),
        }
    }
}

/// Knows nobody.
struct Nobody;

#[async_trait]
impl UserStore for Nobody {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        Ok(UserLookup::Unknown)
    }
}

struct A;

impl RequiredScopes for A {
    const SCOPES: &'static [Scope] = &[Scope::from_static("a")];
}

/// One refusal of every class and from every place that refuses.
fn refusals(authenticator: &Authenticator, request: &TestRequest) -> Vec<Rejection> {
    let refused =
        |request: &TestRequest| block_on(authenticator.authenticate::<NoClaims>(request)).unwrap_err();
    let mut all: Vec<_> = ["Basic x", "Bearer", "Bearer old", "Bearer down", "Bearer wrong"]
        .map(|value| refused(&request.clone().authorization(value)))
        .into();
    all.push(refused(&request.clone().bearer(&"x".repeat(9000))));
    all.push(authenticator.bearer_token(request).unwrap_err());

    let good = request.clone().bearer("good");
    let user = block_on(authenticator.authenticate::<NoClaims>(&good)).unwrap();
    let policy = Policy::scope(Scope::from_static("a"));
    all.push(user.require(&policy).unwrap_err());
    all.push(user.require(&Policy::predicate("broken", |_| panic!("canary"))).unwrap_err());
    let guard = Guard::new(authenticator.clone());
    all.push(block_on(guard.clone().require(policy).check(&mut good.clone())).unwrap_err());
    all.push(block_on(guard.check(&mut request.clone())).unwrap_err());
    let mut inside = good.clone();
    block_on(guard.check(&mut inside)).unwrap();
    all.push(extract_from_guard::<Scoped<A>>(&inside).unwrap_err());
    let mut anonymous = request.clone();
    block_on(guard.optional().check(&mut anonymous)).unwrap();
    all.push(extract_from_guard::<Authenticated>(&anonymous).unwrap_err());
    all.push(block_on(extract_user(&user, &mut good.clone(), &Arc::new(Nobody))).unwrap_err());
    #[derive(Debug, serde::Deserialize)]
    struct Tenant {
        #[allow(dead_code, reason = "only deserialized")]
        tenant: String,
    }
    all.push(block_on(authenticator.authenticate::<Tenant>(&good)).unwrap_err());
    all
}

fn fields(rejection: &Rejection) -> Vec<(String, String)> {
    let of_name = |(name, value): (http::HeaderName, HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    rejection.headers().map(of_name).collect()
}

fn words(refusal: &RejectionContext<'_>) -> RejectionBody {
    match refusal.accept_language() {
        Some("de") => RejectionBody::text(format!("Abgelehnt: {}", refusal.status().as_u16())),
        Some("none") => RejectionBody::empty(),
        Some("same") => RejectionBody::problem(),
        Some("panic") => panic!("canary"),
        Some("bytes") => RejectionBody::new(HeaderValue::from_static("image/gif"), b"GIF89a".as_slice()),
        Some("unwritable") => RejectionBody::json(&std::collections::BTreeMap::from([((), 1)])),
        _ => RejectionBody::json(
            &json!({"error": refusal.detail(), "reason": format!("{:?}", refusal.reason())}),
        ),
    }
}

#[test]
fn every_refusal_is_in_the_words_of_the_hook_and_else_as_it_was() {
    let plain = Authenticator::new(Table).with_realm("r").unwrap();
    let own = plain.with_rejection_body(words);
    let in_other_order = Authenticator::new(Table).with_rejection_body(words).with_realm("r").unwrap();
    let request = TestRequest::get("/").header("accept-language", "de");
    assert_eq!(refusals(&own, &request), refusals(&in_other_order, &request));
    for (language, content_type, body) in [
        ("de", Some("text/plain; charset=utf-8"), Some("Abgelehnt: STATUS")),
        ("none", None, Some("")),
        ("same", Some("application/problem+json"), None),
        ("panic", Some("application/problem+json"), None),
        ("bytes", Some("image/gif"), Some("GIF89a")),
        ("unwritable", Some("application/problem+json"), None),
        ("fr", Some("application/json"), Some(r#"{"error":"DETAIL","reason":"REASON"}"#)),
    ] {
        let request = TestRequest::get("/").header("accept-language", language);
        let (plain, own) = (refusals(&plain, &request), refusals(&own, &request));
        assert_eq!(plain.len(), 15);
        for (plain, own) in plain.iter().zip(&own) {
            assert_eq!((plain.status(), plain.reason()), (own.status(), own.reason()));
            let (mut plain_fields, mut own_fields) = (fields(plain), fields(own));
            plain_fields.retain(|(name, _)| name != "content-type");
            own_fields.retain(|(name, _)| name != "content-type");
            assert_eq!(plain_fields, own_fields, "{language}");
            let sent = fields(own).into_iter().find(|(name, _)| name == "content-type");
            assert_eq!(sent.as_ref().map(|(_, value)| value.as_str()), content_type, "{language}");
            let expected = body.map_or(plain.body(), |body| {
                let body = body.replace("STATUS", plain.status().as_str());
                let body = body.replace("DETAIL", &plain.to_string());
                body.replace("REASON", &format!("{:?}", plain.reason())).into()
            });
            assert_eq!(own.body(), expected, "{language} {own:?}");
        }
    }
}

#[test]
fn the_challenges_are_there_with_an_empty_body_too() {
    let own = Authenticator::new(Table).with_rejection_body(|_| RejectionBody::empty());
    let classes: Vec<_> = refusals(&own, &TestRequest::get("/"))
        .iter()
        .map(|rejection| (rejection.reason(), fields(rejection)))
        .collect();
    let challenge = |value: &str| vec![("www-authenticate".to_owned(), value.to_owned())];
    assert!(classes.contains(&(Reason::Missing, challenge("Bearer"))));
    assert!(classes.contains(&(Reason::Invalid, challenge(r#"Bearer error="invalid_token""#))));
    assert!(classes.contains(&(Reason::Malformed, challenge(r#"Bearer error="invalid_request""#))));
    let insufficient = challenge(r#"Bearer error="insufficient_scope", scope="a""#);
    assert!(classes.contains(&(Reason::Insufficient, insufficient)));
    assert!(classes.contains(&(Reason::Misconfigured, vec![])));
    let retry = vec![("retry-after".to_owned(), "5".to_owned())];
    assert!(classes.contains(&(Reason::Unavailable, retry)));
}

#[test]
fn the_hook_learns_what_the_client_prefers() {
    let told = |request: TestRequest| {
        let own = Authenticator::new(Table).with_rejection_body(|refusal| {
            RejectionBody::text(format!("{:?} {:?}", refusal.accept_language(), refusal.accept()))
        });
        let request = request.bearer("old");
        let rejection = block_on(own.authenticate::<NoClaims>(&request)).unwrap_err();
        String::from_utf8(rejection.body().to_vec()).unwrap()
    };
    let request = || TestRequest::get("/");
    assert_eq!(told(request()), "None None");
    let both = request().header("accept", "text/html").header("accept-language", "de-CH, fr;q=0.8");
    assert_eq!(told(both), r#"Some("de-CH, fr;q=0.8") Some("text/html")"#);
    let twice = request().header("accept-language", "de").header("accept-language", "fr");
    assert_eq!(told(twice), r#"Some("de, fr") None"#);
    for unfit in ["é".to_owned(), "a\u{7f}".to_owned(), String::new(), "x".repeat(1025)] {
        assert_eq!(told(request().header("accept-language", unfit)), "None None");
    }
    assert!(told(request().header("accept-language", "x".repeat(1024))).starts_with("Some"));
    let [half, rest] = [500, 523].map(|length| "x".repeat(length));
    let too_long = request().header("accept-language", half).header("accept-language", rest);
    assert_eq!(told(too_long), "None None", "with the comma between");
}

#[test]
fn the_hook_learns_the_path() {
    let own = Authenticator::new(Table)
        .with_rejection_body(|refusal| RejectionBody::text(format!("{:?}", refusal.path())));
    for (target, path) in [
        ("/orders/7?page=2", "/orders/7"),
        ("/orders/7", "/orders/7"),
        ("/?", "/"),
        ("/a%20b/?c?d", "/a%20b/"),
    ] {
        for rejection in refusals(&own, &TestRequest::get(target)) {
            assert_eq!(rejection.body(), format!("Some({path:?})"), "{target}");
        }
    }
    let example = own.example_rejection(Reason::Missing, &[]);
    assert_eq!(example.body(), "None");
    for (length, known) in [(8192, true), (8193, false)] {
        let request = TestRequest::get(format!("/{}", "x".repeat(length - 1)));
        let refused = own.bearer_token(&request).unwrap_err();
        assert_eq!(refused.body().starts_with(b"Some"), known, "{length}");
    }
}
