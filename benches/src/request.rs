//! The way to ask about a request.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use auth_core::Authenticator;
use auth_testing::TestRequest;

use crate::token::Claims;

/// Whether the request is let in.
#[must_use]
pub fn authenticate(authenticator: &Authenticator, request: &TestRequest) -> bool {
    at_once(authenticator.authenticate::<Claims>(black_box(request))).is_ok()
}

/// The outcome of a future that has nothing to wait for, polled once as a server does.
///
/// # Panics
///
/// If it has to wait.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("there is something to wait for"),
    }
}
