use std::collections::HashSet;
use std::sync::LazyLock;

use auth_core::{Algorithm, JwtVerifier, VerifyError};
use auth_testing::TestIssuer;
use jsonwebtoken::crypto::aws_lc;
use jsonwebtoken::{DecodingKey, Validation};
use jwt_simple::prelude::{Duration, HS256Key, MACLike as _, NoCustomClaims, VerificationOptions};
use serde_json::{Map, Value};

use crate::token::{count, split};

const SECRET: [u8; 32] = *b"kEsZv5lcXZ1SZcsBDKHF5Ll23b-X50cR";

struct Judges {
    issuer: TestIssuer,
    ours: JwtVerifier,
    /// With every option that lets more in.
    open: JwtVerifier,
    jsonwebtoken: (DecodingKey, Validation),
    jwt_simple: (HS256Key, VerificationOptions),
}

static JUDGES: LazyLock<Judges> = LazyLock::new(|| {
    aws_lc::DEFAULT_PROVIDER.install_default().ok();
    // By the system's clock, for jsonwebtoken has no other.
    let issuer = TestIssuer::with_secret(Algorithm::Hs256, SECRET).kid("k");
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.set_issuer(&["https://issuer.example"]);
    validation.set_audience(&["https://api.example"]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.validate_nbf = true;
    let options = VerificationOptions {
        allowed_issuers: Some(HashSet::from(["https://issuer.example".to_owned()])),
        allowed_audiences: Some(HashSet::from(["https://api.example".to_owned()])),
        time_tolerance: Some(Duration::from_secs(60)),
        ..VerificationOptions::default()
    };
    Judges {
        ours: issuer.verifier().no_cache().build().unwrap(),
        open: issuer
            .verifier()
            .no_cache()
            .subject_or("client_id")
            .allow_missing_subject()
            .lenient_scope()
            .null_is_absent()
            .max_token_bytes(64 * 1024)
            .members_bounded_by_bytes()
            .accept_zip_none()
            .accept_spiffe()
            .build()
            .unwrap(),
        jsonwebtoken: (DecodingKey::from_secret(&SECRET), validation),
        jwt_simple: (HS256Key::from_bytes(&SECRET), options),
        issuer,
    }
});

impl Judges {
    fn jsonwebtoken(&self, token: &str) -> Result<(), String> {
        let (key, validation) = &self.jsonwebtoken;
        match jsonwebtoken::decode::<Value>(token, key, validation) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn jwt_simple(&self, token: &str) -> Result<(), String> {
        let (key, options) = &self.jwt_simple;
        match key.verify_token::<NoCustomClaims>(token, Some(options.clone())) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Signs what is before the byte 0xFF as a header and what is after it as claims, and has three libraries
/// judge it. What ours accepts, the others accept; what ours refuses and another accepts is of a kind that
/// `stricter` explains. With options ours accepts all that it accepts without, and what it accepts more is what an
/// option names.
pub fn differential(data: &[u8]) -> String {
    let Some((header, claims)) = split(data) else { return "nothing to sign".to_owned() };
    if near_the_present(claims) {
        return "depends on the day".to_owned();
    }
    let judges = &*JUDGES;
    let token = judges.issuer.sign_raw(header, claims);
    let ours = judges.ours.verify_jwt(&token).map(drop);
    with_options(judges, &token, ours.as_ref().err(), header, claims);
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{message}.{other}{}", signature.get(1..).unwrap());
    assert!(judges.ours.verify_jwt(&forged).is_err(), "accepted with another signature");
    // As it is, if it holds nothing but what all three read alike.
    let plain = ours.is_ok().then(|| {
        let (header, claims) = (members(header), members(claims));
        if is_plain(&header, &claims) {
            return token.clone();
        }
        judges.issuer.sign_raw(plain_header(header), plain_claims(claims))
    });
    for (name, judge) in
        [("jsonwebtoken", Judges::jsonwebtoken as fn(&Judges, &str) -> _), ("jwt-simple", Judges::jwt_simple)]
    {
        match (&plain, judge(judges, &token)) {
            (Some(plain), Err(_)) => {
                let theirs = judge(judges, plain);
                assert!(theirs.is_ok(), "ours accepts, {name} does not: {theirs:?}");
            }
            (None, Ok(())) => {
                let error = ours.as_ref().unwrap_err();
                assert!(stricter(error, header), "ours refuses, {name} accepts: {error:?}");
            }
            (Some(_), Ok(())) | (None, Err(_)) => {}
        }
    }
    match ours {
        Ok(()) => "accepted".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

fn with_options(judges: &Judges, token: &str, refused: Option<&VerifyError>, header: &[u8], claims: &[u8]) {
    let opened = judges.open.verify_jwt(token).map(drop);
    match (refused, &opened) {
        (None, Err(error)) => panic!("an option refuses: {error:?}"),
        (Some(error), Ok(())) => {
            let (header, mut claims) = (members(header), members(claims));
            assert!(deviates(error, &header, &claims), "no option is for this: {error:?}");
            // Without what the options are for, the others accept it.
            for name in ["nbf", "jti", "client_id", "scope"] {
                claims.retain(|claim, value| claim != name || !value.is_null());
            }
            if claims.get("sub").and_then(Value::as_str).is_none_or(str::is_empty) {
                claims.insert("sub".to_owned(), "x".into());
            }
            let header = header.into_iter().filter(|(name, _)| name != "zip" && name != "typ").collect();
            let plain = judges.issuer.sign_raw(plain_header(header), plain_claims(claims));
            for theirs in [judges.jsonwebtoken(&plain), judges.jwt_simple(&plain)] {
                assert!(theirs.is_ok(), "ours accepts with options, another does not: {theirs:?}");
            }
        }
        (None, Ok(())) | (Some(_), Err(_)) => {}
    }
}

/// Whether an option is for what was refused without.
fn deviates(error: &VerifyError, header: &Map<String, Value>, claims: &Map<String, Value>) -> bool {
    let is_null = |name| claims.get(name).is_some_and(Value::is_null);
    let is_list = |name| match claims.get(name) {
        Some(Value::Array(names)) => names.iter().all(Value::is_string),
        value => value.is_some_and(Value::is_string),
    };
    match error {
        VerifyError::InvalidHeader("zip") => header.get("zip").is_some_and(|zip| zip == "NONE"),
        VerifyError::InvalidHeader("typ") => header.get("typ").is_some_and(|typ| typ == "JOSE"),
        VerifyError::InvalidClaim(name @ ("nbf" | "jti" | "client_id")) => is_null(*name),
        VerifyError::InvalidClaim("scope") => is_null("scope") || is_list("scope"),
        VerifyError::InvalidClaim("scp") => is_list("scp"),
        VerifyError::InvalidClaim("sub") => claims.get("sub").is_some_and(|subject| subject == ""),
        VerifyError::MissingClaim("sub") => !claims.contains_key("sub"),
        VerifyError::MalformedClaims => count(&Value::from(claims.clone())) > 256,
        _ => false,
    }
}

/// Whether a date lies between 2023 and 2096, where the verdict on it would change some day.
fn near_the_present(claims: &[u8]) -> bool {
    let Ok(claims) = serde_json::from_slice::<Value>(claims) else { return false };
    ["exp", "nbf", "iat"]
        .iter()
        .any(|name| claims.get(name).and_then(Value::as_f64).is_some_and(|date| date > 1.7e9 && date < 4.0e9))
}

/// Why ours may refuse what another library accepts. The others read less of the token than ours does.
fn stricter(error: &VerifyError, header: &[u8]) -> bool {
    match error {
        // A member twice, nesting over 16 levels, bounds on size (RFC 8725 section 2.5). A lone surrogate
        // in a member that they do not decode.
        VerifyError::TooLong | VerifyError::MalformedHeader | VerifyError::MalformedClaims => true,
        // `alg` is compared by all. The others are left to the application by them: media types (RFC 8725
        // section 3.11), parameters whose meaning is not implemented (RFC 7515 section 4.1.11, RFC 7797,
        // RFC 7516), and JSON types, `null` for absent among them.
        VerifyError::InvalidHeader(name) => *name != "alg",
        // They have one key, and look nothing up by `kid`. `alg` is compared by all.
        VerifyError::UnknownKey => members(header).get("kid").is_some_and(|kid| kid != "k"),
        // A subject is optional for them, or may be empty; jwt-simple asks for no claim at all but those
        // that it compares, and does not demand an end of life.
        VerifyError::MissingClaim(name) => ["sub", "exp"].contains(name),
        // Types and values of claims that they do not read, or read more leniently: numbers outside the
        // range, an array as `iss`, names in `scope`.
        VerifyError::InvalidClaim(_) => true,
        // Bound to a key whose proof nobody asks for.
        VerifyError::SenderConstrained => true,
        // jsonwebtoken does not look at `iat`.
        VerifyError::IssuedInFuture => true,
        // What all three judge alike.
        _ => false,
    }
}

/// What all three read. Those that change the meaning of the token are not left out, for then nobody would
/// notice that they were passed over.
const HEADER: [&str; 7] = ["alg", "kid", "typ", "crit", "b64", "zip", "enc"];
const CLAIMS: [&str; 6] = ["iss", "sub", "aud", "exp", "nbf", "iat"];

/// Whether there is nothing that the others type more narrowly than RFC 7515 and RFC 7519 do.
fn is_plain(header: &Map<String, Value>, claims: &Map<String, Value>) -> bool {
    header.keys().all(|name| HEADER.contains(&name.as_str()))
        && claims.keys().all(|name| CLAIMS.contains(&name.as_str()))
        && ["exp", "nbf", "iat"].iter().all(|name| claims.get(*name).is_none_or(Value::is_u64))
}

/// The header without what it may hold by RFC 7515 whatever its type, but which they type.
fn plain_header(mut header: Map<String, Value>) -> String {
    header.retain(|name, _| HEADER.contains(&name.as_str()));
    Value::from(header).to_string()
}

/// The claims that all three read, dates in whole seconds. RFC 7519 section 2 allows fractions.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ours accepted them, so they are between 1970 and 9999"
)]
fn plain_claims(mut claims: Map<String, Value>) -> String {
    claims.retain(|name, _| CLAIMS.contains(&name.as_str()));
    for name in ["exp", "nbf", "iat"] {
        let Some(value) = claims.get_mut(name) else { continue };
        let seconds = value.as_f64().unwrap();
        *value = Value::from(if name == "exp" { seconds.floor() } else { seconds.ceil() } as u64);
    }
    Value::from(claims).to_string()
}

fn members(text: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(text).unwrap()
}
