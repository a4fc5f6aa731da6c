//! What a text is that was given in the place of a key.

use serde_json::{Map, Value};

use super::binary::{Binary, begins_as_ssh_name};
use super::writing;

/// How often a text is decoded to see what it is.
const MAX_LAYERS: usize = 3;

/// How the names of files end that keys are kept in.
const ENDINGS: [&str; 11] =
    [".pem", ".json", ".jwk", ".jwks", ".key", ".pub", ".crt", ".cer", ".cert", ".der", ".txt"];

/// What was given where a key or a key set is expected, and what to do with it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GivenInstead {
    /// A public key in PEM.
    #[error("it is a public key in PEM: give it to `public_key_pem`")]
    PublicKeyPem,
    /// A public key in DER, as bytes.
    #[error("it is a key in DER: write it in PEM with `openssl pkey -pubin -inform DER -in key.der`")]
    PublicKeyDer,
    /// A private key.
    #[error(
        "it holds a private key, which does not belong here: \
         take the public key from it with `openssl pkey -in private.pem -pubout`"
    )]
    PrivateKey,
    /// A certificate.
    #[error(
        "it is a certificate: take the public key from it with `openssl x509 -in cert.pem -pubkey -noout`, \
         and give that to `public_key_pem`"
    )]
    Certificate,
    /// Certificates by their names, as Google publishes them.
    #[error(
        "it is a map of certificates, not of keys: give the issuer's JWK Set to `jwks`. Firebase's is at \
         https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"
    )]
    CertificateMap,
    /// One JWK.
    #[error("it is a JWK: give it to `jwk`")]
    Jwk,
    /// A JWK Set.
    #[error("it is a JWK Set: give it to `jwks`")]
    JwkSet,
    /// The metadata of an issuer (RFC 8414).
    #[error("it is the issuer's metadata: get the key set from the address that it has as `jwks_uri`")]
    IssuerMetadata,
    /// `{}`, as authentik answers for a provider without a signing key.
    #[error(
        "it is `{{}}`, which has no key and no array `keys`: choose a signing key for the provider at the issuer \
         (authentik answers so without one), then get its key set again"
    )]
    EmptyObject,
    /// An SSH key.
    #[error(
        "it is an SSH key: write it in PEM with `ssh-keygen -e -m PKCS8 -f key.pub`, \
         and give that to `public_key_pem`"
    )]
    SshKey,
    /// An address.
    #[error("it is an address (URL), and nothing is fetched here: get what is there, and give that text")]
    Url,
    /// The path of a file.
    #[error(
        "it is the path of a file: the text in it is wanted, not the path. Read the file and give what it holds; \
         for a JWK Set, `jwks` takes the text, `jwks_file` a path"
    )]
    Path,
    /// HTML.
    #[error(
        "it is a web page (HTML), and not one sound JSON object or PEM block: \
         check the address that it came from, and whether that demands a login"
    )]
    WebPage,
    /// UTF-16, as Windows tools write it.
    #[error("it is in UTF-16: save it in UTF-8 without byte order mark")]
    Utf16,
}

impl GivenInstead {
    /// Recognises what it is, if it is one of these.
    pub(crate) fn of(given: &[u8]) -> Option<Self> {
        Self::within(given, MAX_LAYERS)
    }

    fn within(given: &[u8], layers: usize) -> Option<Self> {
        if layers == 0 || given.len() > writing::MAX_BYTES {
            return None;
        }
        if writing::from_utf_16(given).is_some() {
            return Some(Self::Utf16);
        }
        let text = writing::plain(given);
        Self::of_json(given)
            .or_else(|| Self::of_json(&text))
            .or_else(|| Self::of_text(&text))
            .or_else(|| Self::of_binary(given, Self::PublicKeyDer))
            .or_else(|| Self::encoded(&text, layers))
            .or_else(|| Self::of_path(&text))
    }

    fn of_json(text: &[u8]) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_slice(text).ok()?;
        let holds = |value: &Value, needle| value.as_str().is_some_and(|text| text.contains(needle));
        if members.is_empty() {
            Some(Self::EmptyObject)
        } else if members.contains_key("keys") {
            Some(Self::JwkSet)
        } else if members.contains_key("kty") {
            Some(Self::Jwk)
        } else if members.contains_key("jwks_uri") {
            Some(Self::IssuerMetadata)
        } else if members.values().any(|value| holds(value, "PRIVATE KEY-----")) {
            Some(Self::PrivateKey)
        } else if members.values().all(|value| holds(value, "-----BEGIN CERTIFICATE-----")) {
            Some(Self::CertificateMap)
        } else {
            None
        }
    }

    fn of_text(text: &[u8]) -> Option<Self> {
        let contains = |needle: &[u8]| writing::contains(text, needle);
        let begins = |beginning: &[u8]| {
            text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        };
        if contains(b"PRIVATE KEY-----") {
            Some(Self::PrivateKey)
        } else if contains(b"-----BEGIN CERTIFICATE-----") {
            Some(Self::Certificate)
        } else if contains(b"PUBLIC KEY-----") {
            Some(Self::PublicKeyPem)
        } else if contains(b"---- BEGIN SSH2 ") || begins_as_ssh_name(text) {
            Some(Self::SshKey)
        } else if begins(b"https://") || begins(b"http://") {
            Some(Self::Url)
        } else if begins(b"<") {
            Some(Self::WebPage)
        } else {
            None
        }
    }

    fn of_binary(bytes: &[u8], public: Self) -> Option<Self> {
        Some(match Binary::of(bytes)? {
            Binary::PublicKey | Binary::RsaPublicKey => public,
            Binary::Certificate => Self::Certificate,
            Binary::PrivateKey(_) => Self::PrivateKey,
            Binary::SshKey => Self::SshKey,
        })
    }

    /// The body of a PEM without its lines, or any of the others in base64.
    fn encoded(text: &[u8], layers: usize) -> Option<Self> {
        let decoded = writing::from_base64(text)?;
        Self::of_binary(&decoded, Self::PublicKeyPem).or_else(|| Self::within(&decoded, layers - 1))
    }

    fn of_path(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok().filter(|text| !text.contains(['\n', '{', '"']))?;
        let lower = text.to_ascii_lowercase();
        let begins = ["/", "./", "../", "~/", "file:"].into_iter().any(|start| lower.starts_with(start));
        let is_drive =
            matches!(text.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
        let ends = ENDINGS.into_iter().any(|ending| lower.ends_with(ending));
        (begins || is_drive || ends).then_some(Self::Path)
    }
}
