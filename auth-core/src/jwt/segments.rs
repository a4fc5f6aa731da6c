//! The three segments of a JWS in compact serialization
//! ([RFC 7515 section 7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)).

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::token::error::VerifyError;

/// A token split at its two dots, with nothing decoded yet.
pub(super) struct Segments<'a> {
    pub(super) header: &'a str,
    pub(super) payload: &'a str,
    pub(super) signature: &'a str,
    /// What was signed: header, dot, payload.
    pub(super) signing_input: &'a [u8],
}

impl<'a> Segments<'a> {
    /// Splits without allocating. A fourth segment, as a JWE has, is refused, and so are an empty header
    /// and an empty signature, as an unsecured JWS has. An empty payload is a JWS, though no claims.
    pub(super) fn split(token: &'a str) -> Result<Self, VerifyError> {
        let mut dots = memchr::memchr_iter(b'.', token.as_bytes());
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(VerifyError::MalformedToken);
        };
        let part = |range: Range<usize>| token.get(range).filter(|part| !part.is_empty());
        let (Some(header), payload, Some(signature)) =
            (part(0..first), part(first + 1..second).unwrap_or_default(), part(second + 1..token.len()))
        else {
            return Err(VerifyError::MalformedToken);
        };
        let signing_input = token.as_bytes().get(..second).unwrap_or_default();
        Ok(Self { header, payload, signature, signing_input })
    }
}

/// The bytes of the longest signature there is: one of RSA with 8192 bits.
pub(super) const MAX_SIGNATURE_BYTES: usize = 1024;

/// Decodes base64url without padding; refuses white space, padding, the other alphabet and stray
/// trailing bits, so that one value has one encoding.
pub(super) fn decode(segment: &str) -> Result<Vec<u8>, VerifyError> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| VerifyError::MalformedToken)
}

/// Where a signature is decoded to, for as long as it is verified.
pub(super) type SignatureBuffer = [u8; MAX_SIGNATURE_BYTES];

/// As [`decode`], for a signature.
pub(super) fn decode_signature<'b>(
    segment: &str,
    buffer: &'b mut SignatureBuffer,
) -> Result<&'b [u8], VerifyError> {
    let length =
        URL_SAFE_NO_PAD.decode_slice(segment, &mut buffer[..]).map_err(|_| VerifyError::MalformedToken)?;
    buffer.get(..length).ok_or(VerifyError::MalformedToken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_two_dots_and_no_empty_segment() {
        let segments = Segments::split("aa.bb.cc").unwrap_or_else(|_| unreachable!());
        assert_eq!((segments.header, segments.payload, segments.signature), ("aa", "bb", "cc"));
        assert_eq!(segments.signing_input, b"aa.bb");
        assert!(Segments::split("aa..cc").is_ok(), "an empty payload");
        for token in
            ["", ".", "..", "...", "a", "a.b", "a.b.", ".b.c", "a.b.c.", "a.b.c.d", "a.b.c.d.e", ".a.b.c"]
        {
            assert_eq!(Segments::split(token).err(), Some(VerifyError::MalformedToken), "{token}");
        }
    }

    #[test]
    fn a_signature_is_no_longer_than_any_there_is() {
        let encoded = |bytes: usize| URL_SAFE_NO_PAD.encode(vec![7; bytes]);
        for bytes in [1, 2, 3, 32, 256, 1023, 1024] {
            let mut buffer = [0; MAX_SIGNATURE_BYTES];
            assert_eq!(decode_signature(&encoded(bytes), &mut buffer), Ok(vec![7; bytes].as_slice()));
        }
        for bytes in [1025, 1026, 4096] {
            let mut buffer = [0; MAX_SIGNATURE_BYTES];
            assert_eq!(decode_signature(&encoded(bytes), &mut buffer), Err(VerifyError::MalformedToken));
        }
    }

    #[test]
    fn one_value_has_one_encoding() {
        assert_eq!(decode("-_8"), Ok(vec![0xfb, 0xff]));
        for segment in ["-_9", "-_8=", "+/8", "-_ 8", "-_8\n", "-", "é"] {
            assert_eq!(decode(segment), Err(VerifyError::MalformedToken), "{segment}");
            let mut buffer = [0; MAX_SIGNATURE_BYTES];
            assert_eq!(decode_signature(segment, &mut buffer), Err(VerifyError::MalformedToken), "{segment}");
        }
    }
}
