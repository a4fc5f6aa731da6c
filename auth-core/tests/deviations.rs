//! Each option that lets in what issuers send beside the specifications, in both directions: what it lets in, and that
//! all else is refused as before.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(clippy::needless_pass_by_value, reason = "errors are written where they are expected")]

use auth_core::adapter::extract_user;
use auth_core::jwt::{JwtKeys, JwtVerifierBuilder, Problem};
use auth_core::{
    Algorithm, Authenticated, Authenticator, ClaimPath, JwtVerifier, StoreFailure, TokenVerifier, UserLookup,
    UserStore, VerifiedToken, VerifierChain, VerifyError, async_trait,
};
use auth_testing::{TestIssuer, TestRequest, TokenDraft};
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.example";

/// The key of an issuer, and nothing that is expected.
fn keys(issuer: &TestIssuer) -> JwtVerifierBuilder {
    JwtVerifier::builder().jwk(issuer.jwk().to_string())
}

fn verdict(builder: JwtVerifierBuilder, token: &str) -> Result<VerifiedToken, VerifyError> {
    builder.build().unwrap().verify_jwt(token)
}

/// Asks a verifier with the option, and one without.
struct Deviation<'a> {
    issuer: &'a TestIssuer,
    set: fn(JwtVerifierBuilder) -> JwtVerifierBuilder,
}

impl Deviation<'_> {
    /// Only with the option the token is accepted; without it is refused so.
    #[track_caller]
    fn lets_in(&self, token: &str, refused: VerifyError) -> VerifiedToken {
        assert_eq!(verdict(self.issuer.verifier(), token).unwrap_err(), refused);
        verdict((self.set)(self.issuer.verifier()), token).unwrap()
    }

    /// The option changes nothing.
    #[track_caller]
    fn refuses(&self, token: &str, refused: VerifyError) {
        assert_eq!(verdict(self.issuer.verifier(), token).unwrap_err(), refused);
        assert_eq!(verdict((self.set)(self.issuer.verifier()), token).unwrap_err(), refused);
    }

    #[track_caller]
    fn accepts_as_before(&self, token: &str) {
        verdict(self.issuer.verifier(), token).unwrap();
        verdict((self.set)(self.issuer.verifier()), token).unwrap();
    }
}

fn issuer() -> TestIssuer {
    TestIssuer::new(Algorithm::Es256)
}

/// Every other fault is refused with the option as without.
#[track_caller]
fn all_else_is_refused(option: &Deviation<'_>) {
    let issuer = option.issuer;
    option.accepts_as_before(&issuer.good("alice"));
    option.refuses(&issuer.expired("alice"), VerifyError::Expired);
    option.refuses(&issuer.not_yet_valid("alice"), VerifyError::NotYetValid);
    option.refuses(&issuer.wrong_issuer("alice"), VerifyError::WrongIssuer);
    option.refuses(&issuer.wrong_audience("alice"), VerifyError::WrongAudience);
    option.refuses(&issuer.bad_signature("alice"), VerifyError::InvalidSignature);
    let with = |name: &str, value: Value| issuer.token("alice").claim(name, value).sign();
    option.refuses(&with("cnf", json!({"jkt": "x"})), VerifyError::SenderConstrained);
    for name in ["exp", "iss", "aud", "sub", "iat"] {
        option.refuses(&with(name, Value::Null), VerifyError::InvalidClaim(name));
    }
    option.refuses(&with("sub", json!(4)), VerifyError::InvalidClaim("sub"));
    option.refuses(&with("aud", json!([])), VerifyError::InvalidClaim("aud"));
    option.refuses(&issuer.token("alice").without_claim("exp").sign(), VerifyError::MissingClaim("exp"));
    option.refuses(
        &issuer.token("alice").header("crit", json!(["x"])).sign(),
        VerifyError::InvalidHeader("crit"),
    );
    option.refuses(&issuer.token("alice").header("zip", "DEF").sign(), VerifyError::InvalidHeader("zip"));
    option
        .refuses(&issuer.token("alice").header("kid", Value::Null).sign(), VerifyError::InvalidHeader("kid"));
    option.refuses(&issuer.token("alice").header("kid", json!(7)).sign(), VerifyError::InvalidHeader("kid"));
    option
        .refuses(&issuer.token("alice").header("typ", "id_token").sign(), VerifyError::InvalidHeader("typ"));
}

#[test]
fn no_option_opens_anything_else() {
    let issuer = issuer();
    let sets: [fn(JwtVerifierBuilder) -> JwtVerifierBuilder; 12] = [
        |builder| builder,
        |builder| builder.subject_or("client_id"),
        JwtVerifierBuilder::lenient_scope,
        JwtVerifierBuilder::null_is_absent,
        |builder| builder.max_token_bytes(65_536),
        JwtVerifierBuilder::members_bounded_by_bytes,
        JwtVerifierBuilder::accept_zip_none,
        JwtVerifierBuilder::accept_spiffe,
        JwtVerifierBuilder::allow_missing_subject,
        |builder| builder.require_claim("sub", "alice"),
        |builder| builder.issuer("https://other.example"),
        |builder| {
            builder
                .subject_or("client_id")
                .allow_missing_subject()
                .lenient_scope()
                .null_is_absent()
                .max_token_bytes(65_536)
                .members_bounded_by_bytes()
                .accept_zip_none()
                .accept_spiffe()
        },
    ];
    for set in sets {
        all_else_is_refused(&Deviation { issuer: &issuer, set });
    }
}

#[test]
fn scope_may_be_an_array_with_duplicates_and_spaces() {
    let issuer = issuer();
    let option = Deviation { issuer: &issuer, set: JwtVerifierBuilder::lenient_scope };
    let with = |name: &str, value: Value| issuer.token("alice").claim(name, value).sign();
    for (name, value) in [
        ("scope", json!(["a", "b"])),
        ("scope", json!(["a", "b", "a"])),
        ("scope", json!("a b a")),
        ("scope", json!("a  b")),
        ("scope", json!("a b ")),
        ("scope", json!("  a b")),
        ("scp", json!("a  b")),
        ("scp", json!(["a", "b", "a"])),
    ] {
        let token = option.lets_in(
            &with(name, value.clone()),
            VerifyError::InvalidClaim(if name == "scp" { "scp" } else { "scope" }),
        );
        assert_eq!(token.scopes().iter().collect::<Vec<_>>(), ["a", "b"], "{value}");
        assert!(!token.scopes().contains("") && !token.scopes().contains("a b"));
    }
    for empty in [json!([]), json!(" "), json!("   ")] {
        assert!(
            option.lets_in(&with("scope", empty), VerifyError::InvalidClaim("scope")).scopes().is_empty()
        );
    }
    for value in [
        json!(["a b"]),
        json!([""]),
        json!(["a", 1]),
        json!(["a", null]),
        json!([["a"]]),
        json!({"a": "b"}),
        json!("a\tb"),
        json!("a\"b"),
        json!("\u{e9}"),
        json!(7),
        json!(true),
        Value::Null,
    ] {
        option.refuses(&with("scope", value), VerifyError::InvalidClaim("scope"));
    }
    // `scope` still counts before `scp`.
    let both = issuer.token("alice").claim("scope", json!(["a", "a"])).claim("scp", json!(["b"])).sign();
    let token = option.lets_in(&both, VerifyError::InvalidClaim("scope"));
    assert_eq!(token.scopes().iter().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn null_is_absent_in_four_claims_and_no_others() {
    let issuer = issuer();
    let option = Deviation { issuer: &issuer, set: JwtVerifierBuilder::null_is_absent };
    for name in ["nbf", "jti", "client_id", "scope"] {
        let token = option.lets_in(
            &issuer.token("alice").claim(name, Value::Null).sign(),
            VerifyError::InvalidClaim(match name {
                "nbf" => "nbf",
                "jti" => "jti",
                "client_id" => "client_id",
                _ => "scope",
            }),
        );
        assert_eq!((token.not_before(), token.token_id(), token.client_id()), (None, None, None), "{name}");
        assert!(token.scopes().is_empty());
    }
    for name in ["exp", "iss", "aud", "sub", "iat", "scp"] {
        option
            .refuses(&issuer.token("alice").claim(name, Value::Null).sign(), VerifyError::InvalidClaim(name));
    }
    option.refuses(&issuer.token("alice").claim("cnf", Value::Null).sign(), VerifyError::SenderConstrained);
    for (name, value) in [("nbf", json!("1")), ("jti", json!(1)), ("client_id", json!(false))] {
        option.refuses(&issuer.token("alice").claim(name, value).sign(), VerifyError::InvalidClaim(name));
    }
    // An absent `scope` leaves `scp` to be asked.
    let token = issuer.token("alice").claim("scope", Value::Null).claim("scp", json!(["b"])).sign();
    assert!(option.lets_in(&token, VerifyError::InvalidClaim("scope")).scopes().contains("b"));
}

#[test]
fn the_subject_may_be_another_claim() {
    let issuer = issuer();
    let option = Deviation {
        issuer: &issuer,
        set: |builder| builder.subject_or("client_id").subject_or(["act", "sub"]),
    };
    let machine = |draft: TokenDraft<'_>| draft.without_claim("sub").sign();
    let client = || issuer.token("x").claim("client_id", "svc");
    assert_eq!(option.lets_in(&machine(client()), VerifyError::MissingClaim("sub")).subject(), "svc");
    let nested = issuer.token("x").claim("act", json!({"sub": "svc\u{e9}\n"}));
    assert_eq!(option.lets_in(&machine(nested), VerifyError::MissingClaim("sub")).subject(), "svc\u{e9}\n");
    assert_eq!(
        option.lets_in(&client().claim("sub", "").sign(), VerifyError::InvalidClaim("sub")).subject(),
        "svc"
    );
    let named = verdict((option.set)(issuer.verifier()), &client().claim("sub", "alice").sign()).unwrap();
    assert_eq!((named.subject(), named.subject_opt()), ("alice", Some("alice")), "`sub` counts first");
    option.refuses(&machine(issuer.token("x")), VerifyError::MissingClaim("sub"));
    option.refuses(&machine(issuer.token("x").claim("client_id", "")), VerifyError::MissingClaim("sub"));
    option.refuses(&client().claim("sub", json!(4)).sign(), VerifyError::InvalidClaim("sub"));
    let other = machine(issuer.token("x").claim("act", json!({"sub": ["svc"]})));
    assert_eq!(verdict((option.set)(issuer.verifier()), &other).unwrap_err(), VerifyError::UnmetClaim);
}

struct Users;

#[async_trait]
impl UserStore for Users {
    type User = String;

    async fn user(&self, token: &VerifiedToken) -> Result<UserLookup<String>, StoreFailure> {
        Ok(UserLookup::Active(token.subject().to_owned()))
    }
}

#[test]
fn a_token_without_a_subject_is_nobody() {
    let issuer = issuer();
    let option = Deviation { issuer: &issuer, set: JwtVerifierBuilder::allow_missing_subject };
    let without = issuer.token("x").without_claim("sub").sign();
    for (token, refused) in [
        (without.clone(), VerifyError::MissingClaim("sub")),
        (issuer.token("").sign(), VerifyError::InvalidClaim("sub")),
    ] {
        let token = option.lets_in(&token, refused);
        assert_eq!((token.subject_opt(), token.subject()), (None, ""));
    }
    option.refuses(&issuer.token("x").claim("sub", json!(4)).sign(), VerifyError::InvalidClaim("sub"));
    let both = issuer.verifier().subject_or("client_id").allow_missing_subject().build().unwrap();
    assert_eq!(both.verify_jwt(&without).unwrap().subject_opt(), None);
    let client = issuer.token("x").without_claim("sub").claim("client_id", "svc").sign();
    assert_eq!(both.verify_jwt(&client).unwrap().subject_opt(), Some("svc"));

    // All of them would share one user.
    let authenticator = Authenticator::new((option.set)(issuer.verifier()).build().unwrap());
    let user = |token: &str| {
        let mut request = TestRequest::get("/").bearer(token);
        let found = futures_executor::block_on(authenticator.authenticate(&request));
        let found: Authenticated = found.unwrap();
        futures_executor::block_on(extract_user(&found, &mut request, &std::sync::Arc::new(Users)))
    };
    assert_eq!(user(&issuer.good("alice")).unwrap(), "alice");
    assert_eq!(user(&without).unwrap_err().status(), 401);
}

#[test]
fn another_claim_may_say_whom_a_token_is_for() {
    let issuer = issuer();
    let builder = || keys(&issuer).issuer(ISSUER).audience_in("client_id", ["web", "app"]);
    let token = |client: Value| issuer.token("alice").without_claim("aud").claim("client_id", client).sign();
    assert!(verdict(builder(), &token(json!("web"))).is_ok());
    assert!(verdict(builder(), &token(json!("app"))).is_ok());
    for other in ["we", "webb", "Web", "", "web app"] {
        assert_eq!(
            verdict(builder(), &token(json!(other))).unwrap_err(),
            VerifyError::WrongAudience,
            "{other}"
        );
    }
    let without = issuer.token("alice").without_claim("aud").sign();
    assert_eq!(verdict(builder(), &without).unwrap_err(), VerifyError::WrongAudience);
    assert_eq!(verdict(issuer.verifier(), &without).unwrap_err(), VerifyError::MissingClaim("aud"));
    // An `aud` is no way round.
    let aud = issuer.token("alice").claim("aud", "web").sign();
    assert_eq!(verdict(builder(), &aud).unwrap_err(), VerifyError::WrongAudience);

    let nested = || keys(&issuer).issuer(ISSUER).audience_in(["ext", "apis"], ["api"]);
    let token = |apis: Value| issuer.token("alice").claim("ext", json!({"apis": apis})).sign();
    for apis in [json!("api"), json!(["x", "api"])] {
        assert!(verdict(nested(), &token(apis.clone())).is_ok(), "{apis}");
    }
    for apis in [
        json!(["x"]),
        json!([]),
        json!(["api", 1]),
        json!({"api": 1}),
        json!(null),
        json!(1),
        json!([["api"]]),
    ] {
        assert_eq!(
            verdict(nested(), &token(apis.clone())).unwrap_err(),
            VerifyError::WrongAudience,
            "{apis}"
        );
    }
}

#[test]
fn an_empty_audience_is_accepted_where_nobody_asks_for_one() {
    let issuer = issuer();
    let nobody = issuer.token("alice").claim("aud", json!([])).claim("client_id", "web").sign();
    assert_eq!(verdict(issuer.verifier(), &nobody).unwrap_err(), VerifyError::InvalidClaim("aud"));
    let any = || keys(&issuer).issuer(ISSUER).dangerously_accept_any_audience();
    assert_eq!(verdict(any(), &nobody).unwrap().audience().unwrap().iter().count(), 0);
    assert!(verdict(keys(&issuer).issuer(ISSUER).audience_in("client_id", ["web"]), &nobody).is_ok());
    for aud in [json!(null), json!(1), json!({}), json!(["api", 1])] {
        let token = issuer.token("alice").claim("aud", aud.clone()).sign();
        assert_eq!(verdict(any(), &token).unwrap_err(), VerifyError::InvalidClaim("aud"), "{aud}");
    }
}

#[test]
fn the_longest_token_is_8_to_64_kib() {
    let issuer = issuer();
    // A token of exactly so many bytes.
    let of_length = |bytes: usize| {
        let padded = |filler: usize| issuer.token("alice").claim("filler", "x".repeat(filler)).sign();
        let mut filler = (bytes - padded(0).len()) / 4 * 3;
        while padded(filler).len() < bytes {
            filler += 1;
        }
        padded(filler)
    };
    for (bound, bytes) in [(8_192, 8_192), (12_288, 12_288), (65_536, 65_536)] {
        let token = of_length(bytes);
        let verifier = || issuer.verifier().max_token_bytes(bound).build().unwrap();
        let authenticator = Authenticator::new(verifier());
        let chain = Authenticator::new(VerifierChain::new(issuer.verifier().build().unwrap()).or(verifier()));
        let shared = Authenticator::new(std::sync::Arc::new(verifier()));
        for authenticator in [&authenticator, &chain, &shared] {
            let status = |token: &str| {
                let request = TestRequest::get("/").bearer(token);
                let found =
                    futures_executor::block_on(authenticator.authenticate::<auth_core::NoClaims>(&request));
                found.err().map(|rejection| rejection.status().as_u16())
            };
            let longer = of_length(bytes + 1);
            let (fits, exceeds) = (token.len() <= bound, longer.len() > bound);
            assert_eq!(status(&token), (!fits).then_some(401), "{bound}: {}", token.len());
            assert!(exceeds);
            assert_eq!(status(&longer), Some(401), "{bound}: {}", longer.len());
        }
        assert_eq!(verifier().verify_jwt(&of_length(bytes + 1)).unwrap_err(), VerifyError::TooLong);
    }
    let large = of_length(12_000);
    assert_eq!(issuer.verifier().build().unwrap().verify_jwt(&large).unwrap_err(), VerifyError::TooLong);
    for bytes in [0, 8_191, 65_537, usize::MAX] {
        assert_eq!(
            problems(issuer.verifier().max_token_bytes(bytes)),
            [Problem::TokenBytesOutOfRange { bytes }]
        );
    }
}

#[test]
fn members_may_be_bounded_by_bytes() {
    let issuer = issuer();
    let option = Deviation { issuer: &issuer, set: JwtVerifierBuilder::members_bounded_by_bytes };
    let clients = |count: usize| -> Value {
        (0..count)
            .map(|number| (format!("c{number}"), json!({"roles": ["user"]})))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let token = |count: usize| issuer.token("alice").claim("resource_access", clients(count)).sign();
    option.accepts_as_before(&token(120));
    let read = option.lets_in(&token(130), VerifyError::MalformedClaims);
    let member = auth_core::Policy::claim(ClaimPath::resource_access_roles("c129")).contains("user");
    assert!(member.allows(&read));
    // Twice is twice, also behind many.
    let json = serde_json::to_string(&json!({
        "iss": ISSUER, "aud": "https://api.example", "sub": "alice", "exp": 4_000_000_000_u64, "a": clients(150),
    }));
    let twice = json.unwrap().replacen("\"c149\"", "\"c0\"", 1);
    let header = json!({"alg": "ES256", "kid": issuer.jwk()["kid"]}).to_string();
    option.refuses(&issuer.sign_raw(&header, twice), VerifyError::MalformedClaims);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
    option.refuses(&issuer.sign_raw(header, deep), VerifyError::MalformedClaims);
}

#[test]
fn zip_may_say_that_nothing_is_compressed() {
    let issuer = issuer();
    let option = Deviation { issuer: &issuer, set: JwtVerifierBuilder::accept_zip_none };
    let with = |zip: Value| issuer.token("alice").header("zip", zip).sign();
    option.lets_in(&with(json!("NONE")), VerifyError::InvalidHeader("zip"));
    for zip in [json!("DEF"), json!("none"), json!("GZIP"), json!(""), json!(null), json!(["NONE"])] {
        option.refuses(&with(zip), VerifyError::InvalidHeader("zip"));
    }
}

#[test]
fn several_names_of_one_issuer() {
    let issuer = issuer();
    let builder = || issuer.verifier().issuer("issuer.example");
    for name in [ISSUER, "issuer.example"] {
        assert_eq!(
            verdict(builder(), &issuer.token("alice").claim("iss", name).sign()).unwrap().issuer(),
            Some(name)
        );
    }
    for name in ["https://issuer.example/", "issuer.example/", "", "ISSUER.example", "http://issuer.example"]
    {
        let token = issuer.token("alice").claim("iss", name).sign();
        assert_eq!(verdict(builder(), &token).unwrap_err(), VerifyError::WrongIssuer, "{name}");
    }
}

#[test]
fn the_issuers_that_are_accepted_can_be_listed() {
    let issuer = issuer();
    let listed = |set: fn(JwtVerifierBuilder) -> JwtVerifierBuilder| {
        set(keys(&issuer)).audience("a").build().unwrap().issuers()
    };
    assert_eq!(listed(|b| b.issuer("a").issuer("b")).unwrap(), ["a", "b"]);
    assert_eq!(
        listed(|b| b.issuer_for_tenants(TEMPLATE, [TENANT, OTHER_TENANT])).unwrap(),
        [TENANT, OTHER_TENANT].map(|tenant| TEMPLATE.replace("{tenantid}", tenant))
    );
    assert_eq!(listed(JwtVerifierBuilder::dangerously_accept_any_issuer), None);
}

const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const OTHER_TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

#[test]
fn demanded_claims_are_demanded_without_a_guard() {
    let issuer = issuer();
    let builder = || {
        issuer
            .verifier()
            .require_claim("token_use", "access")
            .require_claim_in(["ext", "level"], [2, 3])
            .require_claim("active", true)
    };
    let token = |token_use: Value, level: Value, active: Value| {
        let draft = issuer.token("alice").claim("token_use", token_use).claim("ext", json!({"level": level}));
        draft.claim("active", active).sign()
    };
    assert!(verdict(builder(), &token(json!("access"), json!(2), json!(true))).is_ok());
    assert!(verdict(builder(), &token(json!("access"), json!(3), json!(true))).is_ok());
    for (token_use, level, active) in [
        (json!("id"), json!(2), json!(true)),
        (json!("Access"), json!(2), json!(true)),
        (json!(["access"]), json!(2), json!(true)),
        (json!(null), json!(2), json!(true)),
        (json!("access"), json!(4), json!(true)),
        (json!("access"), json!("2"), json!(true)),
        (json!("access"), json!(2.0), json!(true)),
        (json!("access"), json!(2), json!("true")),
        (json!("access"), json!(2), json!(false)),
    ] {
        let token = token(token_use, level, active);
        assert_eq!(verdict(builder(), &token).unwrap_err(), VerifyError::UnmetClaim);
    }
    assert_eq!(verdict(builder(), &issuer.good("alice")).unwrap_err(), VerifyError::UnmetClaim);

    // An extractor without a guard is not open.
    let authenticator = Authenticator::new(builder().build().unwrap());
    let request = TestRequest::get("/").bearer(&issuer.good("alice"));
    let refused =
        futures_executor::block_on(authenticator.authenticate::<auth_core::NoClaims>(&request)).unwrap_err();
    assert_eq!(refused.status(), 401);
    assert!(refused.headers().any(|(_, value)| value == "Bearer error=\"invalid_token\""));
}

#[test]
fn only_allowed_clients_may_call() {
    let issuer = issuer();
    let builder = || issuer.verifier().allow_clients(["web"]).allow_clients(["app"]);
    let token = |claims: Value| {
        let draft = issuer.token("alice");
        claims
            .as_object()
            .unwrap()
            .iter()
            .fold(draft, |draft, (name, value)| draft.claim(name, value.clone()))
            .sign()
    };
    for (claims, client) in [
        (json!({"client_id": "web"}), "web"),
        (json!({"azp": "app"}), "app"),
        (json!({"cid": "web"}), "web"),
        (json!({"appid": "web"}), "web"),
        (json!({"client_id": "web", "azp": "app"}), "web"),
        (json!({"azp": null, "appid": "app"}), "app"),
        (json!({"azp": "w\u{65}b"}), "web"),
    ] {
        assert_eq!(verdict(builder(), &token(claims)).unwrap().client_id(), Some(client));
    }
    for claims in [
        json!({}),
        json!({"client_id": "other"}),
        json!({"client_id": "Web"}),
        json!({"client_id": ""}),
        json!({"client_id": "web", "azp": "other"}),
        json!({"client_id": "other", "azp": "web"}),
        json!({"azp": ["web"]}),
        json!({"azp": "web", "cid": 7}),
        json!({"clientId": "web"}),
    ] {
        assert_eq!(
            verdict(builder(), &token(claims.clone())).unwrap_err(),
            VerifyError::WrongClient,
            "{claims}"
        );
    }
    // Without the option the client is told, and not judged.
    let told = |claims: Value| verdict(issuer.verifier(), &token(claims)).unwrap();
    assert_eq!(told(json!({"azp": "x", "appid": "y"})).client_id(), Some("x"));
    assert_eq!(told(json!({"azp": 7, "appid": "y"})).client_id(), Some("y"));
    assert_eq!(told(json!({})).client_id(), None);
}

#[track_caller]
fn problems(builder: JwtVerifierBuilder) -> Vec<Problem> {
    let error = builder.build().unwrap_err();
    assert!(error.to_string().starts_with("cannot verify tokens with this configuration"));
    error.problems().to_vec()
}

#[test]
fn options_that_contradict_each_other_are_build_errors() {
    let issuer = issuer();
    let with = |set: fn(JwtVerifierBuilder) -> JwtVerifierBuilder| problems(set(keys(&issuer)));
    assert_eq!(
        with(|b| b.issuer("a").issuer_for_tenants(TEMPLATE, [TENANT]).audience("a")),
        [Problem::ContradictoryIssuers]
    );
    assert_eq!(
        with(|b| b.issuer("a").dangerously_accept_any_issuer().audience("a")),
        [Problem::ContradictoryIssuers]
    );
    assert_eq!(
        with(|b| b
            .issuer_for_tenants(TEMPLATE, [TENANT])
            .issuer_for_tenants(TEMPLATE, [TENANT])
            .audience("a")),
        [Problem::ContradictoryIssuers]
    );
    assert_eq!(
        with(|b| b.issuer("a").audience("a").dangerously_accept_any_audience()),
        [Problem::ContradictoryAudiences]
    );
    assert_eq!(
        with(|b| b.issuer("a").audience("a").audience_in("azp", ["a"])),
        [Problem::ContradictoryAudiences]
    );
    assert_eq!(
        with(|b| b.issuer("a").audience_in("azp", ["a"]).audience_in("cid", ["a"])),
        [Problem::ContradictoryAudiences]
    );
    assert_eq!(with(|b| b.issuer(TEMPLATE).audience("a")), [Problem::IssuerIsTemplate]);
    assert_eq!(with(|b| b.issuer("").issuer("a").audience("a")), [Problem::EmptyIssuer]);
    for template in
        ["https://a.example", "https://a.example/{tenant}", "{tenantid}/{tenantid}", "{tenantid}}"]
    {
        let builder = keys(&issuer).issuer_for_tenants(template, [TENANT]).audience("a");
        assert_eq!(problems(builder), [Problem::TenantTemplate], "{template}");
    }
    let none: [&str; 0] = [];
    assert_eq!(
        problems(keys(&issuer).issuer_for_tenants(TEMPLATE, none).audience("a")),
        [Problem::NoTenants]
    );
    assert_eq!(
        problems(keys(&issuer).issuer_for_tenants(TEMPLATE, [TENANT, "common"]).audience("a")),
        [Problem::TenantIsNoGuid { position: 2 }]
    );
    let no_values = |method, claim: &str| [Problem::NoValues { method, claim: claim.to_owned() }];
    assert_eq!(problems(keys(&issuer).issuer("a").audience_in("azp", none)), no_values("audience_in", "azp"));
    assert_eq!(problems(keys(&issuer).issuer("a").audience_in("azp", [""])), [Problem::EmptyAudience]);
    assert_eq!(problems(issuer.verifier().require_claim_in("a", none)), no_values("require_claim_in", "a"));
    assert_eq!(problems(issuer.verifier().allow_clients(none)), [Problem::NoClients]);
    assert_eq!(problems(issuer.verifier().allow_clients(["web", ""])), [Problem::NoClients]);
    assert_eq!(problems(issuer.verifier().keys_later()), [Problem::KeysNowAndLater]);
    // All at once.
    let all = JwtVerifier::builder()
        .issuer(TEMPLATE)
        .dangerously_accept_any_issuer()
        .audience_in("azp", none)
        .audience("a")
        .require_claim_in("a", none)
        .allow_clients(none)
        .max_token_bytes(1)
        .accept_spiffe()
        .require_access_token_type();
    let all = all.build().unwrap_err();
    insta::assert_snapshot!(all.to_string().replace("; ", "\n"));
    assert_eq!(all.problems().len(), 9);
}

#[test]
fn keys_may_come_later() {
    let issuer = issuer();
    let verifier =
        JwtVerifier::builder().issuer(ISSUER).audience("https://api.example").keys_later().build().unwrap();
    let unavailable = VerifyError::Unavailable { retry_after: None };
    for token in [issuer.good("alice"), issuer.bad_signature("alice"), issuer.expired("alice")] {
        assert_eq!(verifier.verify_jwt(&token).unwrap_err(), unavailable);
        assert_eq!(verifier.verify_now(&token).unwrap().unwrap_err().into_error(), unavailable);
    }
    assert_eq!(verifier.verify_jwt("a.b").unwrap_err(), VerifyError::MalformedToken);
    let keys = verifier.keys();
    assert!(keys.replace(JwtKeys::new()).is_err(), "no keys are no keys");
    assert_eq!(verifier.verify_jwt(&issuer.good("alice")).unwrap_err(), unavailable);
    keys.replace(JwtKeys::new().jwk(issuer.jwk().to_string())).unwrap();
    assert_eq!(verifier.verify_jwt(&issuer.good("alice")).unwrap().subject(), "alice");
    let authenticator = Authenticator::new(
        JwtVerifier::builder().issuer(ISSUER).audience("https://api.example").keys_later().build().unwrap(),
    );
    let request = TestRequest::get("/").bearer(&issuer.good("alice"));
    let refused =
        futures_executor::block_on(authenticator.authenticate::<auth_core::NoClaims>(&request)).unwrap_err();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().any(|(name, _)| name == "retry-after"));
}

#[test]
fn an_issuer_of_tenants_respects_that_of_the_key() {
    let issuer = issuer();
    let claimed = TEMPLATE.replace("{tenantid}", TENANT);
    let token = issuer.token("alice").claim("iss", claimed.as_str()).claim("tid", TENANT).sign();
    let with_key_issuer = |key_issuer: Value| {
        let mut jwk = issuer.jwk();
        jwk["issuer"] = key_issuer;
        JwtVerifier::builder()
            .issuer_for_tenants(TEMPLATE, [TENANT])
            .audience("https://api.example")
            .jwks(json!({"keys": [jwk]}).to_string())
    };
    for key_issuer in [json!(TEMPLATE), json!(claimed), Value::Null] {
        assert!(verdict(with_key_issuer(key_issuer.clone()), &token).is_ok(), "{key_issuer}");
    }
    let other = TEMPLATE.replace("{tenantid}", "11111111-6c67-4c5b-b112-36a304b66dad");
    for key_issuer in [json!(other), json!("https://login.microsoftonline.com/"), json!("")] {
        let refused = verdict(with_key_issuer(key_issuer.clone()), &token).unwrap_err();
        assert_eq!(refused, VerifyError::WrongIssuer, "{key_issuer}");
    }
}

#[test]
fn spiffe_has_its_type_and_its_use() {
    let issuer = issuer();
    let option = Deviation { issuer: &issuer, set: JwtVerifierBuilder::accept_spiffe };
    option.lets_in(&issuer.token("alice").header("typ", "JOSE").sign(), VerifyError::InvalidHeader("typ"));
    for typ in ["jose", "JOSE+JSON", "dpop+jwt", "x509"] {
        option.refuses(&issuer.token("alice").header("typ", typ).sign(), VerifyError::InvalidHeader("typ"));
    }
    let strict = problems(issuer.verifier().accept_spiffe().require_access_token_type());
    assert_eq!(strict, [Problem::ContradictoryTypes]);

    let mut jwk = issuer.jwk();
    for (usage, by_default, with_option) in
        [("sig", true, true), ("jwt-svid", false, true), ("x509-svid", false, false), ("enc", false, false)]
    {
        jwk["use"] = usage.into();
        let bundle = json!({"keys": [jwk], "spiffe_sequence": 12, "spiffe_refresh_hint": 300}).to_string();
        let builder = || JwtVerifier::builder().issuer(ISSUER).audience("https://api.example").jwks(&bundle);
        assert_eq!(builder().build().is_ok(), by_default, "{usage}");
        let built = builder().accept_spiffe().build();
        assert_eq!(built.is_ok(), with_option, "{usage}");
        if let Ok(verifier) = built {
            assert!(verifier.verify_jwt(&issuer.good("alice")).is_ok());
            // Replaced keys are held to the same rule.
            assert!(verifier.keys().replace(JwtKeys::new().jwks(&bundle)).is_ok());
        }
    }
}
