//! The field of a span that names the caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Level, Span, enabled};

/// The field's name.
const SUBJECT: &str = "subject";

/// Records subjects in the spans of the application. Clones say once together what a span lacks.
#[derive(Clone, Default)]
pub(crate) struct SubjectField {
    has_complained: Arc<AtomicBool>,
}

impl SubjectField {
    pub(crate) fn record(&self, subject: &str) {
        let span = Span::current();
        if span.has_field(SUBJECT) {
            span.record(SUBJECT, subject);
        } else if enabled!(Level::DEBUG) && !self.has_complained.swap(true, Ordering::Relaxed) {
            tracing::debug!(
                "the subject is not recorded, since the current span has no field `subject`: declare it where the span is \
                 made, as in `tracing::info_span!(\"request\", subject = tracing::field::Empty)`, around guards and \
                 extractors (told once)"
            );
        }
    }
}
