//! What goes with a verified token within one request.

use std::sync::Arc;

use crate::refuser::Refuser;
use crate::verifier::VerifiedToken;

/// Who refuses the bearer of a verified token, and the text that the token was verified as.
///
/// A token remembers the first of each, so that a token seen again need not touch what all requests share (the
/// count of an `Arc` that several cores write is slow), nor copy its text. Only what differs is kept here.
#[derive(Clone)]
pub(crate) struct Bound {
    other_refuser: Option<Arc<Refuser>>,
    other_text: Option<Arc<str>>,
}

impl Bound {
    pub(crate) fn new(token: &VerifiedToken, refuser: &Arc<Refuser>, text: &str) -> Self {
        let remembered = token.remember_refuser(refuser);
        let other_refuser = (!Arc::ptr_eq(remembered, refuser)).then(|| refuser.clone());
        let other_text = (**token.remember_text(text) != *text).then(|| text.into());
        Self { other_refuser, other_text }
    }

    pub(crate) fn refuser<'a>(&'a self, token: &'a VerifiedToken) -> &'a Arc<Refuser> {
        self.other_refuser.as_ref().unwrap_or_else(|| token.remembered_refuser())
    }

    pub(crate) fn text<'a>(&'a self, token: &'a VerifiedToken) -> Option<&'a Arc<str>> {
        self.other_text.as_ref().or_else(|| token.remembered_text())
    }
}
