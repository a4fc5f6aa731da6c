//! The table. A refusal stands near a twin that is accepted, so that refusing everything cannot pass.

use auth_core::MAX_TOKEN_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::client::Answer;
use super::{Case, Expected};
use crate::draft::TokenDraft;
use crate::issuer::TestIssuer;
use crate::signing::SigningKey;

/// All cases, with tokens minted for now by the issuer's clock.
#[must_use]
pub fn cases(issuer: &TestIssuer) -> Vec<Case> {
    let mut table = Table { issuer, cases: Vec::new() };
    table.routes();
    table.credentials();
    table.segments();
    table.header();
    table.signature();
    table.claims();
    table.time();
    table.policy();
    table.cases
}

struct Table<'a> {
    issuer: &'a TestIssuer,
    cases: Vec<Case>,
}

fn ok(message: &str) -> Expected {
    Expected::Exactly(Answer {
        status: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: format!("{{\"message\":\"{message}\"}}"),
    })
}

fn refused(status: u16, title: &str, detail: &str, challenge: &str) -> Expected {
    Expected::Exactly(Answer {
        status,
        headers: vec![
            ("content-type".to_owned(), "application/problem+json".to_owned()),
            ("www-authenticate".to_owned(), challenge.to_owned()),
        ],
        body: format!(
            "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\"detail\":\"{detail}\"}}"
        ),
    })
}

fn missing() -> Expected {
    refused(401, "Unauthorized", "Not authenticated", "Bearer")
}

fn malformed() -> Expected {
    refused(400, "Bad Request", "Malformed credentials", "Bearer error=\"invalid_request\"")
}

fn invalid() -> Expected {
    refused(401, "Unauthorized", "Could not validate credentials", "Bearer error=\"invalid_token\"")
}

fn insufficient(scope: Option<&str>) -> Expected {
    let scope = scope.map(|scope| format!(", scope=\"{scope}\"")).unwrap_or_default();
    let challenge = format!("Bearer error=\"insufficient_scope\"{scope}");
    refused(403, "Forbidden", "Not enough permissions", &challenge)
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Table<'_> {
    /// Any request line and any Authorization values, as bytes.
    fn raw(&mut self, name: &str, line: &str, fields: &[&[u8]], expected: Expected) {
        let mut request =
            format!("{line} HTTP/1.1\r\nHost: conformance\r\nConnection: close\r\n").into_bytes();
        for value in fields {
            request.extend_from_slice(b"Authorization: ");
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        self.cases.push(Case { name: name.to_owned(), request, expected });
    }

    fn get(&mut self, name: &str, target: &str, fields: &[&str], expected: Expected) {
        let fields: Vec<_> = fields.iter().map(|value| value.as_bytes()).collect();
        self.raw(name, &format!("GET {target}"), &fields, expected);
    }

    fn token(&mut self, name: &str, token: &str, expected: Expected) {
        self.get(name, "/protected", &[&format!("Bearer {token}")], expected);
    }

    fn accepts(&mut self, name: &str, token: &str) {
        self.token(name, token, ok("Hello alice"));
    }

    fn refuses(&mut self, name: &str, token: &str) {
        self.token(name, token, invalid());
    }

    fn draft(&self) -> TokenDraft<'_> {
        self.issuer.token("alice")
    }

    /// The claims of a good token, as a text to be mangled.
    fn good_claims(&self) -> String {
        let payload = self.issuer.good("alice").split('.').nth(1).map(|part| URL_SAFE_NO_PAD.decode(part));
        let payload = payload.expect("a token has a payload").expect("a payload is base64url");
        String::from_utf8(payload).expect("claims are UTF-8")
    }

    /// The header of a good token, as a text to be mangled.
    fn good_header(&self) -> String {
        json!({ "alg": self.issuer.jwk().get("alg"), "kid": self.issuer.jwk().get("kid"), "typ": "JWT" })
            .to_string()
    }

    fn routes(&mut self) {
        let good = format!("Bearer {}", self.issuer.good("alice"));
        self.get("an open route without a token", "/public", &[], ok("Hello, anyone"));
        self.get("an open route does not look at tokens", "/public", &["Bearer x"], ok("Hello, anyone"));
        self.get("a protected route with a good token", "/protected", &[&good], ok("Hello alice"));
        self.get("a protected route without a token", "/protected", &[], missing());
        self.get("an optional route with a good token", "/optional", &[&good], ok("Hello alice"));
        self.get("an optional route without a token", "/optional", &[], ok("Hello, stranger"));
        self.get(
            "an optional route with another scheme",
            "/optional",
            &["Basic YTpi"],
            ok("Hello, stranger"),
        );
        let expired = format!("Bearer {}", self.issuer.expired("alice"));
        self.get("an optional route refuses a bad token", "/optional", &[&expired], invalid());
        self.get("an optional route refuses malformed credentials", "/optional", &["Bearer"], malformed());
        self.get("an optional route refuses two tokens", "/optional", &[&good, &good], malformed());
        let subject = self.issuer.good("bob");
        self.token("the answer is about the subject of the token", &subject, ok("Hello bob"));
        // The body of an answer to HEAD is left out, its fields stay.
        let Expected::Exactly(answer) = missing() else { return };
        let expected = Expected::Exactly(Answer { body: String::new(), ..answer });
        self.raw("HEAD is refused like GET", "HEAD /protected", &[], expected);
    }

    fn credentials(&mut self) {
        let token = self.issuer.good("alice");
        for (name, value) in [
            ("scheme in lower case", format!("bearer {token}")),
            ("scheme in upper case", format!("BEARER {token}")),
            ("scheme in mixed case", format!("bEaReR {token}")),
            ("several spaces after the scheme", format!("Bearer   {token}")),
            ("spaces around the field's value are not part of it", format!("  Bearer {token}  ")),
        ] {
            self.get(name, "/protected", &[&value], ok("Hello alice"));
        }
        for (name, value) in [
            ("scheme alone", "Bearer".to_owned()),
            ("an empty value", String::new()),
            ("a tab after the scheme", format!("Bearer\t{token}")),
            ("a tab after the token", format!("Bearer {token}\tx")),
            ("junk after the token", format!("Bearer {token} x")),
            ("two tokens in one field", format!("Bearer {token}, Bearer {token}")),
            ("a quoted token", format!("Bearer \"{token}\"")),
            ("a comma after the token", format!("Bearer {token},")),
            ("auth-params instead of a token", format!("Bearer token=\"{token}\"")),
            ("padding within a token", "Bearer a=b".to_owned()),
            ("padding alone", "Bearer ==".to_owned()),
            ("an equals sign after the scheme", format!("Bearer={token}")),
        ] {
            self.get(name, "/protected", &[&value], malformed());
        }
        self.raw("bytes outside ASCII", "GET /protected", &[b"Bearer \xc3\xa9"], malformed());
        self.raw(
            "a NUL byte never reaches the library",
            "GET /protected",
            &[b"Bearer a\0b"],
            Expected::Status(400),
        );
        for (name, value) in [
            ("Basic credentials", "Basic YTpi".to_owned()),
            ("a scheme that begins like Bearer", format!("BearerX {token}")),
            ("a DPoP credential is not a bearer credential", format!("DPoP {token}")),
        ] {
            self.get(name, "/protected", &[&value], missing());
        }
        let good = format!("Bearer {token}");
        self.get("the same token in two fields", "/protected", &[&good, &good], malformed());
        self.get("a good token after a Basic field", "/protected", &["Basic YTpi", &good], malformed());
        self.get("a good token before an empty field", "/protected", &[&good, ""], malformed());
        self.get(
            "a token in the query is not read",
            &format!("/protected?access_token={token}"),
            &[],
            missing(),
        );
        self.get(
            "a token in header and query",
            &format!("/protected?access_token={token}"),
            &[&good],
            malformed(),
        );
        self.get(
            "a token in header and escaped query",
            "/protected?a=1&access%5ftoken=x",
            &[&good],
            malformed(),
        );
        self.get(
            "other query parameters do not matter",
            "/protected?token=x&a=access_token",
            &[&good],
            ok("Hello alice"),
        );
    }

    fn segments(&mut self) {
        let token = self.issuer.good("alice");
        let segments: Vec<_> = token.split('.').collect();
        let [header, payload, signature] = segments.as_slice() else { return };
        self.refuses("one segment", "abc");
        self.refuses("two segments", &format!("{header}.{payload}"));
        self.refuses("four segments", &format!("{token}.{signature}"));
        self.refuses("five segments, as a JWE has", &format!("{token}..."));
        self.refuses("empty signature", &format!("{header}.{payload}."));
        self.refuses("empty payload, as a detached JWS has", &format!("{header}..{signature}"));
        self.refuses("empty header", &format!(".{payload}.{signature}"));
        self.refuses("only dots", &".".repeat(1000));
        self.refuses("padding after the signature", &format!("{token}=="));
        self.refuses("a character of the other base64 alphabet", &format!("{header}.{payload}.+{signature}"));
        let (longest, too_long) = self.around_the_bound();
        self.accepts("as long as allowed", &longest);
        self.refuses("longer than allowed", &too_long);
    }

    /// The longest good token that is not over the bound, and the next longer one.
    fn around_the_bound(&self) -> (String, String) {
        let padded = |bytes: usize| self.draft().claim("pad", "p".repeat(bytes)).sign();
        let mut bytes = (MAX_TOKEN_BYTES - padded(0).len()) / 4 * 3;
        while padded(bytes + 1).len() <= MAX_TOKEN_BYTES {
            bytes += 1;
        }
        (padded(bytes), padded(bytes + 1))
    }

    fn header(&mut self) {
        for (name, typ) in
            [("jwt", "jwt"), ("at+jwt", "at+jwt"), ("application/at+jwt in capitals", "APPLICATION/AT+JWT")]
        {
            let token = self.draft().header("typ", typ).sign();
            self.accepts(&format!("typ {name}"), &token);
        }
        let token = self.draft().without_header("typ").sign();
        self.accepts("no typ", &token);
        for typ in ["dpop+jwt", "logout+jwt", "token-introspection+jwt", "secevent+jwt", ""] {
            let token = self.draft().header("typ", typ).sign();
            self.refuses(&format!("typ of another kind of token: {typ:?}"), &token);
        }
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("nOnE")),
            ("alg", json!(["ES256"])),
            ("alg", json!(null)),
            ("alg", json!("es256")),
            ("alg", json!("HS256")),
            ("typ", json!(1)),
            ("kid", json!(1)),
            ("kid", json!("unknown")),
            ("kid", json!("../../../dev/null")),
            ("kid", json!("k".repeat(257))),
            ("crit", json!([])),
            ("crit", json!(["exp"])),
            ("crit", json!(["b64"])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
            ("enc", json!("A128GCM")),
            ("cty", json!("JWT")),
        ] {
            let token = self.draft().header(name, value.clone()).sign();
            let shown: String = value.to_string().chars().take(24).collect();
            self.refuses(&format!("header {name}: {shown}"), &token);
        }
        let token = self.draft().without_header("alg").sign();
        self.refuses("no alg", &token);
        let token = self.draft().without_header("kid").sign();
        self.accepts("no kid", &token);
        let token =
            self.draft().header("jku", "https://evil.example/jwks").header("x5c", json!(["a"])).sign();
        self.accepts("keys offered by the token are passed over", &token);
        let (header, claims) = (self.good_header(), self.good_claims());
        let twice = header.replacen('{', "{\"typ\":\"JWT\",", 1);
        let token = self.issuer.sign_raw(twice, &claims);
        self.refuses("a header parameter twice", &token);
        let token = self.issuer.sign_raw(format!("\u{feff}{header}"), &claims);
        self.refuses("a byte order mark before the header", &token);
        let token = self.issuer.sign_raw(header, &claims);
        self.accepts("the same header once", &token);
    }

    fn signature(&mut self) {
        let token = self.issuer.bad_signature("alice");
        self.refuses("one bit of the signature flipped", &token);
        let stranger = TestIssuer::new(self.issuer.algorithm())
            .kid(self.issuer.jwk().get("kid").and_then(Value::as_str).unwrap_or_default())
            .clock(self.issuer.shared_clock());
        let token = stranger.good("alice");
        self.refuses("signed with another key", &token);
        let token = self.issuer.good("alice");
        let (signing_input, signature) = token.rsplit_once('.').unwrap_or_default();
        let claims = self.good_claims().replace("alice", "admin");
        let (header, _) = signing_input.split_once('.').unwrap_or_default();
        self.refuses(
            "another payload under the signature",
            &format!("{header}.{}.{signature}", encode(claims)),
        );
        self.refuses("a truncated signature", token.get(..token.len() - 4).unwrap_or_default());
        self.refuses("bytes after the signature", &format!("{token}AAAA"));

        // Algorithm confusion: the public key, known to all, as the secret of an HMAC.
        let jwk = self.issuer.jwk().to_string().into_bytes();
        let pem = self.issuer.public_key_text().into_bytes();
        let header = encode(json!({ "alg": "HS256", "kid": self.issuer.jwk().get("kid") }).to_string());
        let signing_input = format!("{header}.{}", encode(self.good_claims()));
        for (name, secret) in [("JWK", jwk), ("PEM", pem), ("nothing", Vec::new())] {
            let mac = SigningKey::hmac(auth_core::Algorithm::Hs256, secret).sign(signing_input.as_bytes());
            self.refuses(
                &format!("HS256 with the {name} of the public key"),
                &format!("{signing_input}.{}", encode(mac)),
            );
        }
    }

    fn claims(&mut self) {
        for (name, value) in [
            ("iss", json!(["https://issuer.example"])),
            ("iss", json!("https://issuer.example/")),
            ("iss", json!("https://Issuer.example")),
            ("iss", json!(1)),
            ("iss", json!(null)),
            ("aud", json!([])),
            ("aud", json!(["https://api.example", 1])),
            ("aud", json!("https://api.example.evil")),
            ("aud", json!("https://api.exampl")),
            ("aud", json!(1)),
            ("aud", json!({"https://api.example": true})),
            ("sub", json!("")),
            ("sub", json!(1)),
            ("sub", json!(["alice"])),
            ("scope", json!(["orders:read"])),
            ("scope", json!("orders:read\torders:write")),
            ("scope", json!("orders:read orders:read")),
            ("jti", json!(1)),
            ("cnf", json!({"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})),
            ("cnf", json!({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})),
        ] {
            let token = self.draft().claim(name, value.clone()).sign();
            self.refuses(&format!("claim {name}: {value}"), &token);
        }
        for name in ["iss", "aud", "sub", "exp"] {
            let token = self.draft().without_claim(name).sign();
            self.refuses(&format!("no {name}"), &token);
        }
        let token = self.draft().claim("aud", json!(["https://other.example", "https://api.example"])).sign();
        self.accepts("one of several audiences", &token);
        let token = self.draft().claim("scope", "").claim("custom", json!({"nested": [1, null, "x"]})).sign();
        self.accepts("an empty scope and claims of one's own", &token);

        let (header, claims) = (self.good_header(), self.good_claims());
        for (name, payload) in [
            ("a claim twice", claims.replacen('{', "{\"sub\":\"admin\",", 1).into_bytes()),
            (
                "a claim twice, once escaped",
                claims.replacen('{', "{\"\\u0073ub\":\"admin\",", 1).into_bytes(),
            ),
            (
                "a member twice in a nested object",
                claims.replacen('{', "{\"x\":{\"a\":1,\"a\":2},", 1).into_bytes(),
            ),
            (
                "nested too deep",
                claims
                    .replacen('{', &format!("{{\"x\":{}{},", "[".repeat(16), "]".repeat(16)), 1)
                    .into_bytes(),
            ),
            ("a byte order mark before the claims", format!("\u{feff}{claims}").into_bytes()),
            ("bytes after the claims", format!("{claims}x").into_bytes()),
            ("a comment after the claims", format!("{claims}//").into_bytes()),
            ("a lone surrogate", claims.replacen('{', "{\"x\":\"\\ud800\",", 1).into_bytes()),
            ("claims that are an array", format!("[{claims}]").into_bytes()),
            ("claims that are a string", json!(claims).to_string().into_bytes()),
            (
                "claims that are not UTF-8",
                [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat(),
            ),
        ] {
            let token = self.issuer.sign_raw(&header, payload);
            self.refuses(name, &token);
        }
        let deepest = format!("{{\"x\":{}{},", "[".repeat(15), "]".repeat(15));
        let token = self.issuer.sign_raw(&header, claims.replacen('{', &deepest, 1));
        self.accepts("nested as deep as allowed", &token);
        let token = self.issuer.sign_segments(&encode(&header), &format!("{}=", encode(&claims)));
        self.token("padding in the payload", &token, malformed());
        let token = self.issuer.sign_segments(&encode(&header), &non_canonical(&claims));
        self.refuses("stray trailing bits in the payload", &token);
    }

    fn time(&mut self) {
        for (name, token) in [
            ("expired an hour ago", self.issuer.expired("alice")),
            ("valid in an hour", self.issuer.not_yet_valid("alice")),
            ("expired longer ago than the leeway", self.draft().claim_at("exp", -61).sign()),
            ("issued in an hour", self.draft().claim_at("iat", 3600).claim_at("exp", 7200).sign()),
            ("exp in the year 10000", self.draft().claim("exp", 253_402_300_800_u64).sign()),
            ("exp without end", self.draft().claim("exp", 1e308).sign()),
            ("exp negative", self.draft().claim("exp", -1).sign()),
            ("exp a string", self.draft().claim("exp", "4102444800").sign()),
            ("exp null", self.draft().claim("exp", Value::Null).sign()),
            ("exp true", self.draft().claim("exp", true).sign()),
            ("exp an array", self.draft().claim("exp", json!([4_102_444_800_u64])).sign()),
            ("nbf a string", self.draft().claim("nbf", "0").sign()),
            ("nbf null", self.draft().claim("nbf", Value::Null).sign()),
            ("nbf negative", self.draft().claim("nbf", -1).sign()),
            ("iat a string", self.draft().claim("iat", "0").sign()),
        ] {
            self.refuses(name, &token);
        }
        for (name, token) in [
            ("expired within the leeway", self.draft().claim_at("exp", -30).sign()),
            ("valid within the leeway", self.draft().claim_at("nbf", 30).sign()),
            ("issued within the leeway", self.draft().claim_at("iat", 30).sign()),
            ("exp at the end of the year 9999", self.draft().claim("exp", 253_402_300_799_u64).sign()),
            ("exp with a fraction", self.draft().claim("exp", 4_102_444_800.5).sign()),
            ("valid since 1970", self.draft().claim("nbf", 0).sign()),
            ("no iat", self.draft().without_claim("iat").sign()),
        ] {
            self.accepts(name, &token);
        }
    }

    fn policy(&mut self) {
        let bearer = |token: String| format!("Bearer {token}");
        let reader = bearer(self.draft().scope("profile orders:read").sign());
        self.get("the scope is enough", "/orders", &[&reader], ok("Orders of alice"));
        for (name, scope) in [
            ("no scope", ""),
            ("another scope", "orders:write"),
            ("a scope that begins like it", "orders:readonly"),
            ("the scope in another case", "Orders:Read"),
        ] {
            let token = bearer(self.draft().scope(scope).sign());
            self.get(
                &format!("{name} is not enough"),
                "/orders",
                &[&token],
                insufficient(Some("orders:read")),
            );
        }
        self.get("no token where a scope is demanded", "/orders", &[], missing());
        let expired = bearer(self.draft().scope("orders:read").claim_at("exp", -3600).sign());
        self.get("a bad token with the scope", "/orders", &[&expired], invalid());

        let admin = bearer(self.draft().claim("roles", json!(["reader", "admin"])).sign());
        self.get("the role is enough", "/admin", &[&admin], ok("Hello admin alice"));
        for (name, roles) in [
            ("no role", json!([])),
            ("another role", json!(["reader"])),
            ("the role in another case", json!(["Admin"])),
            ("a role of the wrong type", json!("admin")),
            ("roles of mixed types", json!(["admin", 1])),
            ("roles as an object", json!({"admin": true})),
        ] {
            let token = bearer(self.draft().claim("roles", roles).sign());
            self.get(&format!("{name} is not enough"), "/admin", &[&token], insufficient(None));
        }
        let scope = bearer(self.draft().scope("admin").sign());
        self.get("a scope is not a role", "/admin", &[&scope], insufficient(None));
    }
}

/// Another encoding of the same bytes, with a trailing bit set that does not belong to them.
fn non_canonical(claims: &str) -> String {
    // White space after the claims, until the last character of the encoding has bits to spare.
    let mut claims = claims.to_owned();
    while claims.len() % 3 != 1 {
        claims.push(' ');
    }
    let mut encoded = encode(claims);
    let last = encoded.pop().expect("claims are not empty");
    // The last character holds two bits of data and four that are zero: A, Q, g or w.
    let with_stray_bit = match last {
        'A' => 'B',
        'Q' => 'R',
        'g' => 'h',
        _ => 'x',
    };
    encoded.push(with_stray_bit);
    encoded
}
