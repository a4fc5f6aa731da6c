//! What a key has to pass before it is used: checks that a crypto library leaves to its caller.

use curve25519_dalek::edwards::CompressedEdwardsY;

use super::curve::Curve;
use super::error::KeyError;

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

/// 32 bytes that are a point in its one encoding, and not one of the eight points of small order, under which
/// one signature can fit any message. A crypto backend that takes what is no point for a key would verify
/// nothing with it, and let it stand in the way of a good key.
pub(super) fn ed25519(bytes: &[u8]) -> Result<(), KeyError> {
    let encoding = CompressedEdwardsY::from_slice(bytes)
        .map_err(|_| KeyError::InvalidKey("an Ed25519 public key has 32 bytes"))?;
    let point = encoding.decompress().ok_or(KeyError::InvalidKey("the point is not on the curve"))?;
    if point.is_small_order() || point.compress() != encoding {
        return Err(KeyError::Ed25519Point);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::constants::EIGHT_TORSION;

    /// A modulus of so many bits: odd, and no power of 65537 modulo 11.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut n = vec![0xff; bits.div_ceil(8)];
        n[0] = 0xff >> (n.len() * 8 - bits);
        n
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
            assert!(ed25519(&encoding).is_err(), "with the other sign");
        }
        // The same and others, with y written as y + p.
        for low in 0xed..=0xff {
            let mut encoding = [0xff; 32];
            encoding[0] = low;
            assert!(ed25519(&encoding).is_err(), "{low:x}");
            encoding[31] = 0x7f;
            assert!(ed25519(&encoding).is_err(), "{low:x}");
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
            } else {
                assert!(ed25519(&encoding).is_err(), "{low:x}");
            }
        }
        assert!((1..5).contains(&points), "{points} of them are points");
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
