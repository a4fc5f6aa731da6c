//! What bytes are, by the structure that keys and certificates have when encoded.

use spki::der::asn1::AnyRef;
use spki::der::{Decode as _, Reader as _, SliceReader, Tag, Tagged as _};

/// What bytes are, told by the first of their parts. Whether the rest is sound is not asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Binary {
    /// SubjectPublicKeyInfo (RFC 5280 section 4.1).
    PublicKey,
    /// RSAPublicKey (RFC 8017 appendix A.1.1).
    RsaPublicKey,
    /// A certificate, or a request for one.
    Certificate,
    /// A private key, by the label that it has in PEM.
    PrivateKey(&'static str),
    /// A public key as OpenSSH encodes it (RFC 4253 section 6.6).
    SshKey,
}

impl Binary {
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"openssh-key-v1\0") {
            return Some(Self::PrivateKey("OPENSSH PRIVATE KEY"));
        }
        if is_ssh_key(bytes) {
            return Some(Self::SshKey);
        }
        match parts(bytes)?.as_slice() {
            [Tag::Sequence, Tag::BitString] => Some(Self::PublicKey),
            [Tag::Integer, Tag::Integer] => Some(Self::RsaPublicKey),
            [Tag::Sequence, Tag::Sequence, Tag::BitString] => Some(Self::Certificate),
            [Tag::Sequence, Tag::OctetString] => Some(Self::PrivateKey("ENCRYPTED PRIVATE KEY")),
            [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Some(Self::PrivateKey("PRIVATE KEY")),
            [Tag::Integer, Tag::OctetString, ..] => Some(Self::PrivateKey("EC PRIVATE KEY")),
            [Tag::Integer, Tag::Integer, Tag::Integer, ..] => Some(Self::PrivateKey("RSA PRIVATE KEY")),
            _ => None,
        }
    }
}

/// Whether it is DER as keys and certificates are: one sequence, that begins with a number or another
/// sequence. Random bytes are taken for one in less than one of 10^7 cases.
pub(super) fn is_key_der(bytes: &[u8]) -> bool {
    let Some(outer) = outermost(bytes) else { return false };
    let begins_well = SliceReader::new(outer.value()).and_then(|mut reader| AnyRef::decode(&mut reader));
    outer.tag() == Tag::Sequence
        && begins_well.is_ok_and(|first| matches!(first.tag(), Tag::Integer | Tag::Sequence))
}

/// A length of four bytes, and a name of that length that OpenSSH gives to keys.
fn is_ssh_key(bytes: &[u8]) -> bool {
    let name = bytes.get(4..).unwrap_or_default();
    bytes.starts_with(&[0, 0, 0]) && begins_as_ssh_name(name)
}

/// The names of SSH keys begin so, in their encoding and in `authorized_keys`.
pub(super) fn begins_as_ssh_name(text: &[u8]) -> bool {
    [&b"ssh-"[..], b"sk-ssh-", b"ecdsa-sha2-", b"sk-ecdsa-"].into_iter().any(|name| text.starts_with(name))
}

/// What the bytes are in DER. White space and zeros may stand after it, and it may end in a byte that looks like them.
fn outermost(bytes: &[u8]) -> Option<AnyRef<'_>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let outer = AnyRef::decode(&mut reader).ok()?;
    let rest = reader.read_slice(reader.remaining_len()).ok()?;
    rest.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0).then_some(outer)
}

/// The tags of the first parts of the one sequence that the bytes are.
fn parts(bytes: &[u8]) -> Option<Vec<Tag>> {
    let outer = outermost(bytes).filter(|outer| outer.tag() == Tag::Sequence)?;
    let mut reader = SliceReader::new(outer.value()).ok()?;
    let mut tags = Vec::new();
    while !reader.is_finished() && tags.len() < 4 {
        tags.push(AnyRef::decode(&mut reader).ok()?.tag());
    }
    Some(tags)
}
