//! What is logged of refusals where DEBUG is not enabled. One test, alone in its process: `tracing` remembers across
//! threads which log lines nobody wants.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::io;
use std::sync::{Arc, Mutex};

use allocation_counter::measure;
use auth_core::adapter::extract_user;
use auth_core::{
    Algorithm, Authenticator, NoClaims, Policy, StoreFailure, TokenVerifier, UserLookup, UserStore,
    VerifiedToken, VerifyError, VerifyFailure, async_trait,
};
use auth_testing::{TestIssuer, TestRequest};
use serde_json::json;
use tracing::Level;

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

/// What is logged meanwhile, by a subscriber that takes this level and those above.
fn logged(level: Level, run: impl FnOnce()) -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(level).with_ansi(false);
    tracing::subscriber::with_default(subscriber.with_writer(move || writer.clone()).finish(), run);
    String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap()
}

fn refuse(authenticator: &Authenticator, request: &TestRequest) {
    let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(request));
    assert!(verdict.is_err(), "let in");
}

#[test]
fn the_first_refusal_of_each_kind_is_visible() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    kinds(&issuer);
    sharing(&issuer);
    listeners(&issuer);
    later_in_a_request(&issuer);
    loud_ones();
    claims_of_another_type(&issuer);
    memory(&issuer);
}

/// Each first line is there with all that a line tells, and what to do to see more; a second is not.
fn kinds(issuer: &TestIssuer) {
    let authenticator = issuer.authenticator();
    let bearer = |token: String| TestRequest::get("/").bearer(&token);
    let draft = || issuer.token("canary").claim("jti", "canary");
    let seen: Vec<_> = [
        (TestRequest::get("/"), "INFO", "Missing"),
        (TestRequest::get("/?access_token=canary"), "INFO", "`access_token` stands in the query"),
        (bearer("canary canary".into()), "INFO", "more than one word"),
        (bearer(issuer.expired("canary")), "INFO", "the token has expired"),
        (bearer(issuer.not_yet_valid("canary")), "INFO", "not valid yet"),
        (bearer("canary".into()), "WARN", "opaque"),
        (bearer("canary".repeat(2000)), "WARN", "8192 bytes are accepted"),
        (bearer(issuer.sign_raw("canary", "canary")), "WARN", "one JSON object"),
        (bearer(draft().header("alg", "none").sign()), "WARN", "header parameter `alg`"),
        (bearer(draft().header("typ", "canary").sign()), "WARN", "header parameter `typ`"),
        (bearer(draft().header("kid", "canary").sign()), "WARN", "no key has the token's `kid`"),
        (bearer(issuer.bad_signature("canary")), "WARN", "the signature does not verify"),
        (bearer(draft().claim("iss", "canary").sign()), "WARN", "another issuer"),
        (bearer(issuer.wrong_audience("canary")), "WARN", "another audience"),
        (bearer(draft().without_claim("exp").sign()), "WARN", "claim `exp` is missing"),
        (bearer(draft().without_claim("sub").sign()), "WARN", "claim `sub` is missing"),
        (bearer(draft().claim("exp", "canary").sign()), "WARN", "claim `exp` has a wrong type"),
        (bearer(draft().claim("cnf", json!({"jkt": "canary"})).sign()), "WARN", "bound to a key"),
    ]
    .into_iter()
    .map(|(request, level, words)| {
        let first = logged(Level::INFO, || refuse(&authenticator, &request));
        assert!(first.contains(level) && first.contains(words), "{words}: {first}");
        assert!(first.contains("request refused (the first of its kind; set auth_core=debug"), "{first}");
        assert!(first.lines().count() == 1 && !first.contains("canary"), "{first}");
        request
    })
    .collect();
    let again = logged(Level::INFO, || {
        seen.iter().for_each(|request| refuse(&authenticator, request));
        refuse(&authenticator, &bearer("another".into()));
    });
    assert_eq!(again, "", "all were told of within this minute");
}

/// Clones of an authenticator are one in this, also with another realm or hook. Another authenticator is another.
fn sharing(issuer: &TestIssuer) {
    let request = TestRequest::get("/");
    let authenticator = issuer.authenticator();
    let lines = |authenticator: &Authenticator| {
        logged(Level::INFO, || refuse(authenticator, &request)).lines().count()
    };
    let clone = authenticator.clone();
    assert_eq!(lines(&clone), 1);
    assert_eq!(lines(&authenticator), 0);
    assert_eq!(lines(&authenticator.with_realm("the api").unwrap()), 0);
    assert_eq!(lines(&authenticator.with_rejection_body(|_| auth_core::RejectionBody::empty())), 0);
    assert_eq!(lines(&issuer.authenticator()), 1);
}

/// A line that nobody could see is not told of.
fn listeners(issuer: &TestIssuer) {
    let (missing, opaque) = (TestRequest::get("/"), TestRequest::get("/").bearer("canary"));
    let authenticator = issuer.authenticator();
    let both = || [&missing, &opaque].into_iter().for_each(|request| refuse(&authenticator, request));
    both();
    assert_eq!(logged(Level::ERROR, both), "");
    let debug = logged(Level::DEBUG, || {
        both();
        both();
    });
    assert!(debug.lines().count() == 4 && debug.lines().all(|line| line.contains("DEBUG")), "{debug}");
    assert!(!debug.contains("of its kind"), "{debug}");
    let warn = logged(Level::WARN, both);
    assert!(warn.lines().count() == 1 && warn.contains("opaque"), "{warn}");
    let info = logged(Level::INFO, both);
    assert!(info.lines().count() == 1 && info.contains("INFO") && info.contains("Missing"), "{info}");
    assert_eq!(logged(Level::INFO, both), "");
}

struct Knows(UserLookup<()>);

#[async_trait]
impl UserStore for Knows {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        Ok(self.0)
    }
}

/// What is refused by a policy or for its user.
fn later_in_a_request(issuer: &TestIssuer) {
    let request = TestRequest::get("/").bearer(&issuer.good("canary"));
    let user = futures_executor::block_on(issuer.authenticator().authenticate::<NoClaims>(&request)).unwrap();
    let insufficient = || drop(user.require(&Policy::role("admin")).unwrap_err());
    let first = logged(Level::INFO, insufficient);
    assert!(
        first.contains("INFO") && first.contains("Insufficient") && first.contains("role admin"),
        "{first}"
    );
    assert!(first.contains("no claim `roles`") && first.contains("set auth_core=debug"), "{first}");
    assert_eq!(logged(Level::INFO, insufficient), "");
    for (lookup, words) in [(UserLookup::Unknown, "no such user"), (UserLookup::Inactive, "is inactive")] {
        let load = || {
            let loading = async { extract_user(&user, &mut request.clone(), &Arc::new(Knows(lookup))).await };
            futures_executor::block_on(loading).unwrap_err();
        };
        let first = logged(Level::INFO, load);
        assert!(first.contains("INFO") && first.contains(words) && !first.contains("canary"), "{first}");
        assert!(first.lines().count() == 1 && first.contains("set auth_core=debug"), "{first}");
        assert_eq!(logged(Level::INFO, load), "");
    }
}

struct Down;

#[async_trait]
impl TokenVerifier for Down {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyFailure> {
        match token {
            "down" => Err(VerifyError::Unavailable { retry_after: None }.into()),
            _ => Err(VerifyError::Misconfigured("wired wrongly").into()),
        }
    }
}

/// What was at WARN or ERROR anyhow has its line each time.
fn loud_ones() {
    let authenticator = Authenticator::new(Down);
    for (token, level) in [("down", "WARN"), ("other", "ERROR")] {
        for _ in 0..2 {
            let request = TestRequest::get("/").bearer(token);
            let log = logged(Level::INFO, || refuse(&authenticator, &request));
            assert!(log.contains(level) && log.lines().count() == 1, "{log}");
            assert!(!log.contains("of its kind"), "{log}");
        }
    }
}

#[derive(serde::Deserialize)]
struct Tenant {
    #[allow(dead_code, reason = "only deserialized")]
    tenant: String,
}

/// At WARN, whatever is enabled; and where DEBUG is not, anyone with a good token could fill a disk.
fn claims_of_another_type(issuer: &TestIssuer) {
    let request = TestRequest::get("/").bearer(&issuer.good("canary"));
    let authenticator = issuer.authenticator();
    let lines = |level: Level| {
        let log = logged(level, || {
            for _ in 0..100 {
                futures_executor::block_on(authenticator.authenticate::<Tenant>(&request)).unwrap_err();
            }
        });
        let of_refusals = log.lines().filter(|line| line.contains("request refused")).count();
        assert!(log.lines().all(|line| !line.contains("refused") || line.contains("WARN")), "{log}");
        assert!(log.contains("`tenant` is missing") && !log.contains("canary"), "{log}");
        of_refusals
    };
    assert_eq!(lines(Level::INFO), 1);
    assert_eq!(lines(Level::DEBUG), 100);
}

/// A line that is left out takes no memory: none at all where the refusal takes none, and nowhere more than where
/// nobody listens.
fn memory(issuer: &TestIssuer) {
    // That of `issuer.authenticator()` prints why a request is refused.
    let authenticator = Authenticator::new(issuer.verifier().build().unwrap());
    let good = TestRequest::get("/").bearer(&issuer.good("alice"));
    let user = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&good)).unwrap();
    let policy = Policy::role("admin");
    let count = |request: &TestRequest| measure(|| refuse(&authenticator, request)).count_total;
    let count_policy = || measure(|| drop(user.require(&policy).unwrap_err())).count_total;
    for (request, most) in [
        (TestRequest::get("/"), 0),
        (TestRequest::get("/?access_token=x"), 0),
        (TestRequest::get("/").authorization("Basic eA=="), 0),
        (TestRequest::get("/").bearer("a b"), 0),
        (TestRequest::get("/").bearer("opaque"), 0),
        (TestRequest::get("/").bearer("a.b.c.d.e"), 0),
        (TestRequest::get("/").bearer(&issuer.bad_signature("alice")), u64::MAX),
        (TestRequest::get("/").bearer(&issuer.token("alice").header("kid", "x").sign()), u64::MAX),
        (TestRequest::get("/").bearer(&issuer.wrong_issuer("alice")), u64::MAX),
        (TestRequest::get("/").bearer(&issuer.expired("alice")), u64::MAX),
    ] {
        refuse(&authenticator, &request);
        let unheard = count(&request);
        let mut left_out = u64::MAX;
        let log = logged(Level::INFO, || {
            refuse(&authenticator, &request);
            left_out = count(&request);
        });
        assert!(log.lines().count() <= 1, "{log}");
        assert!(left_out == unheard && left_out <= most, "{left_out} pieces, {unheard} unheard: {log}");
    }
    let unheard = count_policy();
    let mut left_out = u64::MAX;
    let log = logged(Level::INFO, || {
        count_policy();
        left_out = count_policy();
    });
    assert!(left_out == unheard && log.lines().count() == 1, "{left_out} pieces, {unheard} unheard: {log}");
}
