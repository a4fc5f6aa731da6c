//! `docs/providers.md` has each provider, and quotes what is really said.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;

use auth_core::jwt::Provider;
use auth_core::{Algorithm, Authenticator, JwtVerifier, NoClaims, Policy};
use auth_testing::{TestIssuer, TestRequest};
use serde_json::json;

use crate::cases::{Case, cases, token};

const DOCUMENT: &str = include_str!("../../../docs/providers.md");

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

/// What is said of the tokens and settings that go wrong on the first day, line by line.
fn said(case: &Case) -> Vec<String> {
    let issuer = TestIssuer::new(Algorithm::Es256);
    let own = || (case.set)(case.provider.verifier());
    let authenticator = Authenticator::new(own().jwks(issuer.jwks()).build().unwrap());
    let authenticate = |token: &str| {
        let request = TestRequest::get("/").bearer(token);
        futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request))
    };
    for (twin, changed, _) in &case.twins {
        assert!(authenticate(&token(&issuer, case, changed)).is_err(), "{twin}");
    }
    let stranger = TestIssuer::new(Algorithm::Es256);
    let for_graph = TestIssuer::new(Algorithm::Es256).kid(issuer.jwk()["kid"].as_str().unwrap());
    for token in [
        token(&issuer, case, &json!({"exp": 1000})),
        token(&stranger, case, &json!({})),
        token(&for_graph, case, &json!({"header nonce": "x"})),
        "opaque".to_owned(),
        "en.cryp.ted.to.ken".to_owned(),
    ] {
        assert!(authenticate(&token).is_err(), "{token}");
    }
    let user = authenticate(&token(&issuer, case, &json!({}))).unwrap();
    assert!(user.require(&Policy::role("nobody")).is_err());

    let without_preset = case.claims["iss"].as_str().unwrap();
    let without_preset = JwtVerifier::builder().issuer(without_preset).dangerously_accept_any_audience();
    let without_preset = Authenticator::new(without_preset.jwks(issuer.jwks()).build().unwrap());
    let request = TestRequest::get("/").bearer(&token(&issuer, case, &json!({})));
    drop(futures_executor::block_on(without_preset.authenticate::<NoClaims>(&request)));

    let mut lines: Vec<_> = String::from_utf8(LOG.take()).unwrap().lines().map(str::to_owned).collect();
    let certificates = json!({"1": "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"});
    let wrong = [
        own().jwks("{}"),
        own().jwks(r#"{"keys":[]}"#),
        own().jwks(certificates.to_string()),
        case.provider.verifier().audience("another").jwks(issuer.jwks()),
        Provider::okta("https://shop.okta.com").verifier().audience("api").jwks(issuer.jwks()),
    ];
    lines.extend(wrong.into_iter().filter_map(|wrong| Some(wrong.build().err()?.to_string())));
    lines
}

/// The quoted words, which the document shortens by `...`, and has other names in.
fn pieces(quote: &str) -> Vec<String> {
    let without_names = quote.split('"').step_by(2);
    without_names.flat_map(|words| words.split("...")).map(|piece| piece.trim().to_owned()).collect()
}

fn is_said(quotes: &[String], line: &str) -> bool {
    let mut rest = line;
    quotes.iter().flat_map(|quote| pieces(quote)).all(|piece| match rest.find(&piece) {
        Some(place) => {
            rest = &rest[place + piece.len()..];
            true
        }
        None => false,
    })
}

/// What stands between backticks, one or two.
fn quotes(cell: &str) -> Vec<String> {
    let mut quotes = Vec::new();
    let mut rest = cell;
    while let Some(place) = rest.find('`') {
        let ticks = if rest[place..].starts_with("``") { "``" } else { "`" };
        let (quote, behind) = rest[place + ticks.len()..].split_once(ticks).unwrap();
        quotes.push(quote.trim().to_owned());
        rest = behind;
    }
    quotes
}

#[test]
fn the_document_has_each_provider_and_quotes_what_is_said() {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(|| Log)
        .init();
    let mut of_provider: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for case in cases() {
        of_provider.entry(case.provider.name()).or_default().extend(said(&case));
    }
    let sections: BTreeMap<&str, &str> =
        DOCUMENT.split("\n## ").skip(1).map(|section| section.split_once('\n').unwrap()).collect();
    assert_eq!(sections.keys().collect::<Vec<_>>(), of_provider.keys().collect::<Vec<_>>());
    for (provider, section) in sections {
        assert!(DOCUMENT.contains(&format!("| {provider} | `Provider::")), "{provider} is not in the table");
        let rows = section
            .lines()
            .skip_while(|line| *line != "|---|---|")
            .skip(1)
            .take_while(|line| line.starts_with('|'));
        let mut count = 0;
        for row in rows {
            let quotes = quotes(row.split(" | ").next().unwrap());
            let lines = &of_provider[provider];
            assert!(!quotes.is_empty(), "{provider}: {row}");
            assert!(
                lines.iter().any(|line| is_said(&quotes, line)),
                "{provider}: {row}\n{}",
                lines.join("\n")
            );
            count += 1;
        }
        assert!(count >= 3, "{provider}");
    }
}

#[test]
fn a_quote_that_nobody_says_is_found_out() {
    let row = "| ``expected `aud` \"api\"`` ... `Is it an ID token` |";
    assert_eq!(quotes(row), ["expected `aud` \"api\"", "Is it an ID token"]);
    let said = "hint=expected `aud` \"https://api.example\". Is it an ID token?";
    assert!(is_said(&quotes(row), said));
    for other in ["hint=expected `aud` \"api\"", "Is it an ID token? expected `aud` \"api\"", ""] {
        assert!(!is_said(&quotes(row), other), "{other}");
    }
}
