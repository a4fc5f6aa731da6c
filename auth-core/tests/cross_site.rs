//! Which requests with a cookie count: those that a page of the application has sent.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by panicking")]

use auth_core::{Authenticator, CredentialSource, NoClaims, Reason};
use auth_testing::{TestIssuer, TestRequest};
use futures_executor::block_on;

/// What a request says about where it comes from.
type Fields<'a> = &'a [(&'static str, &'a str)];

struct Subject {
    issuer: TestIssuer,
    authenticator: Authenticator,
}

impl Subject {
    fn new() -> Self {
        let issuer = TestIssuer::default();
        let sources = [CredentialSource::Bearer, CredentialSource::cookie("access")];
        let authenticator = issuer
            .authenticator()
            .with_credential_sources(sources)
            .unwrap()
            .with_trusted_origins(["https://app.example", "http://127.0.0.1:8080"])
            .unwrap();
        Self { issuer, authenticator }
    }

    fn request(&self, method: &'static str, fields: Fields<'_>) -> TestRequest {
        let request = TestRequest::new(method, "/orders");
        fields.iter().fold(request, |request, (name, value)| request.header(name, *value))
    }

    /// Whether it is let in with a cookie. With a bearer token it always is.
    #[track_caller]
    fn counts(&self, request: &TestRequest) -> bool {
        let (good, bad) = (self.issuer.good("alice"), self.issuer.expired("alice"));
        let verdict = |request: TestRequest| {
            let verdict = block_on(self.authenticator.authenticate::<NoClaims>(&request));
            verdict.map(|_| ()).map_err(|rejection| rejection.reason())
        };
        assert_eq!(verdict(request.clone().bearer(&good)), Ok(()), "no page has somebody's bearer token");
        let without = block_on(self.authenticator.authenticate_optional::<NoClaims>(request)).unwrap();
        assert!(without.is_none(), "without a cookie there is nothing to refuse");
        match verdict(request.clone().cookie("access", &good)) {
            Ok(()) => {
                assert_eq!(verdict(request.clone().cookie("access", &bad)), Err(Reason::Invalid));
                true
            }
            Err(reason) => {
                assert_eq!(reason, Reason::CrossSite);
                // Whether the token is good is not told.
                assert_eq!(verdict(request.clone().cookie("access", &bad)), Err(Reason::CrossSite));
                false
            }
        }
    }
}

const CROSS_SITE: Fields<'_> =
    &[("host", "api.example"), ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];

#[test]
fn only_get_head_and_options_are_safe() {
    let subject = Subject::new();
    for method in ["GET", "HEAD", "OPTIONS"] {
        for fields in [CROSS_SITE, &[], &[("origin", "null")], &[("upgrade", "h2c")]] {
            assert!(subject.counts(&subject.request(method, fields)), "{method} {fields:?}");
        }
    }
    for method in ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "BREW", ""] {
        assert!(!subject.counts(&subject.request(method, CROSS_SITE)), "{method}");
        let same = [("sec-fetch-site", "same-origin")];
        assert!(subject.counts(&subject.request(method, &same)), "{method}");
    }
}

#[test]
fn a_handshake_for_a_websocket_is_not_safe() {
    let subject = Subject::new();
    for upgrade in ["websocket", "WebSocket", "h2c, websocket", "websocket/13", " websocket "] {
        let at = |rest: Fields<'_>| subject.request("GET", &[&[("upgrade", upgrade)], rest].concat());
        assert!(!subject.counts(&at(CROSS_SITE)), "{upgrade}");
        assert!(!subject.counts(&at(&[])), "{upgrade}");
        assert!(
            !subject.counts(&at(&[("origin", "https://evil.example"), ("host", "api.example")])),
            "{upgrade}"
        );
        assert!(
            subject.counts(&at(&[("origin", "https://api.example"), ("host", "api.example")])),
            "{upgrade}"
        );
        assert!(subject.counts(&at(&[("sec-fetch-site", "same-origin")])), "{upgrade}");
    }
    let second = [("upgrade", "h2c"), ("upgrade", "websocket")];
    assert!(!subject.counts(&subject.request("GET", &second)));
}

#[test]
fn what_a_post_has_to_say() {
    let subject = Subject::new();
    let host = ("host", "api.example");
    let (site, origin) = (|value| ("sec-fetch-site", value), |value| ("origin", value));
    let let_in: &[Fields<'_>] = &[
        &[site("same-origin")],
        &[site("none")],
        // A proxy has changed the Host field; the browser knows better.
        &[host, site("same-origin"), origin("https://public.example")],
        // A form of the own page under `Referrer-Policy: no-referrer`.
        &[host, site("same-origin"), origin("null")],
        &[host, origin("https://api.example")],
        &[host, origin("http://api.example")],
        &[("host", "api.example:8443"), origin("https://api.example:8443")],
        &[("host", "[::1]:3000"), origin("http://[::1]:3000")],
        // Trusted.
        &[host, origin("https://app.example")],
        &[host, origin("http://127.0.0.1:8080")],
        &[host, site("cross-site"), origin("https://app.example")],
        &[host, site("same-site"), origin("https://app.example")],
        &[origin("https://app.example")],
    ];
    let refused: &[Fields<'_>] = &[
        &[],
        &[host],
        &[host, site("cross-site")],
        &[host, site("same-site")],
        &[host, site("same-site"), origin("https://api.example")],
        &[host, site("cross-site"), origin("https://api.example")],
        &[host, site("Same-Origin")],
        &[host, site("")],
        &[host, site("same-origin,same-origin")],
        &[host, site("same-origin;x")],
        &[site("same-origin"), site("same-origin")],
        &[site("same-origin"), site("cross-site")],
        &[site("same-origin"), origin("https://api.example"), origin("https://api.example"), host],
        &[host, origin("null")],
        &[host, origin("")],
        &[host, origin("https://api.example"), origin("https://api.example")],
        &[host, origin("https://app.example"), origin("https://evil.example")],
        &[host, origin("https://api.example https://evil.example")],
        &[host, origin("https://api.example,https://evil.example")],
        &[host, origin("https://evil.example")],
        &[host, origin("https://api.example.evil.example")],
        &[host, origin("https://xapi.example")],
        &[host, origin("https://api.example:8443")],
        &[host, origin("https://API.example")],
        &[host, origin("https://api.example/")],
        &[host, origin("https://user@api.example")],
        &[host, origin("wss://api.example")],
        &[host, origin("api.example")],
        &[host, origin("https://")],
        &[("host", ""), origin("https://")],
        &[origin("https://api.example")],
        &[host, host, origin("https://api.example")],
        &[host, ("host", "evil.example"), origin("https://evil.example")],
        // What a proxy says, and anyone can.
        &[host, origin("https://evil.example"), ("x-forwarded-host", "evil.example")],
        &[host, origin("https://evil.example"), ("forwarded", "host=evil.example")],
        &[host, ("referer", "https://api.example/")],
        // Nearly trusted.
        &[host, origin("http://app.example")],
        &[host, origin("https://app.example:8443")],
        &[host, origin("https://sub.app.example")],
        &[host, origin("http://127.0.0.1:8081")],
    ];
    for (fields, expected) in
        let_in.iter().map(|fields| (fields, true)).chain(refused.iter().map(|fields| (fields, false)))
    {
        assert_eq!(subject.counts(&subject.request("POST", fields)), expected, "{fields:?}");
    }
}

/// Browsers remember passwords, and gateways make fields of cookies; programs send neither field.
#[test]
fn passwords_and_fields_count_unless_another_site_has_sent_them() {
    let issuer = TestIssuer::default();
    let sources =
        [CredentialSource::Basic, CredentialSource::header("x-api-key"), CredentialSource::WebSocketProtocol];
    let authenticator = issuer.authenticator().with_credential_sources(sources).unwrap();
    let authenticator = authenticator.with_trusted_origins(["https://app.example"]).unwrap();
    let token = issuer.good("alice");
    let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("tool:{token}"));
    let counts = |method, fields: Fields<'_>| {
        let request = TestRequest::new(method, "/orders").header("host", "api.example");
        let request = fields.iter().fold(request, |request, (name, value)| request.header(name, *value));
        let verdict = |request: TestRequest| {
            let verdict = block_on(authenticator.authenticate::<NoClaims>(&request));
            verdict.map(|_| ()).map_err(|rejection| rejection.reason())
        };
        let by_protocol = request.clone().header("sec-websocket-protocol", format!("bearer.{token}"));
        assert_eq!(verdict(by_protocol), Ok(()), "no page has somebody's token");
        let by_field = verdict(request.clone().header("x-api-key", &*token));
        assert_eq!(verdict(request.authorization(format!("Basic {basic}"))), by_field);
        assert!([Ok(()), Err(Reason::CrossSite)].contains(&by_field));
        by_field.is_ok()
    };
    let upgrade = ("upgrade", "websocket");
    let (site, origin) = (|value| ("sec-fetch-site", value), |value| ("origin", value));
    for (method, fields, expected) in [
        ("POST", &[][..], true),
        ("POST", &[site("same-origin")], true),
        ("POST", &[origin("https://api.example")], true),
        ("POST", &[origin("https://app.example")], true),
        ("POST", &[site("cross-site")], false),
        ("POST", &[site("same-site")], false),
        ("POST", &[origin("https://evil.example")], false),
        ("POST", &[origin("null")], false),
        ("POST", &[origin("https://api.example"), origin("https://api.example")], false),
        ("GET", &[site("cross-site"), origin("https://evil.example")], true),
        ("GET", &[upgrade], true),
        ("GET", &[upgrade, origin("https://evil.example")], false),
    ] {
        assert_eq!(counts(method, fields), expected, "{method} {fields:?}");
    }
}

#[test]
fn the_authority_of_the_target_comes_before_the_host_field() {
    let subject = Subject::new();
    let origin = ("origin", "https://api.example");
    assert!(subject.counts(&subject.request("POST", &[origin]).authority("api.example")));
    let other_host = [origin, ("host", "other.example")];
    assert!(subject.counts(&subject.request("POST", &other_host).authority("api.example")));
    let this_host = [origin, ("host", "api.example")];
    assert!(!subject.counts(&subject.request("POST", &this_host).authority("other.example")));
}

#[test]
fn the_refusal() {
    let subject = Subject::new();
    let request = subject.request("POST", CROSS_SITE).cookie("access", &subject.issuer.good("alice"));
    let verdict = block_on(subject.authenticator.authenticate::<NoClaims>(&request));
    let rejection = verdict.map(|_| ()).unwrap_err();
    assert_eq!(rejection.status(), 403);
    let fields: Vec<_> = rejection.headers().map(|(name, _)| name).collect();
    assert_eq!(fields, ["content-type"]);
    assert_eq!(
        rejection.body(),
        r#"{"type":"about:blank","title":"Forbidden","status":403,"detail":"Cross-site request refused"}"#
    );
}

#[test]
fn origins_are_vetted() {
    let authenticator = TestIssuer::default().authenticator();
    for origin in ["https://app.example/", "null", "*", "https://*.example", "App.example"] {
        let error = authenticator.with_trusted_origins([origin]).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(origin) && error.contains("https://app.example"), "{error}");
    }
    assert!(authenticator.with_trusted_origins(["https://app.example"]).is_ok());
}
