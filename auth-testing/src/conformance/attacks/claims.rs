//! Attacks 51 to 72: claims.

use serde_json::{Value, json};

use crate::conformance::table::{Table, invalid, ok};

impl Table<'_> {
    pub(in crate::conformance) fn time(&mut self) {
        let good = self.draft().sign();

        self.attack(51);
        self.accepts("exp to come", &good);
        self.refuses("no exp", &self.draft().without_claim("exp").sign());

        let later = 4_102_444_800_u64;
        self.attack(52);
        self.accepts("exp a number", &self.draft().claim("exp", later).sign());
        for value in
            [json!(later.to_string()), json!(null), json!(true), json!([later]), json!({"exp": later})]
        {
            let token = self.draft().claim("exp", value.clone()).sign();
            self.refuses(&format!("exp {value}"), &token);
        }

        self.attack(53);
        self.accepts("the end of the year 9999", &self.draft().claim("exp", 253_402_300_799_u64).sign());
        let header = self.good_header();
        for exp in [
            "253402300800",
            "-1",
            "-0.5",
            "1e308",
            "1e400",
            "18446744073709551615",
            "18446744073709551616",
            "-1e308",
        ] {
            let claims = self.good_claims().replacen("\"exp\":", &format!("\"exp\":{exp},\"was\":"), 1);
            self.refuses(&format!("exp {exp}"), &self.sign(&header, claims));
        }

        self.attack(54);
        self.accepts("exp with a fraction", &self.draft().claim("exp", 4_102_444_800.5).sign());
        self.refuses("exp with a fraction, past", &self.draft().claim("exp", 1_000_000_000.5).sign());

        self.attack(55);
        self.accepts("expired within the leeway", &self.draft().claim_at("exp", -30).sign());
        self.refuses("expired as long ago as the leeway", &self.draft().claim_at("exp", -60).sign());
        self.refuses("expired an hour ago", &self.fixture.issuer.expired("alice"));

        self.attack(56);
        self.accepts("valid since 1970", &self.draft().claim("nbf", 0).sign());
        self.accepts("valid within the leeway", &self.draft().claim_at("nbf", 30).sign());
        self.refuses("valid in an hour", &self.fixture.issuer.not_yet_valid("alice"));
        for value in [json!("0"), json!(null), json!(-1), json!([0]), json!(false)] {
            let token = self.draft().claim("nbf", value.clone()).sign();
            self.refuses(&format!("nbf {value}"), &token);
        }

        self.attack(57);
        self.accepts("issued within the leeway", &self.draft().claim_at("iat", 30).sign());
        self.accepts("no iat", &self.draft().without_claim("iat").sign());
        self.refuses("issued in an hour", &self.draft().claim_at("iat", 3600).claim_at("exp", 7200).sign());
        for value in [json!("0"), json!(null), json!(-1)] {
            let token = self.draft().claim("iat", value.clone()).sign();
            self.refuses(&format!("iat {value}"), &token);
        }
    }

    pub(in crate::conformance) fn parties(&mut self) {
        let us = "https://api.example";
        self.attack(61);
        self.accepts(
            "one of several audiences",
            &self.draft().claim("aud", json!(["https://other.example", us])).sign(),
        );
        self.accepts("an array of one audience", &self.draft().claim("aud", json!([us])).sign());
        self.refuses("no aud", &self.draft().without_claim("aud").sign());
        for value in [
            json!([]),
            json!(1),
            json!([us, 1]),
            json!([us, null]),
            json!({us: true}),
            json!(null),
            json!([[us]]),
        ] {
            let token = self.draft().claim("aud", value.clone()).sign();
            self.refuses(&format!("aud {value}"), &token);
        }

        self.attack(62);
        self.accepts("aud to the byte", &self.draft().sign());
        for aud in [
            "https://api.exampl",
            "https://api.example.evil",
            "https://API.example",
            "https://api.example/",
            "api.example",
            "",
            "*",
        ] {
            self.refuses(&format!("aud {aud:?}"), &self.draft().claim("aud", aud).sign());
        }
        self.refuses("another audience", &self.fixture.issuer.wrong_audience("alice"));

        self.attack(63);
        self.accepts("iss a string", &self.draft().sign());
        for value in [
            json!(["https://issuer.example"]),
            json!(["https://issuer.example", "https://evil.example"]),
            json!(1),
            json!(null),
            json!({}),
        ] {
            let token = self.draft().claim("iss", value.clone()).sign();
            self.refuses(&format!("iss {value}"), &token);
        }

        self.attack(64);
        self.accepts("iss to the byte", &self.draft().sign());
        for iss in [
            "https://issuer.exampl",
            "https://issuer.example/",
            "https://Issuer.example",
            "http://issuer.example",
            "https://issuer.example.evil",
            "",
        ] {
            self.refuses(&format!("iss {iss:?}"), &self.draft().claim("iss", iss).sign());
        }
        self.refuses("another issuer", &self.fixture.issuer.wrong_issuer("alice"));
        self.refuses("no iss", &self.draft().without_claim("iss").sign());

        self.attack(70);
        self.accepts("a subject", &self.draft().sign());
        self.refuses("no sub", &self.draft().without_claim("sub").sign());
        for value in [json!(""), json!(1), json!(null), json!(["alice"])] {
            let token = self.draft().claim("sub", value.clone()).sign();
            self.refuses(&format!("sub {value}"), &token);
        }
    }

    pub(in crate::conformance) fn kinds_of_token(&mut self) {
        self.attack(67);
        for typ in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "APPLICATION/AT+JWT"] {
            self.accepts(&format!("typ {typ}"), &self.draft().header("typ", typ).sign());
        }
        self.accepts("no typ", &self.draft().without_header("typ").sign());
        for typ in [
            "dpop+jwt",
            "logout+jwt",
            "token-introspection+jwt",
            "oauth-authz-req+jwt",
            "secevent+jwt",
            "client-authentication+jwt",
            "application/jwt",
            "JOSE",
            "",
            "at+jwt ",
        ] {
            self.refuses(&format!("typ {typ:?}"), &self.draft().header("typ", typ).sign());
        }
        for value in [json!(1), json!(null), json!(["JWT"])] {
            let token = self.draft().header("typ", value.clone()).sign();
            self.refuses(&format!("typ {value}"), &token);
        }

        self.attack(68);
        self.accepts("scopes in one string", &self.draft().scope("orders:read profile").sign());
        self.accepts("no scope", &self.draft().scope("").sign());
        for value in [
            json!(["orders:read"]),
            json!(1),
            json!(null),
            json!({"orders:read": true}),
            json!("orders:read\torders:write"),
            json!("orders:read\norders:write"),
            json!("orders:read orders:read"),
            json!("orders:read  orders:write"),
            json!(" orders:read"),
            json!("orders:\"read\""),
        ] {
            let token = format!("Bearer {}", self.draft().claim("scope", value.clone()).sign());
            self.get(&format!("scope {value}"), "/orders", &[&token], invalid());
        }
        let token = format!("Bearer {}", self.draft().scope("profile orders:read").sign());
        self.get("scope as it should be", "/orders", &[&token], ok("Orders of alice"));

        self.attack(71);
        self.accepts("no cnf", &self.draft().sign());
        let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        self.refuses("bound by DPoP", &self.draft().claim("cnf", json!({"jkt": thumbprint})).sign());

        self.attack(72);
        self.accepts("no cnf", &self.draft().sign());
        for value in [
            json!({"x5t#S256": thumbprint}),
            json!({"jwk": {}}),
            json!({"kid": "a"}),
            json!({"new": 1}),
            json!({}),
            Value::Null,
            json!("x"),
        ] {
            let token = self.draft().claim("cnf", value.clone()).sign();
            self.refuses(&format!("cnf {value}"), &token);
        }
        self.no_attack();
        let token = self.draft().claim("custom", json!({"nested": [1, null, "x", 1.5, true]})).sign();
        self.accepts("claims of the application's own", &token);
        self.refuses("jti of the wrong type", &self.draft().claim("jti", 1).sign());
    }

    /// Three faults that a client must not be able to tell apart.
    pub(in crate::conformance) fn indistinguishable(&mut self) {
        self.attack(102);
        self.accepts("no fault", &self.draft().sign());
        self.refuses("unknown kid", &self.draft().header("kid", "unknown").sign());
        self.refuses("bad signature", &self.fixture.issuer.bad_signature("alice"));
        self.refuses("expired", &self.fixture.issuer.expired("alice"));
    }
}
