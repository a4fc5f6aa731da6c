//! A value that all requests share, with its references counted in several places.
//!
//! Every accepted request holds on to what its authenticator was set up with. One count for all would be written by
//! all cores in turns, and two threads would do little more than one
//! (`cargo bench -p auth-benches --bench seen` compares them).

use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

/// How many counts there are: a power of two, larger than the number of cores that are busy at once on most machines.
const PLACES: usize = 64;

/// The owner of a shared value.
pub(crate) struct Shared<T> {
    first: Handle<T>,
    others: Box<[Handle<T>]>,
}

/// A reference to a shared value. Handles are cloned like an [`Arc`].
pub(crate) struct Handle<T>(Arc<Place<T>>);

/// A count, on a cache line of its own.
#[repr(align(128))]
struct Place<T>(Arc<T>);

thread_local! {
    /// Its address tells threads apart.
    static HERE: u8 = const { 0 };
}

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        let value = Arc::new(value);
        let place = || Handle(Arc::new(Place(value.clone())));
        Self { first: place(), others: (1..PLACES).map(|_| place()).collect() }
    }

    /// The handle to clone on this thread. Most other threads get another one.
    pub(crate) fn of_this_thread(&self) -> &Handle<T> {
        let address = HERE.with(|here| ptr::from_ref(here).addr() as u64);
        // Fibonacci hashing: the highest bits of the product depend on all bits of the address.
        let hash = address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - PLACES.ilog2());
        let place = usize::try_from(hash).unwrap_or_default();
        self.others.get(place).unwrap_or(&self.first)
    }
}

impl<T> Handle<T> {
    /// Whether both refer to one value, whichever their counts.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.0, &other.0.0)
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for Handle<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handle_refers_to_the_one_value() {
        let (shared, other) = (Shared::new(7), Shared::new(7));
        let here = shared.of_this_thread().clone();
        assert_eq!(*here, 7);
        assert!(here.is(shared.of_this_thread()) && !here.is(other.of_this_thread()));
        for place in std::iter::once(&shared.first).chain(&shared.others) {
            assert!(place.is(&here) && **place == 7);
        }
    }

    #[test]
    fn threads_count_in_several_places() {
        let shared = Arc::new(Shared::new(7));
        // All alive at once, since a thread that has ended leaves its address to the next one.
        let all_there = Arc::new(std::sync::Barrier::new(16));
        let threads: Vec<_> = (0..16)
            .map(|_| {
                let (shared, all_there) = (shared.clone(), all_there.clone());
                std::thread::spawn(move || {
                    all_there.wait();
                    let place = Arc::as_ptr(&shared.of_this_thread().0).addr();
                    all_there.wait();
                    place
                })
            })
            .collect();
        let mut places: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        places.sort_unstable();
        places.dedup();
        assert!(places.len() >= 4, "16 threads in {} places", places.len());
    }
}
