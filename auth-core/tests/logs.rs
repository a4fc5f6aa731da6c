//! What is logged, and how loudly. One test, alone in its process: `tracing` remembers across threads which
//! log lines nobody wants.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io;
use std::sync::{Arc, Mutex};

use auth_core::adapter::{Guard, extract_from_guard, extract_user};
use auth_core::{
    Algorithm, Authenticated, Authenticator, JwtVerifier, NoClaims, Policy, StoreFailure, TokenVerifier,
    UserLookup, UserStore, VerifiedToken, VerifierChain, VerifyError, VerifyFailure, async_trait,
};
use auth_testing::{TestIssuer, TestRequest};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Table;

#[async_trait]
impl TokenVerifier for Table {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "good" => Ok(VerifiedToken::assert_verified(serde_json::json!({"sub": "alice"}))?),
            "panic" => panic!("the verifier is broken"),
            "down" => Err(VerifyError::Unavailable { retry_after: None }.into()),
            _ => Err(VerifyError::Expired.into()),
        }
    }
}

#[derive(serde::Deserialize)]
struct Tenant {
    #[allow(dead_code, reason = "only deserialized")]
    tenant: String,
}

#[test]
fn a_refusal_is_logged_at_the_level_of_whose_fault_it_is() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone());
    let taken = || String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
    let authenticator = Authenticator::new(Table);
    let demand = |request: TestRequest| {
        let _ = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
        taken()
    };

    tracing::subscriber::with_default(subscriber.finish(), || {
        for (value, level, reason, cause) in [
            ("Basic x", "DEBUG", "Missing", ""),
            ("Bearer", "DEBUG", "Malformed", ""),
            ("Bearer old", "DEBUG", "Invalid", "the token has expired"),
            ("Bearer down", "WARN", "Unavailable", "no verdict can be had now"),
            ("Bearer panic", "ERROR", "Misconfigured", "it panicked"),
        ] {
            let log = demand(TestRequest::get("/").authorization(value));
            assert!(log.contains(level) && log.contains(reason) && log.contains(cause), "{value}: {log}");
            assert_eq!(log.lines().count(), 1, "{log}");
        }
        let log = demand(TestRequest::get("/").bearer("good"));
        assert!(log.contains("DEBUG") && log.contains("token accepted"), "{log}");
        assert!(!log.contains("alice"), "{log}");
        let log = demand(TestRequest::get("/?access_token=x").bearer("good"));
        assert!(log.contains("the query has an access_token"), "{log}");

        let anonymous = TestRequest::get("/");
        let _ = futures_executor::block_on(authenticator.authenticate_optional::<NoClaims>(&anonymous));
        assert_eq!(taken(), "", "an anonymous caller is not refused");

        let good = TestRequest::get("/").bearer("good");
        let _ = futures_executor::block_on(authenticator.authenticate::<Tenant>(&good));
        let log = taken();
        assert!(log.contains("WARN") && log.contains("Tenant: `tenant` is missing"), "{log}");

        let user = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&good)).unwrap();
        taken();
        user.require(&Policy::role("admin")).unwrap_err();
        let log = taken();
        assert!(log.contains("DEBUG") && log.contains("Insufficient") && log.contains("role admin"), "{log}");
        assert_eq!(user.require(&Policy::predicate("canary", |_| panic!())).unwrap_err().status(), 500);
        let log = taken();
        assert!(log.contains("ERROR") && log.contains("canary") && log.contains("panicked"), "{log}");

        for (store, level, cause) in [
            (Store::Knows(UserLookup::Unknown), "DEBUG", "no such user"),
            (Store::Knows(UserLookup::Inactive), "DEBUG", "the user is inactive"),
            (Store::Fails, "WARN", "the disk is full"),
            (Store::Panics, "ERROR", "panicked"),
        ] {
            let loading = async { extract_user(&user, &mut good.clone(), &Arc::new(store)).await };
            futures_executor::block_on(loading).unwrap_err();
            let log = taken();
            assert!(log.contains(level) && log.contains(cause), "{log}");
            assert_eq!(log.lines().count(), 1, "{log}");
            assert!(!log.contains("alice"), "{log}");
        }

        extract_from_guard::<Authenticated>(&TestRequest::get("/orders?page=2")).unwrap_err();
        let log = taken();
        assert!(
            log.contains("ERROR") && log.contains("AuthLayer") && log.contains("path=\"/orders\""),
            "{log}"
        );

        skipped_keys(&taken);
        keys_and_issuers(&taken);
        subjects(&taken);
    });
}

enum Store {
    Knows(UserLookup<()>),
    Fails,
    Panics,
}

#[async_trait]
impl UserStore for Store {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        match self {
            Self::Knows(lookup) => Ok(*lookup),
            Self::Fails => Err(io::Error::other("the disk is full").into()),
            Self::Panics => panic!("the store is broken"),
        }
    }
}

/// A key for another use is no fault of the set; any other that is skipped may be.
fn skipped_keys(taken: &dyn Fn() -> String) {
    let issuer = TestIssuer::new(Algorithm::Es256);
    for (member, value, level) in [
        ("use", "enc", "DEBUG"),
        ("use", "x509-svid", "DEBUG"),
        ("use", "jwt-svid", "DEBUG"),
        ("d", "AAAA", "WARN"),
        ("alg", "ES384", "WARN"),
        ("kty", "canary", "WARN"),
    ] {
        let mut other = issuer.jwk();
        other.as_object_mut().unwrap().insert(member.to_owned(), value.into());
        let set = serde_json::json!({"keys": [other, issuer.jwk()]}).to_string();
        let builder = JwtVerifier::builder().issuer("i").audience("a").jwks(set);
        assert_eq!(builder.build().unwrap().skipped_keys().len(), 1);
        let log = taken();
        assert!(log.contains(level) && log.contains("index=0") && log.lines().count() == 1, "{log}");
        assert!(!log.contains("canary"), "{log}");
    }
}

/// Every line tells by which key and which verifier of a chain.
fn keys_and_issuers(taken: &dyn Fn() -> String) {
    let [first, second] = ["https://one.example", "https://two.example"]
        .map(|issuer| TestIssuer::new(Algorithm::Es256).issuer(issuer).kid(issuer));
    let verifier = |issuer: &TestIssuer| issuer.verifier().build().unwrap();
    let chain = || VerifierChain::new(verifier(&first)).or(verifier(&second));
    let single = TestIssuer::new(Algorithm::Hs256).kid("the key");
    let of = |issuer: &TestIssuer| verifier(issuer);

    let log = |authenticator: &Authenticator, token: &str| {
        let request = TestRequest::get("/").bearer(token);
        let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
        if let Ok(user) = verdict {
            let accepted = taken();
            user.require(&Policy::role("admin")).unwrap_err();
            return accepted + &taken();
        }
        taken()
    };
    let chained = Authenticator::new(chain());
    let alone = Authenticator::new(of(&single));
    for (authenticator, token, outcome, key_id, issuer) in [
        (&chained, first.good("alice"), "token accepted", "https://one.example", Some(0)),
        (&chained, second.good("alice"), "token accepted", "https://two.example", Some(1)),
        (&chained, second.good("alice"), "token accepted", "https://two.example", Some(1)),
        (&chained, first.expired("alice"), "expired", "https://one.example", Some(0)),
        (&chained, second.bad_signature("alice"), "signature", "https://two.example", Some(1)),
        (&alone, single.good("alice"), "token accepted", "the key", None),
        (&alone, single.good("alice"), "token accepted", "the key", None),
        (&alone, single.expired("alice"), "expired", "the key", None),
        (&alone, single.bad_signature("alice"), "signature", "the key", None),
    ] {
        let log = log(authenticator, &token);
        assert!(log.contains(outcome), "{log}");
        for line in log.lines() {
            assert!(line.contains(&format!("key_id=\"{key_id}\"")), "{log}");
            match issuer {
                Some(place) => assert!(line.contains(&format!("issuer={place}")), "{log}"),
                None => assert!(!line.contains("issuer="), "{log}"),
            }
        }
        assert!(!log.contains("alice"), "{log}");
    }
    let unknown = log(&alone, &single.token("alice").header("kid", "canary").sign());
    assert!(
        unknown.contains("no key") && !unknown.contains("canary") && !unknown.contains("key_id"),
        "{unknown}"
    );
    let guard = Guard::new(chained).require(Policy::role("admin"));
    let mut request = TestRequest::get("/").bearer(&second.good("alice"));
    assert!(guard.check_now(&mut request).unwrap().is_err());
    let log = taken();
    assert!(log.lines().count() == 2 && log.matches("issuer=1").count() == 2, "{log}");
}

/// The subject is told only where it was asked for.
fn subjects(taken: &dyn Fn() -> String) {
    let request = TestRequest::get("/").bearer("good");
    for (authenticator, told) in
        [(Authenticator::new(Table), false), (Authenticator::new(Table).with_subject_in_spans(), true)]
    {
        let log = |span: tracing::Span| {
            span.in_scope(|| {
                let _ = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request));
                taken();
                tracing::info!("in the handler");
            });
            taken()
        };
        let declared = log(tracing::info_span!("request", subject = tracing::field::Empty));
        assert!(declared.contains("in the handler"));
        assert_eq!(declared.contains("subject=\"alice\""), told, "{declared}");
        let other = log(tracing::info_span!("request"));
        assert!(!other.contains("alice"), "{other}");
    }
}
