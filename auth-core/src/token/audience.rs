//! Whom a token is meant for.

use std::fmt;
use std::ops::Range;

/// The place of a string in the text that holds the strings of all claims.
pub(super) type Span = Range<usize>;

/// The recipients that a token is meant for: one or more strings, compared byte by byte
/// ([RFC 7519 section 4.1.3](https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3)).
#[derive(Clone, Copy)]
pub struct Audience<'a> {
    texts: &'a str,
    spans: &'a [Span],
}

impl<'a> Audience<'a> {
    pub(super) fn new(texts: &'a str, spans: &'a [Span]) -> Self {
        Self { texts, spans }
    }

    /// Whether the recipient is among them.
    #[must_use]
    pub fn contains(self, recipient: &str) -> bool {
        self.iter().any(|listed| listed == recipient)
    }

    /// The recipients, in the order of the claim.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.spans.iter().filter_map(|span| self.texts.get(span.clone()))
    }
}

/// Audiences are claims: only their number is printed.
impl fmt::Debug for Audience<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience(<{} redacted>)", self.spans.len())
    }
}
