//! A guard judges the head of a request, and hands its verdict inwards.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use auth_core::adapter::{Guard, Scoped, extract, extract_from_guard, extract_now};
use auth_core::{
    Algorithm, Authenticated, Authenticator, BearerToken, JwtVerifier, NoClaims, Policy, Reason, Rejection,
    RequiredScopes, Scope, TokenVerifier, VerifiedToken, VerifyError, VerifyFailure, async_trait,
};
use auth_testing::{TestIssuer, TestRequest};
use futures_executor::block_on;

/// Accepts any token but `bad`, whose text are its scopes with commas between, and counts.
#[derive(Clone, Default)]
struct Counting {
    asked: Arc<AtomicUsize>,
    at_once: bool,
}

impl Counting {
    fn now() -> Self {
        Self { at_once: true, ..Self::default() }
    }

    fn judge(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if token == "bad" {
            return Err(VerifyError::UnknownToken.into());
        }
        let claims = serde_json::json!({"sub": "alice", "scope": token.replace('_', " ")});
        Ok(VerifiedToken::assert_verified(claims)?)
    }
}

#[async_trait]
impl TokenVerifier for Counting {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        self.judge(token)
    }

    fn verify_now(&self, token: &str) -> Option<Result<VerifiedToken, VerifyFailure>> {
        self.at_once.then(|| self.judge(token))
    }
}

fn scope(name: &'static str) -> Policy {
    Policy::scope(Scope::from_static(name))
}

/// Both ways of asking, which must agree. Yields the request as it is inside of the guard.
#[track_caller]
fn check(guard: &Guard, request: &TestRequest) -> Result<TestRequest, Rejection> {
    let mut inside = request.clone();
    let verdict = block_on(guard.check(&mut inside));
    if let Some(now) = guard.check_now(&mut request.clone()) {
        assert_eq!(now, verdict);
    }
    verdict.map(|()| inside)
}

fn reason(verdict: Result<TestRequest, Rejection>) -> Option<Reason> {
    verdict.err().map(|rejection| rejection.reason())
}

fn challenge(rejection: &Rejection) -> String {
    let mut fields = rejection.headers();
    let value = fields.find(|(name, _)| name == "www-authenticate").map(|(_, value)| value);
    value.unwrap().to_str().unwrap().to_owned()
}

fn plain() -> TestRequest {
    TestRequest::get("/")
}

#[test]
fn a_guard_verifies_and_asks_the_policy() {
    for verifier in [Counting::default(), Counting::now()] {
        let guard = Guard::new(Authenticator::new(verifier));
        assert_eq!(reason(check(&guard, &plain().bearer("a"))), None);
        assert_eq!(reason(check(&guard, &plain())), Some(Reason::Missing));
        assert_eq!(reason(check(&guard, &plain().authorization("Basic x"))), Some(Reason::Missing));
        assert_eq!(reason(check(&guard, &plain().authorization("Bearer"))), Some(Reason::Malformed));
        assert_eq!(reason(check(&guard, &plain().bearer("bad"))), Some(Reason::Invalid));

        let guard = guard.require(scope("a"));
        assert_eq!(reason(check(&guard, &plain().bearer("a"))), None);
        assert_eq!(reason(check(&guard, &plain().bearer("b"))), Some(Reason::Insufficient));
        assert_eq!(reason(check(&guard, &plain())), Some(Reason::Missing));

        let both = guard.require(scope("b"));
        assert_eq!(reason(check(&both, &plain().bearer("a_b"))), None);
        let refused = check(&both, &plain().bearer("a")).unwrap_err();
        assert_eq!(challenge(&refused), r#"Bearer error="insufficient_scope", scope="a b""#);
    }
}

#[test]
fn what_a_guard_has_verified_is_not_verified_again() {
    for verifier in [Counting::default(), Counting::now()] {
        let asked = verifier.asked.clone();
        let authenticator = Authenticator::new(verifier);
        let guard = Guard::new(authenticator.clone());
        let mut inside = plain().bearer("a");
        block_on(guard.check(&mut inside)).unwrap();
        let before = asked.load(Ordering::Relaxed);

        let mut nested = inside.clone();
        block_on(guard.clone().require(scope("a")).check(&mut nested)).unwrap();
        assert!(guard.check_now(&mut inside.clone()).unwrap().is_ok());
        for inside in [inside, nested] {
            let user = block_on(authenticator.authenticate::<NoClaims>(&inside)).unwrap();
            assert_eq!(user.subject(), "alice");
            let other_words = authenticator.with_realm("r").unwrap();
            assert!(block_on(other_words.authenticate_optional::<NoClaims>(&inside)).unwrap().is_some());
        }
        assert_eq!(asked.load(Ordering::Relaxed), before, "never verified twice");
    }
}

#[test]
fn a_pass_counts_for_its_own_verifier_only() {
    let (lax, strict) = (Counting::now(), Counting::now());
    let asked = strict.asked.clone();
    let (lax, strict) = (Authenticator::new(lax), Authenticator::new(strict));
    let inside = check(&Guard::new(lax.clone()), &plain().bearer("a")).unwrap();
    assert!(block_on(strict.authenticate::<NoClaims>(&inside)).is_ok());
    assert_eq!(asked.load(Ordering::Relaxed), 1, "it has asked for itself");

    let inside = check(&Guard::new(strict.clone()), &inside).unwrap();
    let asked_before = asked.load(Ordering::Relaxed);
    for authenticator in [&lax, &strict] {
        assert!(block_on(authenticator.authenticate::<NoClaims>(&inside)).is_ok());
    }
    assert_eq!(asked.load(Ordering::Relaxed), asked_before, "both guards' findings are known inside");
}

/// As where a program in between puts another token in, or makes requests of its own out of one.
#[test]
fn a_pass_counts_for_the_token_that_it_was_made_for() {
    for verifier in [Counting::default(), Counting::now()] {
        let authenticator = Authenticator::new(verifier);
        let inside = check(&Guard::new(authenticator.clone()), &plain().bearer("a")).unwrap();
        let scopes = |request: TestRequest| {
            let user = block_on(authenticator.authenticate::<NoClaims>(&request.made_of(&inside)));
            user.map(|user| user.scopes().iter().map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(scopes(plain().bearer("a")), Ok(vec!["a".to_owned()]));
        assert_eq!(scopes(plain().bearer("b")), Ok(vec!["b".to_owned()]));
        for (request, reason) in [
            (plain(), Reason::Missing),
            (plain().bearer("bad"), Reason::Invalid),
            (plain().bearer("a").bearer("a"), Reason::Malformed),
            (plain().authorization("Basic a"), Reason::Missing),
        ] {
            assert_eq!(scopes(request).unwrap_err().reason(), reason);
        }
        let guard = Guard::new(authenticator.clone()).require(scope("a"));
        let forged = plain().bearer("bad").made_of(&inside);
        assert_eq!(reason(check(&guard, &forged)), Some(Reason::Invalid));
    }
}

/// As a table of keys does, of which a user may have several, and lose one.
#[test]
fn a_verifier_may_yield_one_token_for_two_texts() {
    struct Table(VerifiedToken, Arc<AtomicUsize>);
    #[async_trait]
    impl TokenVerifier for Table {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
            let asked = self.1.fetch_add(1, Ordering::Relaxed);
            match token {
                // Revoked after the first request.
                "lost" if asked > 0 => Err(VerifyError::UnknownToken.into()),
                "bad" => Err(VerifyError::UnknownToken.into()),
                _ => Ok(self.0.clone()),
            }
        }
    }
    let alice = VerifiedToken::assert_verified(serde_json::json!({"sub": "alice"})).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let authenticator = Authenticator::new(Table(alice, asked.clone()));
    let inside = |request: TestRequest| block_on(authenticator.authenticate::<NoClaims>(&request));
    assert!(inside(plain().bearer("lost")).is_ok());

    let guard = Guard::new(authenticator.clone());
    let mut checked = plain().bearer("kept");
    block_on(guard.check(&mut checked)).unwrap();
    asked.store(7, Ordering::Relaxed);
    let mut nested = checked.clone();
    block_on(guard.check(&mut nested)).unwrap();
    for checked in [checked, nested] {
        assert_eq!(inside(checked.clone()).unwrap().subject(), "alice");
        assert_eq!(asked.load(Ordering::Relaxed), 7, "not asked again");
        for other in ["lost", "bad"] {
            assert!(inside(plain().bearer(other).made_of(&checked)).is_err(), "{other}");
        }
        asked.store(7, Ordering::Relaxed);
    }
}

#[test]
fn nested_guards_accumulate_from_the_outermost() {
    struct C;
    impl RequiredScopes for C {
        const SCOPES: &'static [Scope] = &[Scope::from_static("c"), Scope::from_static("a")];
    }
    let authenticator = Authenticator::new(Counting::now());
    let [outer, inner] = ["a", "b"].map(|name| Guard::new(authenticator.clone()).require(scope(name)));
    let inside = check(&outer, &plain().bearer("a")).unwrap();
    let refused = check(&inner, &inside).unwrap_err();
    assert_eq!(challenge(&refused), r#"Bearer error="insufficient_scope", scope="a b""#);

    let innermost = check(&inner, &check(&outer, &plain().bearer("a_b")).unwrap()).unwrap();
    let user = block_on(authenticator.authenticate::<NoClaims>(&innermost)).unwrap();
    for refused in [user.require(&scope("c").and(scope("a"))), user.require_scopes::<C>()] {
        let expected = r#"Bearer error="insufficient_scope", scope="a b c""#;
        assert_eq!(challenge(&refused.unwrap_err()), expected);
    }
    let role = user.require(&Policy::role("admin")).unwrap_err();
    assert_eq!(challenge(&role), r#"Bearer error="insufficient_scope""#, "scopes would not have sufficed");
}

#[test]
fn a_guard_lets_anonymous_callers_in_only_where_it_says_so_and_demands_nothing() {
    let authenticator = Authenticator::new(Counting::now());
    let optional = Guard::new(authenticator.clone()).optional();
    let found = |request: TestRequest| {
        extract_from_guard::<Option<Authenticated>>(&check(&optional, &request).unwrap()).unwrap()
    };
    assert!(found(plain()).is_none());
    assert_eq!(found(plain().bearer("a")).unwrap().subject(), "alice");
    assert_eq!(reason(check(&optional, &plain().bearer("bad"))), Some(Reason::Invalid));
    assert_eq!(reason(check(&optional, &plain().authorization("Bearer"))), Some(Reason::Malformed));

    for demanding in
        [optional.clone().require(scope("a")), Guard::new(authenticator).require(scope("a")).optional()]
    {
        assert_eq!(reason(check(&demanding, &plain())), Some(Reason::Missing));
        assert_eq!(reason(check(&demanding, &plain().bearer("b"))), Some(Reason::Insufficient));
    }
}

#[test]
fn a_preflight_is_let_through_only_when_asked_for() {
    let preflight = TestRequest::new("OPTIONS", "/")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST");
    let guard = Guard::new(Authenticator::new(Counting::now())).require(scope("a"));
    assert_eq!(reason(check(&guard, &preflight)), Some(Reason::Missing));

    let guard = guard.allow_cors_preflight();
    let inside = check(&guard, &preflight).unwrap();
    assert!(extract_from_guard::<Option<Authenticated>>(&inside).unwrap().is_none());
    let refused = extract_from_guard::<Authenticated>(&inside).unwrap_err();
    assert_eq!(refused.reason(), Reason::Missing);
    for other in [
        TestRequest::new("OPTIONS", "/"),
        TestRequest::new("OPTIONS", "/").header("origin", "https://app.example"),
        TestRequest::new("OPTIONS", "/").header("access-control-request-method", "POST"),
        TestRequest::new("options", "/").header("origin", "o").header("access-control-request-method", "GET"),
        TestRequest::get("/").header("origin", "o").header("access-control-request-method", "GET"),
    ] {
        assert_eq!(reason(check(&guard, &other)), Some(Reason::Missing), "{other:?}");
    }
    assert_eq!(reason(check(&guard, &preflight.clone().bearer("bad"))), Some(Reason::Invalid));
    assert_eq!(reason(check(&guard, &preflight.bearer("b"))), Some(Reason::Insufficient));
}

#[test]
fn a_predicate_that_panics_is_no_yes() {
    let authenticator = Authenticator::new(Counting::now());
    let broken = || Policy::predicate("broken", |_| panic!("canary"));
    for policy in [broken(), !broken(), scope("b").or(broken())] {
        let guard = Guard::new(authenticator.clone()).require(policy.clone());
        assert_eq!(reason(check(&guard, &plain().bearer("a"))), Some(Reason::Misconfigured), "{policy:?}");
    }
    // Asked only when the scopes are looked for that would have sufficed.
    let late = !scope("a").and(broken());
    let guard = Guard::new(authenticator).require(scope("b").and(late));
    assert_eq!(reason(check(&guard, &plain().bearer("a"))), Some(Reason::Insufficient));
}

#[test]
fn a_verdict_that_is_there_at_once_is_the_one_that_is_waited_for() {
    for (verifier, at_once) in [(Counting::default(), false), (Counting::now(), true)] {
        let authenticator = Authenticator::new(verifier);
        for request in [
            plain(),
            plain().bearer("a"),
            plain().bearer("bad"),
            plain().authorization("Bearer"),
            plain().authorization("Basic x"),
        ] {
            let subject = |user: &Authenticated| user.subject().to_owned();
            let waited = block_on(authenticator.authenticate(&request)).map(|user| subject(&user));
            let optional = block_on(authenticator.authenticate_optional(&request));
            let optional = optional.map(|user| user.as_ref().map(subject));
            let now = extract_now::<Authenticated>(&authenticator, &mut request.clone());
            let optional_now = extract_now::<Option<Authenticated>>(&authenticator, &mut request.clone());
            // Without a token that could be good there is nothing to wait for.
            let has_token =
                waited.is_ok() || waited.as_ref().is_err_and(|error| error.reason() == Reason::Invalid);
            assert_eq!(now.is_some(), at_once || !has_token, "{request:?}");
            assert_eq!(optional_now.is_some(), now.is_some(), "{request:?}");
            if let (Some(now), Some(optional_now)) = (now, optional_now) {
                assert_eq!(now.map(|user| subject(&user)), waited, "{request:?}");
                assert_eq!(optional_now.map(|user| user.as_ref().map(subject)), optional, "{request:?}");
            }
        }
    }
}

/// However many extractors and guards ask, in whatever order.
#[test]
fn a_request_is_verified_once() {
    struct A;
    impl RequiredScopes for A {
        const SCOPES: &'static [Scope] = &[Scope::from_static("a")];
    }
    for verifier in [Counting::default(), Counting::now()] {
        let asked = verifier.asked.clone();
        let authenticator = Authenticator::new(verifier);
        let mut request = plain().bearer("a");
        let user: Authenticated = block_on(extract(&authenticator, &mut request)).unwrap();
        assert_eq!(user.subject(), "alice");
        let user: Option<Authenticated> = block_on(extract(&authenticator, &mut request)).unwrap();
        assert!(user.is_some());
        let scoped: Scoped<A> = block_on(extract(&authenticator, &mut request)).unwrap();
        assert_eq!(scoped.into_inner().subject(), "alice");
        assert!(extract_now::<Authenticated>(&authenticator, &mut request).unwrap().is_ok());
        let request = check(&Guard::new(authenticator.clone()).require(scope("a")), &request).unwrap();
        assert!(extract_from_guard::<Authenticated>(&request).is_ok());
        assert_eq!(asked.load(Ordering::Relaxed), 1);

        let mut other = plain().bearer("b").made_of(&request);
        let refused = block_on(extract::<Scoped<A>>(&authenticator, &mut other)).unwrap_err();
        assert_eq!(refused.reason(), Reason::Insufficient, "of another token, that is asked for itself");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}

#[test]
fn a_token_is_extracted_unverified() {
    let authenticator = Authenticator::new(Counting::default());
    let mut request = plain().bearer("bad");
    let token: BearerToken = extract_now(&authenticator, &mut request).unwrap().unwrap();
    assert_eq!(token.as_str(), "bad");
    for (request, reason) in
        [(plain(), Reason::Missing), (plain().authorization("Bearer"), Reason::Malformed)]
    {
        let refused = block_on(extract::<BearerToken>(&authenticator, &mut request.clone())).unwrap_err();
        assert_eq!(refused.reason(), reason);
    }
}

#[test]
fn what_a_guard_has_found_is_had_without_an_authenticator() {
    struct A;
    impl RequiredScopes for A {
        const SCOPES: &'static [Scope] = &[Scope::from_static("a")];
    }
    for verifier in [Counting::default(), Counting::now()] {
        let authenticator = Authenticator::new(verifier).with_realm("r").unwrap();
        let guard = Guard::new(authenticator.clone()).require(scope("b"));
        let inside = check(&guard, &plain().bearer("b")).unwrap();
        assert_eq!(extract_from_guard::<Authenticated>(&inside).unwrap().subject(), "alice");
        assert!(extract_from_guard::<Option<Authenticated>>(&inside).unwrap().is_some());
        assert_eq!(extract_from_guard::<BearerToken>(&inside).unwrap().as_str(), "b");
        let refused = extract_from_guard::<Scoped<A>>(&inside).unwrap_err();
        assert_eq!(challenge(&refused), r#"Bearer realm="r", error="insufficient_scope", scope="b a""#);

        // Nobody has judged these as they are.
        let optional = check(&Guard::new(authenticator.clone()).optional(), &plain()).unwrap();
        let mut extracted = plain().bearer("b");
        block_on(extract::<Authenticated>(&authenticator, &mut extracted)).unwrap();
        for request in [
            plain(),
            plain().bearer("b"),
            plain().bearer("a").made_of(&inside),
            plain().bearer("bad").made_of(&inside),
            plain().made_of(&inside),
            plain().bearer("bad").made_of(&optional),
            plain().authorization("Bearer").made_of(&optional),
            extracted,
        ] {
            for refused in [
                extract_from_guard::<Authenticated>(&request).err(),
                extract_from_guard::<Option<Authenticated>>(&request).err(),
                extract_from_guard::<Scoped<A>>(&request).err(),
                extract_from_guard::<BearerToken>(&request).err(),
            ] {
                assert_eq!(refused.unwrap().reason(), Reason::Misconfigured, "{request:?}");
            }
        }
    }
}

/// Another finding may be of a token that the innermost guard has not judged.
#[test]
fn no_other_finding_stands_in_for_that_of_the_guard() {
    for verifier in [Counting::default(), Counting::now()] {
        let authenticator = Authenticator::new(verifier);
        let admin = Guard::new(authenticator.clone()).require(scope("admin"));

        let inside = check(&admin, &plain().bearer("admin")).unwrap();
        let mut swapped = plain().bearer("peon").made_of(&inside);
        block_on(extract::<Authenticated>(&authenticator, &mut swapped)).unwrap();

        let outer = check(&Guard::new(authenticator.clone()), &plain().bearer("peon")).unwrap();
        let inner = check(&admin, &plain().bearer("admin").made_of(&outer)).unwrap();
        let back = plain().bearer("peon").made_of(&inner);
        for request in [swapped, back] {
            assert_eq!(extract_from_guard::<BearerToken>(&request).unwrap_err().status(), 500);
            assert_eq!(extract_from_guard::<Authenticated>(&request).unwrap_err().status(), 500);
        }
        assert_eq!(extract_from_guard::<BearerToken>(&inner).unwrap().as_str(), "admin", "the twin");
    }
}

/// A verifier that exchanges an opaque token for a JWT yields a token that knows another text than was sent.
#[test]
fn a_finding_is_of_what_was_sent_and_not_of_what_it_was_exchanged_for() {
    struct Exchange(JwtVerifier, String, Arc<AtomicUsize>);
    #[async_trait]
    impl TokenVerifier for Exchange {
        async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
            self.2.fetch_add(1, Ordering::Relaxed);
            match token {
                "opaque" => Ok(self.0.verify_jwt(&self.1)?),
                _ => Err(VerifyError::UnknownToken.into()),
            }
        }
    }
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let (jwt, asked) = (issuer.good("alice"), Arc::new(AtomicUsize::new(0)));
    let verifier = Exchange(issuer.verifier().build().unwrap(), jwt.clone(), asked.clone());
    let authenticator = Authenticator::new(verifier);
    let mut inside = plain().bearer("opaque");
    block_on(Guard::new(authenticator.clone()).check(&mut inside)).unwrap();
    assert_eq!(block_on(authenticator.authenticate::<NoClaims>(&inside)).unwrap().subject(), "alice");
    assert_eq!(extract_from_guard::<BearerToken>(&inside).unwrap().as_str(), "opaque");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let inner = plain().bearer(&jwt).made_of(&inside);
    assert!(block_on(authenticator.authenticate::<NoClaims>(&inner)).is_err());
    assert!(extract_from_guard::<Authenticated>(&inner).is_err());
}

#[test]
fn of_nested_guards_the_innermost_has_found_it() {
    let guard = |realm| Guard::new(Authenticator::new(Counting::now()).with_realm(realm).unwrap());
    let inside = check(&guard("inner"), &check(&guard("outer"), &plain().bearer("a")).unwrap()).unwrap();
    let user: Authenticated = extract_from_guard(&inside).unwrap();
    let refused = user.require(&scope("b")).unwrap_err();
    assert_eq!(challenge(&refused), r#"Bearer realm="inner", error="insufficient_scope", scope="b""#);
}

/// An optional guard, or one that lets a preflight through, forgets nothing of the guards around it.
#[test]
fn a_guard_that_lets_nobody_in_particular_through_keeps_what_others_found() {
    let [token, other] = [Counting::now(), Counting::now()].map(Authenticator::new);
    let outer = check(&Guard::new(token.clone()).require(scope("a")), &plain().bearer("a_b")).unwrap();
    let stripped = check(&Guard::new(other).optional(), &plain().made_of(&outer)).unwrap();
    let back = plain().bearer("a_b").made_of(&stripped);
    let user = block_on(token.authenticate::<NoClaims>(&back)).unwrap();
    let refused = user.require(&scope("c")).unwrap_err();
    assert_eq!(challenge(&refused), r#"Bearer error="insufficient_scope", scope="a c""#);
}

#[test]
fn debug_shows_no_claim() {
    struct Canary;
    impl RequiredScopes for Canary {
        const SCOPES: &'static [Scope] = &[Scope::from_static("canary")];
    }
    let guard = Guard::new(Authenticator::new(Counting::now())).require(scope("canary"));
    let scoped: Scoped<Canary> =
        extract_from_guard(&check(&guard, &plain().bearer("canary")).unwrap()).unwrap();
    assert_eq!(format!("{scoped:?}"), "Scoped(<redacted>)");
    assert!(format!("{guard:?}").contains("Policy(scope canary)"));
}

/// A token in the cache is one for all authenticators with its verifier; each refuses in its own words.
#[test]
fn each_authenticator_refuses_in_its_own_words() {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let plain = issuer.authenticator();
    let [one, other] = ["one", "other"].map(|realm| plain.with_realm(realm).unwrap());
    let request = TestRequest::get("/").bearer(&issuer.good("alice"));
    for _ in 0..2 {
        for (authenticator, realm) in
            [(&one, r#"realm="one", "#), (&other, r#"realm="other", "#), (&plain, "")]
        {
            let expected = format!(r#"Bearer {realm}error="insufficient_scope", scope="a""#);
            let user = block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
            assert_eq!(challenge(&user.require(&scope("a")).unwrap_err()), expected);
            let guard = Guard::new(authenticator.clone());
            assert_eq!(
                challenge(&check(&guard.clone().require(scope("a")), &request).unwrap_err()),
                expected
            );
            // Within a guard of another one.
            for outer in [&one, &other, &plain] {
                let inside = check(&Guard::new(outer.clone()), &request).unwrap();
                let user = block_on(authenticator.authenticate::<NoClaims>(&inside)).unwrap();
                assert_eq!(challenge(&user.require(&scope("a")).unwrap_err()), expected);
            }
        }
    }
}
