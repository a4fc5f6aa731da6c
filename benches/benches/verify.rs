//! The first sight of a token: the signature alone, this library, and jsonwebtoken with the same
//! checks. One run; only the ratios travel from one machine to another.
//!
//! `cargo bench -p auth-benches --bench verify`

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark fails by panicking")]

use std::hint::black_box;
use std::time::Duration;

use auth_benches::{Candidate, Claims, Handwritten, Row, Table, mint};
use auth_core::{Algorithm, JwtVerifier};
use auth_testing::TestIssuer;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use criterion::Criterion;
use serde_json::Value;

/// Each with the primitive beneath.
const ALGORITHMS: [Algorithm; 8] = [
    Algorithm::Hs256,
    Algorithm::Rs256,
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
    Algorithm::Es512,
    Algorithm::Es256k,
];

const FLOOR: &str = "floor (signature alone)";
const OURS: &str = "this library";
const PEER: &str = "jsonwebtoken 11.1";

/// jsonwebtoken does not have these.
fn has_peer(algorithm: Algorithm) -> bool {
    !matches!(algorithm, Algorithm::Es512 | Algorithm::Es256k)
}

/// The signature primitive with its key parsed beforehand.
enum Floor {
    Hmac(Box<hmac::Key>),
    PublicKey(ParsedPublicKey),
}

impl Floor {
    fn new(algorithm: Algorithm, jwk: &Value) -> Self {
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name).unwrap().as_str().unwrap()).unwrap();
        let rsa = |parameters| {
            let components = RsaPublicKeyComponents { n: bytes("n"), e: bytes("e") };
            Self::PublicKey(components.to_parsed_public_key(parameters).unwrap())
        };
        let ec = |parameters: &'static signature::EcdsaVerificationAlgorithm| {
            let point = [vec![4], bytes("x"), bytes("y")].concat();
            Self::PublicKey(ParsedPublicKey::new(parameters, point).unwrap())
        };
        match algorithm {
            Algorithm::Hs256 => Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, &bytes("k")))),
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
            Algorithm::Es256 => ec(&signature::ECDSA_P256_SHA256_FIXED),
            Algorithm::Es384 => ec(&signature::ECDSA_P384_SHA384_FIXED),
            Algorithm::Es512 => ec(&signature::ECDSA_P521_SHA512_FIXED),
            Algorithm::Es256k => ec(&signature::ECDSA_P256K1_SHA256_FIXED),
            Algorithm::EdDsa => {
                Self::PublicKey(ParsedPublicKey::new(&signature::ED25519, bytes("x")).unwrap())
            }
            other => unreachable!("{other} is not measured"),
        }
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Self::PublicKey(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

fn ours(verifier: &JwtVerifier, token: &str) -> Option<Claims> {
    verifier.verify_jwt(token).ok()?.claims().ok()
}

/// Who accepts everything is fast.
fn refuses_what_it_must(name: &str, issuer: &TestIssuer, accepts: impl Fn(&str) -> bool) {
    assert!(accepts(&mint(issuer)), "{name} refuses a good token");
    for (fault, token) in [
        ("signature", issuer.bad_signature("alice")),
        ("issuer", issuer.wrong_issuer("alice")),
        ("audience", issuer.wrong_audience("alice")),
        ("expiry", issuer.expired("alice")),
    ] {
        assert!(!accepts(&token), "{name} accepts a bad {fault}");
    }
}

/// What is measured for one algorithm, each shown to do its work.
struct Contest {
    algorithm: Algorithm,
    token: String,
    signature: Vec<u8>,
    floor: Floor,
    verifier: JwtVerifier,
    peer: Option<Handwritten>,
}

impl Contest {
    fn new(algorithm: Algorithm) -> Self {
        let issuer = TestIssuer::new(algorithm);
        let token = mint(&issuer);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();

        let floor = Floor::new(algorithm, &issuer.jwk());
        assert!(floor.verifies(message.as_bytes(), &signature) && !floor.verifies(b"other", &signature));
        let verifier = issuer.verifier().no_cache().build().unwrap();
        refuses_what_it_must(OURS, &issuer, |token| ours(&verifier, token).is_some());
        let peer = has_peer(algorithm).then(|| Handwritten::new(algorithm, &issuer.jwk()));
        if let Some(peer) = &peer {
            refuses_what_it_must(PEER, &issuer, |token| peer.decode(token).is_some());
        }
        Self { algorithm, token, signature, floor, verifier, peer }
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        let message = self.token.rsplit_once('.').unwrap().0.as_bytes();
        let mut candidates = vec![
            Candidate::new(FLOOR, move || {
                black_box(self.floor.verifies(black_box(message), black_box(&self.signature)));
            }),
            Candidate::new(OURS, || {
                black_box(ours(&self.verifier, black_box(&self.token)));
            }),
        ];
        if let Some(peer) = &self.peer {
            candidates.push(Candidate::new(PEER, || {
                black_box(peer.decode(black_box(&self.token)));
            }));
        }
        candidates
    }
}

fn main() {
    // Should cargo's feature unification enable both backends of jsonwebtoken, it could not choose.
    jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default().unwrap();
    let contests = ALGORITHMS.map(Contest::new);

    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for contest in &contests {
        let mut group = criterion.benchmark_group(contest.algorithm.name());
        for mut candidate in contest.candidates() {
            group.bench_function(candidate.name(), |bencher| bencher.iter(|| candidate.call()));
        }
        group.finish();
    }
    criterion.final_summary();

    // `cargo test --benches` and `-- --list` want no figures.
    let measuring = std::env::args().any(|argument| argument == "--bench");
    if measuring && !std::env::args().any(|argument| argument == "--list") {
        let row = |contest: &Contest| Row::measure(contest.algorithm.name(), &mut contest.candidates());
        println!("\n{}", Table::of_ratios("algorithm", contests.iter().map(row).collect()));
    }
}
