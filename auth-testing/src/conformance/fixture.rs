//! The keys that the server under test is given, good and bad, and the issuers that hold them.

use std::net::TcpListener;

use auth_core::{Algorithm, Authenticator, JwtVerifier};
use serde_json::{Value, json};

use crate::base64url::encode;
use crate::issuer::TestIssuer;

/// An issuer with a key set that holds, beside good keys of several families, keys that no verifier may
/// use; and the cases to hold against a server that was given this set.
#[derive(Debug)]
pub struct Fixture {
    /// The one that most tokens come from.
    pub(super) issuer: TestIssuer,
    /// In the set with `alg` PS512.
    pub(super) ps512: TestIssuer,
    /// In the set without `alg`.
    pub(super) rsa: TestIssuer,
    pub(super) p384: TestIssuer,
    pub(super) ed25519: TestIssuer,
    /// Three keys with one `kid`: an EC key, another that is ambiguous with it, and one of another family.
    pub(super) same_kid: [TestIssuer; 3],
    /// In the set with its private member.
    pub(super) private: TestIssuer,
    /// A shared secret in the set.
    pub(super) secret: TestIssuer,
    /// The listener that URLs in tokens point to. Nobody may connect to it.
    pub(super) trap: TcpListener,
}

impl Fixture {
    /// Makes new keys. The issuer's are for this algorithm; any public-key algorithm will do.
    ///
    /// # Panics
    ///
    /// For an HMAC algorithm, or if no port can be opened on the loopback interface.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        assert!(algorithm.min_secret_bytes().is_none(), "{algorithm} has no public key to put into a set");
        let trap = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        trap.set_nonblocking(true).expect("a socket can be asked without waiting");
        let issuer = |algorithm, kid: &str| TestIssuer::new(algorithm).kid(kid);
        Self {
            issuer: issuer(algorithm, "good"),
            ps512: issuer(Algorithm::Ps512, "ps512"),
            rsa: issuer(Algorithm::Rs256, "rsa"),
            p384: issuer(Algorithm::Es384, "p384"),
            ed25519: issuer(Algorithm::EdDsa, "ed25519"),
            same_kid: [Algorithm::Es256, Algorithm::Es256, Algorithm::EdDsa]
                .map(|algorithm| issuer(algorithm, "same")),
            private: issuer(Algorithm::Es256, "private"),
            secret: issuer(Algorithm::Hs256, "secret"),
            trap,
        }
    }

    /// The issuer whose tokens are good.
    #[must_use]
    pub fn issuer(&self) -> &TestIssuer {
        &self.issuer
    }

    /// The key set to give to the server under test, as a text: `{"keys":[...]}`.
    #[must_use]
    pub fn jwks(&self) -> String {
        let with = |mut jwk: Value, members: Value| {
            if let (Some(jwk), Value::Object(members)) = (jwk.as_object_mut(), members) {
                jwk.extend(members);
            }
            jwk
        };
        let mut without_alg = self.rsa.jwk();
        without_alg.as_object_mut().map(|jwk| jwk.remove("alg"));
        let ed25519 = |kid, x: &[u8]| json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": encode(x)});
        let [one, two, other] = &self.same_kid;
        // Keys that no verifier may use stand first, so that who stops at them is found out.
        let keys = json!([
            {"kty": "unheard-of"},
            "no key at all",
            with(self.private.jwk(), json!({"d": "AAAA"})),
            self.secret.jwk(),
            // The identity, and another point of small order.
            ed25519("small-order-1", &[&[1][..], &[0; 31]].concat()),
            ed25519("small-order-0", &[0; 32]),
            ed25519("short", &[9; 31]),
            ed25519("empty", &[]),
            with(self.ed25519.jwk(), json!({"kid": "wrong-crv", "crv": "P-256"})),
            with(self.rsa.jwk(), json!({"kid": "exponent-1", "e": "AQ"})),
            with(self.rsa.jwk(), json!({"kid": "exponent-2", "e": "Ag"})),
            with(self.rsa.jwk(), json!({"kid": "encryption", "use": "enc"})),
            with(self.rsa.jwk(), json!({"kid": "signing-only", "key_ops": ["sign"]})),
            with(self.p384.jwk(), json!({"kid": "wrong-alg", "alg": "ES256"})),
            self.issuer.jwk(),
            self.ps512.jwk(),
            without_alg,
            self.p384.jwk(),
            self.ed25519.jwk(),
            one.jwk(),
            two.jwk(),
            other.jwk(),
        ]);
        json!({ "keys": keys }).to_string()
    }

    /// An authenticator that was given the key set and expects what the issuer issues.
    ///
    /// # Panics
    ///
    /// Never: the set holds good keys.
    #[must_use]
    pub fn authenticator(&self) -> Authenticator {
        let verifier = JwtVerifier::builder()
            .issuer("https://issuer.example")
            .audience("https://api.example")
            .clock(self.issuer.shared_clock())
            .jwks(self.jwks())
            .build();
        Authenticator::new(verifier.expect("the set holds good keys"))
    }

    /// Returns a URL that nobody may follow.
    pub(super) fn trap_url(&self) -> String {
        let address = self.trap.local_addr().map(|address| address.to_string());
        format!("http://{}/keys", address.unwrap_or_default())
    }
}
