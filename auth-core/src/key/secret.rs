//! What is no secret, though it is given as one.
//!
//! 1. A key that others know: a public key, a certificate, a JWK, an SSH key. As the secret of an HMAC it lets
//!    everybody sign, which is how algorithm confusion is wired by hand. A private key has no place here either.
//! 2. The modulus of an RSA key.
//! 3. Bytes that repeat.
//! 4. A secret that documents show.
//!
//! Each is found however it is written: the bytes are judged as they are, and again as everything that they can be
//! read as, a few times over. Keys and moduli are found amid other text too, as tools print them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::binary::{Binary, begins_as_ssh_name, is_key_der};
use super::error::KeyError;
use super::writing;

/// How many ways of writing are undone, one after the other.
const MAX_LAYERS: usize = 4;

/// Below this, there is no room for a key.
const MIN_READING_BYTES: usize = 16;

/// No published secret is longer when it is decoded.
const MAX_PUBLISHED_BYTES: usize = 64;

/// Secrets that everybody can read, each as it is written.
const PUBLISHED: [&str; 14] = [
    "a secret of 32 random bytes here",
    "0123456789abcdef0123456789abcdef",
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    // FastAPI's tutorial on OAuth 2.0 with JWT.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // jwt.io, and before 2025.
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "your-256-bit-secret",
    // Supabase's local stack, and its example for servers of one's own.
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    // PostgREST's tutorial.
    "reallyreallyreallyreallyverysafe",
    // Tutorials on Spring Boot with JWT. Some take it for hexadecimal, most for base64.
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    // RFC 7515 appendix A.1 and RFC 7520 section 3.5.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCYg",
];

/// Vets a shared secret. Its length is for the algorithm to judge.
pub(super) fn vet(secret: &[u8]) -> Result<(), KeyError> {
    if secret.len() > writing::MAX_BYTES {
        return Err(KeyError::SecretTooLong);
    }
    judge(secret, MAX_LAYERS)
}

fn judge(bytes: &[u8], layers: usize) -> Result<(), KeyError> {
    refuse_key(bytes)?;
    if is_published(bytes) {
        return Err(KeyError::SecretIsPublished);
    }
    if repeats(bytes) {
        return Err(KeyError::SecretRepeats);
    }
    if layers == 0 {
        return Ok(());
    }
    let mut readings = writing::readings(bytes).filter(|reading| reading.len() >= MIN_READING_BYTES);
    readings.try_for_each(|reading| judge(&reading, layers - 1))?;
    writing::words(bytes).try_for_each(|word| refuse_key(&word))
}

fn refuse_key(bytes: &[u8]) -> Result<(), KeyError> {
    if is_key(bytes) {
        Err(KeyError::SecretIsKey)
    } else if is_modulus(bytes) {
        Err(KeyError::SecretIsModulus)
    } else {
        Ok(())
    }
}

/// Whether it is the text of a key, or a key in DER or as OpenSSH encodes it.
fn is_key(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii();
    let contains = |needle: &[u8]| writing::contains(bytes, needle);
    let is_json = text.starts_with(b"{") || text.starts_with(b"[");
    // PEM, the form of RFC 4716, that of PuTTY, that of .NET.
    let is_armoured = [&b"-----BEGIN "[..], b"---- BEGIN ", b"PuTTY-User-Key-File-", b"<RSAKeyValue>"];
    is_armoured.into_iter().any(contains)
        || (is_json && contains(b"\"kty\""))
        || begins_as_ssh_name(text)
        || is_key_der(bytes)
        || Binary::of(bytes).is_some()
        || is_point(bytes)
}

/// Whether it could be a point of a curve, not compressed, as `openssl pkey -text` prints an EC public key: P-256 and
/// secp256k1, P-384, P-521. One of 256 random secrets of these lengths, which nobody chooses, is mistaken for one.
fn is_point(bytes: &[u8]) -> bool {
    matches!(bytes, [4, coordinates @ ..] if [64, 96, 132].contains(&coordinates.len()))
}

/// Whether it is a number that could be the modulus of an RSA key: of a length that these have, its first bit set,
/// odd, without a factor below 2^14.
///
/// A modulus is two large primes, which nobody can see. So one of 35 random secrets of 256, 384, 512 or 1024 bytes is
/// mistaken for one; none of another length is, and those that people use have 32 to 64.
fn is_modulus(bytes: &[u8]) -> bool {
    let number = bytes.strip_prefix(&[0]).unwrap_or(bytes);
    matches!(number.len(), 256 | 384 | 512 | 1024)
        && number.first().is_some_and(|first| *first >= 0x80)
        && number.last().is_some_and(|last| last % 2 == 1)
        && has_no_small_factor(number)
}

fn has_no_small_factor(number: &[u8]) -> bool {
    // All lengths that are asked for are multiples of four.
    let limb = |limb: &[u8]| limb.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    let limbs: Vec<u64> = number.chunks(4).map(limb).collect();
    let remainder = |factor| limbs.iter().fold(0, |rest, limb| (rest << 32 | limb) % factor);
    (3..1 << 14).step_by(2).all(|factor| remainder(factor) != 0)
}

/// Whether it is one of the published secrets, or what one of them is the base64 or the hexadecimal of.
fn is_published(bytes: &[u8]) -> bool {
    let is_known = |text: &[u8]| PUBLISHED.into_iter().any(|published| text == published.as_bytes());
    let is_known_in_any_case =
        |text: &[u8]| PUBLISHED.into_iter().any(|published| text.eq_ignore_ascii_case(published.as_bytes()));
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            text.extend(
                [byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)),
            );
            text
        })
    };
    is_known(bytes.trim_ascii())
        || (bytes.len() <= MAX_PUBLISHED_BYTES
            && (is_known(URL_SAFE_NO_PAD.encode(bytes).as_bytes())
                || is_known_in_any_case(hex(bytes).as_bytes())))
}

/// Whether it is one unit of up to 8 bytes, again and again. A line end after it is no part of it.
fn repeats(bytes: &[u8]) -> bool {
    let repeats = |bytes: &[u8]| {
        (1..=8).any(|unit| {
            bytes.len() >= MIN_READING_BYTES && bytes.iter().zip(bytes.iter().skip(unit)).all(|(a, b)| a == b)
        })
    };
    repeats(bytes) || repeats(bytes.trim_ascii())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn key_text_is_no_secret() {
        for text in [
            "-----BEGIN PUBLIC KEY-----\nMFkw",
            "  \n-----BEGIN RSA PUBLIC KEY-----",
            "ssh-rsa AAAA",
            "ssh-ed25519 AAAA",
            "ecdsa-sha2-nistp256 AAAA",
            " {\"kty\":\"RSA\",\"n\":\"AQAB\"}",
            "\u{feff}-----BEGIN CERTIFICATE-----",
        ] {
            assert_eq!(vet(text.as_bytes()), Err(KeyError::SecretIsKey), "{text}");
        }
        assert_eq!(vet(b"correct horse battery staple {kty}"), Ok(()));
        assert_eq!(vet(b"{correct horse battery staple}"), Ok(()));
        assert_eq!(vet(b"correct \"kty\" battery staple"), Ok(()));
        assert_eq!(vet(b""), Ok(()), "length is judged by the algorithm");
        for text in [
            &b"---- BEGIN SSH2 PUBLIC KEY ----"[..],
            b"sk-ssh-ed25519@openssh.com AAAA",
            b"[{\"kty\":\"RSA\"}]",
        ] {
            assert_eq!(vet(text), Err(KeyError::SecretIsKey), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_key_in_der_is_no_secret_however_it_is_written() {
        // As a key of PKCS #1 and one of X.509 begin; what follows is not looked at.
        let pkcs1 = [&[0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01][..], &[7; 262]].concat();
        let x509 = [&[0x30, 0x2a, 0x30, 0x05][..], &[7; 40]].concat();
        for der in [pkcs1, x509] {
            let hex: String = der.iter().map(|byte| format!("{byte:02x}")).collect();
            for written in [
                der.clone(),
                [der.as_slice(), b"\n"].concat(),
                STANDARD.encode(&der).into_bytes(),
                URL_SAFE_NO_PAD.encode(&der).into_bytes(),
                format!("{}\r\n", STANDARD.encode(&der)).into_bytes(),
                hex.to_uppercase().into_bytes(),
                hex.into_bytes(),
            ] {
                assert_eq!(vet(&written), Err(KeyError::SecretIsKey), "{}", written.escape_ascii());
            }
            // The twins: a byte too few, another tag.
            assert_eq!(vet(der.get(..der.len() - 1).unwrap()), Ok(()));
            assert_eq!(vet(&[&[0x31], der.get(1..).unwrap()].concat()), Ok(()));
        }
    }
}
