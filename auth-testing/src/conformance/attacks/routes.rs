//! What the routes answer, and what they demand beyond a good token.

use serde_json::json;

use crate::conformance::case::Expected;
use crate::conformance::client::Answer;
use crate::conformance::table::{Table, insufficient, invalid, malformed, missing, ok};

impl Table<'_> {
    pub(in crate::conformance) fn routes(&mut self) {
        self.no_attack();
        let good = format!("Bearer {}", self.draft().sign());
        let expired = format!("Bearer {}", self.fixture.issuer.expired("alice"));
        self.get("an open route without a token", "/public", &[], ok("Hello, anyone"));
        self.get("an open route does not look at tokens", "/public", &["Bearer x"], ok("Hello, anyone"));
        self.get("an optional route with a good token", "/optional", &[&good], ok("Hello alice"));
        self.get("an optional route without a token", "/optional", &[], ok("Hello, stranger"));
        self.get(
            "an optional route with another scheme",
            "/optional",
            &["Basic YTpi"],
            ok("Hello, stranger"),
        );
        self.get("an optional route refuses a bad token", "/optional", &[&expired], invalid());
        self.get("an optional route refuses malformed credentials", "/optional", &["Bearer"], malformed());
        self.get("an optional route refuses two tokens", "/optional", &[&good, &good], malformed());
        let bob = self.fixture.issuer.good("bob");
        self.field("the answer is about the subject of the token", &format!("Bearer {bob}"), ok("Hello bob"));
        // The body of an answer to HEAD is left out, its fields stay.
        if let Expected::Exactly(answer) = missing() {
            let expected = Expected::Exactly(Answer { body: String::new(), ..answer });
            self.raw("HEAD is refused like GET", "HEAD /protected", &[], expected);
        }
    }

    pub(in crate::conformance) fn policies(&mut self) {
        let bearer = |token: String| format!("Bearer {token}");
        self.attack(69);
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
        self.no_attack();
        for (name, claims, enough) in [
            ("scp as a list", json!({"scp": "profile orders:read"}), true),
            ("scp as an array", json!({"scp": ["profile", "orders:read"]}), true),
            ("scp beside scope grants nothing", json!({"scp": ["orders:read"], "scope": "profile"}), false),
            ("an empty scp", json!({"scp": []}), false),
        ] {
            let mut draft = self.draft().without_claim("scope");
            for (claim, value) in claims.as_object().into_iter().flatten() {
                draft = draft.claim(claim, value.clone());
            }
            let expected = if enough { ok("Orders of alice") } else { insufficient(Some("orders:read")) };
            self.get(name, "/orders", &[&bearer(draft.sign())], expected);
        }
        for value in [json!(1), json!(null), json!(["orders:read", 1]), json!(["orders:read profile"])] {
            let token = bearer(self.draft().without_claim("scope").claim("scp", value.clone()).sign());
            self.get(&format!("scp {value}"), "/orders", &[&token], invalid());
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
