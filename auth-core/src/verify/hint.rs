//! What a log may add to a refusal.

use std::fmt;
use std::sync::Arc;

/// What the log adds to a refusal: what was expected, and what to do.
///
/// It may name what was configured. It never holds a token, or the value of a claim or header parameter that the
/// token chose. Written only if it is logged.
#[derive(Clone)]
pub struct Hint(Arc<dyn fmt::Display + Send + Sync>);

impl Hint {
    /// Wraps what can be printed.
    pub fn new(text: impl fmt::Display + Send + Sync + 'static) -> Self {
        Self(Arc::new(text))
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hint({})", self.0)
    }
}

/// The same words.
impl PartialEq for Hint {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Hint {}
