//! What the log tells of each refusal: what was wrong, what was expected, what to do. Never what the token says.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use auth_core::jwt::JwtVerifierBuilder;
use auth_core::{
    Algorithm, Authenticator, ClaimPath, JwtVerifier, NoClaims, Policy, Scope, TokenVerifier as _,
    VerifyError,
};
use auth_testing::{TestIssuer, TestRequest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

/// Stands in tokens wherever there is room for it, and never in the log.
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
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
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
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains("DEBUG") && log.contains("request refused"), "{log}");
    let encoded = URL_SAFE_NO_PAD.encode(CANARY.repeat(2));
    assert!(!log.contains(CANARY) && !log.contains(&encoded), "{log}");
    log
}

#[track_caller]
fn says(log: &str, words: &[&str]) {
    for word in words {
        assert!(log.contains(word), "{word}: {log}");
    }
}

fn expecting() -> JwtVerifierBuilder {
    JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example")
}

fn by(builder: JwtVerifierBuilder) -> Authenticator {
    Authenticator::new(builder.build().unwrap())
}

/// A good token, signed, with canaries.
fn sign(issuer: &TestIssuer) -> String {
    draft(issuer, &[])
}

fn draft(issuer: &TestIssuer, header: &[(&str, serde_json::Value)]) -> String {
    let draft = issuer.token(CANARY).claim("jti", CANARY.repeat(2)).header("x", CANARY.repeat(2));
    header.iter().fold(draft, |draft, (name, value)| draft.header(name, value.clone())).sign()
}

#[test]
fn a_text_that_is_no_jwt() {
    let authenticator = by(expecting().secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA"));
    for (token, words) in [
        ("canary.canary.canary.canary.canary", &["encrypted (JWE", "signed token for this API"][..]),
        ("canary", &["opaque", "`audience`", "`resource`", "introspection"]),
        ("undefined", &["a variable without a value", "send none until it has one"]),
        ("null", &["a variable without a value"]),
        ("NULL", &["a variable without a value"]),
        ("canary.canary", &["one dot, and two are expected"]),
        ("a.b.c.canary", &["dots is wrong, two are expected"]),
        ("a.b.c.d.e.canary", &["dots is wrong, two are expected"]),
        ("canary.canary.", &["signature is empty", "signed token is expected"]),
        (".canary.canary", &["header is empty"]),
        ("can+ary/.canary.canary", &["is base64, and base64url is expected"]),
        ("can~ary.canary.canary", &["character that base64url has not"]),
        ("canar.canary.canary", &["ends amid a byte"]),
    ] {
        let log = refusal(&authenticator, &TestRequest::get("/").bearer(token));
        says(&log, &["reason=Invalid", "hint="]);
        says(&log, words);
    }
}

/// Not through an Authorization field, whose grammar has no brackets.
#[test]
fn an_object_of_javascript_is_no_token() {
    let verifier = expecting().secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA").build().unwrap();
    let failure = verifier.verify_now("[object Object]").unwrap().unwrap_err();
    assert_eq!(failure.error(), &VerifyError::MalformedToken);
    says(&failure.hint().unwrap().to_string(), &["a variable without a value", "send none until it has one"]);
}

/// The signature alone may be padded or too long, where the rest is sound.
#[test]
fn a_segment_that_is_no_base64url() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let authenticator = issuer.authenticator();
    let token = sign(&issuer);
    let (unsigned, _) = token.rsplit_once('.').unwrap();
    let padded = format!("{token}=");
    let long = format!("{unsigned}.{}", "A".repeat(1400));
    let standard = format!("{unsigned}.{}", STANDARD.encode([0xff; 33]));
    // Before the header is known by its text, and after.
    for _ in 0..2 {
        for (token, word) in [
            (&padded, "padded with `=`"),
            (&long, "longer than any that there is"),
            (&standard, "is base64, and base64url is expected"),
        ] {
            says(&refusal(&authenticator, &TestRequest::get("/").bearer(token)), &[word, "three segments"]);
        }
        logged(|| {
            let good = TestRequest::get("/").bearer(&token);
            futures_executor::block_on(authenticator.authenticate::<NoClaims>(&good)).unwrap();
        });
    }
    // A payload that was signed so.
    let token = issuer.sign_segments(&URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), "canary~");
    says(
        &refusal(&authenticator, &TestRequest::get("/").bearer(&token)),
        &["character that base64url has not"],
    );
}

#[test]
fn a_header_that_refuses() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let authenticator = issuer.authenticator();
    let value = || json!(CANARY);
    for (name, value, words) in [
        (
            "alg",
            json!("none"),
            &["`none`", "the configured key is for HS256", "signed with one of these"][..],
        ),
        ("alg", json!("nOnE"), &["`none`"]),
        ("alg", value(), &["names no signature algorithm", "the configured key is for HS256"]),
        ("alg", json!([CANARY]), &["`alg`", "a string"]),
        ("kid", json!([CANARY]), &["`kid`", "a string of 256 bytes at most"]),
        ("kid", json!(CANARY.repeat(50)), &["`kid`", "256 bytes at most"]),
        (
            "typ",
            value(),
            &["accepted are `JWT`, `at+jwt` and no `typ`", "ask the issuer for an access token"],
        ),
        ("cty", json!("JWT"), &["a token stands within", "plain signed token"]),
        ("crit", json!([CANARY]), &["demands an extension", "without it"]),
        ("b64", json!(false), &["not encoded (RFC 7797)", "ask the issuer"]),
        ("zip", value(), &["compressed", "`.accept_zip_none()`"]),
        ("enc", value(), &["encrypted (JWE", "signed token for this API"]),
    ] {
        let token = draft(&issuer, &[(name, value)]);
        let log = refusal(&authenticator, &TestRequest::get("/").bearer(&token));
        says(&log, &[&format!("header parameter `{name}`")]);
        says(&log, words);
    }
    for header in ["canary", r#"{"alg":"HS256","canary":1,"canary":2}"#, "[]"] {
        let log = refusal(&authenticator, &TestRequest::get("/").bearer(&issuer.sign_raw(header, "{}")));
        says(&log, &["one JSON object", "no member twice", "another kind"]);
    }
    let binary = issuer.sign_raw([0xff, 0xfe], "{}");
    says(&refusal(&authenticator, &TestRequest::get("/").bearer(&binary)), &["in UTF-8"]);

    for (builder, words) in [
        (
            issuer.verifier().require_access_token_type(),
            &["`at+jwt` alone", "`.require_access_token_type()`"],
        ),
        (issuer.verifier().accept_spiffe(), &["`JOSE`", "ask the issuer for an access token"]),
    ] {
        let token = draft(&issuer, &[("typ", value())]);
        says(&refusal(&by(builder), &TestRequest::get("/").bearer(&token)), words);
    }
}

#[test]
fn no_key_for_a_token() {
    let ec = TestIssuer::new(Algorithm::Es256).kid("first");
    let rsa = TestIssuer::new(Algorithm::Rs256).kid("second");
    let hs512 = TestIssuer::new(Algorithm::Hs512);
    let set = |keys: &[serde_json::Value]| by(expecting().jwks(json!({ "keys": keys }).to_string()));
    let skipped = json!({"kty": "other"});
    let two = set(&[ec.jwk(), rsa.jwk()]);
    let with_kid = |issuer: &TestIssuer, kid: &str| draft(issuer, &[("kid", json!(kid))]);
    let without_kid = issuer_without_kid(&hs512);
    for (authenticator, token, words) in [
        (
            &by(expecting().secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA")),
            &without_kid,
            &["`alg` HS512", "the configured key is for HS256", "configure the issuer's key"][..],
        ),
        (
            &two,
            &without_kid,
            &["no key goes with", "`alg` HS512", "the 2 configured keys are for", "RS256", "ES256"],
        ),
        (
            &two,
            &with_kid(&rsa, CANARY),
            &["no key has the token's `kid`", "`alg` is RS256", "2 configured keys", "replace"],
        ),
        (&two, &with_kid(&hs512, "first"), &["with the token's `kid` is for ES256", "`alg` is HS512"]),
        (
            &set(&[ec.jwk(), skipped]),
            &sign(&rsa),
            &["the configured key is for ES256", "1 more were skipped", "skipped_keys"],
        ),
    ] {
        let log = refusal(authenticator, &TestRequest::get("/").bearer(token));
        says(&log, &["no key for the token's `kid` and algorithm"]);
        says(&log, words);
    }
}

fn issuer_without_kid(issuer: &TestIssuer) -> String {
    issuer.token(CANARY).without_header("kid").sign()
}

#[test]
fn a_signature_that_does_not_verify() {
    let issuers: Vec<_> =
        (0..9).map(|number| TestIssuer::new(Algorithm::Es256).kid(format!("key {number}"))).collect();
    let set = |count: usize| {
        let keys: Vec<_> = issuers.iter().take(count).map(TestIssuer::jwk).collect();
        by(expecting().jwks(json!({ "keys": keys }).to_string()))
    };
    let by_ninth = issuer_without_kid(issuers.last().unwrap());
    let secret = TestIssuer::new(Algorithm::Hs256);
    for (authenticator, token, words) in [
        (&set(9), &by_ninth, &["not all keys were tried", "9 configured keys", "at most 8", "`kid`"][..]),
        (&set(8), &by_ninth, &["8 configured keys", "none verifies it"]),
        (&set(1), &by_ninth, &["the configured key is not the one", "compare the issuer's keys"]),
        (&secret.authenticator(), &secret.bad_signature(CANARY), &["the configured secret is not", "base64"]),
        (
            &set(1),
            &draft(issuers.last().unwrap(), &[("nonce", json!(CANARY)), ("kid", json!("key 0"))]),
            &["`nonce`", "Microsoft Graph", "a scope of this API"],
        ),
    ] {
        let log = refusal(authenticator, &TestRequest::get("/").bearer(token));
        says(&log, &["the signature does not verify"]);
        says(&log, words);
    }
    // A nonce alone is no fault, and a header that is known tells no less.
    let authenticator = secret.authenticator();
    let good = secret.token("alice").header("nonce", "n").sign();
    for token in [&good, &secret.good("alice")] {
        let request = TestRequest::get("/").bearer(token);
        futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
    }
    let forged = TestRequest::get("/").bearer(&secret.bad_signature(CANARY));
    says(&refusal(&authenticator, &forged), &["the configured secret is not", "base64"]);
}

/// What is advised depends on whom the token is for.
#[test]
fn a_token_for_somebody_else() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let (keycloak, graph) = ("add an audience mapper", "It is for Microsoft Graph");
    let (id_token, other) = ("Is it an ID token", "Ask the issuer for a token for this API");
    for (audience, client, advice) in [
        (json!("account"), None, keycloak),
        (json!(["account", "web"]), Some("mobile"), other),
        (json!("00000003-0000-0000-c000-000000000000"), None, graph),
        (json!("https://graph.microsoft.com"), None, graph),
        (json!("web"), None, id_token),
        (json!("web"), Some("web"), id_token),
        (json!("web"), Some("mobile"), other),
        (json!(["web", "mobile"]), None, other),
        (json!(["web", "mobile"]), Some("web"), other),
    ] {
        let draft = issuer.token("alice").claim("aud", audience.clone()).claim("client_id", client);
        let draft = if client.is_none() { draft.without_claim("client_id") } else { draft };
        let log = refusal(&by(issuer.verifier()), &TestRequest::get("/").bearer(&draft.sign()));
        says(&log, &["expected `aud` \"https://api.example\"", advice]);
        let advised = [keycloak, graph, id_token, other].map(|advice| log.contains(advice));
        assert_eq!(advised.into_iter().filter(|advised| *advised).count(), 1, "{audience} {client:?}: {log}");
    }
}

/// Entra ID has two issuers for each tenant, by the version of the token.
#[test]
fn a_token_of_the_other_version_of_entra() {
    let (v1, other_v1) = ("https://sts.windows.net/one/", "https://sts.windows.net/other/");
    let (v2, other) = ("https://login.microsoftonline.com/one/v2.0", "https://issuer.example");
    let (switch, verbatim) = ("`requestedAccessTokenVersion` to 2", "the very text of the token's `iss`");
    for (expected, claimed, advice) in [
        (v2, v1, switch),
        (other_v1, v1, verbatim),
        (v2, other, verbatim),
        (v1, v2, verbatim),
        (v1, other, verbatim),
    ] {
        let issuer = TestIssuer::new(Algorithm::Hs256).issuer(expected);
        let token = issuer.token("alice").claim("iss", claimed).sign();
        let log = refusal(&by(issuer.verifier()), &TestRequest::get("/").bearer(&token));
        says(&log, &[&format!("expected `iss` \"{expected}\""), advice]);
        assert_eq!(log.contains(switch), advice == switch, "{log}");
    }

    const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let (v1, v2) =
        ("https://sts.windows.net/{tenantid}/", "https://login.microsoftonline.com/{tenantid}/v2.0");
    let template = "Its `iss` is not the template with its `tid`";
    let issuer = TestIssuer::new(Algorithm::Es256);
    for (expected, claimed, advice) in [
        (v2, v1.replace("{tenantid}", TENANT), switch),
        (v2, other.to_owned(), template),
        (v1, other_v1.to_owned(), template),
        (v1, v2.replace("{tenantid}", TENANT), template),
    ] {
        let verifier =
            JwtVerifier::builder().issuer_for_tenants(expected, [TENANT]).audience("https://api.example");
        let token = issuer.token("alice").claim("iss", claimed).claim("tid", TENANT).sign();
        let authenticator = by(verifier.jwk(issuer.jwk().to_string()));
        says(&refusal(&authenticator, &TestRequest::get("/").bearer(&token)), &[advice]);
    }
}

#[test]
fn a_token_that_is_too_long() {
    let authenticator = by(expecting().secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA"));
    let token = TestRequest::get("/").bearer(&CANARY.repeat(2000));
    says(
        &refusal(&authenticator, &token),
        &["longer than", "8192 bytes are accepted", "`.max_token_bytes(..)`"],
    );
}

#[test]
fn malformed_credentials() {
    let authenticator = by(expecting().secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA"));
    let grammar = "`Bearer`, a space, and one token of letters, digits";
    for (value, words) in [
        ("Bearer Bearer canary", &["`Bearer` stands there twice", grammar][..]),
        ("Bearer bearer  canary", &["`Bearer` stands there twice", grammar]),
        ("Bearer \"canary\"", &["quotation marks", "send it without", grammar]),
        ("Bearer 'canary'", &["quotation marks", grammar]),
        ("Bearer canary\"", &["quotation marks", grammar]),
        ("Bearer", &["no token stands behind `Bearer`", grammar]),
        ("Bearer   ", &["no token stands behind `Bearer`", grammar]),
        ("Bearer canary canary", &["more than one word", grammar]),
        ("Bearer canary ", &["a space stands behind the token", grammar]),
        ("Bearer\tcanary", &["a tab", grammar]),
        ("Bearer canary\tcanary", &["a tab", grammar]),
        ("Bearer canaryé", &["outside ASCII", grammar]),
        ("Bearer canary\ncanary", &["a control character", "line break", grammar]),
        ("Bearer canary, Bearer canary", &["a comma", "send one token", grammar]),
        ("Bearer [object Object]", &["[object ...]", "the member that holds the token", grammar]),
        ("Bearer ${canary}", &["a placeholder", "not filled in", grammar]),
        ("Bearer <canary>", &["a placeholder", grammar]),
        ("Bearer canary=canary", &["`=` stands elsewhere", grammar]),
        ("Bearer ==", &["`=` stands elsewhere", grammar]),
        ("Bearer canary;", &["a character stands in it that no token has", grammar]),
        ("Bearer: canary", &["else than a space stands behind `Bearer`", grammar]),
        ("\"Bearer\" canary", &["does not begin with the name of a scheme", grammar]),
        ("", &["is empty", "leave it out"]),
    ] {
        let log = refusal(&authenticator, &TestRequest::get("/").authorization(value));
        says(&log, &["reason=Malformed", "hint="]);
        says(&log, words);
    }
    let twice = TestRequest::get("/").bearer(CANARY).bearer(CANARY);
    says(&refusal(&authenticator, &twice), &["reason=Malformed", "several Authorization fields", "send one"]);
    let in_query_too = TestRequest::get("/?access_token=canary").bearer(CANARY);
    says(
        &refusal(&authenticator, &in_query_too),
        &["reason=Malformed", "the query has an access_token", "one place"],
    );
}

#[test]
fn credentials_in_another_place() {
    let authenticator = by(expecting().secret(Algorithm::Hs256, b"SXLYXpa777Eh-BZoS4tSMobj_TYZpWyA"));
    let field = |value: &str| TestRequest::get("/").authorization(value);
    let wanted = "send `Authorization: Bearer <token>`";
    for (request, words) in [
        (
            TestRequest::get("/?access_token=canary"),
            &["`access_token` stands in the query", "not read there", wanted][..],
        ),
        (TestRequest::get("/?a=1&access%5Ftoken=canary"), &["`access_token` stands in the query", wanted]),
        (field("Token canary"), &["the scheme `Token`", "`Bearer` is wanted", wanted]),
        (field("jwt canary"), &["the scheme `JWT`", wanted]),
        (field("Basic canary"), &["the scheme `Basic`", wanted]),
        (field("DPoP canary"), &["the scheme `DPoP`", wanted]),
        (field("Negotiate"), &["the scheme `Negotiate`", wanted]),
        (field("Tokens canary"), &["another scheme, or none", wanted]),
        (field("canary"), &["another scheme, or none", wanted]),
        (field("canary canary"), &["another scheme, or none", "`Bearer` is wanted", wanted]),
        (field("eyJhbGci.canary.canary"), &["a JWT stands", "without a scheme", wanted]),
        (field("Bearercanary"), &["no space stands between `Bearer`", wanted]),
        (
            TestRequest::get("/?access_token=canary").authorization("Basic canary"),
            &["the scheme `Basic`", "`access_token` stands in the query", wanted],
        ),
    ] {
        let log = refusal(&authenticator, &request);
        says(&log, &["reason=Missing", "hint="]);
        says(&log, words);
    }
    for request in [TestRequest::get("/"), TestRequest::get("/?access_tokens=1&b=access_token")] {
        let log = refusal(&authenticator, &request);
        assert!(log.contains("reason=Missing") && !log.contains("hint="), "{log}");
    }
}

#[test]
fn roles_that_cannot_be_read() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let keycloak = || by(issuer.verifier().roles(ClaimPath::realm_access_roles()));
    let admin = || Policy::role("admin");
    let there = "is there, and is not an array of strings";
    for (authenticator, claim, value, policy, words) in [
        (
            keycloak(),
            "realm_access",
            json!({"roles": CANARY}),
            admin(),
            &["claim `realm_access.roles`", there, "`.roles(..)` at the verifier"][..],
        ),
        (keycloak(), "realm_access", json!([CANARY]), admin(), &["claim `realm_access.roles`", there]),
        (issuer.authenticator(), "roles", json!({ CANARY: 1 }), admin(), &["claim `roles`", there]),
        (issuer.authenticator(), "roles", json!([CANARY, 1]), !admin(), &["claim `roles`", there]),
        (issuer.authenticator(), "roles", json!(null), admin(), &["claim `roles`", there]),
        (
            issuer.authenticator(),
            "roles",
            json!(7),
            Policy::scope(Scope::from_static("other")).or(admin().and(Policy::role("owner"))),
            &["claim `roles`", there],
        ),
        (
            by(issuer.verifier().roles(ClaimPath::supabase_role())),
            "role",
            json!([CANARY]),
            admin(),
            &["claim `role` is there, and is not one string,"],
        ),
        (
            by(issuer.verifier().roles(ClaimPath::roles().single_or_array())),
            "roles",
            json!({ CANARY: 1 }),
            admin(),
            &["is not one string or an array of them", "in which shape"],
        ),
        (
            by(issuer.verifier().roles(ClaimPath::roles().keys())),
            "roles",
            json!([CANARY]),
            admin(),
            &["is not an object whose keys are the roles"],
        ),
        (keycloak(), "roles", json!([CANARY]), admin(), &["no claim `realm_access.roles`", "`.roles(..)`"]),
        (issuer.authenticator(), "roles", json!([CANARY]), admin(), &[]),
        (issuer.authenticator(), "roles", json!([]), admin(), &[]),
        (issuer.authenticator(), "roles", json!([""]), admin(), &[]),
        (
            issuer.authenticator(),
            "roles",
            json!(CANARY),
            Policy::scope(Scope::from_static("other")).or(Policy::claim("roles").contains("admin")),
            &[],
        ),
    ] {
        let request = TestRequest::get("/").bearer(&issuer.token(CANARY).claim(claim, value).sign());
        let user = futures_executor::block_on(authenticator.authenticate::<NoClaims>(&request)).unwrap();
        let log = logged(|| drop(user.require(&policy).unwrap_err()));
        says(&log, &["reason=Insufficient", "policy="]);
        says(&log, words);
        assert_eq!(log.contains("hint="), !words.is_empty(), "{log}");
        assert!(log.lines().count() == 1 && !log.contains(CANARY), "{log}");
    }
}

#[test]
fn a_span_without_the_field_for_the_subject() {
    let issuer = TestIssuer::new(Algorithm::Hs256);
    let authenticator = issuer.authenticator();
    let request = TestRequest::get("/").bearer(&issuer.good(CANARY));
    let log = |authenticator: &Authenticator, span: &dyn Fn() -> tracing::Span| {
        let accepting = || {
            let accepted = authenticator.authenticate::<NoClaims>(&request);
            futures_executor::block_on(accepted).unwrap();
        };
        logged(|| span().in_scope(accepting))
    };
    let declared = || tracing::info_span!("request", subject = tracing::field::Empty);
    let bare = || tracing::info_span!("request");
    let none = tracing::Span::none;
    let complains = |log: &str| log.contains("no field `subject`");

    let telling = || authenticator.with_subject_in_spans();
    for span in [&bare as &dyn Fn() -> tracing::Span, &none] {
        let authenticator = telling();
        let first = log(&authenticator, span);
        says(&first, &["the subject is not recorded", "declare it", "subject = tracing::field::Empty"]);
        assert!(!first.contains(CANARY), "{first}");
        for again in [&authenticator, &authenticator.with_realm("the api").unwrap()] {
            assert!(!complains(&log(again, span)), "told once");
        }
        // Nothing is lost: where the field is declared, it is written.
        let authenticator = telling();
        assert!(!complains(&log(&authenticator, &declared)));
        assert!(complains(&log(&authenticator, span)), "not told before");
    }
    assert!(!complains(&log(&authenticator, &bare)), "nothing was to be recorded");
}
