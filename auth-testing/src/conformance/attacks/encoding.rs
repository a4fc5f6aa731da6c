//! Attacks 37 to 50: the header, base64url and JSON.

use auth_core::adapter::MAX_TOKEN_BYTES;
use serde_json::json;

use crate::base64url::encode;
use crate::conformance::table::{Table, insufficient, invalid, malformed, ok};

impl Table<'_> {
    pub(in crate::conformance) fn header_parameters(&mut self) {
        let good = self.draft().sign();

        self.attack(37);
        self.accepts("no crit", &good);
        for crit in [
            json!(["exp"]),
            json!(["unknown"]),
            json!([]),
            json!(["exp", "exp"]),
            json!(["alg"]),
            json!(["absent"]),
            json!("exp"),
            json!(null),
        ] {
            let token = self.draft().header("crit", crit.clone()).header("unknown", true).sign();
            self.refuses(&format!("crit {crit}"), &token);
        }

        self.attack(38);
        self.accepts("no b64", &good);
        let token = self.draft().header("b64", false).sign();
        self.refuses("b64 false", &token);
        let token = self.draft().header("b64", false).header("crit", json!(["b64"])).sign();
        self.refuses("b64 false, critical", &token);
        let segments: Vec<_> = good.split('.').collect();
        if let [header, _, signature] = segments.as_slice() {
            self.refuses("a detached payload", &format!("{header}..{signature}"));
        }

        self.attack(39);
        self.accepts("no zip", &good);
        for zip in ["DEF", "", "none"] {
            let token = self.draft().header("zip", zip).sign();
            self.refuses(&format!("zip {zip:?}"), &token);
        }

        self.attack(49);
        self.accepts("a signed token", &good);
        for (name, value) in [("p2c", json!(u32::MAX)), ("p2s", json!("AAAA"))] {
            let bomb = json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": "AAAA", name: value})
                .to_string();
            self.refuses(&format!("a JWE with {name}"), &format!("{}.AAAA.AAAA.AAAA.AAAA", encode(bomb)));
        }
    }

    pub(in crate::conformance) fn json(&mut self) {
        let (header, claims) = (self.good_header(), self.good_claims());

        self.attack(40);
        self.accepts("every member once", &self.sign(&header, &claims));
        self.refuses(
            "a header parameter twice",
            &self.sign(header.replacen('{', "{\"typ\":\"JWT\",", 1), &claims),
        );
        self.refuses(
            "alg twice, once escaped",
            &self.sign(header.replacen('{', "{\"\\u0061lg\":\"none\",", 1), &claims),
        );
        for (name, members) in [
            ("a claim twice", "\"sub\":\"admin\""),
            ("a claim twice, once escaped", "\"\\u0073ub\":\"admin\""),
            ("a claim of the application twice", "\"x\":1,\"x\":2"),
            ("a member twice in a nested object", "\"x\":{\"a\":1,\"a\":2}"),
            ("a member twice in an object in an array", "\"x\":[1,{\"a\":1,\"b\":2,\"\\u0061\":1}]"),
        ] {
            self.refuses(name, &self.sign(&header, self.claims_with(members)));
        }
        self.accepts(
            "the same name on other levels",
            &self.sign(&header, self.claims_with("\"x\":{\"sub\":1,\"x\":{\"sub\":2}}")),
        );

        self.attack(41);
        self.accepts("white space around the claims", &self.sign(&header, format!(" \n{claims}\t\r ")));
        for (name, payload) in [
            ("a byte order mark", format!("\u{feff}{claims}").into_bytes()),
            ("a byte after the claims", format!("{claims}x").into_bytes()),
            ("another object after the claims", format!("{claims}{{}}").into_bytes()),
            ("a null byte after the claims", format!("{claims}\0").into_bytes()),
            ("a comment after the claims", format!("{claims}//").into_bytes()),
            ("a comment within", self.claims_with("/**/\"x\":1").into_bytes()),
            ("a lone surrogate", self.claims_with("\"x\":\"\\ud800\"").into_bytes()),
            ("a lone surrogate in a name", self.claims_with("\"\\udc00\":1").into_bytes()),
            ("a comma too many", claims.replacen('}', ",}", 1).into_bytes()),
            ("a number with a leading zero", self.claims_with("\"x\":01").into_bytes()),
            ("a number out of range", self.claims_with("\"x\":1e400").into_bytes()),
            ("a control character in a string", self.claims_with("\"x\":\"\u{1}\"").into_bytes()),
            ("invalid UTF-8", [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat()),
            (
                "an overlong encoding",
                [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xc0\xaf\"}"].concat(),
            ),
        ] {
            self.refuses(name, &self.sign(&header, payload));
        }
        self.refuses("a byte order mark before the header", &self.sign(format!("\u{feff}{header}"), &claims));
        self.refuses("a byte after the header", &self.sign(format!("{header}x"), &claims));
        self.accepts(
            "a pair of surrogates",
            &self.sign(&header, self.claims_with("\"x\":\"\\ud83d\\ude00\"")),
        );

        let nested = |levels: usize| format!("\"x\":{}{}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        self.attack(46);
        self.accepts("16 levels", &self.sign(&header, self.claims_with(&nested(16))));
        self.refuses("17 levels", &self.sign(&header, self.claims_with(&nested(17))));
        let objects =
            |levels: usize| format!("\"x\":{}0{}", "{\"x\":".repeat(levels - 1), "}".repeat(levels - 1));
        self.accepts("16 levels of objects", &self.sign(&header, self.claims_with(&objects(16))));
        self.refuses("17 levels of objects", &self.sign(&header, self.claims_with(&objects(17))));
        self.refuses("2000 levels", &self.sign(&header, self.claims_with(&nested(2000))));
        let deep_header = header.replacen('{', &format!("{{{},", nested(17)), 1);
        self.refuses("17 levels in the header", &self.sign(deep_header, &claims));

        let members = |count: usize| (0..count).map(|n| format!("\"{n}\":0")).collect::<Vec<_>>().join(",");
        // Five are in the good claims.
        self.attack(47);
        self.accepts("256 members", &self.sign(&header, self.claims_with(&members(251))));
        self.refuses("257 members", &self.sign(&header, self.claims_with(&members(252))));
        let broad_header = header.replacen('{', &format!("{{{},", members(30)), 1);
        self.refuses("33 members in the header", &self.sign(broad_header, &claims));

        self.attack(48);
        self.accepts("claims are an object", &self.sign(&header, &claims));
        for payload in [
            format!("[{claims}]"),
            json!(claims).to_string(),
            "1".to_owned(),
            "null".to_owned(),
            String::new(),
        ] {
            let shown: String = payload.chars().take(8).collect();
            self.refuses(&format!("claims are {shown:?}"), &self.sign(&header, payload));
        }
    }

    pub(in crate::conformance) fn base64(&mut self) {
        let good = self.draft().sign();
        let segments: Vec<_> = good.split('.').collect();
        let [header, payload, signature] = segments.as_slice() else { return };
        let issuer = &self.fixture.issuer;

        self.attack(42);
        self.accepts("base64url without padding", &good);
        self.refuses("padding after the token", &format!("{good}=="));
        self.refuses("a plus sign in the signature", &format!("{header}.{payload}.+{signature}"));
        self.refuses(
            "a slash in the signed payload",
            &issuer.sign_segments(header, &format!("{payload}////")),
        );
        // These do not get as far as a token: no b64token holds them.
        for (name, token) in [
            ("padding in the signed payload", issuer.sign_segments(header, &format!("{payload}="))),
            ("a space in the token", format!("{header}. {payload}.{signature}")),
        ] {
            self.field(name, &format!("Bearer {token}"), malformed());
        }

        self.attack(43);
        self.accepts("no stray bits", &good);
        let claims = self.good_claims();
        let token = issuer.sign_segments(header, &with_stray_bits(&claims));
        self.refuses("stray bits in the signed payload", &token);
        let token = issuer.sign_segments(&with_stray_bits(&self.good_header()), payload);
        self.refuses("stray bits in the signed header", &token);
        let ed25519 = self.fixture.ed25519.good("alice");
        // 64 bytes leave four bits to spare in the last character.
        let last = ed25519.chars().last().unwrap_or_default();
        let next = char::from_u32(u32::from(last) + 1).unwrap_or_default();
        self.refuses("stray bits in the signature", &format!("{}{next}", ed25519.trim_end_matches(last)));
        self.accepts("that signature without them", &ed25519);

        self.attack(44);
        self.accepts("two dots", &good);
        for (name, token) in [
            ("no dot", "abc".to_owned()),
            ("one dot", format!("{header}.{payload}")),
            ("three dots", format!("{good}.{signature}")),
            ("four dots", format!("{good}..")),
            ("a dot in front", format!(".{good}")),
            ("a dot at the end", format!("{good}.")),
            ("1,000 dots", ".".repeat(1_000)),
            ("50,000 dots", ".".repeat(50_000)),
        ] {
            self.refuses(name, &token);
        }

        let (longest, too_long) = self.around_the_bound();
        self.attack(45);
        self.accepts("as long as allowed", &longest);
        self.refuses("longer than allowed", &too_long);
        self.refuses("40,000 bytes", &format!("{header}.{payload}.{}", "A".repeat(40_000)));
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

    pub(in crate::conformance) fn unicode(&mut self) {
        self.attack(50);
        self.accepts("the very bytes", &self.draft().sign());
        for (name, claim, value) in [
            ("a Cyrillic letter in iss", "iss", "https://\u{456}ssuer.example"),
            ("a Cyrillic letter in aud", "aud", "https://\u{430}pi.example"),
            ("a full-width letter in iss", "iss", "https://issuer.ex\u{ff41}mple"),
            ("a zero-width space in aud", "aud", "https://api.example\u{200b}"),
        ] {
            self.refuses(name, &self.draft().claim(claim, value).sign());
        }
        let token = format!("Bearer {}", self.draft().scope("orders:re\u{430}d").sign());
        self.get("a Cyrillic letter in scope", "/orders", &[&token], invalid());
        let token = format!("Bearer {}", self.draft().claim("roles", json!(["\u{430}dmin"])).sign());
        self.get("a Cyrillic letter in a role", "/admin", &[&token], insufficient(None));
        let token = format!("Bearer {}", self.draft().scope("orders:read").sign());
        self.get("the very scope", "/orders", &[&token], ok("Orders of alice"));
    }
}

/// Another encoding of the same JSON, with bits set that belong to none of its bytes.
fn with_stray_bits(json: &str) -> String {
    let mut json = json.to_owned();
    while json.len() % 3 != 1 {
        json.push(' ');
    }
    let mut encoded = encode(json);
    // The last of these characters holds two bits of data and four that must be zero: A, Q, g or w.
    let last = encoded.pop().unwrap_or_default();
    encoded.push(char::from_u32(u32::from(last) + 1).unwrap_or_default());
    encoded
}
