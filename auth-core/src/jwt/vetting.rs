//! What a key has to pass before it is used: checks that a crypto library leaves to its caller.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode as _;

use super::key::Curve;
use super::key_error::KeyError;

/// No key stands in for a secret, in whatever form keys are handed around.
///
/// A public key known to all as the secret of an HMAC is how algorithm confusion is wired by hand.
pub(super) fn secret(secret: &[u8]) -> Result<(), KeyError> {
    let contains = |needle: &[u8]| secret.windows(needle.len()).any(|window| window == needle);
    let is_pem = contains(b"-----BEGIN ");
    let is_ssh = secret.starts_with(b"ssh-") || secret.starts_with(b"ecdsa-sha2-");
    let is_jwk = secret.trim_ascii_start().starts_with(b"{") && contains(b"\"kty\"");
    let is_der = |bytes: &[u8]| SubjectPublicKeyInfoRef::from_der(bytes).is_ok();
    let body: Vec<u8> = secret.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let is_body_of_pem = STANDARD.decode(body).is_ok_and(|bytes| is_der(&bytes));
    if is_pem || is_ssh || is_jwk || is_der(secret) || is_body_of_pem {
        Err(KeyError::SecretIsKey)
    } else {
        Ok(())
    }
}

/// 2048 to 8192 bits, odd, no ROCA; an odd exponent from 3 to 2^33 - 1. Both without leading zeros.
pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let (Some(first), Some(last)) = (n.first(), n.last()) else {
        return Err(KeyError::RsaSize { bits: 0 });
    };
    if *first == 0 {
        return Err(KeyError::InvalidKey("its modulus begins with a zero byte"));
    }
    let bits = n.len().saturating_mul(8) - first.leading_zeros() as usize;
    if !(2048..=8192).contains(&bits) {
        return Err(KeyError::RsaSize { bits });
    }
    if last % 2 == 0 {
        return Err(KeyError::InvalidKey("its modulus is even"));
    }
    if e.first().is_none_or(|first| *first == 0) || e.len() > 5 {
        return Err(KeyError::RsaExponent);
    }
    let exponent = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    if exponent < 3 || exponent % 2 == 0 || exponent >= 1 << 33 {
        return Err(KeyError::RsaExponent);
    }
    if has_roca_fingerprint(n) { Err(KeyError::RsaRoca) } else { Ok(()) }
}

/// Whether the modulus is a power of 65537 modulo every small prime, as it is when its factors have
/// the structure of CVE-2017-15361 (Nemec and others, "The Return of Coppersmith's Attack", 2017,
/// section 2.1). A sound modulus is mistaken for one in less than one of 10^8 cases.
fn has_roca_fingerprint(n: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.into_iter().all(|prime| {
        let residue = n.iter().fold(0, |residue, byte| (residue * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        loop {
            if power == residue {
                return true;
            }
            power = power * (65_537 % prime) % prime;
            if power == 1 {
                return false;
            }
        }
    })
}

/// The encoding of a point, compressed or not, of the curve's length, and not the point at infinity.
/// Whether the point is on the curve is for the crypto backend to find.
pub(super) fn sec1_point(curve: Curve, point: &[u8]) -> Result<(), KeyError> {
    let field = curve.field_bytes();
    let sound = match point.first() {
        Some(4) => point.len() == 1 + 2 * field,
        Some(2 | 3) => point.len() == 1 + field,
        _ => false,
    };
    if sound { Ok(()) } else { Err(KeyError::InvalidKey("the point does not have the length of its curve")) }
}

/// 32 bytes, canonical, and not one of the eight points of small order, under which one signature
/// can fit any message.
pub(super) fn ed25519(bytes: &[u8]) -> Result<(), KeyError> {
    /// The y coordinates of the points of order 1, 2, 4 and 8, little-endian; the sign of x is free.
    const SMALL_ORDER: [[u8; 32]; 5] = [
        y_near_zero(0),
        y_near_zero(1),
        Y_MINUS_ONE,
        *b"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
        *b"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
    ];
    /// 2^255 - 20, which is -1.
    const Y_MINUS_ONE: [u8; 32] = {
        let mut y = [0xff; 32];
        y[0] = 0xec;
        y[31] = 0x7f;
        y
    };
    const fn y_near_zero(low: u8) -> [u8; 32] {
        let mut y = [0; 32];
        y[0] = low;
        y
    }

    let mut y: [u8; 32] =
        bytes.try_into().map_err(|_| KeyError::InvalidKey("an Ed25519 public key has 32 bytes"))?;
    y[31] &= 0x7f;
    // Little-endian, so compared from the last byte on.
    let canonical = y.iter().rev().le(Y_MINUS_ONE.iter().rev());
    if canonical && !SMALL_ORDER.contains(&y) { Ok(()) } else { Err(KeyError::Ed25519Point) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;
    use curve25519_dalek::edwards::CompressedEdwardsY;

    /// A modulus of so many bits: odd, and no power of 65537 modulo 11.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] = 0xff >> (n.len() * 8 - bits);
        n
    }

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
            assert_eq!(secret(text.as_bytes()), Err(KeyError::SecretIsKey), "{text}");
        }
        assert_eq!(secret(b"correct horse battery staple {kty}"), Ok(()));
        assert_eq!(secret(b"{correct horse battery staple}"), Ok(()));
        assert_eq!(secret(b"correct \"kty\" battery staple"), Ok(()));
        assert_eq!(secret(b""), Ok(()), "length is judged by the algorithm");
    }

    #[test]
    fn rsa_sizes_are_exact() {
        for bits in [2048, 2049, 4096, 8192] {
            assert_eq!(rsa(&modulus(bits), &[1, 0, 1]), Ok(()), "{bits}");
        }
        for bits in [8, 1024, 2047, 8193, 16384] {
            assert_eq!(rsa(&modulus(bits), &[1, 0, 1]), Err(KeyError::RsaSize { bits }));
        }
        assert_eq!(rsa(&[], &[1, 0, 1]), Err(KeyError::RsaSize { bits: 0 }));
        let mut padded = modulus(2048);
        padded.insert(0, 0);
        assert!(matches!(rsa(&padded, &[1, 0, 1]), Err(KeyError::InvalidKey(_))));
        let mut even = modulus(2048);
        *even.last_mut().unwrap() = 0xfe;
        assert!(matches!(rsa(&even, &[1, 0, 1]), Err(KeyError::InvalidKey(_))));
    }

    #[test]
    fn rsa_exponents_are_odd_and_of_moderate_size() {
        for exponent in [&[3][..], &[17], &[1, 0, 1], &[1, 0xff, 0xff, 0xff, 0xff]] {
            assert_eq!(rsa(&modulus(2048), exponent), Ok(()), "{exponent:?}");
        }
        for exponent in [
            &[][..],
            &[0],
            &[1],
            &[2],
            &[4],
            &[1, 0, 0],
            &[0, 1, 0, 1],
            &[2, 0, 0, 0, 1],
            &[1, 0, 0, 0, 0, 1],
        ] {
            assert_eq!(rsa(&modulus(2048), exponent), Err(KeyError::RsaExponent), "{exponent:?}");
        }
    }

    #[test]
    fn a_modulus_with_the_roca_fingerprint_is_refused() {
        // A power of 65537 is one modulo every prime.
        let mut power = vec![1_u8];
        while power.len() <= 256 {
            let mut carry = 0_u32;
            let shifted = [power.as_slice(), &[0, 0]].concat();
            let padded = [&[0, 0], power.as_slice()].concat();
            power = shifted
                .iter()
                .zip(&padded)
                .rev()
                .map(|(a, b)| {
                    let sum = u32::from(*a) + u32::from(*b) + carry;
                    carry = sum >> 8;
                    (sum & 0xff) as u8
                })
                .collect();
            power.reverse();
            while power.first() == Some(&0) {
                power.remove(0);
            }
        }
        assert_eq!(rsa(&power, &[1, 0, 1]), Err(KeyError::RsaRoca));
        let last = power.last_mut().unwrap();
        *last ^= 2;
        assert_eq!(rsa(&power, &[1, 0, 1]), Ok(()), "the twin");
        let mut sound = modulus(2048);
        *sound.last_mut().unwrap() = 1;
        assert_eq!(rsa(&sound, &[1, 0, 1]), Ok(()), "its last byte is that of a power");
    }

    #[test]
    fn every_point_of_small_order_is_refused_in_every_encoding() {
        for point in EIGHT_TORSION {
            let mut encoding = point.compress().to_bytes();
            assert_eq!(ed25519(&encoding), Err(KeyError::Ed25519Point));
            encoding[31] ^= 0x80;
            assert_eq!(ed25519(&encoding), Err(KeyError::Ed25519Point), "with the other sign");
        }
        // The same and others, with y written as y + p.
        for low in 0xed..=0xff {
            let mut encoding = [0xff; 32];
            encoding[0] = low;
            assert_eq!(ed25519(&encoding), Err(KeyError::Ed25519Point), "{low:x}");
            encoding[31] = 0x7f;
            assert_eq!(ed25519(&encoding), Err(KeyError::Ed25519Point), "{low:x}");
        }
    }

    #[test]
    fn other_points_pass() {
        let base = curve25519_dalek::constants::ED25519_BASEPOINT_COMPRESSED.to_bytes();
        assert_eq!(ed25519(&base), Ok(()));
        // p - 2 and its neighbours are canonical; those that are points pass.
        let mut points = 0;
        for low in [0xeb, 0xea, 0xe9, 0xe8, 0xe7] {
            let mut encoding = [0xff; 32];
            (encoding[0], encoding[31]) = (low, 0x7f);
            if let Some(point) = CompressedEdwardsY(encoding).decompress() {
                points += 1;
                assert!(!point.is_small_order());
                assert_eq!(ed25519(&encoding), Ok(()), "{low:x}");
            }
        }
        assert!(points > 0, "none of them is a point");
        for length in [0, 31, 33, 64] {
            assert!(matches!(ed25519(&vec![9; length]), Err(KeyError::InvalidKey(_))), "{length}");
        }
    }

    #[test]
    fn points_have_the_length_of_their_curve() {
        for curve in [Curve::P256, Curve::P384, Curve::P521, Curve::Secp256k1] {
            let field = curve.field_bytes();
            for (first, length) in [(4, 2 * field), (2, field), (3, field)] {
                let point = |length: usize| [vec![first], vec![7; length]].concat();
                assert_eq!(sec1_point(curve, &point(length)), Ok(()));
                for wrong in [0, length - 1, length + 1] {
                    assert!(sec1_point(curve, &point(wrong)).is_err(), "{curve:?} {first} {wrong}");
                }
            }
            assert!(sec1_point(curve, &[0]).is_err(), "infinity");
            assert!(sec1_point(curve, &[]).is_err());
        }
    }
}
