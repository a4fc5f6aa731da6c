//! What holds of every input, not only of those that somebody thought of.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use auth_core::adapter::Credentials;
use auth_core::{
    Algorithm, Authenticator, CredentialSource, JwtVerifier, NoClaims, Policy, Rejection, Scope,
    TokenVerifier, VerifiedToken, VerifyFailure, async_trait,
};
use auth_testing::{TestClock, TestIssuer, TestRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

struct Party {
    issuer: TestIssuer,
    verifier: JwtVerifier,
}

static PARTY: LazyLock<Party> = LazyLock::new(|| party(Algorithm::EdDsa));

fn party(algorithm: Algorithm) -> Party {
    let issuer = TestIssuer::new(algorithm).clock(TestClock::default());
    let verifier = issuer.verifier().build().unwrap();
    Party { issuer, verifier }
}

/// Every single bit of a token, for one algorithm of each family.
#[test]
fn a_token_with_one_bit_changed_is_refused() {
    for algorithm in
        [Algorithm::Hs256, Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa]
    {
        let Party { issuer, verifier } = party(algorithm);
        let token = issuer.token("alice").scope("orders:read").sign();
        assert!(verifier.verify_jwt(&token).is_ok());
        let mut changes = 0;
        for index in 0..token.len() {
            for bit in 0..8 {
                let mut bytes = token.clone().into_bytes();
                bytes[index] ^= 1 << bit;
                // What is not UTF-8 is no b64token either.
                let Ok(changed) = String::from_utf8(bytes) else { continue };
                assert!(verifier.verify_jwt(&changed).is_err(), "{algorithm}: bit {bit} of byte {index}");
                changes += 1;
            }
        }
        println!("summary: property: one bit changed, {algorithm}: {changes} changes refused");
    }
}

/// Every byte of a token left out, and every byte put in twice.
#[test]
fn a_token_with_a_byte_more_or_less_is_refused() {
    let Party { issuer, verifier } = &*PARTY;
    let token = issuer.good("alice");
    let mut changes = 0;
    for index in 0..token.len() {
        let (before, after) = token.split_at(index);
        for changed in [format!("{before}{}", &after[1..]), format!("{before}{}{after}", &after[..1])] {
            assert!(verifier.verify_jwt(&changed).is_err(), "byte {index}");
            changes += 1;
        }
    }
    println!("summary: property: one byte more or less: {changes} changes refused");
}

/// Any JSON value, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("JSON has no such number", |number| number.is_finite())
            .prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn is_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|array| !array.is_empty() && array.iter().all(Value::is_string))
}

const CASES: u32 = 1000;

/// Counts a case of a property, and tells the number with the last one.
fn case(property: &'static str) {
    static COUNTS: Mutex<BTreeMap<&str, u32>> = Mutex::new(BTreeMap::new());
    let mut counts = COUNTS.lock().unwrap();
    let count = counts.entry(property).or_default();
    *count += 1;
    if *count == CASES {
        println!("summary: property: {property}: {count} cases");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn a_checked_claim_of_another_type_is_refused(value in any_json()) {
        case("a claim of another type is refused");
        let Party { issuer, verifier } = &*PARTY;
        for (name, has_the_type) in [
            ("iss", value.is_string()),
            ("sub", value.is_string()),
            ("aud", value.is_string() || is_strings(&value)),
            ("exp", value.is_number()),
            ("nbf", value.is_number()),
            ("iat", value.is_number()),
            ("jti", value.is_string()),
            ("client_id", value.is_string()),
            ("scope", value.is_string()),
            ("cnf", false),
        ] {
            let token = issuer.token("alice").claim(name, value.clone()).sign();
            if !has_the_type {
                prop_assert!(verifier.verify_jwt(&token).is_err(), "{name}: {value}");
            }
        }
        // The twin: a claim that nobody asks for may be anything.
        let token = issuer.token("alice").claim("custom", value).sign();
        prop_assert!(verifier.verify_jwt(&token).is_ok());
    }

    #[test]
    fn a_checked_header_parameter_of_another_type_is_refused(value in any_json()) {
        case("a header parameter of another type is refused");
        let Party { issuer, verifier } = &*PARTY;
        for name in ["alg", "kid", "typ", "cty"] {
            let token = issuer.token("alice").header(name, value.clone()).sign();
            if !value.is_string() {
                prop_assert!(verifier.verify_jwt(&token).is_err(), "{name}: {value}");
            }
        }
        for name in ["crit", "b64", "zip", "enc"] {
            let token = issuer.token("alice").header(name, value.clone()).sign();
            prop_assert!(verifier.verify_jwt(&token).is_err(), "{name}: {value}");
        }
        let token = issuer.token("alice").header("custom", value).sign();
        prop_assert!(verifier.verify_jwt(&token).is_ok());
    }

    #[test]
    fn only_the_time_between_is_accepted(exp in -1000_i64..1000, nbf in -1000_i64..1000, iat in -1000_i64..1000) {
        case("only the time between is accepted");
        let Party { issuer, verifier } = &*PARTY;
        let draft = issuer.token("alice").claim_at("exp", exp).claim_at("nbf", nbf).claim_at("iat", iat);
        let within = exp > -60 && nbf <= 60 && iat <= 60;
        prop_assert_eq!(verifier.verify_jwt(&draft.sign()).is_ok(), within);
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,300}") {
        case("any bytes anywhere: refused, no panic");
        let Party { issuer, verifier } = &*PARTY;
        let _ = Credentials::from_fields([bytes.as_slice()]);
        let _ = Credentials::from_fields([[b"Bearer ", bytes.as_slice()].concat().as_slice()]);
        prop_assert!(verifier.verify_jwt(&text).is_err());
        let thrice = format!("{text}.{text}.{text}");
        prop_assert!(verifier.verify_jwt(&thrice).is_err());
        let encoded = URL_SAFE_NO_PAD.encode(&bytes);
        let thrice = format!("{encoded}.{encoded}.{encoded}");
        prop_assert!(verifier.verify_jwt(&thrice).is_err());
        prop_assert!(verifier.verify_jwt(&issuer.sign_raw(&bytes, &bytes)).is_err());
        let header = json!({"alg": "EdDSA"}).to_string();
        prop_assert!(verifier.verify_jwt(&issuer.sign_raw(header, &bytes)).is_err());
        let builder = || JwtVerifier::builder().issuer("i").audience("a");
        prop_assert!(builder().jwk(&*text).build().is_err());
        prop_assert!(builder().jwks(&*text).build().is_err());
        prop_assert!(builder().public_key_pem(&bytes).build().is_err());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            base64::engine::general_purpose::STANDARD.encode(&bytes));
        prop_assert!(builder().public_key_pem(pem).build().is_err());
    }

    #[test]
    fn members_of_a_key_may_be_anything_and_nothing_panics(name in "kty|crv|x|y|n|e|k|use|alg|kid|key_ops|d", value in any_json()) {
        case("any member of a key: no panic");
        for jwk in [PARTY.issuer.jwk(), json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"})] {
            let mut changed = jwk;
            changed.as_object_mut().unwrap().insert(name.clone(), value.clone());
            let builder = JwtVerifier::builder().issuer("i").audience("a");
            let _ = builder.jwks(json!({"keys": [changed]}).to_string()).build();
        }
    }

    #[test]
    fn a_name_stands_once_in_an_object_however_many_there_are(
        count in 1..=2000_usize,
        repeated in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        depth in 0..15_usize,
        arrays in any::<u16>(),
        escaped in any::<bool>(),
    ) {
        case("a name twice among up to 2,000, at any place and depth");
        let Party { issuer, .. } = &*PARTY;
        let verifier = issuer.verifier().members_bounded_by_bytes().max_token_bytes(65_536).no_cache().build().unwrap();
        let mut members: Vec<_> = (0..count).map(|index| member(index, false)).collect();
        prop_assert!(verifier.verify_jwt(&within(&members, depth, arrays)).is_ok());
        members.insert(place.index(count + 1), member(repeated.index(count), escaped));
        prop_assert!(verifier.verify_jwt(&within(&members, depth, arrays)).is_err());
    }

    #[test]
    fn by_default_nothing_but_the_authorization_field_is_looked_at(
        authorization in prop::collection::vec(prop_oneof!["\\PC{0,20}", "[Bb]earer +[a-z.=]{0,9}", Just(GOOD.to_owned())], 0..3),
        others in prop::collection::vec((prop::sample::select(&ELSEWHERE[..]), "\\PC{0,20}"), 0..4),
        good in prop::sample::select(&ELSEWHERE[..]),
        method in prop::sample::select(&["GET", "POST"][..]),
    ) {
        case("by default only the Authorization field counts");
        let token = PARTY.issuer.good("alice");
        let mut request = TestRequest::new(method, "/");
        for value in &authorization {
            request = request.authorization(value.replace("GOOD", &token));
        }
        let mut with_others = request.clone();
        for (name, value) in others {
            with_others = with_others.header(name, value.replace("GOOD", &token));
        }
        // A good token in every form that one of the sources reads.
        with_others = with_others.header(good, match good {
            "cookie" => format!("x-api-key={token}"),
            "sec-websocket-protocol" => format!("bearer.{token}"),
            _ => token,
        });
        let default = Authenticator::new(PARTY.issuer.verifier().build().unwrap());
        let named = default.with_credential_sources([CredentialSource::Bearer]).unwrap();
        let expected = answer(&default, &request);
        prop_assert_eq!(&answer(&default, &with_others), &expected);
        prop_assert_eq!(&answer(&named, &with_others), &expected);
        // What the Authorization field alone decides.
        let fields: Vec<_> = authorization.iter().map(|value| value.replace("GOOD", "x")).collect();
        let status = match Credentials::from_fields(fields.iter().map(String::as_bytes)) {
            Credentials::Missing => 401,
            Credentials::Malformed => 400,
            _ if authorization == [GOOD] => 200,
            _ => 401,
        };
        prop_assert_eq!(expected.0, status);
    }

    #[test]
    fn a_cookie_is_read_as_by_the_grammar(field in prop::collection::vec(cookie_pair(), 0..5).prop_map(|pairs| pairs.join(";"))) {
        case("a cookie is read as by the grammar");
        let authenticator = Authenticator::new(Accepts).with_credential_sources([CredentialSource::cookie("a")]).unwrap();
        let request = TestRequest::get("/").header("cookie", &*field);
        // By another reading: every pair whose name, without white space around it, is `a`.
        let is_blank = |c: char| c == ' ' || c == '\t';
        let named: Vec<_> = field.split(';').map(|pair| pair.trim_matches(is_blank)).filter(|pair| {
            pair.split('=').next().is_some_and(|name| name.trim_matches(is_blank) == "a")
        }).collect();
        let read = authenticator.bearer_token(&request).map(|token| token.as_str().to_owned()).map_err(|rejection| rejection.status().as_u16());
        let expected = match named.as_slice() {
            [] => Err(401),
            [pair] => match pair.strip_prefix("a=") {
                Some(value) if is_b64token(value) => Ok(value.to_owned()),
                _ => Err(400),
            },
            _ => Err(400),
        };
        prop_assert_eq!(read, expected, "{}", field);
    }

    #[test]
    fn no_field_makes_another_source_panic(
        names in prop::collection::vec((prop::sample::select(&ANYWHERE[..]), "\\PC{0,30}|[Bb]earer[. ][a-z./=]{0,9}|Basic [A-Za-z0-9+/]{0,12}={0,2}"), 0..5),
        method in prop::sample::select(&["GET", "POST", "CONNECT"][..]),
    ) {
        case("any fields in any source");
        let sources = [
            CredentialSource::Bearer,
            CredentialSource::Basic,
            CredentialSource::cookie("a"),
            CredentialSource::header("x-api-key"),
            CredentialSource::WebSocketProtocol,
        ];
        let authenticator = Authenticator::new(Accepts).with_credential_sources(sources).unwrap();
        let request = names.iter().fold(TestRequest::new(method, "/"), |request, (name, value)| request.header(name, &**value));
        let (status, ..) = answer(&authenticator, &request);
        prop_assert!([200, 400, 401, 403].contains(&status));
        // The token is never among the protocols to answer with.
        let offered = names.iter().filter(|(name, _)| *name == "sec-websocket-protocol").map(|(_, value)| value.as_bytes());
        for protocol in auth_core::websocket::offered_protocols(offered) {
            prop_assert!(!protocol.to_lowercase().starts_with("bearer."));
        }
    }

    #[test]
    fn challenges_are_read_back_by_a_strict_parser(
        realm in "[ !#-\\[\\]-~]{1,40}",
        scopes in prop::collection::btree_set("[!#-\\[\\]-~]{1,12}", 1..5),
    ) {
        case("challenges are read back");
        let names: Vec<_> = scopes.into_iter().collect();
        let policy = names.iter().map(|name| Policy::scope(Scope::new(name.as_str()).unwrap())).reduce(Policy::and);
        let rejection = insufficient(Some(&realm), &policy.unwrap());
        prop_assert_eq!(parameters(&challenge(&rejection)), vec![
            ("realm".to_owned(), realm),
            ("error".to_owned(), "insufficient_scope".to_owned()),
            ("scope".to_owned(), names.join(" ")),
        ]);
    }

    #[test]
    fn what_cannot_be_quoted_is_refused_when_configured(text in any::<String>()) {
        case("what cannot be quoted is refused");
        let quotable = |low: char| move |c: char| (low..='~').contains(&c) && c != '"' && c != '\\';
        let sound_realm = !text.is_empty() && text.len() <= 256 && text.chars().all(quotable(' '));
        prop_assert_eq!(Authenticator::new(Accepts).with_realm(&*text).is_ok(), sound_realm);
        let sound_scope = !text.is_empty() && text.chars().all(quotable('!'));
        prop_assert_eq!(Scope::new(&*text).is_ok(), sound_scope);
    }
}

/// Stands for a good token in the Authorization field.
const GOOD: &str = "Bearer GOOD";

/// Fields that other sources read, and that say who has sent a cookie.
const ELSEWHERE: [&str; 6] =
    ["cookie", "x-api-key", "sec-websocket-protocol", "origin", "sec-fetch-site", "upgrade"];

const ANYWHERE: [&str; 8] = [
    "authorization",
    "cookie",
    "x-api-key",
    "sec-websocket-protocol",
    "origin",
    "sec-fetch-site",
    "upgrade",
    "host",
];

fn cookie_pair() -> impl Strategy<Value = String> {
    prop_oneof!["[ \t]{0,2}[aAb][ \t]{0,1}={0,2}[a-c.~= \"]{0,4}[ \t]{0,2}", "a=[a-c.]{1,4}", "\\PC{0,8}",]
}

/// `b64token` of RFC 6750 section 2.1.
fn is_b64token(value: &str) -> bool {
    let body = value.trim_end_matches('=');
    !body.is_empty() && body.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c))
}

/// Status, fields and body; 200 if the request is let in.
fn answer(authenticator: &Authenticator, request: &TestRequest) -> (u16, Vec<String>, Vec<u8>) {
    match futures_executor::block_on(authenticator.authenticate::<NoClaims>(request)) {
        Ok(_) => (200, Vec::new(), Vec::new()),
        Err(rejection) => {
            let fields = rejection.headers().map(|(name, value)| format!("{name}: {value:?}")).collect();
            (rejection.status().as_u16(), fields, rejection.body().to_vec())
        }
    }
}

/// A member with a name of its own, and within some an object with a name that others have.
fn member(index: usize, escaped: bool) -> String {
    let initial = if escaped { "\\u006d" } else { "m" };
    let value = if index % 3 == 0 { r#"{"m0":0}"# } else { "0" };
    format!(r#""{initial}{index}":{value}"#)
}

/// A good token with these members in an object `depth` levels below the outermost one, which `arrays` says of what.
fn within(members: &[String], depth: usize, arrays: u16) -> String {
    let issuer = &PARTY.issuer;
    let good = issuer.good("alice");
    let claims = URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap();
    let mut added = members.join(",");
    for level in 0..depth {
        let is_array = level > 0 && arrays & (1 << level) != 0;
        added = match (level, is_array) {
            (0, _) => format!("{{{added}}}"),
            (_, true) => format!("[{added}]"),
            (_, false) => format!(r#"{{"m0":{added}}}"#),
        };
    }
    if depth > 0 {
        added = format!(r#""m0":{added}"#);
    }
    let claims = String::from_utf8(claims).unwrap().replacen('{', &format!("{{{added},"), 1);
    issuer.sign_raw(r#"{"alg":"EdDSA"}"#, claims)
}

/// Accepts every token, and grants nothing.
struct Accepts;

#[async_trait]
impl TokenVerifier for Accepts {
    async fn verify(&self, _: &str) -> Result<VerifiedToken, VerifyFailure> {
        Ok(VerifiedToken::assert_verified(json!({"sub": "alice"}))?)
    }
}

fn insufficient(realm: Option<&str>, policy: &Policy) -> Rejection {
    let mut authenticator = Authenticator::new(Accepts);
    if let Some(realm) = realm {
        authenticator = authenticator.with_realm(realm).unwrap();
    }
    let request = TestRequest::get("/").bearer("x");
    let caller = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
    caller.require(policy).unwrap_err()
}

fn challenge(rejection: &Rejection) -> String {
    let mut headers = rejection.headers();
    let (_, value) = headers.find(|(name, _)| name == "www-authenticate").unwrap();
    value.to_str().unwrap().to_owned()
}

/// `Bearer 1*SP #auth-param` by RFC 9110 sections 11.2 and 11.6.1, and nothing laxer: names are tokens and
/// stand once, values are quoted strings, a comma and a space separate.
fn parameters(challenge: &str) -> Vec<(String, String)> {
    let mut rest = challenge.strip_prefix("Bearer ").unwrap();
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        let (name, after) = rest.split_once("=\"").unwrap();
        assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()), "{challenge}");
        assert!(parameters.iter().all(|(seen, _)| seen != name), "{challenge}");
        let mut value = String::new();
        let mut characters = after.chars();
        loop {
            match characters.next().unwrap() {
                '"' => break,
                '\\' => value.push(characters.next().unwrap()),
                character => {
                    assert!(matches!(character, ' '..='~'), "{challenge}");
                    value.push(character);
                }
            }
        }
        parameters.push((name.to_owned(), value));
        rest = characters.as_str();
        if rest.is_empty() {
            return parameters;
        }
        rest = rest.strip_prefix(", ").unwrap();
    }
}
