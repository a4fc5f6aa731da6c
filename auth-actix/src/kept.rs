//! What is found in a request by extractors that have to wait.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::dev::Extensions;
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::lock::{Mutex, MutexGuard};

/// A place in a request for extractors that have to wait.
///
/// actix runs the extractors of a handler at the same time. While one waits, another may be holding on to what it reads in
/// the request's extensions, as `connection_info()` makes it: to write there would panic. So this place is made before
/// anything waits, and nobody else can hold on to it. And they take turns, so that the second finds what the first has
/// been told.
#[derive(Clone, Default)]
pub(crate) struct Kept(Rc<Inner>);

#[derive(Default)]
struct Inner {
    values: RefCell<Extensions>,
    turn: Mutex<()>,
}

impl Kept {
    /// The one of this request. Call it before anything waits.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let present = request.extensions().get::<Self>().cloned();
        present.unwrap_or_else(|| {
            let kept = Self::default();
            request.extensions_mut().insert(kept.clone());
            kept
        })
    }

    /// Waits for those who came before.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    pub(crate) fn value<T: Clone + 'static>(&self) -> Option<T> {
        self.0.values.borrow().get().cloned()
    }

    pub(crate) fn insert<T: 'static>(&self, value: T) {
        self.0.values.borrow_mut().insert(value);
    }
}
