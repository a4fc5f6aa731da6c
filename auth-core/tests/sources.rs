//! Credentials from elsewhere: cookies, fields, subprotocols, Basic; and which requests count.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use auth_core::adapter::Guard;
use auth_core::{
    Authenticated, Authenticator, BearerToken, CredentialSource, InvalidCredentialSource, NoClaims, Reason,
    Rejection, adapter,
};
use auth_testing::{TestIssuer, TestRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_executor::block_on;

const COOKIE: &str = "__Host-access";

fn every_source() -> [CredentialSource; 5] {
    [
        CredentialSource::Bearer,
        CredentialSource::Basic,
        CredentialSource::cookie(COOKIE),
        CredentialSource::header("X-API-Key"),
        CredentialSource::WebSocketProtocol,
    ]
}

/// The request with this token where the source has it.
fn with(request: TestRequest, source: &CredentialSource, token: &str) -> TestRequest {
    match source {
        CredentialSource::Bearer => request.bearer(token),
        CredentialSource::Basic => {
            request.authorization(format!("Basic {}", STANDARD.encode(format!("tool:{token}"))))
        }
        CredentialSource::Cookie(name) => request.cookie(name, token),
        CredentialSource::Header(_) => request.header("x-api-key", token),
        CredentialSource::WebSocketProtocol => {
            request.header("sec-websocket-protocol", format!("chat, bearer.{token}"))
        }
        _ => panic!("another source"),
    }
}

fn get() -> TestRequest {
    TestRequest::get("/orders")
}

fn authenticate(authenticator: &Authenticator, request: &TestRequest) -> Result<Authenticated, Rejection> {
    block_on(authenticator.authenticate::<NoClaims>(request))
}

#[track_caller]
fn refused(authenticator: &Authenticator, request: &TestRequest, reason: Reason) -> Rejection {
    let rejection = authenticate(authenticator, request).map(|_| "let in").unwrap_err();
    assert_eq!(rejection.reason(), reason);
    let optional = block_on(authenticator.authenticate_optional::<NoClaims>(request));
    match reason {
        Reason::Missing => assert!(optional.unwrap().is_none()),
        _ => assert_eq!(
            optional.map(|_| "let in").unwrap_err(),
            rejection,
            "absent is anonymous, bad is refused"
        ),
    }
    let raw = authenticator.bearer_token(request);
    if [Reason::Missing, Reason::Malformed, Reason::CrossSite].contains(&reason) {
        assert_eq!(raw.unwrap_err(), rejection);
    }
    let guarded = block_on(Guard::new(authenticator.clone()).check(&mut request.clone()));
    assert_eq!(guarded.unwrap_err(), rejection);
    rejection
}

fn challenges(rejection: &Rejection) -> Vec<String> {
    let fields = rejection.headers().filter(|(name, _)| name == "www-authenticate");
    fields.map(|(_, value)| value.to_str().unwrap().to_owned()).collect()
}

#[test]
fn each_source_alone_is_accepted_and_can_be_asked_for() {
    let issuer = TestIssuer::default();
    let token = issuer.good("alice");
    for source in every_source() {
        for configured in [vec![source.clone()], every_source().to_vec()] {
            let authenticator = issuer.authenticator().with_credential_sources(configured).unwrap();
            let request = with(get(), &source, &token);
            let user = authenticate(&authenticator, &request).unwrap();
            assert_eq!(user.subject(), "alice");
            let expected = match &source {
                CredentialSource::Header(_) => CredentialSource::header("x-api-key"),
                other => other.clone(),
            };
            assert_eq!(*user.credential_source(), expected);
            assert_eq!(authenticator.bearer_token(&request).unwrap().as_str(), token);
            refused(&authenticator, &with(get(), &source, &issuer.expired("alice")), Reason::Invalid);
            refused(&authenticator, &get(), Reason::Missing);
        }
    }
}

#[test]
fn a_source_that_is_not_configured_is_not_looked_at() {
    let issuer = TestIssuer::default();
    let token = issuer.good("alice");
    for configured in every_source() {
        let authenticator = issuer.authenticator().with_credential_sources([configured.clone()]).unwrap();
        for other in every_source().into_iter().filter(|other| *other != configured) {
            // Even if it is broken.
            for other_token in [&*token, "\"\"", ""] {
                let request = with(get(), &other, other_token);
                // Both stand in one field, which has no scheme then.
                refused(&authenticator, &request, Reason::Missing);
                let in_one_field = [CredentialSource::Bearer, CredentialSource::Basic];
                if !(in_one_field.contains(&configured) && in_one_field.contains(&other)) {
                    let user = authenticate(&authenticator, &with(request, &configured, &token)).unwrap();
                    assert_eq!(user.subject(), "alice");
                }
            }
        }
    }
}

#[test]
fn two_sources_are_refused_whatever_they_hold() {
    let issuer = TestIssuer::default();
    let authenticator = issuer.authenticator().with_credential_sources(every_source()).unwrap();
    let (alice, bob, expired) = (issuer.good("alice"), issuer.good("bob"), issuer.expired("alice"));
    for first in every_source() {
        for second in every_source() {
            if first == second && first == CredentialSource::WebSocketProtocol {
                continue;
            }
            for (one, two) in [(&alice, &alice), (&alice, &bob), (&alice, &expired), (&expired, &alice)] {
                let request = with(with(get(), &first, one), &second, two);
                refused(&authenticator, &request, Reason::Malformed);
            }
            let broken = with(with(get(), &first, &alice), &second, "\"x\"");
            refused(&authenticator, &broken, Reason::Malformed);
        }
        let in_query = with(TestRequest::get("/orders?access_token=x"), &first, &alice);
        refused(&authenticator, &in_query, Reason::Malformed);
        let other_parameter = with(TestRequest::get("/orders?token=x"), &first, &alice);
        assert!(authenticate(&authenticator, &other_parameter).is_ok());
    }
    // An Authorization field of another scheme holds nothing.
    let digest = with(get().authorization("Digest x"), &CredentialSource::cookie(COOKIE), &alice);
    assert!(authenticate(&authenticator, &digest).is_ok());
    refused(&authenticator, &TestRequest::get("/orders?access_token=x"), Reason::Missing);
}

#[test]
fn the_challenges_of_each_source() {
    use CredentialSource::{Basic, Bearer, WebSocketProtocol};
    let issuer = TestIssuer::default();
    let (cookie, header) = (CredentialSource::cookie(COOKIE), CredentialSource::header("X-API-Key"));
    let bearer = |error: &str| vec![format!("Bearer error=\"{error}\"")];
    let basic = || vec!["Basic realm=\"api\"".to_owned()];
    let bare = || vec!["Bearer".to_owned()];
    for (configured, missing) in [
        (vec![Bearer], bare()),
        (vec![cookie.clone()], bare()),
        (vec![header.clone()], bare()),
        (vec![WebSocketProtocol], bare()),
        (vec![Basic], basic()),
        (vec![Basic, header.clone()], basic()),
        (vec![Basic, Bearer], [bare(), basic()].concat()),
        (vec![Basic, cookie.clone()], bare()),
        (vec![Basic, Bearer, cookie, header], bare()),
    ] {
        let authenticator = issuer.authenticator().with_credential_sources(configured.clone()).unwrap();
        assert_eq!(challenges(&refused(&authenticator, &get(), Reason::Missing)), missing, "{configured:?}");
        for source in &configured {
            let request = |token: &str| with(get(), source, token);
            let invalid = refused(&authenticator, &request(&issuer.expired("alice")), Reason::Invalid);
            let malformed = refused(&authenticator, &request("\"\""), Reason::Malformed);
            let too_long = refused(&authenticator, &request(&"a".repeat(65_537)), Reason::Invalid);
            let user = authenticate(&authenticator, &request(&issuer.good("alice"))).unwrap();
            let insufficient = user.require(&auth_core::Policy::role("admin")).unwrap_err();
            let by_scope =
                user.require(&auth_core::Policy::scope(auth_core::Scope::from_static("a"))).unwrap_err();
            let (invalid_token, insufficient_scope, scope) = match source {
                Basic => (basic(), vec![], vec![]),
                _ => (
                    bearer("invalid_token"),
                    bearer("insufficient_scope"),
                    vec!["Bearer error=\"insufficient_scope\", scope=\"a\"".to_owned()],
                ),
            };
            assert_eq!(challenges(&invalid), invalid_token, "{source} of {configured:?}");
            assert_eq!(challenges(&too_long), invalid_token, "{source} of {configured:?}");
            assert_eq!(challenges(&insufficient), insufficient_scope, "{source} of {configured:?}");
            assert_eq!(challenges(&by_scope), scope, "{source} of {configured:?}");
            let expected = if configured == [Basic] { vec![] } else { bearer("invalid_request") };
            assert_eq!(challenges(&malformed), expected, "{source} of {configured:?}");
        }
    }
    let with_realm = |authenticator: Authenticator| {
        let sources = [Bearer, Basic];
        [
            authenticator.with_realm("the api").unwrap().with_credential_sources(sources.clone()).unwrap(),
            authenticator.with_credential_sources(sources).unwrap().with_realm("the api").unwrap(),
        ]
    };
    for authenticator in with_realm(issuer.authenticator()) {
        let expected = ["Bearer realm=\"the api\"", "Basic realm=\"the api\""];
        assert_eq!(challenges(&refused(&authenticator, &get(), Reason::Missing)), expected);
    }
}

#[test]
fn sources_are_vetted() {
    let authenticator = TestIssuer::default().authenticator();
    let with = |sources: Vec<CredentialSource>| {
        authenticator.with_credential_sources(sources).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(vec![]), InvalidCredentialSource::None);
    let header = CredentialSource::header;
    assert_eq!(
        with(vec![header("X-API-Key"), header("x-api-key")]),
        InvalidCredentialSource::Twice(header("x-api-key"))
    );
    assert_eq!(
        with(vec![CredentialSource::Bearer, CredentialSource::Bearer]),
        InvalidCredentialSource::Twice(CredentialSource::Bearer)
    );
    assert_eq!(with(vec![header("Cookie")]), InvalidCredentialSource::ReservedHeader("cookie".to_owned()));
    assert_eq!(
        with(vec![CredentialSource::cookie("a b")]),
        InvalidCredentialSource::CookieName("a b".to_owned())
    );
    let error = format!("{:?}", with(vec![header("Authorization")]));
    assert!(error.contains("authorization") && error.contains("X-API-Key"), "{error}");
    let two = [CredentialSource::cookie("a"), CredentialSource::cookie("A")];
    assert!(authenticator.with_credential_sources(two).is_ok(), "names of cookies have a case");
}

/// A guard has judged one request; a layer has made another of it before the extractor inside.
#[test]
fn what_a_guard_found_counts_for_the_same_credential_alone() {
    let issuer = TestIssuer::default();
    let authenticator = issuer.authenticator().with_credential_sources(every_source()).unwrap();
    let guard = Guard::new(authenticator.clone());
    let (alice, bob) = (issuer.good("alice"), issuer.good("bob"));
    for source in every_source() {
        let mut judged = with(get(), &source, &alice);
        block_on(guard.check(&mut judged)).unwrap();
        let inside = |request: TestRequest| {
            let request = request.made_of(&judged);
            let of_guard = adapter::extract_from_guard::<Authenticated>(&request);
            let own = block_on(adapter::extract::<Authenticated>(&authenticator, &mut request.clone()));
            let text =
                adapter::extract_from_guard::<BearerToken>(&request).map(|token| token.as_str().to_owned());
            (
                own.map(|user| user.subject().to_owned()).map_err(|rejection| rejection.reason()),
                of_guard.map(|user| user.subject().to_owned()).map_err(|rejection| rejection.reason()),
                text.ok(),
            )
        };
        let subject = |name: &str| Ok(name.to_owned());
        let (own, of_guard, text) = inside(with(get(), &source, &alice));
        assert_eq!(
            (own, of_guard, text.as_deref()),
            (subject("alice"), subject("alice"), Some(&*alice)),
            "{source}"
        );
        let changed = Err(Reason::Misconfigured);
        let (own, of_guard, text) = inside(with(get(), &source, &bob));
        assert_eq!((own, of_guard, text), (subject("bob"), changed.clone(), None), "{source}: another token");
        let (own, of_guard, _) = inside(with(get(), &source, &format!("{alice}x")));
        assert_eq!((own, of_guard), (Err(Reason::Invalid), changed.clone()), "{source}: a longer token");
        let (own, of_guard, _) = inside(get());
        assert_eq!((own, of_guard), (Err(Reason::Missing), changed.clone()), "{source}: no token");
        let twice =
            with(with(get(), &CredentialSource::Bearer, &alice), &CredentialSource::cookie(COOKIE), &alice);
        let (own, of_guard, _) = inside(twice);
        assert_eq!((own, of_guard), (Err(Reason::Malformed), changed.clone()), "{source}: in two sources");
        // The same token in another source is the same credential, and is known by its new place.
        for other in every_source() {
            let request = with(get(), &other, &alice).made_of(&judged);
            let user: Authenticated = adapter::extract_from_guard(&request).unwrap();
            let fresh = authenticate(&authenticator, &with(get(), &other, &alice)).unwrap();
            assert_eq!(user.credential_source(), fresh.credential_source());
        }
    }
}

#[test]
fn another_authenticator_with_the_same_verifier_looks_into_its_own_sources() {
    let issuer = TestIssuer::default();
    let base = issuer.authenticator();
    let of_cookie = base.with_credential_sources([CredentialSource::cookie(COOKIE)]).unwrap();
    let of_both =
        base.with_credential_sources([CredentialSource::cookie(COOKIE), CredentialSource::Bearer]).unwrap();
    let trusting = of_cookie.with_trusted_origins(["https://app.example"]).unwrap();
    let alice = issuer.good("alice");

    let mut request = get().cookie(COOKIE, &alice);
    block_on(Guard::new(of_cookie.clone()).check(&mut request)).unwrap();
    let own = |authenticator: &Authenticator, request: &TestRequest| {
        block_on(adapter::extract::<Authenticated>(authenticator, &mut request.clone()))
            .map(|user| user.credential_source().clone())
            .map_err(|rejection| rejection.reason())
    };
    assert_eq!(own(&base, &request), Err(Reason::Missing));
    assert_eq!(own(&of_both, &request), Ok(CredentialSource::cookie(COOKIE)));

    let mut request = get().bearer(&alice);
    block_on(Guard::new(of_both).check(&mut request)).unwrap();
    assert_eq!(own(&base, &request), Ok(CredentialSource::Bearer));
    assert_eq!(own(&of_cookie, &request), Err(Reason::Missing));

    let mut request =
        TestRequest::new("POST", "/orders").cookie(COOKIE, &alice).header("origin", "https://app.example");
    block_on(Guard::new(trusting.clone()).check(&mut request)).unwrap();
    assert_eq!(own(&trusting, &request), Ok(CredentialSource::cookie(COOKIE)));
    assert_eq!(own(&of_cookie, &request), Err(Reason::CrossSite));
}
