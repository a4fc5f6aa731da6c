//! Public keys in PEM: SubjectPublicKeyInfo (RFC 7468 section 13), and the RSA-only form of PKCS #1.

use spki::der::asn1::{ObjectIdentifier, UintRef};
use spki::der::{Decode, Reader, SliceReader};
use spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};

use super::binary::Binary;
use super::curve::Curve;
use super::error::KeyError;
use super::given::GivenInstead;
use super::material::KeyMaterial;
use super::writing;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
const SECP256K1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.10");

/// Private keys by the label of their PEM block.
const PRIVATE: [&str; 6] = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "OPENSSH PRIVATE KEY",
    "DSA PRIVATE KEY",
];

/// Reads the one public key in a PEM text, which may be written as environment variables and admin pages have it:
///
/// 1. with quotes around it, and with the two characters `\n` for line ends;
/// 2. the whole text in base64;
/// 3. without its lines BEGIN and END: a SubjectPublicKeyInfo in base64.
///
/// None of them leaves a doubt which key is meant, and each is vetted as any key.
pub(crate) fn parse(given: &[u8]) -> Result<KeyMaterial, KeyError> {
    let text = writing::plain(given);
    if has_begin(&text) && !text.starts_with(b"{") {
        return one_block(&text);
    }
    let decoded = Some(&text).filter(|text| text.len() <= writing::MAX_BYTES);
    match decoded.and_then(|text| writing::from_base64(text)) {
        Some(decoded) if has_begin(&decoded) && !decoded.starts_with(b"{") => {
            one_block(&writing::plain(&decoded))
        }
        Some(decoded) => body(&decoded).unwrap_or_else(|| Err(instead(given))),
        None => Err(instead(given)),
    }
}

fn has_begin(text: &[u8]) -> bool {
    writing::contains(text, b"-----BEGIN ")
}

/// The contents of a PEM block without its lines; `None` if it is nothing of that kind.
fn body(der: &[u8]) -> Option<Result<KeyMaterial, KeyError>> {
    Some(match Binary::of(der)? {
        Binary::PublicKey => subject_public_key_info(der),
        Binary::RsaPublicKey => {
            Err(KeyError::Pem("put `-----BEGIN RSA PUBLIC KEY-----` before it, and the END line after it"))
        }
        Binary::Certificate => Err(KeyError::Certificate),
        Binary::PrivateKey(label) => Err(KeyError::PrivateKey(label)),
        Binary::SshKey => Err(KeyError::Instead(GivenInstead::SshKey)),
    })
}

fn instead(given: &[u8]) -> KeyError {
    match GivenInstead::of(given) {
        Some(GivenInstead::Certificate) => KeyError::Certificate,
        Some(GivenInstead::PublicKeyPem) => KeyError::Pem("it is encoded more than once: decode it first"),
        Some(given) => KeyError::Instead(given),
        None => KeyError::Pem("there is no PEM block in it (the text is wanted, not the path of a file)"),
    }
}

fn one_block(text: &[u8]) -> Result<KeyMaterial, KeyError> {
    if writing::contains(text, b"\\n") {
        return Err(KeyError::Pem("it has the two characters `\\n` instead of line ends, escaped twice"));
    }
    let blocks = pem::parse_many(text).map_err(|_| KeyError::Pem("the PEM encoding is broken"))?;
    for block in &blocks {
        if let Some(label) = PRIVATE.into_iter().find(|label| *label == block.tag()) {
            return Err(KeyError::PrivateKey(label));
        }
    }
    match blocks.as_slice() {
        [] => Err(KeyError::Pem("its line `-----END ...-----` is missing")),
        [block] => match block.tag() {
            "PUBLIC KEY" => subject_public_key_info(block.contents()),
            "RSA PUBLIC KEY" => rsa_public_key(block.contents()),
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => Err(KeyError::Certificate),
            _ => Err(KeyError::Pem("the PEM block is labelled as something else")),
        },
        _ => Err(KeyError::Pem("there are several PEM blocks in it; give them one by one")),
    }
}

fn subject_public_key_info(der: &[u8]) -> Result<KeyMaterial, KeyError> {
    let broken = |_| KeyError::InvalidKey("its SubjectPublicKeyInfo is broken");
    let info: SubjectPublicKeyInfoRef<'_> = SubjectPublicKeyInfo::from_der(der).map_err(broken)?;
    let key = info
        .subject_public_key
        .as_bytes()
        .ok_or(KeyError::InvalidKey("its SubjectPublicKeyInfo is broken"))?;
    match info.algorithm.oid {
        RSA => rsa_public_key(key),
        EC => {
            let curve = match info.algorithm.parameters_oid() {
                Ok(P256) => Curve::P256,
                Ok(P384) => Curve::P384,
                Ok(P521) => Curve::P521,
                Ok(SECP256K1) => Curve::Secp256k1,
                _ => return Err(KeyError::UnsupportedType),
            };
            Ok(KeyMaterial::Ec { curve, point: key.to_vec() })
        }
        ED25519 => Ok(KeyMaterial::Ed25519(key.to_vec())),
        _ => Err(KeyError::UnsupportedType),
    }
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 appendix A.1.1)
fn rsa_public_key(der: &[u8]) -> Result<KeyMaterial, KeyError> {
    let read = || {
        let mut reader = SliceReader::new(der)?;
        let (n, e) = reader.sequence(|sequence| {
            let n = UintRef::decode(sequence)?.as_bytes().to_vec();
            let e = UintRef::decode(sequence)?.as_bytes().to_vec();
            Ok::<_, spki::der::Error>((n, e))
        })?;
        reader.finish()?;
        Ok::<_, spki::der::Error>(KeyMaterial::Rsa { n, e })
    };
    read().map_err(|_| KeyError::InvalidKey("its RSAPublicKey is broken"))
}
