//! Keys that sign. aws-lc-rs does it for every algorithm; jsonwebtoken lacks ES512 and ES256K.

use std::collections::BTreeMap;

use auth_core::Algorithm;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::base64url::encode;

/// [RFC 7638 section 3](https://www.rfc-editor.org/rfc/rfc7638#section-3) of a JWK that has the required
/// members only.
fn thumbprint(jwk: Map<String, Value>) -> String {
    let in_order: BTreeMap<_, _> = jwk.into_iter().collect();
    let text = serde_json::to_string(&in_order).expect("strings can be written");
    encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

pub(crate) enum SigningKey {
    Hmac { algorithm: hmac::Algorithm, secret: Vec<u8> },
    Rsa { padding: &'static dyn RsaEncoding, pair: Box<RsaKeyPair> },
    Ec { curve: &'static str, pair: EcdsaKeyPair },
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    pub(crate) fn generate(algorithm: Algorithm) -> Self {
        if let Some(least) = algorithm.min_secret_bytes() {
            let mut secret = vec![0; least];
            rand::fill(&mut secret).expect("the system has random numbers");
            return Self::hmac(algorithm, secret);
        }
        let rsa = |padding| {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key can be made");
            Self::Rsa { padding, pair: Box::new(pair) }
        };
        let ec = |curve, algorithm: &'static EcdsaSigningAlgorithm| Self::Ec {
            curve,
            pair: EcdsaKeyPair::generate(algorithm).expect("an EC key can be made"),
        };
        match algorithm {
            Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::Rs384 => rsa(&signature::RSA_PKCS1_SHA384),
            Algorithm::Rs512 => rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::Ps256 => rsa(&signature::RSA_PSS_SHA256),
            Algorithm::Ps384 => rsa(&signature::RSA_PSS_SHA384),
            Algorithm::Ps512 => rsa(&signature::RSA_PSS_SHA512),
            Algorithm::Es256 => ec("P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::Es384 => ec("P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::Es512 => ec("P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
            Algorithm::Es256k => ec("secp256k1", &signature::ECDSA_P256K1_SHA256_FIXED_SIGNING),
            Algorithm::EdDsa => {
                Self::Ed25519(Ed25519KeyPair::generate().expect("an Ed25519 key can be made"))
            }
            other => panic!("the test kit cannot sign {other}"),
        }
    }

    pub(crate) fn hmac(algorithm: Algorithm, secret: Vec<u8>) -> Self {
        let algorithm = match algorithm {
            Algorithm::Hs256 => hmac::HMAC_SHA256,
            Algorithm::Hs384 => hmac::HMAC_SHA384,
            Algorithm::Hs512 => hmac::HMAC_SHA512,
            other => panic!("{other} takes no secret: use `TestIssuer::new`"),
        };
        Self::Hmac { algorithm, secret }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Hmac { algorithm, secret } => {
                hmac::sign(&hmac::Key::new(*algorithm, secret), message).as_ref().to_vec()
            }
            Self::Rsa { padding, pair } => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*padding, &SystemRandom::new(), message, &mut signature).expect("RSA signs");
                signature
            }
            Self::Ec { pair, .. } => {
                pair.sign(&SystemRandom::new(), message).expect("ECDSA signs").as_ref().to_vec()
            }
            Self::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The members of the JWK that are the key itself; for HMAC the secret.
    pub(crate) fn jwk(&self) -> Map<String, Value> {
        let object = |members: &[(&str, &str)]| {
            members.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
        };
        match self {
            Self::Hmac { secret, .. } => object(&[("kty", "oct"), ("k", &encode(secret))]),
            Self::Rsa { pair, .. } => {
                let key = RsaPublicKeyComponents::from(pair.public_key());
                object(&[("kty", "RSA"), ("n", &encode(&key.n)), ("e", &encode(&key.e))])
            }
            Self::Ec { curve, pair } => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
                object(&[("kty", "EC"), ("crv", curve), ("x", &encode(x)), ("y", &encode(y))])
            }
            Self::Ed25519(pair) => {
                object(&[("kty", "OKP"), ("crv", "Ed25519"), ("x", &encode(pair.public_key().as_ref()))])
            }
        }
    }

    /// RFC 7638 with SHA-256; `None` for HMAC, whose thumbprint would help to guess the secret (section 7).
    pub(crate) fn thumbprint(&self) -> Option<String> {
        self.secret().is_none().then(|| thumbprint(self.jwk()))
    }

    /// The public key in PEM; `None` for HMAC, which has none.
    pub(crate) fn public_key_pem(&self) -> Option<String> {
        let der: Result<PublicKeyX509Der<'_>, _> = match self {
            Self::Hmac { .. } => return None,
            Self::Rsa { pair, .. } => pair.public_key().as_der(),
            Self::Ec { pair, .. } => pair.public_key().as_der(),
            Self::Ed25519(pair) => pair.public_key().as_der(),
        };
        let encoded = STANDARD.encode(der.expect("a public key can be written").as_ref());
        let lines: Vec<_> = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
    }

    pub(crate) fn secret(&self) -> Option<&[u8]> {
        match self {
            Self::Hmac { secret, .. } => Some(secret),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_7638_3_1_thumbprint() {
        let members = [
            (
                "n",
                "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            ),
            ("kty", "RSA"),
            ("e", "AQAB"),
        ];
        let jwk = members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        assert_eq!(thumbprint(jwk), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_is_called_by_its_thumbprint_and_a_secret_is_not() {
        let thumbprints = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa]
            .map(|algorithm| SigningKey::generate(algorithm).thumbprint().map(|text| text.len()));
        assert_eq!(thumbprints, [Some(43); 3]);
        assert_eq!(SigningKey::generate(Algorithm::Hs256).thumbprint(), None);
    }
}
