//! What the log tells of refusals where credentials come from elsewhere than the Authorization field.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use auth_core::{Authenticator, CredentialSource, NoClaims};
use auth_testing::{TestIssuer, TestRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Stands in requests wherever there is room for it, and never in the log.
const CANARY: &str = "canary";

thread_local! {
    /// Of the test that runs in this thread.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged meanwhile at DEBUG, for all of this file's tests.
fn logged(run: impl FnOnce()) -> String {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false);
        subscriber.with_writer(|| Log).init();
    });
    LOG.take();
    run();
    String::from_utf8(LOG.take()).unwrap()
}

/// The one line about the refusal of a request.
#[track_caller]
fn refusal(authenticator: &Authenticator, request: &TestRequest) -> String {
    let log = logged(|| {
        let verdict = futures_executor::block_on(authenticator.authenticate::<NoClaims>(request));
        assert!(verdict.is_err(), "let in");
    });
    assert!(!log.contains(CANARY) && !log.contains(&STANDARD.encode(CANARY)[..8]), "{log}");
    assert_eq!(log.lines().count(), 1, "{log}");
    log
}

fn with(sources: impl IntoIterator<Item = CredentialSource>) -> Authenticator {
    TestIssuer::default().authenticator().with_credential_sources(sources).unwrap()
}

fn get() -> TestRequest {
    TestRequest::get("/canary")
}

#[test]
fn where_the_token_is_expected() {
    let authenticator = with([CredentialSource::Bearer, CredentialSource::cookie("access")]);
    let expected = "the token is expected in `Authorization: Bearer <token>` or the cookie `access`";
    for (request, what) in [
        (get(), "reason=Missing hint=the token"),
        (get().cookie("canary", "canary"), "reason=Missing hint=the token"),
        (
            get().authorization("Digest canary"),
            "hint=the Authorization field has a scheme that is not read here: ",
        ),
        (TestRequest::get("/?access_token=canary"), "hint=an `access_token` stands in the query"),
    ] {
        let line = refusal(&authenticator, &request);
        assert!(line.contains(what) && line.contains(expected), "{line}");
    }
}

#[test]
fn which_rule_malformed_credentials_break() {
    use CredentialSource::{Basic, Bearer, WebSocketProtocol};
    let authenticator = with([
        Bearer,
        Basic,
        CredentialSource::cookie("access"),
        CredentialSource::header("X-API-Key"),
        WebSocketProtocol,
    ]);
    let basic = |user_pass: &str| get().authorization(format!("Basic {}", STANDARD.encode(user_pass)));
    let socket = |value: &str| get().header("sec-websocket-protocol", value.to_owned());
    for (request, what) in [
        (
            get().cookie("access", "canary").cookie("access", "canary"),
            "the cookie `access`: the cookie is there twice",
        ),
        (get().cookie("access", "\"canary\""), "the cookie `access`: the token stands in quotation marks"),
        (get().cookie("access", ""), "the cookie `access`: it is empty"),
        (get().cookie("access ", "canary"), "the cookie `access`: no `=` stands directly behind"),
        (
            get().cookie("access", "can,ary"),
            "the cookie `access`: a character stands in it that no token has",
        ),
        (
            get().header("x-api-key", "Bearer canary"),
            "the field `x-api-key`: the word `Bearer` stands before",
        ),
        (get().header("x-api-key", "canary").header("x-api-key", "canary"), "the field is there twice"),
        (socket("bearer.canary, bearer.canary"), "more than one subprotocol begins with `bearer.`"),
        (socket("Bearer.canary"), "`bearer.` has to be written in lower case"),
        (socket("bearer."), "bearer.<token>`: it is empty"),
        (basic("canary"), "no colon stands between"),
        (basic("canary:"), "the password is empty: the token is the password"),
        (basic("canary:can ary"), "a character stands in the password"),
        (basic("canary:canary\n"), "a control character stands in user name or password"),
        (get().authorization("Basic canary"), "is not base64 with its padding"),
        (get().authorization("Bearer can ary"), "a space"),
        (
            get().bearer("canary").cookie("access", "canary"),
            "credentials stand in several places, and which ones count is not for a server to choose: \
             `Authorization: Bearer <token>` and the cookie `access`; send them in one",
        ),
        (
            TestRequest::get("/?access_token=canary").cookie("access", "canary"),
            "the query has an access_token beside",
        ),
    ] {
        let line = refusal(&authenticator, &request);
        let what = if what == "a space" { "more than one word stands behind `Bearer`" } else { what };
        assert!(line.contains("reason=Malformed") && line.contains(what), "{what}: {line}");
    }
}

#[test]
fn why_a_cookie_of_another_site_was_refused() {
    let authenticator = with([CredentialSource::cookie("access")]);
    let post =
        || TestRequest::new("POST", "/canary").cookie("access", "canary").header("host", "api.example");
    let trust = "name the page's origin by `Authenticator::with_trusted_origins`";
    for (request, what, advice) in [
        (post().header("sec-fetch-site", "cross-site"), "(`cross-site`)", trust),
        (post().header("sec-fetch-site", "same-site"), "(`same-site`)", trust),
        (post().header("sec-fetch-site", "canary"), "says something that no browser says", ""),
        (post().header("origin", "https://canary.example"), "Origin names another host or port", trust),
        (post().header("origin", "null"), "Origin is `null`", ""),
        (post(), "neither Sec-Fetch-Site nor Origin", "has to send `Origin`"),
        (post().header("host", "canary").header("origin", "https://canary"), "exactly one Host field", ""),
        (post().header("origin", "null").header("origin", "null"), "several Origin fields", ""),
        (
            post().header("sec-fetch-site", "none").header("sec-fetch-site", "none"),
            "several Sec-Fetch-Site",
            "",
        ),
    ] {
        let line = refusal(&authenticator, &request);
        assert!(
            line.contains("reason=CrossSite") && line.contains(what) && line.contains(advice),
            "{what}: {line}"
        );
    }
}

#[test]
fn an_accepted_token_says_where_it_was() {
    let issuer = TestIssuer::default();
    let authenticator =
        issuer.authenticator().with_credential_sources([CredentialSource::cookie("access")]).unwrap();
    let request = get().cookie("access", &issuer.good(CANARY));
    let log = logged(|| {
        futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
    });
    assert!(log.contains("token accepted") && log.contains("source=the cookie `access`"), "{log}");
    assert!(!log.contains(CANARY), "{log}");
}
