//! Attacks 1 to 11: credentials on their way in.

use crate::conformance::case::Expected;
use crate::conformance::table::{Table, malformed, missing, ok};

impl Table<'_> {
    pub(in crate::conformance) fn transport(&mut self) {
        let token = self.draft().sign();
        let good = format!("Bearer {token}");
        let accepted = || ok("Hello alice");

        self.attack(1);
        self.get("no credentials", "/protected", &[], missing());
        self.field("a good token", &good, accepted());

        self.attack(2);
        self.get("the same token in two fields", "/protected", &[&good, &good], malformed());
        self.get("a good token after a Basic field", "/protected", &["Basic YTpi", &good], malformed());
        self.get("a good token before an empty field", "/protected", &[&good, ""], malformed());
        self.field("the token once", &good, accepted());

        self.attack(3);
        self.field("two tokens in one field", &format!("{good}, {good}"), malformed());
        self.field("a comma after the token", &format!("{good},"), malformed());
        self.field("one token", &good, accepted());

        self.attack(4);
        let in_query = format!("/protected?access_token={token}");
        self.get("a token in field and query", &in_query, &[&good], malformed());
        self.get(
            "a token in field and escaped query",
            "/protected?a=1&access%5ftoken=x",
            &[&good],
            malformed(),
        );
        self.get("other parameters do not matter", "/protected?token=x&a=access_token", &[&good], accepted());

        self.attack(5);
        self.get("a token in the query alone is not read", &in_query, &[], missing());
        self.get("the same token in the field", "/protected", &[&good], accepted());

        self.attack(6);
        for (name, scheme) in [("lower", "bearer"), ("upper", "BEARER"), ("mixed", "bEaReR")] {
            self.field(&format!("the scheme in {name} case"), &format!("{scheme} {token}"), accepted());
        }

        self.attack(7);
        self.field("several spaces after the scheme", &format!("Bearer   {token}"), accepted());
        self.field("spaces around the value are not part of it", &format!("  {good}  "), accepted());
        for (name, value) in [
            ("the scheme alone", "Bearer".to_owned()),
            ("an empty value", String::new()),
            ("a tab after the scheme", format!("Bearer\t{token}")),
            ("a tab after the token", format!("{good}\tx")),
            ("junk after the token", format!("{good} x")),
            ("an equals sign after the scheme", format!("Bearer={token}")),
            ("padding alone", "Bearer ==".to_owned()),
        ] {
            self.field(name, &value, malformed());
        }

        self.attack(8);
        self.raw("bytes outside ASCII", "GET /protected", &[b"Bearer \xc3\xa9"], malformed());
        self.raw(
            "a NUL byte never reaches the library",
            "GET /protected",
            &[b"Bearer a\0b"],
            Expected::Status(400),
        );
        self.field("a quoted token", &format!("Bearer \"{token}\""), malformed());
        self.field("auth-params instead of a token", &format!("Bearer token=\"{token}\""), malformed());
        self.field("padding within the token", "Bearer a=b", malformed());
        self.field("all characters of the token are sound", &good, accepted());

        self.attack(9);
        self.field("Basic credentials", "Basic YTpi", missing());
        self.field("a scheme that begins like Bearer", &format!("BearerX {token}"), missing());
        self.field("a DPoP credential is not a bearer credential", &format!("DPoP {token}"), missing());
        self.field("the scheme Bearer", &good, accepted());

        self.attack(11);
        self.field("an escaped line break in the token", &format!("{good}%0d%0aX:"), malformed());
        let bare = format!("{good}\rX: y");
        self.raw(
            "a bare line break never reaches the library",
            "GET /protected",
            &[bare.as_bytes()],
            Expected::Status(400),
        );
        self.field("no line break", &good, accepted());
    }
}
