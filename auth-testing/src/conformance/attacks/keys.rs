//! Attacks 12 to 36: algorithms, keys and signatures.

use auth_core::Algorithm;
use serde_json::{Value, json};

use crate::base64url::{decode, encode};
use crate::conformance::table::{Table, malformed};
use crate::issuer::TestIssuer;
use crate::signing::SigningKey;

/// The order of P-256 (FIPS 186-4, D.1.2.3), big-endian.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// What SHA-256 is in a PKCS #1 signature (RFC 8017 section 9.2, note 1).
const SHA256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

impl Table<'_> {
    pub(in crate::conformance) fn algorithms(&mut self) {
        let good = self.draft().sign();
        let unsecured = |alg: &str| {
            format!("{}.{}", encode(json!({ "alg": alg }).to_string()), encode(self.good_claims()))
        };

        let none: Vec<_> =
            ["none", "None", "nOnE", "NONE"].into_iter().map(|alg| (alg, unsecured(alg))).collect();
        self.attack(12);
        for (alg, unsigned) in none {
            self.refuses(&format!("alg {alg} without a signature"), &format!("{unsigned}."));
            let signed = self.draft().header("alg", alg).sign();
            self.refuses(&format!("alg {alg} with a good signature"), &signed);
        }
        self.accepts("the right alg", &good);

        self.attack(13);
        let (signing_input, signature) = good.rsplit_once('.').unwrap_or_default();
        self.refuses("an empty signature", &format!("{signing_input}."));
        self.refuses("a null byte as signature", &format!("{signing_input}.AA"));
        self.refuses("the signature left out with its dot", signing_input);
        self.refuses("one bit flipped", &self.fixture.issuer.bad_signature("alice"));
        self.accepts("the right signature", &good);
        let other_claims = encode(self.good_claims().replace("alice", "admin"));
        let header = signing_input.split('.').next().unwrap_or_default();
        self.refuses("another payload under the signature", &format!("{header}.{other_claims}.{signature}"));

        self.attack(14);
        let rsa = &self.fixture.rsa;
        let pem = rsa.public_key_pem();
        for (name, secret) in [
            ("the PEM", pem.clone()),
            ("the PEM without its last line break", pem.trim_end().to_owned()),
            ("the PEM after white space", format!("\n \n{pem}")),
            ("the PEM with other line ends", pem.replace('\n', "\r\n")),
            ("the JWK", rsa.jwk().to_string()),
            ("the modulus", rsa.jwk().get("n").and_then(Value::as_str).unwrap_or_default().to_owned()),
            ("nothing", String::new()),
        ] {
            let header = encode(json!({ "alg": "HS256", "kid": "rsa" }).to_string());
            let signing_input = format!("{header}.{}", encode(self.good_claims()));
            let mac = SigningKey::hmac(Algorithm::Hs256, secret.into_bytes()).sign(signing_input.as_bytes());
            self.refuses(
                &format!("HS256 with {name} as secret"),
                &format!("{signing_input}.{}", encode(mac)),
            );
        }
        self.accepts("RS256 with the key itself", &rsa.good("alice"));

        self.attack(15);
        self.accepts("a key without alg, RS256", &rsa.good("alice"));
        for alg in ["ES256", "HS256", "EdDSA", "RS1", "RSA-OAEP"] {
            let token = rsa.token("alice").header("alg", alg).sign();
            self.refuses(&format!("a key without alg, {alg}"), &token);
        }

        self.attack(16);
        self.accepts("a key for PS512, PS512", &self.fixture.ps512.good("alice"));
        for alg in ["RS256", "RS512", "PS256"] {
            let token = self.fixture.ps512.token("alice").header("alg", alg).sign();
            self.refuses(&format!("a key for PS512, {alg}"), &token);
        }

        self.attack(22);
        for alg in
            [json!(["ES256"]), json!(1), json!(null), json!("es256"), json!("ES256 "), json!({}), json!("")]
        {
            let token = self.draft().header("alg", alg.clone()).sign();
            self.refuses(&format!("alg {alg}"), &token);
        }
        let token = self.draft().without_header("alg").sign();
        self.refuses("no alg", &token);
        self.accepts("alg as it should be", &good);
    }

    pub(in crate::conformance) fn ecdsa(&mut self) {
        // The first of the keys with the same kid is an ES256 key, whatever the issuer's is.
        let [issuer, ..] = &self.fixture.same_kid;
        let good = issuer.good("alice");
        let (signing_input, signature) = good.rsplit_once('.').unwrap_or_default();
        let signature = decode(signature);
        let (r, s) = signature.split_at(32);
        let token = |signature: &[u8]| format!("{signing_input}.{}", encode(signature));
        let (zero, order) = ([0; 32], P256_ORDER);

        self.attack(17);
        self.accepts("r and s as signed", &good);
        for (name, r, s) in [("r = s = 0", &zero[..], &zero[..]), ("r = 0", &zero, s), ("s = 0", r, &zero)] {
            self.refuses(name, &token(&[r, s].concat()));
        }

        self.attack(18);
        self.accepts("r and s of 32 bytes", &good);
        for (name, signature) in [
            ("r = n", [&order, s].concat()),
            ("s = n", [r, &order].concat()),
            ("r = s = n", [order, order].concat()),
            ("r = s = 1", [&zero[1..], &[1], &zero[1..], &[1]].concat()),
            ("a trailing zero", [r, s, &[0]].concat()),
            ("a leading zero", [&[0], r, s].concat()),
            ("zeros before r and s", [&[0], r, &[0], s].concat()),
            ("a byte short", [r, s.get(1..).unwrap_or_default()].concat()),
            ("r alone", r.to_vec()),
            ("twice the signature", [r, s, r, s].concat()),
        ] {
            self.refuses(name, &token(&signature));
        }

        self.attack(19);
        self.accepts("r and s side by side", &good);
        self.refuses("r and s in DER", &token(&der(r, s)));

        // Anyone can make this of a good signature: a signature does not identify a token.
        self.attack(20);
        self.accepts("s", &good);
        self.accepts("n - s", &token(&[r, &minus(&order, s)].concat()));

        self.attack(21);
        self.accepts("a P-384 key, ES384", &self.fixture.p384.good("alice"));
        for alg in ["ES256", "ES512", "ES256K"] {
            let forged = self.fixture.p384.token("alice").header("alg", alg).sign();
            self.refuses(&format!("a P-384 key, {alg}"), &forged);
        }
        let elsewhere = issuer.token("alice").header("kid", "p384").sign();
        self.refuses("an ES256 token for a P-384 key", &elsewhere);
    }

    pub(in crate::conformance) fn key_choice(&mut self) {
        let issuer = &self.fixture.issuer;
        let good = self.draft().sign();
        let stranger = TestIssuer::new(Algorithm::Es256).clock(issuer.shared_clock());

        self.attack(23);
        let embedded = stranger.token("alice").header("jwk", stranger.jwk()).sign();
        self.refuses("signed with the key in the header", &embedded);
        let embedded = stranger.token("alice").header("jwk", stranger.jwk()).without_header("kid").sign();
        self.refuses("signed with the key in the header, without kid", &embedded);
        self.accepts(
            "a key in the header is passed over",
            &self.draft().header("jwk", stranger.jwk()).sign(),
        );

        self.attack(24);
        let url = self.fixture.trap_url();
        for (name, value) in [("jku", json!(url)), ("x5u", json!(url)), ("x5c", json!(["MIIB"]))] {
            let token = stranger.token("alice").header(name, value.clone()).sign();
            self.refuses(&format!("signed with a key that {name} offers"), &token);
            let token = self.draft().header(name, value).sign();
            self.accepts(&format!("{name} is passed over"), &token);
        }

        self.attack(25);
        for kid in [
            "../../../../dev/null",
            "' OR '1'='1",
            "/dev/null",
            "\u{0}",
            "",
            "GOOD",
            &"k".repeat(257),
            &"k".repeat(10_000),
        ] {
            let token = self.draft().header("kid", kid).sign();
            let shown: String = kid.chars().take(24).collect();
            self.refuses(&format!("kid {shown:?}"), &token);
        }
        for kid in [json!(1), json!(null), json!(["good"])] {
            let token = self.draft().header("kid", kid.clone()).sign();
            self.refuses(&format!("kid {kid}"), &token);
        }
        self.accepts("the right kid", &good);

        self.attack(26);
        self.accepts("no kid, the key is found", &self.draft().without_header("kid").sign());
        self.refuses("no kid, no key fits", &stranger.token("alice").without_header("kid").sign());

        self.attack(27);
        let [first, ambiguous, other_family] = &self.fixture.same_kid;
        self.accepts("the first key with this kid", &first.good("alice"));
        self.refuses("another key of the same family with this kid", &ambiguous.good("alice"));
        self.accepts("a key of another family with this kid", &other_family.good("alice"));

        self.attack(65);
        let same_kid = TestIssuer::new(issuer.algorithm())
            .kid(issuer.jwk().get("kid").and_then(Value::as_str).unwrap_or_default())
            .clock(issuer.shared_clock());
        self.refuses("the right kid, a stranger's key", &same_kid.good("alice"));
        self.accepts("the right kid, the right key", &good);
    }

    pub(in crate::conformance) fn bad_keys(&mut self) {
        let claims = encode(self.good_claims());
        let input = |alg: &str, kid: &str| {
            format!("{}.{claims}", encode(json!({ "alg": alg, "kid": kid }).to_string()))
        };

        self.attack(28);
        self.accepts("a sound Ed25519 key", &self.fixture.ed25519.good("alice"));
        for (kid, point) in [("small-order-1", 1), ("small-order-0", 0)] {
            // R = A and S = 0 verify any message under a point of order one, and some under the others.
            let r = [&[point][..], &[0; 31]].concat();
            let forged = [r, vec![0; 32]].concat();
            self.refuses(kid, &format!("{}.{}", input("EdDSA", kid), encode(forged)));
        }

        self.attack(29);
        self.accepts("an x of 32 bytes", &self.fixture.ed25519.good("alice"));
        for kid in ["short", "empty"] {
            let token = self.fixture.ed25519.token("alice").header("kid", kid).sign();
            self.refuses(&format!("an x that is {kid}"), &token);
        }

        self.attack(30);
        self.accepts("crv Ed25519", &self.fixture.ed25519.good("alice"));
        for alg in ["EdDSA", "ES256"] {
            let token =
                self.fixture.ed25519.token("alice").header("kid", "wrong-crv").header("alg", alg).sign();
            self.refuses(&format!("kty OKP with crv P-256, {alg}"), &token);
        }

        self.attack(31);
        self.accepts("a sound RSA key", &self.fixture.rsa.good("alice"));
        let signing_input = input("RS256", "exponent-1");
        // With e = 1 a signature is its own padded digest: nobody has to sign.
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, signing_input.as_bytes());
        let tail = [&[0][..], &SHA256_DIGEST_INFO, digest.as_ref()].concat();
        let padded = [&[0, 1][..], &vec![0xff; 256 - 2 - tail.len()], &tail].concat();
        self.refuses("forged for e = 1", &format!("{signing_input}.{}", encode(padded)));
        for kid in ["exponent-1", "exponent-2", "encryption", "signing-only"] {
            let token = self.fixture.rsa.token("alice").header("kid", kid).sign();
            self.refuses(&format!("a key that is not used: {kid}"), &token);
        }

        self.attack(33);
        self.accepts("a public key of the set", &self.fixture.rsa.good("alice"));
        self.refuses("a shared secret of the set", &self.fixture.secret.good("alice"));
        self.refuses("a private key of the set", &self.fixture.private.good("alice"));
        let token = self.fixture.p384.token("alice").header("kid", "wrong-alg").sign();
        self.refuses("a key whose alg does not fit its curve", &token);
    }

    pub(in crate::conformance) fn other_objects(&mut self) {
        let good = self.draft().sign();
        let segments: Vec<_> = good.split('.').collect();
        let [header, payload, signature] = segments.as_slice() else { return };

        self.attack(34);
        self.accepts("three segments", &good);
        let jwe =
            encode(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT", "kid": "rsa"}).to_string());
        self.refuses("a JWE", &format!("{jwe}.AAAA.AAAA.{payload}.AAAA"));
        self.refuses("a JWE with an empty key", &format!("{jwe}..AAAA.{payload}.AAAA"));
        self.refuses("a JWE header in three segments", &format!("{jwe}.{payload}.{signature}"));

        self.attack(35);
        self.accepts("no cty", &good);
        for cty in ["JWT", "jwt", "application/jwt", "at+jwt"] {
            let token = self.draft().header("cty", cty).sign();
            self.refuses(&format!("cty {cty}"), &token);
        }
        let nested = self.fixture.issuer.sign_raw(self.good_header(), good.as_bytes());
        self.refuses("a token as payload", &nested);

        // It does not get as far as a token: braces and quotes are no b64token.
        self.attack(36);
        self.accepts("compact serialization", &good);
        let flattened = json!({"protected": header, "payload": payload, "signature": signature}).to_string();
        self.field("JSON serialization", &format!("Bearer {flattened}"), malformed());
        self.refuses("JSON serialization, encoded", &encode(flattened));
    }
}

/// `a - b` for big-endian numbers of 32 bytes with `a > b`.
fn minus(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut difference: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let (first, under) = a.overflowing_sub(*b);
            let (second, again) = first.overflowing_sub(borrow);
            borrow = u8::from(under | again);
            second
        })
        .collect();
    difference.reverse();
    difference
}

/// `SEQUENCE { r INTEGER, s INTEGER }`
fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let digits: Vec<u8> = number.iter().copied().skip_while(|byte| *byte == 0).collect();
        let sign = if digits.first().is_some_and(|first| *first >= 0x80) { vec![0] } else { vec![] };
        let body = [sign, digits].concat();
        [vec![2, u8::try_from(body.len()).expect("33 bytes at most")], body].concat()
    };
    let body = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(body.len()).expect("70 bytes at most")], body].concat()
}
