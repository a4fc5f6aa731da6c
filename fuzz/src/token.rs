use std::sync::LazyLock;

use auth_core::{Algorithm, JwtVerifier, VerifiedToken};
use auth_testing::{TestClock, TestIssuer};
use serde_json::{Map, Value};

/// What `exp` and the like in the corpus are about, in seconds since 1970.
const NOW: u64 = 1_800_000_000;
const LEEWAY: f64 = 60.0;

struct Party {
    issuer: TestIssuer,
    /// As lenient as a verifier can be.
    lenient: JwtVerifier,
    /// With everything demanded that can be.
    strict: JwtVerifier,
}

static PARTY: LazyLock<Party> = LazyLock::new(|| {
    let issuer = TestIssuer::with_secret(Algorithm::Hs256, *b"Z3L08O4JKj5x3vnM7ZBV-8jwetKwmUDX")
        .kid("k")
        .clock(TestClock::at(NOW));
    let other = TestIssuer::new(Algorithm::Hs512).kid("other");
    let verifier = || issuer.verifier().jwk(other.jwk().to_string());
    let hour = std::time::Duration::from_secs(3600);
    Party {
        lenient: verifier().build().unwrap(),
        strict: verifier().require_access_token_type().max_age(hour).max_lifetime(hour).build().unwrap(),
        issuer,
    }
});

/// Judges the input as a token, which must be refused for want of a signature; or, if it holds a byte 0xFF,
/// signs what is before it as a header and what is after it as claims.
pub fn token(data: &[u8]) -> String {
    let Party { issuer, lenient, strict } = &*PARTY;
    let Some((header, claims)) = split(data) else {
        let text = String::from_utf8_lossy(data);
        return match lenient.verify_jwt(&text) {
            Ok(_) => panic!("accepted, though nobody signed it"),
            Err(error) => format!("{error:?}"),
        };
    };
    let token = issuer.sign_raw(header, claims);
    let again = lenient.verify_jwt(&token).map(drop);
    assert_eq!(lenient.verify_jwt(&token).map(drop), again, "another verdict at second sight");
    match (lenient.verify_jwt(&token), strict.verify_jwt(&token)) {
        (Ok(verified), strictly) => {
            let header = members(header);
            let claims = members(claims);
            header_is_sound(&header);
            claims_are_sound(&claims);
            is_what_was_signed(&verified, &claims);
            if strictly.is_ok() {
                is_access_token(&header);
                assert!(number(&claims, "exp") - number(&claims, "iat") <= 3600.0);
                assert!(number(&claims, "iat") > NOW as f64 - 3600.0 - LEEWAY);
            }
            format!("accepted, strictly {:?}", strictly.err())
        }
        (Err(_), Ok(_)) => panic!("the stricter verifier accepts what the other refuses"),
        (Err(error), Err(_)) => format!("{error:?}"),
    }
}

pub(crate) fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let middle = data.iter().position(|byte| *byte == 0xff)?;
    let (header, rest) = data.split_at(middle);
    Some((header, rest.get(1..)?))
}

/// Another reading of what was accepted: the whole tree, and no member lost on the way as would be if one
/// stood there twice.
fn members(text: &[u8]) -> Map<String, Value> {
    let text = std::str::from_utf8(text).expect("accepted, but no UTF-8");
    let Value::Object(members) = serde_json::from_str(text).expect("accepted, but no JSON") else {
        panic!("accepted, but no object");
    };
    let tree = Value::from(members.clone());
    assert_eq!(count(&tree), colons_outside_strings(text), "a member stands twice");
    assert!(depth(&tree) <= 16, "too deep");
    members
}

pub(crate) fn count(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.values().map(|member| 1 + count(member)).sum(),
        Value::Array(elements) => elements.iter().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// The number of members that a sound JSON text has.
fn colons_outside_strings(text: &str) -> usize {
    let (mut colons, mut in_string, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b':' if !in_string => colons += 1,
            _ => {}
        }
    }
    colons
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Array(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn header_is_sound(header: &Map<String, Value>) {
    assert_eq!(header.get("alg"), Some(&"HS256".into()));
    assert!(header.get("kid").is_none_or(|kid| kid == "k"));
    for name in ["crit", "b64", "zip", "enc"] {
        assert!(!header.contains_key(name), "{name}");
    }
    if let Some(typ) = header.get("typ") {
        let typ = typ.as_str().unwrap().to_ascii_lowercase();
        assert!(["jwt", "at+jwt", "application/at+jwt"].contains(&&*typ), "{typ}");
    }
    if let Some(cty) = header.get("cty") {
        let cty = cty.as_str().unwrap().to_ascii_lowercase();
        assert!(!["jwt", "application/jwt"].contains(&&*cty) && !cty.ends_with("+jwt"), "{cty}");
    }
}

fn is_access_token(header: &Map<String, Value>) {
    let typ = header.get("typ").unwrap().as_str().unwrap().to_ascii_lowercase();
    assert!(["at+jwt", "application/at+jwt"].contains(&&*typ), "{typ}");
}

fn claims_are_sound(claims: &Map<String, Value>) {
    assert_eq!(claims.get("iss"), Some(&"https://issuer.example".into()));
    let own = Value::from("https://api.example");
    match claims.get("aud").unwrap() {
        Value::Array(audiences) => {
            assert!(audiences.contains(&own) && audiences.iter().all(Value::is_string));
        }
        one => assert_eq!(*one, own),
    }
    assert!(!claims.contains_key("cnf"));
    assert!(!claims.get("sub").unwrap().as_str().unwrap().is_empty());
    let now = NOW as f64;
    assert!(number(claims, "exp").floor() > now - LEEWAY);
    for name in ["nbf", "iat"] {
        assert!(!claims.contains_key(name) || number(claims, name).ceil() <= now + LEEWAY, "{name}");
    }
    for name in ["jti", "client_id", "scope"] {
        assert!(claims.get(name).is_none_or(Value::is_string), "{name}");
    }
}

fn number(claims: &Map<String, Value>, name: &str) -> f64 {
    claims.get(name).unwrap().as_f64().unwrap()
}

fn is_what_was_signed(verified: &VerifiedToken, claims: &Map<String, Value>) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    assert_eq!(Some(verified.subject()), text("sub"));
    assert_eq!(verified.issuer(), text("iss"));
    assert_eq!(verified.token_id(), text("jti"));
    assert_eq!(verified.client_id(), text("client_id"));
    assert_eq!(verified.scopes().iter().collect::<Vec<_>>().join(" "), text("scope").unwrap_or_default());
    assert_eq!(verified.claims::<Map<String, Value>>().unwrap(), *claims);
}
