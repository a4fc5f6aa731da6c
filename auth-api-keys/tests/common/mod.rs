//! What the tests share.

/// Adds the checksum, as any attacker can compute it.
pub(crate) fn with_checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (mut sum, mut rest) = (String::new(), crc32fast::hash(text.as_bytes()));
    for _ in 0..6 {
        sum.insert(0, char::from(*DIGITS.get((rest % 62) as usize).unwrap()));
        rest /= 62;
    }
    format!("{text}{sum}")
}
