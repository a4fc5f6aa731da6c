//! Token requests of any bytes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "a test fails by panicking")]

use std::sync::LazyLock;

use auth_core::JwtVerifier;
use auth_issuer::{Algorithm, Grant, SigningKey, TokenError, TokenIssuer, TokenRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

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

const SECRET: &str = "kEsZv5lcXZ1SZcsBDKHF5Ll23b_X50cR";

static ISSUER: LazyLock<TokenIssuer> = LazyLock::new(|| {
    let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
    TokenIssuer::builder("i", key).build().unwrap()
});
static VERIFIER: LazyLock<JwtVerifier> = LazyLock::new(|| {
    let verifier = JwtVerifier::builder().issuer("i").audience("a").require_access_token_type();
    verifier.secret(Algorithm::Hs256, SECRET).no_cache().build().unwrap()
});

/// Claims of any form, many of them deeper or wider than a verifier reads.
fn claim() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    let inner = leaf.prop_recursive(20, 300, 40, |inner| {
        let name = prop_oneof![9 => ".{0,3}", 1 => Just("$serde_json::private::Number".to_owned())];
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((name, inner), 0..40).prop_map(Value::from_iter),
        ]
    });
    (inner, 0..18_u8).prop_map(|(inner, levels)| (0..levels).fold(inner, |inner, _| vec![inner].into()))
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
    fn what_is_signed_is_accepted(subject in ".{1,20}", client in ".{1,20}", name in ".{0,20}", claim in claim()) {
        let token = ISSUER.access_token(subject).audience("a").client_id(client).claim(name, claim);
        if let Ok(signed) = token.sign() {
            prop_assert_eq!(VERIFIER.verify_jwt(&signed.token).map(drop), Ok(()));
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
        prop_assert_eq!(refused, TokenError::InvalidRequest("a parameter occurs twice"));
    }
}
