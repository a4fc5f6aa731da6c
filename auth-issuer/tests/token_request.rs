//! Requests to the token endpoint: what is read of them, and how they are refused.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::time::Duration;

use auth_core::adapter::Answer;
use auth_issuer::{Algorithm, Grant, Scope, SigningKey, TokenAnswer, TokenError, TokenIssuer, TokenRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const SECRET: &[u8] = b"kEsZv5lcXZ1SZcsBDKHF5Ll23b_X50cR";
const FORM: &[u8] = b"application/x-www-form-urlencoded";
const GOOD: &str = "grant_type=password&username=alice&password=secret";

fn parse(body: &str) -> Result<TokenRequest, TokenError> {
    TokenRequest::parse([FORM], [], body.as_bytes())
}

fn with_client(authorization: &[&str], body: &str) -> Result<TokenRequest, TokenError> {
    TokenRequest::parse([FORM], authorization.iter().map(|value| value.as_bytes()), body.as_bytes())
}

#[track_caller]
fn is_invalid(outcome: Result<TokenRequest, TokenError>, word: &str) {
    match outcome {
        Err(TokenError::InvalidRequest(what)) => assert!(what.contains(word), "{what}"),
        other => panic!("{other:?}"),
    }
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

#[test]
fn the_password_grant_is_read() {
    let request = parse("grant_type=password&username=al+ice%40x&password=p%2B%26%3D%C3%A9&other=1").unwrap();
    let expected = Grant::Password { username: "al ice@x".to_owned(), password: "p+&=é".to_owned() };
    assert_eq!(request.grant, expected);
    assert_eq!((request.scopes, request.client), (None, None));
    assert_eq!(
        parse("grant_type=refresh_token&refresh_token=x").unwrap().grant,
        Grant::RefreshToken("x".into())
    );
    let in_any_order = parse("password=b&&grant_type=password&username=a&").unwrap();
    assert!(matches!(in_any_order.grant, Grant::Password { .. }));
}

#[test]
fn scopes_are_names_with_single_spaces_between() {
    let scopes = |list: &str| parse(&format!("{GOOD}&scope={list}")).map(|request| request.scopes);
    let [read, write] = ["orders:read", "orders:write"].map(Scope::from_static);
    assert_eq!(scopes("orders%3Aread+orders:write+orders:read"), Ok(Some(vec![read, write])));
    assert_eq!(scopes(""), Ok(None));
    for list in ["+", "a++b", "+a", "a+", "a%09b", "a%22", "%C3%A9"] {
        assert_eq!(scopes(list), Err(TokenError::InvalidScope), "{list}");
    }
}

#[test]
fn what_is_missing_or_unknown_is_told() {
    is_invalid(parse(""), "grant_type is missing");
    is_invalid(parse("grant_type=&username=a&password=b"), "grant_type is missing");
    is_invalid(parse("grant_type=password&password=b"), "username is missing");
    is_invalid(parse("grant_type=password&username=&password=b"), "username is missing");
    is_invalid(parse("grant_type=password&username=a"), "password is missing");
    is_invalid(parse("grant_type=refresh_token"), "refresh_token is missing");
    for unknown in ["authorization_code", "client_credentials", "Password", "password%20"] {
        let outcome = parse(&format!("grant_type={unknown}&username=a&password=b"));
        assert_eq!(outcome, Err(TokenError::UnsupportedGrantType), "{unknown}");
    }
}

#[test]
fn a_form_is_read_strictly() {
    for body in ["username=a", "grant_type=password", "other=1&other=2", "other=&other="] {
        is_invalid(parse(&format!("{GOOD}&{body}")), "twice");
    }
    is_invalid(parse(&format!("{GOOD}&%75sername=a")), "twice");
    for body in ["x=%", "x=%4", "x=%zz", "x=%C3", "x=%FF", "%E9=1", "x=%C0%AF"] {
        is_invalid(parse(&format!("{GOOD}&{body}")), "UTF-8");
    }
    is_invalid(TokenRequest::parse([FORM], [], b"x=\xff"), "UTF-8");
    let padded = |length: usize| parse(&format!("{GOOD}&x={}", "y".repeat(length - GOOD.len() - 3)));
    assert!(padded(16 * 1024).is_ok());
    is_invalid(padded(16 * 1024 + 1), "too long");
}

#[test]
fn the_content_type_is_that_of_a_form() {
    let outcome =
        |types: &[&str]| TokenRequest::parse(types.iter().map(|value| value.as_bytes()), [], GOOD.as_bytes());
    for fit in [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=\"utf-8\"",
        "application/x-www-form-urlencoded;",
        "application/x-www-form-urlencoded; ; charset=utf-8 ;",
    ] {
        assert!(outcome(&[fit]).is_ok(), "{fit}");
    }
    let form = "application/x-www-form-urlencoded";
    for unfit in [
        &[][..],
        &[form, form],
        &["application/json"],
        &["multipart/form-data"],
        &["application/x-www-form-urlencoded; charset=latin1"],
        &["application/x-www-form-urlencoded; charset=utf-8; charset=utf-8"],
        &["application/x-www-form-urlencoded-v2"],
        &[""],
    ] {
        is_invalid(outcome(unfit), "content type");
    }
}

#[test]
fn a_client_authenticates_in_one_way() {
    let client = |authorization: &[&str], more: &str| {
        let request = with_client(authorization, &format!("{GOOD}{more}"))?;
        Ok(request.client.map(|client| (client.id, client.secret, client.by_basic)))
    };
    let found = |id: &str, secret: Option<&str>, by_basic| {
        Ok(Some((id.to_owned(), secret.map(str::to_owned), by_basic)))
    };
    assert_eq!(client(&[], ""), Ok(None));
    assert_eq!(client(&[], "&client_id=web"), found("web", None, false));
    assert_eq!(client(&[], "&client_id=web&client_secret=s"), found("web", Some("s"), false));
    assert_eq!(client(&[&basic("web:s")], ""), found("web", Some("s"), true));
    assert_eq!(client(&[&basic("web:s")], "&client_id=web"), found("web", Some("s"), true));
    assert_eq!(client(&[&basic("w%20b:a%3Ab:c+d")], ""), found("w b", Some("a:b:c d"), true));
    assert_eq!(client(&[&basic("web:")], ""), found("web", None, true));
    let lower = basic("web:s").replace("Basic", "bASIC");
    assert_eq!(client(&[&lower], ""), found("web", Some("s"), true));

    let invalid = |outcome: Result<_, TokenError>| matches!(outcome, Err(TokenError::InvalidRequest(_)));
    assert!(invalid(client(&[], "&client_secret=s")));
    assert!(invalid(client(&[&basic("web:s")], "&client_secret=s")));
    assert!(invalid(client(&[&basic("web:s")], "&client_id=other")));
    assert!(invalid(client(&[&basic("web:s"), &basic("web:s")], "")));
    let tabbed = basic("web:s").replace(' ', "\t");
    for field in [
        "Basic",
        "basic ",
        "Basic ???",
        &tabbed,
        &basic("web"),
        &basic(":s"),
        &basic("%zz:s"),
        &basic("web:\u{e9}"),
        &basic("web:%0A\n"),
    ] {
        assert_eq!(client(&[field], ""), Err(TokenError::InvalidClient { by_basic: true }), "{field}");
    }
}

/// RFC 6749 section 5.2 speaks of a client that has attempted to authenticate. A frontend that attaches its expired
/// token to every request has not.
#[test]
fn an_authorization_field_of_another_scheme_is_no_client_authentication() {
    for field in
        ["Bearer x", "Bearer", "bearer eyJ.e30.", "", "DPoP x", "Basicx d2ViOnM=", "Digest a=\"b\"", "?"]
    {
        let request =
            |more: &str| with_client(&[field], &format!("{GOOD}{more}")).map(|request| request.client);
        assert_eq!(request(""), Ok(None), "{field}");
        let client = request("&client_id=web&client_secret=s").unwrap().unwrap();
        assert_eq!((client.secret.as_deref(), client.by_basic), (Some("s"), false), "{field}");
        is_invalid(with_client(&[field, &basic("web:s")], GOOD), "two Authorization fields");
        is_invalid(with_client(&[field, field], GOOD), "two Authorization fields");
    }
}

#[test]
fn a_secret_is_read_encoded_and_unencoded() {
    let secrets = |pair: &str| {
        let client = with_client(&[&basic(pair)], GOOD)?.client.unwrap();
        Ok::<_, TokenError>((client.id, client.secret, client.unencoded_secret))
    };
    let found = |secret: Option<&str>, unencoded: Option<&str>| {
        Ok(("w b".to_owned(), secret.map(str::to_owned), unencoded.map(str::to_owned)))
    };
    assert_eq!(secrets("w+b:plain"), found(Some("plain"), None));
    assert_eq!(secrets("w+b:a+b"), found(Some("a b"), Some("a+b")));
    assert_eq!(secrets("w+b:a%2Bb"), found(Some("a+b"), Some("a%2Bb")));
    assert_eq!(secrets("w+b:100%"), found(Some("100%"), None), "it is not form-encoded");
    assert_eq!(secrets("w+b:%C3%A9"), found(Some("%C3%A9"), None), "it would not be ASCII");
    assert_eq!(secrets("w+b:"), found(None, None));
}

#[test]
fn refusals_are_as_rfc_6749_says() {
    let cases = [
        (TokenError::InvalidRequest("grant_type is missing"), 400, "invalid_request", None),
        (TokenError::InvalidClient { by_basic: false }, 400, "invalid_client", None),
        (TokenError::InvalidClient { by_basic: true }, 401, "invalid_client", Some("Basic realm=\"token\"")),
        (TokenError::InvalidGrant, 400, "invalid_grant", None),
        (TokenError::UnauthorizedClient, 400, "unauthorized_client", None),
        (TokenError::UnsupportedGrantType, 400, "unsupported_grant_type", None),
        (TokenError::InvalidScope, 400, "invalid_scope", None),
    ];
    for (error, status, code, challenge) in cases {
        let answer = error.answer();
        assert_eq!(answer.status(), status, "{error}");
        let fields: Vec<_> = answer.headers().collect();
        let field = |name| {
            let found = fields.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| value.to_str().unwrap())
        };
        assert_eq!(field("content-type"), Some("application/json"));
        assert_eq!((field("cache-control"), field("pragma")), (Some("no-store"), Some("no-cache")));
        assert_eq!(field("www-authenticate"), challenge, "{error}");
        let body: Value = serde_json::from_slice(&answer.body()).unwrap();
        assert_eq!(body.get("error").unwrap(), code);
        // RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E
        let description = body.get("error_description").unwrap().as_str().unwrap();
        assert!(description.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
    }
}

#[test]
fn a_token_is_answered_as_rfc_6749_says() {
    let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
    let issuer = TokenIssuer::builder("https://issuer.example", key).lifetime(Duration::from_secs(60));
    let issuer = issuer.build().unwrap();
    let signed = issuer.access_token("alice").audience("a").client_id("web").sign().unwrap();
    let body = |granted: &[Scope], refresh: Option<&str>| {
        let answer = signed.answer(granted, refresh);
        assert_eq!(answer.status(), 200);
        assert!(answer.headers().any(|(name, value)| name == "cache-control" && value == "no-store"));
        serde_json::from_slice::<Value>(&answer.body()).unwrap()
    };
    let plain = json!({ "access_token": signed.token, "token_type": "Bearer", "expires_in": 60 });
    assert_eq!(body(&[], None), plain);
    let mut full = plain;
    full.as_object_mut().unwrap().insert("scope".to_owned(), "a b".into());
    full.as_object_mut().unwrap().insert("refresh_token".to_owned(), "r".into());
    assert_eq!(body(&["a", "b"].map(Scope::from_static), Some("r")), full);
}

/// To the byte, and in this order: an adapter sends them as they come.
#[test]
fn an_answer_is_sent_as_it_always_was() {
    let sent = |answer: &TokenAnswer| {
        let fields = answer.headers().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        format!("{}\n{}\n{body}", answer.status().as_u16(), fields.collect::<String>())
    };
    let always = "content-type: application/json\ncache-control: no-store\npragma: no-cache\n";
    let unavailable = "\n{\"error\":\"temporarily_unavailable\",\"error_description\":";
    for (error, status, further, begins) in [
        (TokenError::InvalidGrant, 400, "", "\n{\"error\":\"invalid_grant\",\"error_description\":"),
        (
            TokenError::InvalidClient { by_basic: true },
            401,
            "www-authenticate: Basic realm=\"token\"\n",
            "\n{\"error\":\"invalid_client\",\"error_description\":",
        ),
        (TokenError::TooManyAttempts { retry_after: 60 }, 429, "retry-after: 60\n", unavailable),
        (TokenError::Unavailable, 503, "retry-after: 5\n", unavailable),
    ] {
        let (found, expected) = (sent(&error.answer()), format!("{status}\n{always}{further}{begins}"));
        assert!(found.starts_with(&expected), "{found}");
    }
    let key = SigningKey::secret(Algorithm::Hs256, SECRET).unwrap();
    let issuer = TokenIssuer::builder("https://issuer.example", key).build().unwrap();
    let signed = issuer.access_token("alice").audience("a").client_id("web").sign().unwrap();
    let found = sent(&signed.answer(&[], None));
    assert!(
        found.starts_with(&format!("200\n{always}\n{{\"access_token\":\"{}\",", signed.token)),
        "{found}"
    );
}

/// An adapter sees of it what it sees of every answer.
#[test]
fn it_is_an_answer() {
    fn status(answer: &impl Answer) -> u16 {
        assert_eq!(answer.headers().count(), 4);
        assert!(answer.body().starts_with(b"{"));
        answer.status().as_u16()
    }
    assert_eq!(status(&TokenError::Unavailable.answer()), 503);
}

#[test]
fn nothing_secret_is_printed() {
    let password = parse("grant_type=password&username=canary&password=canary").unwrap();
    let refresh =
        with_client(&[&basic("web:canary")], "grant_type=refresh_token&refresh_token=canary").unwrap();
    let printed = format!("{password:?} {refresh:?}");
    assert!(!printed.contains("canary"), "{printed}");
    assert!(printed.contains("web"));
}
