//! Points in time as claims have them.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};

/// The end of the year 9999 in seconds since 1970. A time past it is an error of the issuer.
pub(super) const MAX_DATE: u64 = 253_402_300_799;

/// A point in time in seconds since 1970-01-01T00:00:00Z, up to the end of the year 9999
/// ([RFC 7519 section 2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
///
/// A fraction is allowed there, and rounded here to the side that accepts less.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NumericDate {
    /// The last whole second that is not after it.
    pub(crate) floor: u64,
    /// The first whole second that is not before it.
    pub(crate) ceil: u64,
}

impl<'de> de::Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumericDateVisitor;

        impl Visitor<'_> for NumericDateVisitor {
            type Value = NumericDate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("seconds since 1970, up to the end of the year 9999")
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<NumericDate, E> {
                if seconds > MAX_DATE {
                    return Err(E::custom("out of range"));
                }
                Ok(NumericDate { floor: seconds, ceil: seconds })
            }

            #[allow(clippy::cast_precision_loss, reason = "MAX_DATE is below 2^53")]
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range was checked"
            )]
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<NumericDate, E> {
                if !(0.0..=MAX_DATE as f64).contains(&seconds) {
                    return Err(E::custom("out of range"));
                }
                Ok(NumericDate { floor: seconds.floor() as u64, ceil: seconds.ceil() as u64 })
            }
        }

        // Asked for as an integer, for serde_json hands over a number as a map when it is asked for
        // "any" and some other crate has switched its arbitrary precision on.
        deserializer.deserialize_u64(NumericDateVisitor)
    }
}
