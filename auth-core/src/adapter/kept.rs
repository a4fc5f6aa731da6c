//! What is found in a request by extractors that run at the same time.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use futures_util::lock::{Mutex, MutexGuard};

/// A place in a request for what is found in it, on frameworks that run the extractors of a handler at the same time, on
/// one thread. The adapter puts it into the request's own extensions before anything waits.
///
/// While one extractor waits, another may be holding on to what it reads in the request's extensions: to write there would
/// panic. Nobody can hold on to what is kept here. And those that wait take turns, so that the second finds what the first
/// has been told.
#[derive(Clone, Default)]
pub struct Kept(Rc<Inner>);

#[derive(Default)]
struct Inner {
    /// At most one of each type; there are two or three types.
    values: RefCell<Vec<Box<dyn Any>>>,
    turn: Mutex<()>,
}

impl Kept {
    /// Waits for those who came before. The turn ends when the value is dropped.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    /// As [`RequestHead::extension`](crate::http::head::RequestHead::extension).
    #[must_use]
    pub fn extension<T: Clone + 'static>(&self) -> Option<T> {
        self.0.values.borrow().iter().find_map(|value| value.downcast_ref()).cloned()
    }

    /// As [`RequestHead::insert_extension`](crate::http::head::RequestHead::insert_extension).
    pub fn insert_extension<T: 'static>(&self, value: T) {
        let mut values = self.0.values.borrow_mut();
        values.retain(|value| !value.is::<T>());
        values.push(Box::new(value));
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}
