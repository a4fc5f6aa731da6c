//! What a log may add to a refusal.

use std::fmt;
use std::sync::Arc;

/// What the log adds to a refusal: what was expected, and what to do.
///
/// It may name what was configured. It never holds a token, or the value of a claim or header parameter that the
/// token chose. Written only if it is logged.
#[derive(Clone)]
pub struct Hint(Words);

#[derive(Clone)]
enum Words {
    /// Takes no memory, since anyone can send tokens that are refused.
    Fixed(&'static str),
    Written(Arc<dyn fmt::Display + Send + Sync>),
}

impl Hint {
    /// Wraps what can be printed.
    pub fn new(text: impl fmt::Display + Send + Sync + 'static) -> Self {
        Self(Words::Written(Arc::new(text)))
    }

    pub(super) fn fixed(text: &'static str) -> Self {
        Self(Words::Fixed(text))
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Words::Fixed(text) => f.write_str(text),
            Words::Written(text) => text.fmt(f),
        }
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hint({self})")
    }
}

/// The same words.
impl PartialEq for Hint {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Hint {}
