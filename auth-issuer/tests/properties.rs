//! Token requests of any bytes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use auth_issuer::{Grant, TokenError, TokenRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;

const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// What requests are made of, and what breaks them.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let known = proptest::sample::select(vec![
        "grant_type",
        "password",
        "username",
        "refresh_token",
        "client_id",
        "client_secret",
        "scope",
        "=",
        "&",
        "+",
        "%",
        "%00",
        "%ff",
        "%2B",
        "%3d",
        "a",
        "&&",
        "==",
        "Basic ",
        "Og==",
        ";",
        "charset=utf-8",
    ]);
    prop_oneof![4 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..8)]
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

/// As RFC 6749 has it: no control characters but tabs.
fn text() -> impl Strategy<Value = String> {
    "[\\t -~\u{80}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]{1,24}"
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(
        content_type in prop_oneof![Just(FORM.to_vec()), pieces()],
        authorization in proptest::option::of(pieces()),
        body in pieces(),
    ) {
        let outcome = TokenRequest::parse([&*content_type], authorization.as_deref(), &body);
        if let Ok(TokenRequest { grant: Grant::Password { username, password }, .. }) = outcome {
            prop_assert!(!username.is_empty() && !password.is_empty());
            prop_assert!(!(username + &password).contains(|c: char| c.is_ascii_control() && c != '\t'));
        }
    }

    #[test]
    fn what_was_typed_is_what_is_read(username in text(), password in text(), plus in any::<bool>()) {
        let form = |text: &str| if plus { encoded(text).replace("%20", "+") } else { encoded(text) };
        let body = format!("grant_type=password&username={}&password={}", form(&username), form(&password));
        let request = TokenRequest::parse([FORM], [], body.as_bytes()).unwrap();
        prop_assert_eq!(request.grant, Grant::Password { username, password });
    }

    #[test]
    fn a_client_is_who_basic_says(id in "[!-~]{1,12}", secret in "[ -~]{0,24}") {
        let pair = STANDARD.encode(format!("{}:{}", encoded(&id), encoded(&secret)));
        let field = format!("Basic {pair}");
        let body = b"grant_type=refresh_token&refresh_token=x";
        let client = TokenRequest::parse([FORM], [field.as_bytes()], body).unwrap().client.unwrap();
        prop_assert_eq!((client.id, client.secret), (id, Some(secret).filter(|secret| !secret.is_empty())));
    }

    #[test]
    fn a_parameter_that_is_there_twice_is_refused(
        name in proptest::sample::select(vec!["username", "password", "grant_type", "scope", "other"]),
        value in text(),
        escape in any::<bool>(),
    ) {
        let again = if escape { format!("%{:02x}{}", name.as_bytes()[0], &name[1..]) } else { name.to_owned() };
        let body = format!("grant_type=password&username=a&password=b&scope=c&other=d&{again}={}", encoded(&value));
        let refused = TokenRequest::parse([FORM], [], body.as_bytes()).unwrap_err();
        prop_assert_eq!(refused, TokenError::InvalidRequest("a parameter is there twice"));
    }
}
