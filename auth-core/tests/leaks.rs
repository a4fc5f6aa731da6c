//! Canaries in tokens, secrets and claims go through everything that prints: none may come out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::{Arc, Mutex};

use auth_core::adapter::{Credentials, Guard, Scoped, extract_from_guard, extract_user};
use auth_core::{
    Algorithm, Authenticated, Authenticator, BearerToken, JwtVerifier, NoClaims, Policy, Rejection,
    RequiredScopes, Scope, StoreFailure, UserLookup, UserStore, VerifiedToken, async_trait,
};
use auth_testing::{TestIssuer, TestRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const CANARY: &str = "canary";

/// The canary as it would show in each encoding.
fn shows(text: &str) -> bool {
    let encoded = (0..3).map(|shift| {
        let padded = URL_SAFE_NO_PAD.encode(format!("{}{CANARY}{CANARY}", "x".repeat(shift)));
        padded.get(4..12).unwrap().to_owned()
    });
    text.contains(CANARY) || encoded.into_iter().any(|encoded| text.contains(&encoded))
}

/// All that is printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Printed {
    fn debug(&self, value: &impl Debug) {
        let mut text = String::new();
        write!(text, "{value:?}\n{value:#?}\n").unwrap();
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    fn error(&self, error: &impl std::error::Error) {
        let mut source: Option<&dyn std::error::Error> = Some(error);
        while let Some(error) = source {
            self.debug(&format_args!("{error} {error:?} {error:#?}"));
            source = error.source();
        }
    }

    fn rejection(&self, rejection: &Rejection) {
        self.error(rejection);
        self.debug(&rejection.headers().collect::<Vec<_>>());
        self.debug(&rejection.body());
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// Good claims with a member as it is written.
fn draft_text(issuer: &TestIssuer, member: &str) -> String {
    let token = issuer.good(CANARY);
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    format!("{},{member}}}", String::from_utf8(claims).unwrap().strip_suffix('}').unwrap())
}

/// Good and bad tokens, each with canaries wherever there is room for one.
fn tokens(issuer: &TestIssuer) -> Vec<String> {
    let canary = format!("{CANARY}{CANARY}{CANARY}");
    let draft = || {
        issuer
            .token(&canary)
            .scope(&canary)
            .claim("jti", &*canary)
            .claim("client_id", &*canary)
            .claim("secret", &*canary)
            .claim("aud", json!(["https://api.example", canary]))
            .header("x", &*canary)
    };
    let mut tokens = vec![
        draft().sign(),
        draft().claim("forged", format!("missing field `{CANARY}`")).sign(),
        draft().claim("forged", format!("missing field `{CANARY}\n forged`")).sign(),
        issuer.sign_raw(
            json!({"alg": "HS256"}).to_string(),
            draft_text(issuer, r#""forged":"missing field `c\u0061nary`""#),
        ),
        draft().header("kid", &*canary).sign(),
        draft().header("alg", &*canary).sign(),
        draft().header("typ", &*canary).sign(),
        draft().header("crit", json!([canary])).sign(),
        draft().claim("iss", &*canary).sign(),
        draft().claim("aud", &*canary).sign(),
        draft().claim_at("exp", -3600).sign(),
        issuer.sign_raw(&canary, &canary),
        issuer.sign_raw(format!("{{\"alg\":\"{canary}"), &canary),
        issuer.sign_raw(json!({"alg": "HS256"}).to_string(), format!("{{\"sub\":\"{canary}\"}} {canary}")),
        format!("{}x", draft().sign()),
        format!("{canary}.{canary}.{canary}"),
        canary.clone(),
        canary.repeat(1000),
    ];
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "client_id", "cnf"] {
        tokens.push(draft().claim(name, json!({ &*canary: canary })).sign());
        tokens.push(draft().claim(name, format!("{canary} {canary}")).sign());
    }
    tokens
}

/// Claims that no token here has.
#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "only deserialized")]
struct Wanted {
    secret: Vec<u64>,
}

/// Errors that begin with what stands in the token, as those of applications do.
#[derive(Debug)]
struct Echoes;

impl<'de> serde::Deserialize<'de> for Echoes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let forged = value.get("forged").and_then(Value::as_str).unwrap_or_default();
        Err(serde::de::Error::custom(format!("{forged} is no tenant")))
    }
}

async fn authenticate(printed: &Printed, authenticator: &Authenticator, request: &TestRequest) -> usize {
    let mut accepted = 0;
    match authenticator.authenticate::<NoClaims>(request).await {
        Ok(caller) => {
            accepted += 1;
            let caller: Authenticated = caller;
            printed.debug(&caller);
            printed.debug(caller.token());
            printed.debug(&caller.audience());
            printed.debug(&caller.scopes());
            printed.rejection(&caller.require(&Policy::scope(Scope::from_static("other"))).unwrap_err());
            printed.error(&caller.token().claims::<Wanted>().unwrap_err());
            guarded(printed, authenticator, request, &caller).await;
            // That there is something to be found.
            assert!(shows(&caller.token().claims::<Value>().unwrap().to_string()));
        }
        Err(rejection) => printed.rejection(&rejection),
    }
    match authenticator.authenticate::<Wanted>(request).await {
        Ok(_) => panic!("no token has these claims"),
        Err(rejection) => printed.rejection(&rejection),
    }
    match authenticator.authenticate::<Echoes>(request).await {
        Ok(_) => panic!("no token has these claims"),
        Err(rejection) => printed.rejection(&rejection),
    }
    match authenticator.bearer_token(request) {
        Ok(token) => printed.debug(&token),
        Err(rejection) => printed.rejection(&rejection),
    }
    accepted
}

/// Guards, policies of every kind and the user behind the token.
async fn guarded(
    printed: &Printed,
    authenticator: &Authenticator,
    request: &TestRequest,
    caller: &Authenticated,
) {
    let said = caller.subject().to_owned();
    let asks = move |token: &VerifiedToken| token.subject() != said;
    for policy in [
        Policy::role("admin"),
        Policy::claim("sub").equals("other"),
        Policy::claim(["sub", "deeper"]).contains(true),
        !Policy::claim("sub").contains(7),
        Policy::predicate("another subject", asks).and(Policy::scope(Scope::from_static("other"))),
    ] {
        let guard = Guard::new(authenticator.clone()).require(policy.clone());
        printed.debug(&policy);
        printed.debug(&guard);
        printed.rejection(&guard.check(&mut request.clone()).await.unwrap_err());
        printed.rejection(&caller.require(&policy).unwrap_err());
    }
    let mut inside = request.clone();
    Guard::new(authenticator.clone()).check(&mut inside).await.unwrap();
    printed.debug(&extract_from_guard::<Authenticated>(&inside).unwrap());
    printed.debug(&extract_from_guard::<BearerToken>(&inside).unwrap());
    printed.rejection(&extract_from_guard::<Scoped<Other>>(&inside).unwrap_err());
    printed.rejection(&extract_from_guard::<Authenticated>(request).unwrap_err());
    for lookup in [UserLookup::Unknown, UserLookup::Inactive] {
        let user = extract_user(caller, &mut request.clone(), &Arc::new(Knows(lookup))).await;
        printed.rejection(&user.unwrap_err());
    }
}

struct Other;

impl RequiredScopes for Other {
    const SCOPES: &'static [Scope] = &[Scope::from_static("other")];
}

struct Knows(UserLookup<()>);

#[async_trait]
impl UserStore for Knows {
    type User = ();

    async fn user(&self, _: &VerifiedToken) -> Result<UserLookup<()>, StoreFailure> {
        Ok(self.0)
    }
}

#[test]
fn nothing_secret_shows_anywhere() {
    let printed = Printed::default();
    let log = printed.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || log.clone())
        .finish();
    let secret = format!("{CANARY}{CANARY}-Z3L08O4JKj5x3vnM7ZBV-8jwetKwmUDX-{CANARY}{CANARY}");
    let issuer = TestIssuer::with_secret(Algorithm::Hs256, secret.as_bytes());

    let accepted = tracing::subscriber::with_default(subscriber, || {
        let expecting =
            || JwtVerifier::builder().issuer("https://issuer.example").audience("https://api.example");
        let builder = expecting().secret(Algorithm::Hs256, &*secret);
        printed.debug(&builder);
        assert_eq!(format!("{builder:?}"), "JwtVerifierBuilder(<keys redacted>)");
        let verifier = builder.build().unwrap();
        printed.debug(&verifier);
        let authenticator = Authenticator::new(verifier);
        printed.debug(&authenticator);

        // Configurations that fail.
        let k = URL_SAFE_NO_PAD.encode(CANARY);
        for jwk in [
            json!({"kty": "oct", "k": k}),
            json!({"kty": "oct", "k": k, "use": CANARY}),
            json!({"kty": "oct", "k": [CANARY]}),
        ] {
            printed.error(&expecting().jwk(jwk.to_string()).build().unwrap_err());
            printed.error(&expecting().jwks(json!({"keys": [jwk]}).to_string()).build().unwrap_err());
        }
        printed.error(&expecting().secret(Algorithm::Hs256, CANARY).build().unwrap_err());
        printed.error(&expecting().public_key_pem(CANARY).build().unwrap_err());
        let private = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            URL_SAFE_NO_PAD.encode(&secret)
        );
        printed.error(&expecting().public_key_pem(private).build().unwrap_err());

        let mut accepted = 0;
        for token in tokens(&issuer) {
            printed.debug(&Credentials::from_fields([format!("Bearer {token}").as_bytes()]));
            for request in [
                TestRequest::get("/").bearer(&token),
                TestRequest::get("/").bearer(&token).authorization(&token),
                TestRequest::get(format!("/?access_token={token}")).bearer(&token),
                TestRequest::get("/").authorization(format!("Bearer {token} x")),
            ] {
                accepted += futures_executor::block_on(authenticate(&printed, &authenticator, &request));
            }
            if let Err(error) =
                expecting().secret(Algorithm::Hs256, &*secret).build().unwrap().verify_jwt(&token)
            {
                printed.error(&error);
            }
        }
        let broken = json!({"sub": CANARY, "exp": CANARY});
        printed.error(&VerifiedToken::assert_verified(broken).unwrap_err());
        accepted
    });

    let text = printed.text();
    assert!(accepted > 0, "no token was accepted");
    assert!(text.contains("request refused"), "nothing was logged");
    assert!(text.len() > 10_000, "next to nothing was printed");
    println!("summary: leaks: {} bytes of Debug output, errors, answers and log lines printed", text.len());
    let leak = text.lines().find(|line| shows(line));
    assert_eq!(leak, None);
}
